//! Functions and procedures.

use orgvault_archive::full::schema::Function;
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, name, reach::Reached};

/// The functions among `$1`, by name and arguments.
const FUNCTIONS: &str = "
SELECT p.oid::int8 AS oid, n.nspname::text AS schema, p.proname::text AS name,
  pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments, l.lanname::text AS language,
  pg_catalog.pg_get_functiondef(p.oid) AS definition
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.oid = ANY ($1::oid[]) AND p.prokind <> 'a' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                  AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid) COLLATE \"C\"";

/// Each with its oid.
pub(super) async fn ask(catalog: &mut Catalog<'_>, reached: &Reached) -> Result<Vec<(i64, Function)>, SurveyError> {
    let read = |row: &PgRow| Ok((row.try_get("oid")?, function(row)?));
    catalog.ask("functions", FUNCTIONS, &reached.of("pg_proc"), read).await
}

fn function(row: &PgRow) -> Result<Function, sqlx::Error> {
    Ok(Function {
        name: name(row)?,
        arguments: row.try_get("arguments")?,
        language: row.try_get("language")?,
        definition: row.try_get("definition")?,
    })
}
