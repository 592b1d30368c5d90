//! An export as a row of the catalog, and back.

use orgvault_api::{Export, ExportError, OrganizationKey, clock::Timestamp, gid::Gid};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::UPDATE;
use crate::catalog::{CatalogError, failed, from_micros, to_integer, to_micros};

/// SQLite takes 32,766 parameters in a statement; an export needs 18.
const ROWS_PER_INSERT: usize = 500;

/// Adds exports, each with the number of its attempt and the instant before which it must not start.
pub(in crate::catalog) async fn insert(
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

pub(super) async fn update(connection: &mut SqliteConnection, export: &Export) -> Result<(), CatalogError> {
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

pub(in crate::catalog) fn from_row(row: &SqliteRow) -> Result<Export, CatalogError> {
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

pub(in crate::catalog) fn document<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
    gid: i64,
) -> Result<Option<T>, CatalogError> {
    let text: Option<String> = row.try_get(column).map_err(failed("read an export"))?;
    let parse = |text: String| serde_json::from_str(&text).map_err(|cause| CatalogError::Document { gid, cause });
    text.map(parse).transpose()
}

pub(in crate::catalog) fn gid(number: i64) -> Result<Gid, sqlx::Error> {
    Gid::try_from(number.cast_unsigned()).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(in crate::catalog) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}

/// Wire types hold nothing that JSON cannot.
pub(in crate::catalog) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
