//! Exports in the catalog.

mod row;

use std::collections::HashMap;

use orgvault_api::{DayResult, Export, ExportError, OrganizationKey, State, Tenant, clock::Timestamp, gid::Gid};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use self::row::update;
pub(super) use self::row::{document, from_row, gid, insert, json, parsed};

use super::{
    Catalog, CatalogError, Page, PagePosition, Repeat, Tenants, archives, failed, newest::tenant, page::AMONG, repeats,
    to_integer, to_micros,
};
use crate::store::Stored;

const UPDATE: &str = "update an export";

/// Which exports to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this request.
    pub request: Option<Gid>,
    /// Only of these organizations.
    pub tenants: Tenants,
    /// Only these of them; all by default.
    pub page: Page,
}

/// The export that says how an organization's newest request went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastExport {
    /// Its id.
    pub gid: Gid,
    /// Its state.
    pub state: State,
    /// Why it has no archive.
    pub error: Option<ExportError>,
}

impl Catalog {
    /// Adds the pending exports of one request, all or none, in their order, and the key under which
    /// it may be repeated.
    ///
    /// # Errors
    /// When the catalog cannot be written, or holds one of the gids or the key.
    pub async fn add_exports(&self, exports: &[Export], repeat: Option<&Repeat>) -> Result<(), CatalogError> {
        const ACT: &str = "add exports";
        let mut transaction = self.write(ACT).await?;
        let rows: Vec<_> = exports.iter().map(|export| (export, 1, None)).collect();
        insert(&mut transaction, &rows).await.map_err(failed(ACT))?;
        if let (Some(repeat), Some(first)) = (repeat, exports.first()) {
            repeats::keep(&mut transaction, repeat, first).await.map_err(failed(ACT))?;
        }
        transaction.commit().await.map_err(failed(ACT))
    }

    /// Writes what has changed of an export: its state, times, error, warnings, counts, size.
    ///
    /// # Errors
    /// When the catalog cannot be written, or does not know the export.
    pub async fn update_export(&self, export: &Export) -> Result<(), CatalogError> {
        let mut connection = self.pool.acquire().await.map_err(failed(UPDATE))?;
        update(&mut connection, export).await
    }

    /// Writes a finished export and the archive it made, both or none.
    ///
    /// # Errors
    /// When the catalog cannot be written, or does not know the export.
    pub async fn finish_export(&self, export: &Export, archive: &Stored) -> Result<(), CatalogError> {
        let mut transaction = self.write(UPDATE).await?;
        update(&mut transaction, export).await?;
        archives::put(&mut transaction, archive).await.map_err(failed(UPDATE))?;
        transaction.commit().await.map_err(failed(UPDATE))
    }

    /// One export; none where there is no such gid.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn export(&self, gid: Gid) -> Result<Option<Export>, CatalogError> {
        sqlx::query("SELECT * FROM exports WHERE gid = ?")
            .bind(to_integer(gid))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read an export"))?
            .map(|row| from_row(&row))
            .transpose()
    }

    /// The exports that match, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn exports(&self, filter: ExportFilter) -> Result<Vec<Export>, CatalogError> {
        self.export_page(filter).await.map(|(exports, _next)| exports)
    }

    /// The same, and where the next page begins if there are more.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn export_page(&self, filter: ExportFilter) -> Result<(Vec<Export>, Option<Gid>), CatalogError> {
        const ACT: &str = "list exports";
        let (after, before) = self.between(filter.page.place).await?;
        let rows = listing(&filter, after, before).build().fetch_all(&self.pool).await.map_err(failed(ACT))?;
        let (rows, next) = filter.page.rows(rows).map_err(failed(ACT))?;
        Ok((self.readable(rows.iter().map(from_row))?, next))
    }

    /// The positions between which a page lies. One that begins at an export which is forgotten
    /// meanwhile begins where that was.
    async fn between(&self, place: PagePosition) -> Result<(i64, i64), CatalogError> {
        let at = async |gid: Gid| {
            sqlx::query_as::<_, (i64, bool)>(PLACE)
                .bind(to_integer(gid))
                .fetch_optional(&self.pool)
                .await
                .map(Option::unwrap_or_default)
                .map_err(failed("find the place of an export"))
        };
        Ok(match place {
            PagePosition::Newest => (0, i64::MAX),
            PagePosition::Before(gid) => at(gid).await.map(|(position, it)| (0, position + i64::from(!it)))?,
            PagePosition::After(gid) => (at(gid).await?.0, i64::MAX),
        })
    }

    /// Whether an archive of this request and organization is finished: its snapshot is gone then.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn has_finished(&self, request: Gid, organization: &OrganizationKey) -> Result<bool, CatalogError> {
        sqlx::query_scalar::<_, i64>(
            "SELECT EXISTS (SELECT 1 FROM exports WHERE request = ? AND source = ? AND kind = ? AND organization_id = ? \
             AND state = 'finished')",
        )
        .bind(to_integer(request))
        .bind(&organization.source)
        .bind(&organization.kind)
        .bind(&organization.id)
        .fetch_one(&self.pool)
        .await
        .map(|found| found == 1)
        .map_err(failed("look for archives of a request"))
    }

    /// Whether the run of this export has finished the same archive.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn is_made(&self, export: &Export) -> Result<bool, CatalogError> {
        sqlx::query_scalar::<_, i64>(
            "SELECT EXISTS (SELECT 1 FROM exports WHERE request = ? AND source = ? AND kind = ? AND organization_id = ? \
             AND format = ? AND coalesce(entity, '') = ? AND schedule IS NOT NULL AND state = 'finished')",
        )
        .bind(to_integer(export.request))
        .bind(&export.organization.source)
        .bind(&export.organization.kind)
        .bind(&export.organization.id)
        .bind(export.format.name())
        .bind(export.entity.as_deref().unwrap_or(""))
        .fetch_one(&self.pool)
        .await
        .map(|found| found == 1)
        .map_err(failed("look for an archive of a run"))
    }

    /// How the exports of a source ended since an instant: by organization and day (in days since
    /// 1970-01-01), the worst result of any format and entity. What was canceled is no result.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn day_results(
        &self,
        source: &str,
        since: Timestamp,
    ) -> Result<HashMap<(Tenant, i64), DayResult>, CatalogError> {
        const ACT: &str = "list how the days ended";
        let rows = sqlx::query(DAY_RESULTS)
            .bind(source)
            .bind(to_micros(since))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(ACT))?;
        let mut results: HashMap<(Tenant, i64), DayResult> = HashMap::new();
        for row in &rows {
            let (tenant, day, result) = day_result(source, row).map_err(failed(ACT))?;
            let worst = results.entry((tenant, day)).or_default();
            *worst = result.max(*worst);
        }
        Ok(results)
    }

    /// The newest exports that have no archive, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn last_errors(&self, limit: u32) -> Result<Vec<Export>, CatalogError> {
        let page = Page::newest(limit);
        self.exports(ExportFilter { state: Some(State::Error), page, ..ExportFilter::default() }).await
    }

    /// How many exports of `tenants` failed since an instant, without those that were canceled.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn failed_since(&self, since: Timestamp, tenants: &Tenants) -> Result<u64, CatalogError> {
        let mut query = QueryBuilder::<Sqlite>::new(FAILED_SINCE);
        query.push_bind(to_micros(since));
        self.counted(query, tenants).await.map_err(failed("count failed exports"))
    }

    /// How many exports of `tenants` are in a state that is not final.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn count_in(&self, state: State, tenants: &Tenants) -> Result<u64, CatalogError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT count(*) FROM exports WHERE state = ");
        query.push_bind(state.name());
        self.counted(query, tenants).await.map_err(failed("count exports"))
    }

    /// The number that a query gives once it is limited to `tenants`.
    async fn counted(&self, mut query: QueryBuilder<Sqlite>, tenants: &Tenants) -> Result<u64, sqlx::Error> {
        among(&mut query, tenants);
        query.build_query_scalar::<i64>().fetch_one(&self.pool).await.map(i64::cast_unsigned)
    }
}

/// Where an export stands, and whether that is the one that was asked for; else the one before it.
pub(super) const PLACE: &str = "SELECT position, gid = ?1 FROM exports WHERE gid <= ?1 ORDER BY gid DESC LIMIT 1";

/// The plus keeps the index of all that the source ever had out of it.
pub(super) const DAY_RESULTS: &str = "SELECT kind, organization_id, finished_at / 86400000000 AS day, state, \
    warnings <> '[]', max(position) FROM exports WHERE +source = ?1 AND finished_at >= ?2 \
    AND error_code IS NOT 'canceled' \
    GROUP BY kind, organization_id, day, format, entity";

/// The plus keeps the index of all that ever failed out of it.
pub(super) const FAILED_SINCE: &str = "SELECT count(*) FROM exports WHERE +state = 'error' \
    AND error_code IS NOT 'canceled' AND finished_at >= ";

fn among(query: &mut QueryBuilder<Sqlite>, tenants: &Tenants) {
    if let Some(tenants) = tenants.json() {
        query.push(" AND ").push(AMONG).push_bind(tenants.to_owned()).push("))");
    }
}

/// Reads no more than the page: of many organizations only the newest of each are looked at.
pub(super) fn listing(filter: &ExportFilter, after: i64, before: i64) -> QueryBuilder<Sqlite> {
    let ExportFilter { state, request, tenants, page } = filter;
    let mut query = QueryBuilder::new("SELECT * FROM exports WHERE ");
    let conditions = |query: &mut QueryBuilder<Sqlite>| {
        query.push("position > ").push_bind(after).push(" AND position < ").push_bind(before);
        if let Some(state) = state {
            query.push(" AND state = ").push_bind(state.name());
        }
    };
    match (request, tenants.json()) {
        (None, Some(tenants)) => {
            query.push("position IN (SELECT page.position FROM json_each(").push_bind(tenants.to_owned());
            query.push(
                ") AS tenant CROSS JOIN exports AS page ON page.position IN (SELECT position FROM exports AS own \
                 WHERE own.source = tenant.value ->> 0 AND own.organization_id = tenant.value ->> 2 \
                 AND own.kind = tenant.value ->> 1 AND ",
            );
            conditions(&mut query);
            query.push(" ORDER BY position ").push(page.sql_order());
            query.push(" LIMIT ").push_bind(page.sql_limit()).push("))");
        }
        (None, None) => conditions(&mut query),
        (Some(request), _) => {
            conditions(&mut query);
            query.push(" AND request = ").push_bind(to_integer(*request));
            among(&mut query, tenants);
        }
    }
    query.push(" ORDER BY position ").push(page.sql_order()).push(" LIMIT ").push_bind(page.sql_limit());
    query
}

fn day_result(source: &str, row: &SqliteRow) -> Result<(Tenant, i64, DayResult), sqlx::Error> {
    let result = match (parsed(row.try_get(3)?)?, row.try_get(4)?) {
        (State::Error, _) => DayResult::Error,
        (_, true) => DayResult::Warnings,
        (_, false) => DayResult::Finished,
    };
    Ok((tenant(source, row)?, row.try_get(2)?, result))
}
