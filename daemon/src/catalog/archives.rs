//! Archives in the catalog.

use orgvault_api::{Archive, OrganizationKey, Tenant, gid::Gid};
use serde::de::Error as _;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    Catalog, CatalogError, Page, PagePosition, Tenants, exports::json, failed, page::AMONG, to_integer, to_micros,
};
use crate::store::{Prefix, Stored};

/// Which archives to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveFilter {
    /// Only of this organization.
    pub tenant: Option<Tenant>,
}

/// Which page of the archives to list.
#[derive(Debug, Clone, Default)]
pub struct ArchiveQuery {
    /// Only of this source.
    pub source: Option<String>,
    /// Only of organizations with these sources, kinds, ids and slugs.
    pub named: Option<Vec<OrganizationKey>>,
    /// Only of these organizations.
    pub tenants: Tenants,
    /// Only these of them; all by default.
    pub page: Page,
}

/// All archives together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub archives: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Catalog {
    /// Adds an archive, or replaces what is known of it.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_archive(&self, archive: &Stored) -> Result<(), CatalogError> {
        const ACT: &str = "add an archive";
        let mut connection = self.pool.acquire().await.map_err(failed(ACT))?;
        put(&mut connection, archive).await.map_err(failed(ACT))
    }

    /// Forgets one archive; whether there was one.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn forget_archive(&self, gid: Gid) -> Result<bool, CatalogError> {
        let done = sqlx::query("DELETE FROM archives WHERE gid = ?")
            .bind(to_integer(gid))
            .execute(&self.pool)
            .await
            .map_err(failed("forget an archive"))?;
        Ok(done.rows_affected() == 1)
    }

    /// One archive; none where there is no such gid.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archive(&self, gid: Gid) -> Result<Option<Stored>, CatalogError> {
        sqlx::query("SELECT gid, document FROM archives WHERE gid = ?")
            .bind(to_integer(gid))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read an archive"))?
            .map(|row| read(&row))
            .transpose()
    }

    /// The archives that match, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archives(&self, filter: &ArchiveFilter) -> Result<Vec<Stored>, CatalogError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT gid, document FROM archives WHERE true");
        if let Some(Tenant { source, kind, id }) = &filter.tenant {
            query.push(" AND source = ").push_bind(source).push(" AND kind = ").push_bind(kind);
            query.push(" AND organization_id = ").push_bind(id);
        }
        query.push(" ORDER BY exported_at, gid");
        let rows = query.build().fetch_all(&self.pool).await.map_err(failed("list archives"))?;
        self.readable(rows.iter().map(read))
    }

    /// The archives of one request and organization, the oldest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archives_of(&self, request: Gid, tenant: &Tenant) -> Result<Vec<Stored>, CatalogError> {
        let mut archives = self.archives(&ArchiveFilter { tenant: Some(tenant.clone()) }).await?;
        archives.retain(|archive| archive.request == request);
        Ok(archives)
    }

    /// A page of the archives that match, the highest gid last, and where the next one begins if there
    /// are more.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archive_page(&self, query: &ArchiveQuery) -> Result<(Vec<Stored>, Option<Gid>), CatalogError> {
        const ACT: &str = "list archives";
        let rows = listing(query).build().fetch_all(&self.pool).await.map_err(failed(ACT))?;
        let (rows, next) = query.page.rows(rows).map_err(failed(ACT))?;
        Ok((self.readable(rows.iter().map(read))?, next))
    }

    /// Every organization that an archive names by one of `names` as its id or slug, each once for
    /// every slug that it had.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archived_as(&self, names: &[&str]) -> Result<Vec<OrganizationKey>, CatalogError> {
        const ACT: &str = "look for the archives of an organization";
        let rows: Vec<(String, String, String, String)> =
            sqlx::query_as(ARCHIVED_AS).bind(json(&names)).fetch_all(&self.pool).await.map_err(failed(ACT))?;
        let key = |(source, kind, id, slug)| OrganizationKey { source, kind, id, slug, name: String::new() };
        Ok(rows.into_iter().map(key).collect())
    }

    /// How many archives of each source and format there are in each state.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archive_counts(&self) -> Result<Vec<(String, String, String, u64)>, CatalogError> {
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT source, coalesce(format, ''), coalesce(json_extract(document, '$.state'), ''), count(*) \
             FROM archives GROUP BY 1, 2, 3",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("count the archives of each state"))?;
        Ok(rows
            .into_iter()
            .map(|(source, format, state, number)| (source, format, state, number.cast_unsigned()))
            .collect())
    }

    /// The archives of which the store's names begin so, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archives_in(&self, prefix: &Prefix) -> Result<Vec<Stored>, CatalogError> {
        let rows = sqlx::query("SELECT gid, document FROM archives WHERE place = ? ORDER BY exported_at, gid")
            .bind(prefix.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the archives of a directory"))?;
        self.readable(rows.iter().map(read))
    }

    /// All archives of `tenants` together.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn totals(&self, tenants: &Tenants) -> Result<Totals, CatalogError> {
        let query = match tenants.json() {
            None => sqlx::query_as(TOTALS),
            Some(tenants) => sqlx::query_as(TOTALS_OF).bind(tenants),
        };
        let (archives, bytes): (i64, i64) = query.fetch_one(&self.pool).await.map_err(failed("count archives"))?;
        Ok(Totals { archives: archives.cast_unsigned(), bytes: bytes.cast_unsigned() })
    }

    /// Whether it can be read at all.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn answers(&self) -> Result<(), CatalogError> {
        sqlx::query("SELECT gid FROM archives LIMIT 1")
            .fetch_optional(&self.pool)
            .await
            .map(drop)
            .map_err(failed("read anything"))
    }
}

/// Archives are kept by their names in the store, so that it can be moved.
pub(super) async fn put(connection: &mut SqliteConnection, archive: &Stored) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR REPLACE INTO archives VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(to_integer(archive.gid))
        .bind(&archive.organization.source)
        .bind(&archive.organization.id)
        .bind(to_micros(archive.exported_at))
        .bind(archive.bytes.cast_signed())
        .bind(json(archive.kept()))
        .bind(archive.key().prefix().as_str())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) fn read(row: &SqliteRow) -> Result<Stored, CatalogError> {
    const ACT: &str = "read an archive";
    let gid: i64 = row.try_get("gid").map_err(failed(ACT))?;
    let document: &str = row.try_get("document").map_err(failed(ACT))?;
    let kept: Result<Archive, _> = serde_json::from_str(document);
    let stored = kept.and_then(|archive| Stored::of_kept(archive).map_err(serde_json::Error::custom));
    stored.map_err(|cause| CatalogError::Document { gid, cause })
}

/// All in one index.
pub(super) const TOTALS: &str = "SELECT count(*), coalesce(sum(bytes), 0) FROM archives";

pub(super) const TOTALS_OF: &str = "SELECT count(*), coalesce(sum(bytes), 0) FROM json_each(?1) AS tenant \
    CROSS JOIN archives ON archives.source = tenant.value ->> 0 AND archives.organization_id = tenant.value ->> 2 \
    AND archives.kind = tenant.value ->> 1";

pub(super) const ARCHIVED_AS: &str = "SELECT DISTINCT source, kind, organization_id, slug FROM archives \
    WHERE (organization_id IN (SELECT value FROM json_each(?1)) OR slug IN (SELECT value FROM json_each(?1))) \
    AND kind IS NOT NULL AND slug IS NOT NULL";

/// Reads no more than the page: of many organizations only the newest of each are looked at.
pub(super) fn listing(asked: &ArchiveQuery) -> QueryBuilder<Sqlite> {
    let ArchiveQuery { source, named, tenants, page } = asked;
    let (after, before) = match page.place {
        PagePosition::Newest => (0, i64::MAX),
        PagePosition::Before(gid) => (0, to_integer(gid)),
        PagePosition::After(gid) => (to_integer(gid), i64::MAX),
    };
    let mut query = QueryBuilder::new("SELECT gid, document FROM archives WHERE ");
    let conditions = |query: &mut QueryBuilder<Sqlite>| {
        query.push("gid > ").push_bind(after).push(" AND gid < ").push_bind(before);
        if let Some(source) = source {
            query.push(" AND source = ").push_bind(source.clone());
        }
    };
    match (named, tenants.json()) {
        (Some(keys), tenants) => {
            let names = keys.iter().map(|key| [&key.source, &key.id, &key.kind, &key.slug]).collect::<Vec<_>>();
            query.push(NAMED).push_bind(json(&names)).push(")) AND ");
            conditions(&mut query);
            if let Some(tenants) = tenants {
                query.push(" AND ").push(AMONG).push_bind(tenants.to_owned()).push("))");
            }
        }
        (None, Some(tenants)) => {
            query.push("gid IN (SELECT page.gid FROM json_each(").push_bind(tenants.to_owned());
            query.push(
                ") AS tenant CROSS JOIN archives AS page ON page.gid IN (SELECT gid FROM archives AS own \
                 WHERE own.source = tenant.value ->> 0 AND own.organization_id = tenant.value ->> 2 \
                 AND own.kind = tenant.value ->> 1 AND ",
            );
            conditions(&mut query);
            query.push(" ORDER BY gid ").push(page.sql_order());
            query.push(" LIMIT ").push_bind(page.sql_limit()).push("))");
        }
        (None, None) => conditions(&mut query),
    }
    query.push(" ORDER BY gid ").push(page.sql_order()).push(" LIMIT ").push_bind(page.sql_limit());
    query
}

const NAMED: &str = "(source, organization_id, kind, slug) IN \
    (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(";
