//! Exports in the catalog.

use std::collections::HashMap;

use orgvault_shared::{
    api::{Archive, DayResult, Export, ExportError, OrganizationKey, State},
    clock::Timestamp,
    gid::Gid,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{Catalog, CatalogError, Repeat, failed, from_micros, repeats, to_integer, to_micros};

/// SQLite takes 32,766 parameters in a statement; an export needs 18.
const ROWS_PER_INSERT: usize = 500;

const UPDATE: &str = "update an export";

/// Which exports to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this request.
    pub request: Option<Gid>,
    /// At most this many, the newest ones.
    pub limit: Option<u32>,
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
    pub async fn finish_export(&self, export: &Export, archive: &Archive) -> Result<(), CatalogError> {
        let mut transaction = self.write(UPDATE).await?;
        update(&mut transaction, export).await?;
        self.put(&mut transaction, archive).await.map_err(failed(UPDATE))?;
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
        let mut rows = sqlx::query(
            "SELECT * FROM exports WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR request = ?2) \
             ORDER BY position DESC LIMIT ?3",
        )
        .bind(filter.state.map(State::name))
        .bind(filter.request.map(to_integer))
        .bind(filter.limit.map_or(-1, i64::from))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list exports"))?;
        rows.reverse();
        self.readable(rows.iter().map(from_row))
    }

    /// The export with the worst state of the newest request of each organization of a source, by
    /// organization id. Of several for one format and entity the newest counts: it was a new try.
    /// One that was canceled does not count: what was before it still holds.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn last_exports(&self, source: &str) -> Result<HashMap<String, LastExport>, CatalogError> {
        const ACT: &str = "list the newest exports";
        let rows = sqlx::query(
            "WITH counted AS (SELECT * FROM exports WHERE source = ?1 AND error_code IS NOT 'canceled'), \
             newest AS (SELECT organization_id, request, max(position) FROM counted GROUP BY organization_id), \
             last AS (SELECT e.organization_id, e.state, e.gid, e.error, max(e.position) FROM counted AS e \
             JOIN newest AS n ON n.organization_id = e.organization_id AND n.request = e.request \
             GROUP BY e.organization_id, e.format, e.entity) \
             SELECT organization_id, state, gid, error FROM last \
             ORDER BY CASE state WHEN 'finished' THEN 1 WHEN 'pending' THEN 2 WHEN 'started' THEN 3 ELSE 4 END, gid DESC",
        )
        .bind(source)
        .fetch_all(&self.pool)
        .await
        .map_err(failed(ACT))?;
        let pair = |row: &SqliteRow| {
            let number: i64 = row.try_get(2).map_err(failed(ACT))?;
            let plain = || Ok((row.try_get(0)?, parsed(row.try_get(1)?)?, gid(number)?));
            let (organization, state, gid) = plain().map_err(failed(ACT))?;
            let error = document::<Option<ExportError>>(row, "error", number)?.flatten();
            Ok((organization, LastExport { gid, state, error }))
        };
        Ok(self.readable(rows.iter().map(pair))?.into_iter().collect())
    }

    /// Whether an archive of this request and organization is finished: its snapshot is gone then.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn has_finished(&self, request: Gid, organization: &OrganizationKey) -> Result<bool, CatalogError> {
        sqlx::query_scalar::<_, i64>(
            "SELECT EXISTS (SELECT 1 FROM exports WHERE request = ? AND source = ? AND organization_id = ? \
             AND state = 'finished')",
        )
        .bind(to_integer(request))
        .bind(&organization.source)
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
            "SELECT EXISTS (SELECT 1 FROM exports WHERE request = ? AND source = ? AND organization_id = ? \
             AND format = ? AND coalesce(entity, '') = ? AND schedule IS NOT NULL AND state = 'finished')",
        )
        .bind(to_integer(export.request))
        .bind(&export.organization.source)
        .bind(&export.organization.id)
        .bind(export.format.name())
        .bind(export.entity.as_deref().unwrap_or(""))
        .fetch_one(&self.pool)
        .await
        .map(|found| found == 1)
        .map_err(failed("look for an archive of a run"))
    }

    /// How the exports of a source ended since an instant: by organization id and day (in days since
    /// 1970-01-01), the worst result of any format and entity. What was canceled is no result.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn day_results(
        &self,
        source: &str,
        since: Timestamp,
    ) -> Result<HashMap<(String, i64), DayResult>, CatalogError> {
        const ACT: &str = "list how the days ended";
        let rows = sqlx::query(
            "SELECT organization_id, finished_at / 86400000000 AS day, state, warnings <> '[]', max(position) \
             FROM exports WHERE source = ?1 AND finished_at >= ?2 \
             AND error_code IS NOT 'canceled' \
             GROUP BY organization_id, day, format, entity",
        )
        .bind(source)
        .bind(to_micros(since))
        .fetch_all(&self.pool)
        .await
        .map_err(failed(ACT))?;
        let mut results: HashMap<(String, i64), DayResult> = HashMap::new();
        for row in &rows {
            let (organization, day, result) = day_result(row).map_err(failed(ACT))?;
            let worst = results.entry((organization, day)).or_default();
            *worst = result.max(*worst);
        }
        Ok(results)
    }

    /// How long the newest finished export of each organization of a source took, in seconds, by
    /// organization id.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn last_durations(&self, source: &str) -> Result<HashMap<String, f64>, CatalogError> {
        sqlx::query_as(
            "SELECT organization_id, (finished_at - started_at) / 1e6 FROM (SELECT organization_id, finished_at, \
             started_at, max(position) FROM exports WHERE source = ? AND state = 'finished' GROUP BY organization_id)",
        )
        .bind(source)
        .fetch_all(&self.pool)
        .await
        .map(|rows: Vec<(String, f64)>| rows.into_iter().collect())
        .map_err(failed("list how long exports took"))
    }

    /// The newest exports that have no archive, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn last_errors(&self, limit: u32) -> Result<Vec<Export>, CatalogError> {
        self.exports(ExportFilter { state: Some(State::Error), request: None, limit: Some(limit) }).await
    }

    /// How many exports failed since an instant, without those that were canceled.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn failed_since(&self, since: Timestamp) -> Result<u64, CatalogError> {
        const FAILED: &str = "SELECT count(*) FROM exports WHERE state = 'error' AND finished_at >= ? \
            AND error_code IS NOT 'canceled'";
        sqlx::query_scalar::<_, i64>(FAILED)
            .bind(to_micros(since))
            .fetch_one(&self.pool)
            .await
            .map(i64::cast_unsigned)
            .map_err(failed("count failed exports"))
    }
}

/// Adds exports, each with the number of its attempt and the instant before which it must not start.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    exports: &[(&Export, u32, Option<Timestamp>)],
) -> Result<(), sqlx::Error> {
    for chunk in exports.chunks(ROWS_PER_INSERT) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO exports (gid, request, source, kind, organization_id, name, slug, format, entity, gzip, importable, \
             state, created_at, warnings, counts, requested_by, schedule, attempt, not_before) ",
        );
        insert.push_values(chunk, |mut row, (export, attempt, not_before)| {
            row.push_bind(to_integer(export.gid))
                .push_bind(to_integer(export.request))
                .push_bind(&export.organization.source)
                .push_bind(&export.organization.kind)
                .push_bind(&export.organization.id)
                .push_bind(&export.organization.name)
                .push_bind(&export.organization.slug)
                .push_bind(export.format.name())
                .push_bind(&export.entity)
                .push_bind(export.gzip)
                .push_bind(export.importable)
                .push_bind(export.state.name())
                .push_bind(to_micros(export.created_at))
                .push_bind(json(&export.warnings))
                .push("'[]'")
                .push_bind(&export.requested_by)
                .push_bind(&export.schedule)
                .push_bind(*attempt)
                .push_bind(not_before.map(to_micros));
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

fn day_result(row: &SqliteRow) -> Result<(String, i64, DayResult), sqlx::Error> {
    let result = match (parsed(row.try_get(2)?)?, row.try_get(3)?) {
        (State::Error, _) => DayResult::Error,
        (_, true) => DayResult::Warnings,
        (_, false) => DayResult::Finished,
    };
    Ok((row.try_get(0)?, row.try_get(1)?, result))
}

async fn update(connection: &mut SqliteConnection, export: &Export) -> Result<(), CatalogError> {
    let done = sqlx::query(
        "UPDATE exports SET state = ?, started_at = ?, finished_at = ?, error = ?, warnings = ?, counts = ?, \
         bytes = ? WHERE gid = ?",
    )
    .bind(export.state.name())
    .bind(export.started_at.map(to_micros))
    .bind(export.finished_at.map(to_micros))
    .bind(export.error.as_ref().map(json))
    .bind(json(&export.warnings))
    .bind(json(&export.counts))
    .bind(export.bytes.map(u64::cast_signed))
    .bind(to_integer(export.gid))
    .execute(connection)
    .await
    .map_err(failed(UPDATE))?;
    match done.rows_affected() {
        1 => Ok(()),
        rows => Err(CatalogError::Affected { act: UPDATE, rows, expected: 1 }),
    }
}

pub(super) fn from_row(row: &SqliteRow) -> Result<Export, CatalogError> {
    const ACT: &str = "read an export";
    let number: i64 = row.try_get("gid").map_err(failed(ACT))?;
    let plain = || -> Result<Export, sqlx::Error> {
        Ok(Export {
            gid: gid(number)?,
            request: gid(row.try_get("request")?)?,
            organization: OrganizationKey {
                source: row.try_get("source")?,
                kind: row.try_get("kind")?,
                id: row.try_get("organization_id")?,
                name: row.try_get("name")?,
                slug: row.try_get("slug")?,
            },
            format: parsed(row.try_get("format")?)?,
            entity: row.try_get("entity")?,
            gzip: row.try_get("gzip")?,
            importable: row.try_get("importable")?,
            state: parsed(row.try_get("state")?)?,
            created_at: from_micros(row.try_get("created_at")?),
            started_at: row.try_get::<Option<i64>, _>("started_at")?.map(from_micros),
            finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(from_micros),
            progress: None,
            error: None,
            warnings: Vec::new(),
            counts: Vec::new(),
            bytes: row.try_get::<Option<i64>, _>("bytes")?.map(i64::cast_unsigned),
            requested_by: row.try_get("requested_by")?,
            schedule: row.try_get("schedule")?,
        })
    };
    let mut export = plain().map_err(failed(ACT))?;
    export.error = document::<Option<ExportError>>(row, "error", number)?.flatten();
    export.warnings = document(row, "warnings", number)?.unwrap_or_default();
    export.counts = document(row, "counts", number)?.unwrap_or_default();
    Ok(export)
}

pub(super) fn document<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
    gid: i64,
) -> Result<Option<T>, CatalogError> {
    let text: Option<String> = row.try_get(column).map_err(failed("read an export"))?;
    let parse = |text: String| serde_json::from_str(&text).map_err(|cause| CatalogError::Document { gid, cause });
    text.map(parse).transpose()
}

pub(super) fn gid(number: i64) -> Result<Gid, sqlx::Error> {
    Gid::try_from(number.cast_unsigned()).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(super) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}

/// Wire types hold nothing that JSON cannot.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
