//! The statements: each gives one JSON array.

/// The relations of the schemas `$1` and names `$2`.
pub(super) const TABLES: &str = "
SELECT coalesce(json_agg(t ORDER BY t.asked), '[]')::text FROM (
  SELECT i.at - 1 AS asked, c.oid::bigint AS oid, c.relkind AS kind, row_security_active(c.oid) AS row_security,
    has_table_privilege(c.oid, 'SELECT') AS can_select, has_any_column_privilege(c.oid, 'INSERT') AS can_insert,
    has_table_privilege(c.oid, 'DELETE') AS can_delete,
    EXISTS (
      SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND r.ev_enabled IN ('O', 'A')
    ) AS has_rules
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS i(nsp, rel, at)
  JOIN pg_namespace n ON n.nspname = i.nsp
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = i.rel AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
) t";

/// Their columns, in the tables' order.
pub(super) const COLUMNS: &str = "
SELECT coalesce(json_agg(t ORDER BY t.\"table\", t.at), '[]')::text FROM (
  SELECT a.attrelid::bigint AS \"table\", a.attnum AS at, a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    CASE WHEN y.typtype = 'b' AND e.typtype = 'e' THEN 'e' ELSE y.typtype::text END AS class,
    a.attnotnull AS not_null, a.attgenerated <> '' AS generated,
    a.atthasdef OR a.attidentity <> '' OR y.typdefault IS NOT NULL AS has_default,
    pg_get_expr(d.adbin, d.adrelid) AS expression
  FROM pg_attribute a
  JOIN pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_type e ON e.oid = y.typelem
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
) t";

/// Their unique indexes, with the operator that the index itself compares by.
pub(super) const UNIQUE: &str = "
SELECT coalesce(json_agg(t ORDER BY t.\"table\", t.name), '[]')::text FROM (
  SELECT i.indrelid::bigint AS \"table\", c.relname AS name, i.indisprimary AS \"primary\",
    ARRAY(
      SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) AS k ORDER BY k
    ) AS expressions,
    ARRAY(
      SELECT a.attname::text FROM generate_series(1, i.indnkeyatts) AS k
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND a.attnum <> 0
      ORDER BY k
    ) AS columns,
    ARRAY(
      SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname) FROM generate_series(1, i.indnkeyatts) AS k
      JOIN pg_opclass oc ON oc.oid = i.indclass[k - 1]
      JOIN pg_amop ap ON ap.amopfamily = oc.opcfamily AND ap.amopstrategy = 3
        AND ap.amoplefttype = oc.opcintype AND ap.amoprighttype = oc.opcintype
      JOIN pg_operator o ON o.oid = ap.amopopr
      JOIN pg_namespace n ON n.oid = o.oprnamespace
      ORDER BY k
    ) AS operators,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal,
    NOT EXISTS (
      SELECT FROM generate_series(1, i.indnkeyatts) AS k
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND a.attnum <> 0
      WHERE a.attnotnull IS NOT TRUE
    ) AS not_null
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid = ANY($1) AND i.indisunique AND i.indislive
) t";

/// The foreign keys of them and to them, without those that a partition has from its table.
pub(super) const REFERENCES: &str = "
SELECT coalesce(json_agg(t ORDER BY t.child, t.name), '[]')::text FROM (
  SELECT o.conname AS name, o.conrelid::bigint AS child, o.confrelid::bigint AS parent,
    json_build_object('schema', cn.nspname, 'name', c.relname) AS child_name,
    json_build_object('schema', pn.nspname, 'name', p.relname) AS parent_name,
    ARRAY(
      SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY AS k(num, at)
      JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.num ORDER BY k.at
    ) AS columns,
    ARRAY(
      SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY AS k(num, at)
      JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.num ORDER BY k.at
    ) AS referenced,
    ARRAY(
      SELECT format('OPERATOR(%I.%s)', n.nspname, q.oprname) FROM unnest(o.conpfeqop) WITH ORDINALITY AS k(op, at)
      JOIN pg_operator q ON q.oid = k.op JOIN pg_namespace n ON n.oid = q.oprnamespace ORDER BY k.at
    ) AS operators,
    o.confdeltype AS on_delete, pg_get_constraintdef(o.oid) AS definition
  FROM pg_constraint o
  JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
  JOIN pg_class p ON p.oid = o.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE o.contype = 'f' AND o.conparentid = 0 AND (o.conrelid = ANY($1) OR o.confrelid = ANY($1))
) t";

/// Their checks; one that is not enforced says nothing of a row.
pub(super) const CHECKS: &str = "
SELECT coalesce(json_agg(t ORDER BY t.\"table\", t.name), '[]')::text FROM (
  SELECT o.conrelid::bigint AS \"table\", o.conname AS name, pg_get_expr(o.conbin, o.conrelid) AS expression
  FROM pg_constraint o
  WHERE o.contype = 'c' AND o.conrelid = ANY($1) AND coalesce((to_jsonb(o) ->> 'conenforced')::boolean, true)
) t";

/// The triggers of the app on them and on their partitions that fire in an ordinary session. The bits are those of
/// `pg_trigger.tgtype`.
pub(super) const TRIGGERS: &str = "
SELECT coalesce(json_agg(t ORDER BY t.\"table\", t.name), '[]')::text FROM (
  SELECT DISTINCT r.root::bigint AS \"table\", g.tgname AS name, g.tgtype & 4 <> 0 AS on_insert,
    g.tgtype & 8 <> 0 AS on_delete, md5(p.prosrc) AS source
  FROM (
    SELECT o AS root, o AS relation FROM unnest($1) AS o
    UNION SELECT o, q.relid FROM unnest($1) AS o, pg_partition_tree(o) AS q
  ) r
  JOIN pg_trigger g ON g.tgrelid = r.relation
  JOIN pg_proc p ON p.oid = g.tgfoid
  WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
) t";

/// The partitions of the partitioned ones that hold rows.
pub(super) const PARTITIONS: &str = "
SELECT coalesce(json_agg(t ORDER BY t.\"table\", t.relation), '[]')::text FROM (
  SELECT o::bigint AS \"table\", q.relid::text AS relation, pg_get_partition_constraintdef(q.relid) AS condition
  FROM unnest($1) AS o, pg_partition_tree(o) AS q
  WHERE q.isleaf AND q.relid <> o
) t";

/// The sequences that columns of them own or take their default from.
pub(super) const SEQUENCES: &str = "
SELECT coalesce(json_agg(t ORDER BY t.\"table\", t.at, t.oid), '[]')::text FROM (
  SELECT a.attrelid::bigint AS \"table\", a.attnum AS at, a.attname AS \"column\", c.oid::bigint AS oid,
    json_build_object('schema', n.nspname, 'name', c.relname) AS name,
    s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum,
    CASE WHEN has_sequence_privilege(c.oid, 'SELECT') THEN pg_sequence_last_value(c.oid) END AS last,
    has_sequence_privilege(c.oid, 'UPDATE') AND has_sequence_privilege(c.oid, 'SELECT') AS movable
  FROM (
    SELECT d.refobjid AS relation, d.refobjsubid AS num, d.objid AS sequence
    FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY($1)
      AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION
    SELECT f.adrelid, f.adnum, d.refobjid
    FROM pg_attrdef f
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
    WHERE f.adrelid = ANY($1)
  ) u
  JOIN pg_class c ON c.oid = u.sequence AND c.relkind = 'S'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_sequence s ON s.seqrelid = c.oid
  JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.num
  WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
) t";
