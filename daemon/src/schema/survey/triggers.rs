//! What the server does by itself when rows of a table change: triggers and rules.

use orgvault_archive::full::schema::Trigger;
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, constraints::definition, tables::Tables};

/// The triggers of the tables `$1`, by name, without those that constraints made, and those that a partitioned table
/// made for its partitions.
const TRIGGERS: &str = "
SELECT t.tgrelid::int8 AS oid, t.tgname::text AS name, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
  t.tgenabled IN ('O', 'A') AS enabled
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal AND t.tgparentid = 0
ORDER BY t.tgrelid, t.tgname";

/// The rules of the tables `$1`, by name.
const RULES: &str = "
SELECT r.ev_class::int8 AS oid, r.rulename::text AS name, pg_catalog.pg_get_ruledef(r.oid) AS definition
FROM pg_catalog.pg_rewrite r
WHERE r.ev_class = ANY ($1::oid[])
ORDER BY r.ev_class, r.rulename";

pub(super) async fn ask(catalog: &mut Catalog<'_>, tables: &mut Tables) -> Result<(), SurveyError> {
    tables.fill(catalog, "triggers", TRIGGERS, trigger, |table, trigger| table.triggers.push(trigger)).await?;
    tables.fill(catalog, "rules", RULES, definition, |table, rule| table.rules.push(rule)).await
}

fn trigger(row: &PgRow) -> Result<Trigger, sqlx::Error> {
    let definition = definition(row)?;
    Ok(Trigger { name: definition.name, definition: definition.definition, enabled: row.try_get("enabled")? })
}
