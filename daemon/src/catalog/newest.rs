//! The newest archives and exports of each organization, found without reading the older ones: an
//! index gives the last of each, and from there the last of the one before it.

use std::collections::HashMap;

use orgvault_api::{ExportError, Tenant};
use sqlx::{Row, sqlite::SqliteRow};

use super::{
    Catalog, CatalogError, LastExport, archives,
    exports::{document, gid, json, parsed},
    failed,
};
use crate::store::Stored;

/// From one organization to the next. The plus signs take the columns' affinity away: without them
/// SQLite looks up the first column of a row value only, and reads the rest.
pub(super) const EXPORTED: &str = "WITH RECURSIVE tenants(kind, id) AS (\
    SELECT * FROM (SELECT kind, organization_id FROM exports WHERE source = ?1 ORDER BY kind, organization_id LIMIT 1) \
    UNION ALL SELECT next.kind, next.organization_id FROM tenants CROSS JOIN exports AS next ON next.position = (\
        SELECT later.position FROM exports AS later WHERE later.source = ?1 \
        AND (later.kind, later.organization_id) > (+tenants.kind, +tenants.id) \
        ORDER BY later.kind, later.organization_id LIMIT 1)) SELECT kind, id FROM tenants";

/// The same of those that have an archive.
pub(super) const ARCHIVED: &str = "WITH RECURSIVE tenants(kind, id) AS (\
    SELECT * FROM (SELECT kind, organization_id FROM archives WHERE source = ?1 AND kind IS NOT NULL \
        ORDER BY kind, organization_id LIMIT 1) \
    UNION ALL SELECT next.kind, next.organization_id FROM tenants CROSS JOIN archives AS next ON next.gid = (\
        SELECT later.gid FROM archives AS later WHERE later.source = ?1 \
        AND (later.kind, later.organization_id) > (+tenants.kind, +tenants.id) \
        ORDER BY later.kind, later.organization_id LIMIT 1)) SELECT kind, id FROM tenants";

/// From the newest of one group (an organization's format, entity and importability) to that of the
/// group before it; to each the one before it in its group.
pub(super) const PAIRS: &str = "WITH RECURSIVE newest(gid) AS (\
    SELECT (SELECT gid FROM archives WHERE source = ?1 AND kind = named.value ->> 0 \
        AND organization_id = named.value ->> 1 \
        ORDER BY format DESC, part DESC, importable DESC, exported_at DESC, gid DESC LIMIT 1) FROM json_each(?2) AS named \
    UNION ALL \
    SELECT (SELECT next.gid FROM archives AS next WHERE next.source = last.source AND next.kind = last.kind \
        AND next.organization_id = last.organization_id \
        AND (next.format, next.part, next.importable) < (+last.format, +last.part, +last.importable) \
        ORDER BY next.format DESC, next.part DESC, next.importable DESC, next.exported_at DESC, next.gid DESC LIMIT 1) \
    FROM newest JOIN archives AS last ON last.gid = newest.gid), \
    pairs(gid) AS (SELECT gid FROM newest UNION ALL \
    SELECT (SELECT older.gid FROM archives AS older WHERE older.source = newer.source AND older.kind = newer.kind \
        AND older.organization_id = newer.organization_id AND older.format = newer.format AND older.part = newer.part \
        AND older.importable = newer.importable AND (older.exported_at, older.gid) < (+newer.exported_at, +newer.gid) \
        ORDER BY older.exported_at DESC, older.gid DESC LIMIT 1) \
    FROM newest JOIN archives AS newer ON newer.gid = newest.gid) \
    SELECT archives.gid, document FROM pairs CROSS JOIN archives ON archives.gid = pairs.gid \
    ORDER BY exported_at DESC, archives.gid DESC";

/// One that was canceled does not count: what was before it still holds.
pub(super) const LAST: &str = "WITH newest(kind, id, request) AS MATERIALIZED (\
    SELECT named.value ->> 0, named.value ->> 1, (SELECT request FROM exports WHERE source = ?1 \
        AND kind = named.value ->> 0 AND organization_id = named.value ->> 1 \
        AND error_code IS NOT 'canceled' ORDER BY position DESC LIMIT 1) FROM json_each(?2) AS named), \
    last AS (SELECT e.kind, e.organization_id, e.state, e.gid, e.error, max(e.position) \
        FROM newest CROSS JOIN exports AS e ON e.request = newest.request AND e.source = ?1 AND e.kind = newest.kind \
        AND e.organization_id = newest.id AND e.error_code IS NOT 'canceled' \
        GROUP BY e.kind, e.organization_id, e.format, e.entity) \
    SELECT kind, organization_id, state, gid, error FROM last \
    ORDER BY CASE state WHEN 'finished' THEN 1 WHEN 'pending' THEN 2 WHEN 'started' THEN 3 ELSE 4 END, gid DESC";

pub(super) const DURATIONS: &str = "WITH last(position) AS (\
    SELECT (SELECT position FROM exports WHERE source = ?1 AND kind = named.value ->> 0 \
        AND organization_id = named.value ->> 1 AND state = 'finished' ORDER BY position DESC LIMIT 1) \
        FROM json_each(?2) AS named) \
    SELECT kind, organization_id, (finished_at - started_at) / 1e6 FROM last CROSS JOIN exports USING (position)";

/// Organizations that are asked for in one query: their documents are sorted in memory.
const AT_ONCE: usize = 500;

impl Catalog {
    /// The newest archive of each organization, format and entity of a source and the one before it,
    /// newest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn newest_pairs(&self, source: &str) -> Result<HashMap<Tenant, Vec<Stored>>, CatalogError> {
        const ACT: &str = "list the newest archives";
        let mut pairs: HashMap<Tenant, Vec<Stored>> = HashMap::new();
        for names in self.names(ARCHIVED, source, ACT).await?.chunks(AT_ONCE) {
            let rows = self.of(PAIRS, source, names, ACT).await?;
            for archive in self.readable(rows.iter().map(archives::read))? {
                pairs.entry(archive.organization.tenant()).or_default().push(archive);
            }
        }
        Ok(pairs)
    }

    /// The export with the worst state of the newest request of each organization of a source. Of
    /// several for one format and entity the newest counts: it was a new try.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn last_exports(&self, source: &str) -> Result<HashMap<Tenant, LastExport>, CatalogError> {
        const ACT: &str = "list the newest exports";
        let pair = |row: &SqliteRow| {
            let number: i64 = row.try_get(3).map_err(failed(ACT))?;
            let plain = || Ok((tenant(source, row)?, parsed(row.try_get(2)?)?, gid(number)?));
            let (tenant, state, gid) = plain().map_err(failed(ACT))?;
            let error = document::<Option<ExportError>>(row, "error", number)?.flatten();
            Ok((tenant, LastExport { gid, state, error }))
        };
        let mut exports = HashMap::new();
        for names in self.names(EXPORTED, source, ACT).await?.chunks(AT_ONCE) {
            let rows = self.of(LAST, source, names, ACT).await?;
            exports.extend(self.readable(rows.iter().map(pair))?);
        }
        Ok(exports)
    }

    /// How long the newest finished export of each organization of a source took, in seconds.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn last_durations(&self, source: &str) -> Result<HashMap<Tenant, f64>, CatalogError> {
        const ACT: &str = "list how long exports took";
        let names = self.names(EXPORTED, source, ACT).await?;
        let rows = self.of(DURATIONS, source, &names, ACT).await?;
        let pair = |row: &SqliteRow| Ok((tenant(source, row)?, row.try_get(2)?));
        rows.iter().map(pair).collect::<Result<_, _>>().map_err(failed(ACT))
    }

    /// The kinds and ids that a query gives of a source's organizations.
    async fn names(
        &self,
        query: &'static str,
        source: &str,
        act: &'static str,
    ) -> Result<Vec<(String, String)>, CatalogError> {
        sqlx::query_as(query).bind(source).fetch_all(&self.pool).await.map_err(failed(act))
    }

    async fn of(
        &self,
        query: &'static str,
        source: &str,
        names: &[(String, String)],
        act: &'static str,
    ) -> Result<Vec<SqliteRow>, CatalogError> {
        sqlx::query(query).bind(source).bind(json(&names)).fetch_all(&self.pool).await.map_err(failed(act))
    }
}

/// The organization whose kind and id a row begins with.
pub(super) fn tenant(source: &str, row: &SqliteRow) -> Result<Tenant, sqlx::Error> {
    Ok(Tenant { source: source.to_owned(), kind: row.try_get(0)?, id: row.try_get(1)? })
}
