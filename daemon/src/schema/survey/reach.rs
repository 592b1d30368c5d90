//! What tables need, by the server's own record of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use orgvault_archive::full::schema::QualifiedName;
use sqlx::Row;

use super::{Catalog, SurveyError};

/// From the tables `$1`.`$2` along everything that they need, as pairs of an object and one that it needs or is made
/// of. What belongs to an extension leads to the extension and no further.
const REACHED: &str = "
WITH RECURSIVE reached(from_class, from_object, class, object) AS (
  SELECT 0::oid, 0::oid, 'pg_catalog.pg_class'::regclass::oid, c.oid
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS wanted(schema, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind IN ('r', 'p')
  UNION
  SELECT r.class, r.object, next.class, next.object FROM reached r CROSS JOIN LATERAL (
    SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
    WHERE d.classid = r.class AND d.objid = r.object
      AND (d.deptype IN ('n', 'e') OR d.deptype = 'i' AND d.classid = 'pg_catalog.pg_type'::regclass)
    UNION ALL
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
    WHERE d.refclassid = r.class AND d.refobjid = r.object AND d.deptype IN ('a', 'i')
      AND d.refclassid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass,
                           'pg_catalog.pg_constraint'::regclass)
      AND d.classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_attrdef'::regclass,
                        'pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_trigger'::regclass,
                        'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_rewrite'::regclass)
    UNION ALL
    SELECT r.class, i.inhrelid FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhparent = r.object
    UNION ALL
    SELECT r.class, i.inhparent FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhrelid = r.object
  ) AS next(class, object)
  WHERE next.class = 'pg_catalog.pg_extension'::regclass OR NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = r.class AND d.objid = r.object AND d.deptype = 'e'))
SELECT r.from_class::regclass::text, r.from_object::int8, r.class::regclass::text, r.object::int8 FROM reached r";

/// Of the objects `$2` of the classes `$1`: those that no other question is about.
const UNDESCRIBED: &str = "
SELECT o.type || ' ' || o.identity
FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::int8[])) AS asked(class, object)
CROSS JOIN LATERAL pg_catalog.pg_identify_object(
  ('pg_catalog.' || asked.class)::regclass, asked.object::oid, 0) AS o
LEFT JOIN pg_catalog.pg_class c ON asked.class = 'pg_class' AND c.oid = asked.object::oid
LEFT JOIN pg_catalog.pg_proc p ON asked.class = 'pg_proc' AND p.oid = asked.object::oid
LEFT JOIN pg_catalog.pg_type t ON asked.class = 'pg_type' AND t.oid = asked.object::oid
WHERE CASE asked.class
    WHEN 'pg_class' THEN c.relkind IN ('v', 'm', 'f')
    WHEN 'pg_proc' THEN p.prokind = 'a'
    WHEN 'pg_type' THEN t.typtype = 'p' OR t.typtype = 'b' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
    ELSE true END
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ('pg_catalog.' || asked.class)::regclass
                  AND d.objid = asked.object::oid AND d.deptype = 'e')";

/// The least oid of what is not the server's own.
const FIRST_OID: i64 = 16384;

/// What other questions are about, or what needs no words of its own.
const DESCRIBED: [&str; 9] = [
    "pg_attrdef",
    "pg_collation",
    "pg_constraint",
    "pg_extension",
    "pg_namespace",
    "pg_policy",
    "pg_rewrite",
    "pg_trigger",
    "-",
];

/// An object: the catalog that it is in, and its oid.
pub(super) type Object = (String, i64);

/// Everything that the tables need.
pub(super) struct Reached {
    edges: BTreeMap<Object, BTreeSet<Object>>,
    objects: BTreeSet<Object>,
}

/// What must be there before something can be made.
pub(super) struct Creation {
    edges: BTreeMap<Object, BTreeSet<Object>>,
    /// The expressions of generated columns, which are made with their table.
    generated: HashSet<i64>,
}

impl Reached {
    pub(super) async fn ask(catalog: &mut Catalog<'_>, tables: &[QualifiedName]) -> Result<Self, SurveyError> {
        let ask = |source| SurveyError::Ask { what: "dependencies", source };
        let (schemas, names): (Vec<&str>, Vec<&str>) =
            tables.iter().map(|table| (table.schema.as_str(), table.name.as_str())).unzip();
        let query = sqlx::query(REACHED).persistent(false).bind(schemas).bind(names);
        let mut reached = Self { edges: BTreeMap::new(), objects: BTreeSet::new() };
        for row in query.fetch_all(&mut *catalog.0).await.map_err(ask)? {
            let object = |class, oid| Ok((row.try_get(class)?, row.try_get(oid)?));
            let (from, to): (Object, Object) = (object(0, 1).map_err(ask)?, object(2, 3).map_err(ask)?);
            reached.objects.insert(to.clone());
            reached.edges.entry(from).or_default().insert(to);
        }
        Ok(reached)
    }

    /// The objects of one catalog.
    pub(super) fn of(&self, class: &str) -> Vec<i64> {
        self.objects.iter().filter(|object| object.0 == class).map(|object| object.1).collect()
    }

    /// What is needed and has no words in a schema.
    pub(super) async fn undescribed(&self, catalog: &mut Catalog<'_>) -> Result<Vec<String>, SurveyError> {
        let asked = |object: &&Object| object.1 >= FIRST_OID && !DESCRIBED.contains(&object.0.as_str());
        let (classes, oids): (Vec<&str>, Vec<i64>) =
            self.objects.iter().filter(asked).map(|object| (object.0.as_str(), object.1)).unzip();
        let ask = |source| SurveyError::Ask { what: "dependencies", source };
        let query = sqlx::query(UNDESCRIBED).persistent(false).bind(classes).bind(oids);
        let rows = query.fetch_all(&mut *catalog.0).await.map_err(ask)?;
        let mut found: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(ask)?;
        found.sort_unstable();
        Ok(found)
    }

    /// What must be there before something can be made; `generated` are the expressions of generated columns.
    pub(super) fn creation(self, generated: Vec<i64>) -> Creation {
        Creation { edges: self.edges, generated: generated.into_iter().collect() }
    }
}

impl Creation {
    /// What must be there before `object`, of those that `is_made` by statements of their own.
    pub(super) fn needs(&self, object: &Object, is_made: impl Fn(&Object) -> bool) -> BTreeSet<Object> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::from([object]));
        let mut open = vec![object];
        while let Some(from) = open.pop() {
            for to in self.edges.get(from).into_iter().flatten().filter(|to| self.leads(from, to)) {
                if is_made(to) {
                    found.insert(to.clone());
                } else if seen.insert(to) {
                    open.push(to);
                }
            }
        }
        found.remove(object);
        found
    }

    /// Whether the first can only be made with the second. Keys, indexes, triggers, policies and defaults of tables are
    /// made later, and which table inherits from which is said later.
    fn leads(&self, from: &Object, to: &Object) -> bool {
        match (from.0.as_str(), to.0.as_str()) {
            (_, "pg_constraint") => from.0 == "pg_type",
            ("pg_class", "pg_class") | (_, "pg_trigger" | "pg_policy" | "pg_rewrite") => false,
            (_, "pg_attrdef") => self.generated.contains(&to.1),
            _ => true,
        }
    }
}
