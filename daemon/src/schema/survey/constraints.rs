//! The constraints of tables: keys, checks, exclusions and foreign keys.

use orgvault_archive::full::schema::{Constraint, ForeignKey, QualifiedName};
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, tables::Tables};

/// The constraints of the tables `$1`, by name, without those that a partitioned table makes for its partitions.
const CONSTRAINTS: &str = "
SELECT c.conrelid::int8 AS oid, c.conname::text AS name, pg_catalog.pg_get_constraintdef(c.oid) AS definition
FROM pg_catalog.pg_constraint c
WHERE c.conrelid = ANY ($1::oid[]) AND c.contype IN ('p', 'u', 'c', 'x') AND c.conparentid = 0
ORDER BY c.conrelid, c.conname";

/// The foreign keys of the tables `$1`, likewise.
const FOREIGN_KEYS: &str = "
SELECT c.conrelid::int8 AS oid, c.conname::text AS name, pg_catalog.pg_get_constraintdef(c.oid) AS definition,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
        ORDER BY k.place) AS columns,
  n.nspname::text AS target_schema, t.relname::text AS target,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number
        ORDER BY k.place) AS referenced,
  c.confmatchtype = 'f' AS is_full, c.confdeltype::text AS on_delete, c.confupdtype::text AS on_update,
  c.condeferrable AS deferrable, NOT c.convalidated AS not_valid
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class t ON t.oid = c.confrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
WHERE c.conrelid = ANY ($1::oid[]) AND c.contype = 'f' AND c.conparentid = 0
ORDER BY c.conrelid, c.conname";

pub(super) async fn ask(catalog: &mut Catalog<'_>, tables: &mut Tables) -> Result<(), SurveyError> {
    tables
        .fill(catalog, "constraints", CONSTRAINTS, definition, |table, constraint| table.constraints.push(constraint))
        .await?;
    tables.fill(catalog, "foreign keys", FOREIGN_KEYS, foreign_key, |table, key| table.foreign_keys.push(key)).await
}

/// The columns `name` and `definition`.
pub(super) fn definition(row: &PgRow) -> Result<Constraint, sqlx::Error> {
    Ok(Constraint { name: row.try_get("name")?, definition: row.try_get("definition")? })
}

fn foreign_key(row: &PgRow) -> Result<ForeignKey, sqlx::Error> {
    Ok(ForeignKey {
        name: row.try_get("name")?,
        columns: row.try_get("columns")?,
        references: QualifiedName { schema: row.try_get("target_schema")?, name: row.try_get("target")? },
        referenced: row.try_get("referenced")?,
        match_full: row.try_get("is_full")?,
        on_delete: action(row.try_get("on_delete")?).to_owned(),
        on_update: action(row.try_get("on_update")?).to_owned(),
        deferrable: row.try_get("deferrable")?,
        not_valid: row.try_get("not_valid")?,
        definition: row.try_get("definition")?,
    })
}

fn action(code: &str) -> &'static str {
    match code {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => "NO ACTION",
    }
}
