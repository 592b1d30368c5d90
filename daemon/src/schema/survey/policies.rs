//! Policies of row security.

use orgvault_archive::full::schema::Policy;
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, tables::Tables};

/// The policies of the tables `$1`, by name.
const POLICIES: &str = "
SELECT p.polrelid::int8 AS oid, p.polname::text AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
  ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY r.rolname) AS roles,
  pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using,
  pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
FROM pg_catalog.pg_policy p
WHERE p.polrelid = ANY ($1::oid[])
ORDER BY p.polrelid, p.polname";

pub(super) async fn ask(catalog: &mut Catalog<'_>, tables: &mut Tables) -> Result<(), SurveyError> {
    tables.fill(catalog, "policies", POLICIES, policy, |table, policy| table.policies.push(policy)).await
}

fn policy(row: &PgRow) -> Result<Policy, sqlx::Error> {
    Ok(Policy {
        name: row.try_get("name")?,
        command: command(row.try_get("command")?).to_owned(),
        permissive: row.try_get("permissive")?,
        roles: row.try_get("roles")?,
        using: row.try_get("using")?,
        with_check: row.try_get("with_check")?,
    })
}

fn command(code: &str) -> &'static str {
    match code {
        "r" => "SELECT",
        "a" => "INSERT",
        "w" => "UPDATE",
        "d" => "DELETE",
        _ => "ALL",
    }
}
