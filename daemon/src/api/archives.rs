//! `/v1/archives`: finished files with their manifests.

mod compare;
mod delete;
mod download;
mod file;
mod preflight;
mod range;
mod send;
mod verify;

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_shared::{
    api::{Archive, ArchiveState, Archives},
    gid::Gid,
};
use serde::Deserialize;

use super::{
    App,
    caller::Caller,
    lookup,
    problem::Refusal,
    request::{Path, Query},
};
use crate::catalog::ArchiveFilter;

pub(super) use self::{
    compare::compare,
    delete::delete,
    download::{download, signed},
    file::Attachment,
    preflight::preflight,
    send::send,
    verify::verify,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    source: Option<String>,
    organization: Option<String>,
}

/// An organization is matched by any of its names as the archives have it, so that the archives
/// of one that the source does not list any more are found too.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Archives>, Refusal> {
    let mut archives = app.catalog().archives(&ArchiveFilter { source: query.source, organization: None }).await?;
    archives.retain(|archive| caller.sees(&archive.organization));
    if let Some(name) = &query.organization {
        archives.retain(|archive| lookup::is_called(&archive.organization, name));
    }
    for archive in &mut archives {
        app.shop.courier.settle(archive);
    }
    blocking(move || Archives { archives: archives.into_iter().map(looked_at).collect() }).await.map(Json)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Archive>, Refusal> {
    let mut archive = app.archive(&caller, gid).await?;
    app.shop.courier.settle(&mut archive);
    blocking(move || looked_at(archive)).await.map(Json)
}

/// The archive as a glance at its file shows it. That its bytes are the right ones is for a
/// verification to say.
fn looked_at(mut archive: Archive) -> Archive {
    match std::fs::symlink_metadata(&archive.path) {
        Ok(metadata) if metadata.is_file() && metadata.len() == archive.bytes => {
            if archive.state == ArchiveState::Missing {
                archive.state = ArchiveState::Present;
            }
        }
        Ok(_other) => archive.state = ArchiveState::Damaged,
        Err(_gone) => archive.state = ArchiveState::Missing,
    }
    archive
}

impl App {
    /// The catalog's archive of this gid, if the caller may know of it.
    pub(super) async fn archive(&self, caller: &Caller, gid: Gid) -> Result<Archive, Refusal> {
        let archive = self.catalog().archive(gid).await?.filter(|archive| caller.sees(&archive.organization));
        let archive = archive.ok_or_else(|| {
            Refusal::new(StatusCode::NOT_FOUND, "unknown_archive", format!("there is no archive {gid}"))
                .hint("`orgvault archives` lists them")
        })?;
        caller.is_about(Some(gid), &archive.organization);
        Ok(archive)
    }
}

/// Runs what reads files where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Refusal::fault("internal", &error))
}
