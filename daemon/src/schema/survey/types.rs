//! Enums, domains, composite types and ranges.

use orgvault_archive::full::schema::{Attribute, Constraint, Type, TypeKind};
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, name, optional_name, reach::Reached};

/// The enums, domains, composite types and ranges among the types `$1`, by name.
const TYPES: &str = "
SELECT t.oid::int8 AS oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS sort,
  ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels,
  CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
    WHEN 'r' THEN pg_catalog.format_type(r.rngsubtype, NULL) END AS base,
  t.typnotnull AS not_null,
  pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::regclass) AS default,
  k.nspname::text AS collation_schema, l.collname::text AS collation,
  CASE WHEN NOT o.opcdefault THEN m.nspname::text END AS class_schema,
  CASE WHEN NOT o.opcdefault THEN o.opcname::text END AS class,
  q.nspname::text AS difference_schema, p.proname::text AS difference,
  v.nspname::text AS multirange_schema, u.typname::text AS multirange
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE r.rngsubtype END
LEFT JOIN pg_catalog.pg_collation l ON l.oid = CASE t.typtype WHEN 'd' THEN t.typcollation ELSE r.rngcollation END
  AND l.oid <> b.typcollation
LEFT JOIN pg_catalog.pg_namespace k ON k.oid = l.collnamespace
LEFT JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc LEFT JOIN pg_catalog.pg_namespace m ON m.oid = o.opcnamespace
LEFT JOIN pg_catalog.pg_proc p ON p.oid = r.rngsubdiff LEFT JOIN pg_catalog.pg_namespace q ON q.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_type u ON u.oid = (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid
LEFT JOIN pg_catalog.pg_namespace v ON v.oid = u.typnamespace
WHERE t.oid = ANY ($1::oid[]) AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass
                  AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname";

/// The checks of the domains among the types `$1`, by name.
const CHECKS: &str = "
SELECT c.contypid::int8 AS oid, c.conname::text AS name, pg_catalog.pg_get_constraintdef(c.oid) AS definition
FROM pg_catalog.pg_constraint c
WHERE c.contypid = ANY ($1::oid[]) AND c.contype = 'c'
ORDER BY c.contypid, c.conname";

/// The attributes of the composite types among the types `$1`, in their order.
const ATTRIBUTES: &str = "
SELECT t.oid::int8 AS oid, a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  n.nspname::text AS collation_schema, l.collname::text AS collation
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type b ON b.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation AND l.oid <> b.typcollation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
WHERE t.oid = ANY ($1::oid[])
ORDER BY t.oid, a.attnum";

/// Each with its oid.
pub(super) async fn ask(catalog: &mut Catalog<'_>, reached: &Reached) -> Result<Vec<(i64, Type)>, SurveyError> {
    let read = |row: &PgRow| Ok((row.try_get::<i64, _>("oid")?, Type { name: name(row)?, kind: kind(row)? }));
    let mut types = catalog.ask("types", TYPES, &reached.of("pg_type"), read).await?;
    let oids: Vec<i64> = types.iter().map(|(oid, _)| *oid).collect();
    let checks = catalog.ask("types", CHECKS, &oids, check).await?;
    let attributes = catalog.ask("types", ATTRIBUTES, &oids, attribute).await?;
    for (oid, of) in &mut types {
        match &mut of.kind {
            TypeKind::Domain { checks: own, .. } => own.extend(those_of(&checks, *oid)),
            TypeKind::Composite { attributes: own } => own.extend(those_of(&attributes, *oid)),
            TypeKind::Enum { .. } | TypeKind::Range { .. } => {}
        }
    }
    Ok(types)
}

fn those_of<T: Clone>(all: &[(i64, T)], oid: i64) -> impl Iterator<Item = T> {
    all.iter().filter(move |(of, _)| *of == oid).map(|(_, it)| it.clone())
}

fn kind(row: &PgRow) -> Result<TypeKind, sqlx::Error> {
    let base = || row.try_get::<Option<String>, _>("base").map(Option::unwrap_or_default);
    let collation = || optional_name(row, "collation_schema", "collation");
    Ok(match row.try_get::<String, _>("sort")?.as_str() {
        "e" => TypeKind::Enum { labels: row.try_get("labels")? },
        "d" => TypeKind::Domain {
            base: base()?,
            not_null: row.try_get("not_null")?,
            default: row.try_get("default")?,
            collation: collation()?,
            checks: Vec::new(),
        },
        "r" => TypeKind::Range {
            subtype: base()?,
            collation: collation()?,
            operator_class: optional_name(row, "class_schema", "class")?,
            difference: optional_name(row, "difference_schema", "difference")?,
            multirange: optional_name(row, "multirange_schema", "multirange")?,
        },
        _ => TypeKind::Composite { attributes: Vec::new() },
    })
}

fn check(row: &PgRow) -> Result<(i64, Constraint), sqlx::Error> {
    Ok((row.try_get("oid")?, super::constraints::definition(row)?))
}

fn attribute(row: &PgRow) -> Result<(i64, Attribute), sqlx::Error> {
    let collation = optional_name(row, "collation_schema", "collation")?;
    let attribute = Attribute { name: row.try_get("name")?, kind: row.try_get("type")?, collation };
    Ok((row.try_get("oid")?, attribute))
}
