//! Sequences: those that columns own, and those that defaults name.

use orgvault_archive::full::schema::{QualifiedName, Sequence, SequenceOwner};
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, name, optional_name, reach::Reached, tables::Tables};

/// The sequences among the relations `$1`, by name.
const SEQUENCES: &str = "
SELECT n.nspname::text AS schema, c.relname::text AS name, pg_catalog.format_type(s.seqtypid, NULL) AS type,
  s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache,
  s.seqcycle AS cycle, t.oid::int8 AS owner_oid, m.nspname::text AS owner_schema, t.relname::text AS owner,
  a.attname::text AS column
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_catalog.pg_namespace m ON m.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'S'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass
                  AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname";

/// The sequences; a table that is not among `tables` counts as no owner.
pub(super) async fn ask(
    catalog: &mut Catalog<'_>,
    reached: &Reached,
    tables: &Tables,
) -> Result<Vec<Sequence>, SurveyError> {
    catalog.ask("sequences", SEQUENCES, &reached.of("pg_class"), |row| sequence(row, tables)).await
}

fn sequence(row: &PgRow, tables: &Tables) -> Result<Sequence, sqlx::Error> {
    let owner_oid: Option<i64> = row.try_get("owner_oid")?;
    let owner = optional_name(row, "owner_schema", "owner")?.zip(row.try_get::<Option<String>, _>("column")?);
    let owner = owner.filter(|_| owner_oid.is_some_and(|oid| tables.has(oid)));
    Ok(Sequence {
        name: name(row)?,
        kind: row.try_get("type")?,
        start: row.try_get("start")?,
        increment: row.try_get("increment")?,
        minimum: row.try_get("minimum")?,
        maximum: row.try_get("maximum")?,
        cache: row.try_get("cache")?,
        cycle: row.try_get("cycle")?,
        owner: owner.map(|(table, column): (QualifiedName, String)| SequenceOwner { table, column }),
    })
}
