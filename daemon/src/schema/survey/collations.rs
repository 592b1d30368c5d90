//! Collations that the database itself has.

use orgvault_archive::full::schema::Collation;
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, name, reach::Reached};

/// The collations `$1`, by name. The column that has ICU's locale was another one in each of PostgreSQL 14, 15 and 17.
const COLLATIONS: &str = "
SELECT n.nspname::text AS schema, c.collname::text AS name, c.collprovider::text AS provider,
  COALESCE(j.facts ->> 'colllocale', j.facts ->> 'colliculocale', j.facts ->> 'collcollate') AS locale,
  CASE c.collprovider WHEN 'c' THEN NULLIF(j.facts ->> 'collctype', j.facts ->> 'collcollate') END AS character_locale,
  j.facts ->> 'collicurules' AS rules, c.collisdeterministic AS deterministic
FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c)) AS j(facts)
WHERE c.oid = ANY ($1::oid[]) AND n.nspname <> 'pg_catalog'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_collation'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.collname";

pub(super) async fn ask(catalog: &mut Catalog<'_>, reached: &Reached) -> Result<Vec<Collation>, SurveyError> {
    catalog.ask("collations", COLLATIONS, &reached.of("pg_collation"), collation).await
}

fn collation(row: &PgRow) -> Result<Collation, sqlx::Error> {
    let provider = match row.try_get::<String, _>("provider")?.as_str() {
        "i" => "icu",
        "b" => "builtin",
        _ => "libc",
    };
    Ok(Collation {
        name: name(row)?,
        provider: provider.to_owned(),
        locale: row.try_get::<Option<String>, _>("locale")?.unwrap_or_default(),
        character_locale: row.try_get("character_locale")?,
        rules: row.try_get("rules")?,
        deterministic: row.try_get("deterministic")?,
    })
}
