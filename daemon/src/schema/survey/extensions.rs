//! Extensions.

use std::collections::BTreeMap;

use orgvault_archive::full::schema::Extension;
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, order::depth_first, reach::Reached};

/// The extensions `$1`, by name, and what each of them requires.
const EXTENSIONS: &str = "
SELECT e.extname::text AS name, e.extversion AS version, n.nspname::text AS schema,
  ARRAY(SELECT r.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension r ON r.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_extension'::regclass AND d.objid = e.oid
        AND d.refclassid = 'pg_catalog.pg_extension'::regclass ORDER BY r.extname) AS requires
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.oid = ANY ($1::oid[])
ORDER BY e.extname";

/// Each after those that it requires.
pub(super) async fn ask(catalog: &mut Catalog<'_>, reached: &Reached) -> Result<Vec<Extension>, SurveyError> {
    let found = catalog.ask("extensions", EXTENSIONS, &reached.of("pg_extension"), extension).await?;
    let places: BTreeMap<&str, usize> =
        found.iter().enumerate().map(|(place, (extension, _))| (extension.name.as_str(), place)).collect();
    let needs = |place: usize| {
        let requires = found.get(place).into_iter().flat_map(|(_, requires)| requires);
        requires.filter_map(|name| places.get(name.as_str()).copied()).collect()
    };
    let order = depth_first(found.len(), needs);
    Ok(order.into_iter().filter_map(|place| found.get(place)).map(|(extension, _)| extension.clone()).collect())
}

fn extension(row: &PgRow) -> Result<(Extension, Vec<String>), sqlx::Error> {
    let extension =
        Extension { name: row.try_get("name")?, version: row.try_get("version")?, schema: row.try_get("schema")? };
    Ok((extension, row.try_get("requires")?))
}
