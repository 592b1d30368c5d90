//! Export jobs: `POST .../export/`, and what becomes of it. Upstream builds a tar bundle of its own;
//! what is built here is an archive of orgvault: the seed.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{OriginalUri, RawQuery, State},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use orgvault_api::{Export, Format, Role, State as ExportState};
use serde_json::{Value, json};

use super::{
    attachment,
    document::{document, gid, is_job},
};
use crate::{
    api::{
        ApiError, App, Caller,
        faces::{ArchiveChoice, is_same_id},
        query::{parameters, values},
        request::Path,
    },
    catalog::Series,
    source::Listed,
};

/// Jobs on one page, as upstream.
const PAGE: u64 = 50;

/// `POST .../export/`: a job, which is not done yet.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let organization = app.member_of(&caller, (kind(uri.path()), &id), Role::Admin).await?;
    let export = app.open_or_new_job(&caller, &organization).await?;
    Ok((StatusCode::ACCEPTED, Json(document(&export))))
}

/// `GET .../export/jobs/`: the newest first, page by page.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let organization = app.member_of(&caller, (kind(uri.path()), &id), Role::Admin).await?;
    let series = jobs_of(&organization);
    let count = app.catalog().count_of_series(&series).await?;
    let page = page(query.as_deref().unwrap_or_default(), count)?;
    let exports = app.catalog().page_of_series(&series, (page - 1) * PAGE, PAGE).await?;
    let jobs: Vec<Value> = app.engine().with_progress(exports).iter().map(document).collect();
    let place = |page: u64| app.absolute(&caller, &headers, &place(uri.path(), page));
    Ok(Json(json!({
        "count": count,
        "next": (page * PAGE < count).then(|| place(page + 1)),
        "previous": (page > 1).then(|| place(page - 1)),
        "results": jobs,
    })))
}

/// `GET .../export/jobs/{job}/`. Asks no database but the catalog, so that polling is cheap.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path((id, job)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    app.job(&caller, (kind(uri.path()), &id), &job).await.map(|export| Json(document(&export)))
}

/// `GET .../export/jobs/{job}/download/`.
pub(super) async fn download(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path((id, job)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let export = app.job(&caller, (kind(uri.path()), &id), &job).await?;
    if export.state != ExportState::Finished {
        let detail = format!("the job is {}: there is nothing to download", document(&export)["status"]);
        return Err(ApiError::new(StatusCode::CONFLICT, "not_ready", detail));
    }
    let archive = app.archive(&caller, export.gid).await.map_err(|refusal| match refusal.status() {
        StatusCode::NOT_FOUND => ApiError::new(StatusCode::GONE, "archive_deleted", "the job's archive has expired"),
        _ => refusal,
    })?;
    attachment(&export.organization).answer(&app, &archive, &method, &headers).await
}

/// The kind of a path: there is one pair of paths for each.
fn kind(path: &str) -> &'static str {
    if path.starts_with("/api/v1/projects/") { "project" } else { "program" }
}

fn jobs_of(organization: &Listed) -> Series<'_> {
    Series { organization: &organization.key, format: Format::Seed }
}

/// The page that is asked for, from 1, where there is one.
fn page(query: &str, count: u64) -> Result<u64, ApiError> {
    let parameters = parameters(query);
    let pages = count.div_ceil(PAGE).max(1);
    let page = match values(&parameters, "page").last() {
        None => Some(1),
        Some("last") => Some(pages),
        Some(number) => number.parse().ok(),
    };
    page.filter(|page| (1..=pages).contains(page))
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "invalid_page", format!("there are {pages} pages")))
}

/// Where a page is: the first has no number.
fn place(path: &str, page: u64) -> String {
    if page == 1 { path.to_owned() } else { format!("{path}?page={page}") }
}

impl App {
    /// The job that goes on, or else a new one. A client that names its request by a key gets what
    /// that made, whatever else goes on.
    async fn open_or_new_job(&self, caller: &Caller, organization: &Listed) -> Result<Export, ApiError> {
        // Of two that ask at the same time, the second gets the first one's.
        let _one_at_a_time = self.starting.lock().await;
        if !caller.repeats()
            && let Some(open) = self.catalog().open_of_series(&jobs_of(organization)).await?
            && let Some(export) = self.engine().with_progress(vec![open]).pop()
        {
            caller.is_about(Some(export.gid), &export.organization);
            return Ok(export);
        }
        self.ordered(caller, organization, ArchiveChoice::plain(Format::Seed)).await
    }

    /// The job of this id, if it is one of the named program's or project's.
    async fn job(&self, caller: &Caller, (kind, id): (&str, &str), job: &str) -> Result<Export, ApiError> {
        Self::membership(caller)?;
        let unknown = || ApiError::new(StatusCode::NOT_FOUND, "unknown_export", format!("there is no job {job} here"));
        let export = self.export(caller, gid(job).ok_or_else(unknown)?).await?;
        let organization = &export.organization;
        if organization.kind != kind || !is_same_id(&organization.id, id) || !is_job(&export) {
            return Err(unknown());
        }
        Self::permission(caller, Role::Admin)?;
        Ok(export)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_from_one_and_there_is_always_a_first() {
        for (query, count, expected) in [
            ("", 0, Some(1)),
            ("page=1", 0, Some(1)),
            ("page=2", 50, None),
            ("page=2", 51, Some(2)),
            ("page=1&page=2", 51, Some(2)),
            ("page=last", 151, Some(4)),
            ("page=0", 51, None),
            ("page=-1", 51, None),
            ("page=x", 51, None),
            ("page=", 51, None),
        ] {
            assert_eq!(page(query, count).ok(), expected, "{query} of {count}");
        }
    }
}
