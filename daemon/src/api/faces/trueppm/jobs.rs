//! Export jobs: `POST .../export/`, and what becomes of it. Upstream builds a tar bundle of its own;
//! what is built here is an archive of orgvault: the seed.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{OriginalUri, State},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use orgvault_shared::{
    api::{Export, Format, Role, State as ExportState},
    gid::Gid,
};
use serde_json::{Value, json};

use super::{
    super::{
        super::{App, caller::Caller, problem::Refusal, request::Path},
        Wanted,
    },
    attachment,
};
use crate::catalog::ExportFilter;

/// Jobs of one program that are listed, of the newest exports of all.
const LISTED: usize = 100;

/// `POST .../export/`: a job, which is not done yet.
pub(in super::super::super) async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let organization = app.member_of(&caller, (kind(uri.path()), &id), Role::Admin).await?;
    let export = app.ordered(&caller, &organization, Wanted::plain(Format::Seed)).await?;
    Ok((StatusCode::ACCEPTED, Json(job(&export))))
}

/// `GET .../export/jobs/`: the newest first.
pub(in super::super::super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let organization = app.member_of(&caller, (kind(uri.path()), &id), Role::Admin).await?;
    let mut exports = app.catalog().exports(ExportFilter::default()).await?;
    exports.retain(|export| export.organization.source == organization.key.source && export.organization.id == id);
    let jobs: Vec<Value> = app.engine().with_progress(exports).iter().rev().take(LISTED).map(job).collect();
    Ok(Json(jobs.into()))
}

/// `GET .../export/jobs/{job}/`. Asks no database but the catalog, so that polling is cheap.
pub(in super::super::super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path((id, gid)): Path<(String, Gid)>,
) -> Result<Json<Value>, Refusal> {
    app.job(&caller, (kind(uri.path()), &id), gid).await.map(|export| Json(job(&export)))
}

/// `GET .../export/jobs/{job}/download/`.
pub(in super::super::super) async fn download(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path((id, gid)): Path<(String, Gid)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let export = app.job(&caller, (kind(uri.path()), &id), gid).await?;
    if export.state != ExportState::Finished {
        let detail = format!("the job is {}: there is nothing to download", export.state.name());
        return Err(Refusal::new(StatusCode::CONFLICT, "not_ready", detail));
    }
    let archive = app.archive(&caller, gid).await.map_err(|refusal| match refusal.status() {
        StatusCode::NOT_FOUND => Refusal::new(StatusCode::GONE, "archive_deleted", "the job's archive has expired"),
        _ => refusal,
    })?;
    attachment(&export.organization).answer(&archive, &method, &headers).await
}

/// The kind of a path: there is one pair of paths for each.
fn kind(path: &str) -> &'static str {
    if path.starts_with("/api/v1/projects/") { "project" } else { "program" }
}

impl App {
    /// The job of this gid, if it is one of the named program's or project's.
    async fn job(&self, caller: &Caller, (kind, id): (&str, &str), gid: Gid) -> Result<Export, Refusal> {
        Self::membership(caller)?;
        let export = self.export(caller, gid).await?;
        if export.organization.kind != kind || export.organization.id != id {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "unknown_export", format!("there is no job {gid} here")));
        }
        Self::permission(caller, Role::Admin)?;
        Ok(export)
    }
}

fn job(export: &Export) -> Value {
    let Export { gid, organization, .. } = export;
    let place = format!("/api/v1/{}s/{}/export/jobs/{gid}/", organization.kind, organization.id);
    json!({
        "id": gid,
        "status": export.state,
        "created_at": export.created_at,
        "finished_at": export.finished_at,
        "error": export.error.as_ref().map(|error| &error.message),
        "size_bytes": export.bytes,
        "download_url": (export.state == ExportState::Finished).then(|| format!("{place}download/")),
    })
}
