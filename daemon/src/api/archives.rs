//! `/v1/archives`: finished files with their manifests.

mod compare;
mod delete;
mod download;
mod file;
mod pin;
mod preflight;
mod range;
mod send;
mod verify;

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{Archive, Archives, gid::Gid};
use orgvault_archive::manifest::ManifestError;
use serde::Deserialize;

use super::{
    ApiError, App,
    caller::Caller,
    discretion::Discreet,
    lookup,
    page::{self, Paging},
    request::{Path, Query},
};
use crate::{
    catalog::ArchiveQuery,
    keep::{KeepError, stat},
    store::{Store, StoreError, Stored},
};

pub(crate) use self::file::Attachment;
pub(super) use self::{
    compare::compare,
    delete::delete,
    download::{download, signed},
    pin::{pin, unpin},
    preflight::preflight,
    send::send,
    verify::verify,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    source: Option<String>,
    organization: Option<String>,
    before: Option<Gid>,
    after: Option<Gid>,
    limit: Option<u32>,
}

/// An organization is matched by any of its names as the archives have it, so that the archives
/// of one that the source does not list any more are found too.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Archives>, ApiError> {
    let named = match &query.organization {
        Some(name) => {
            let mut named = app.catalog().archived_as(&lookup::parts(name)).await?;
            named.retain(|key| caller.sees(key) && lookup::is_called(key, name));
            Some(named)
        }
        None => None,
    };
    let paging = Paging::new(query.before, query.after, Some(query.limit.unwrap_or(page::MOST)))?;
    let asked = ArchiveQuery { source: query.source, named, tenants: caller.tenants(), page: paging.page() };
    let (mut archives, next) = app.catalog().archive_page(&asked).await?;
    archives.sort_by_key(|archive| (archive.exported_at, archive.gid));
    for archive in &mut archives {
        app.sender.settle(archive);
    }
    let archives = blocking(move || archives.into_iter().map(|archive| app.stat(archive)).collect::<Vec<_>>()).await?;
    Ok(Json(Archives { archives: archives.shown_to(&caller), next }))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Archive>, ApiError> {
    let mut archive = app.archive(&caller, gid).await?;
    app.sender.settle(&mut archive);
    blocking(move || app.stat(archive)).await.map(|archive| Json(archive.shown_to(&caller)))
}

impl App {
    /// Where the archives are.
    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.context.archives
    }

    /// The archive as people see it, after a stat at it.
    fn stat(&self, archive: Stored) -> Archive {
        let store = self.store().as_ref();
        stat(store, archive).shown(store)
    }

    /// The catalog's archive of this gid, if the caller may know of it.
    pub(crate) async fn archive(&self, caller: &Caller, gid: Gid) -> Result<Stored, ApiError> {
        let archive = self.catalog().archive(gid).await?.filter(|archive| caller.sees(&archive.organization));
        let archive = archive.ok_or(KeepError::Unknown(gid))?;
        caller.is_about(Some(gid), &archive.organization);
        Ok(archive)
    }
}

impl From<KeepError> for ApiError {
    fn from(error: KeepError) -> Self {
        let said = error.to_string();
        match error {
            KeepError::Unknown(_) => {
                Self::new(StatusCode::NOT_FOUND, "unknown_archive", said).hint("`orgvault archives` lists them")
            }
            KeepError::Pinned(gid) => {
                Self::new(StatusCode::CONFLICT, "archive_pinned", said).hint(format!("`orgvault unpin {gid}` first"))
            }
            KeepError::Publish(error) => error.into(),
            KeepError::Catalog(error) => error.into(),
            KeepError::Read(error) => Self::fault("archive_unreadable", &error),
            KeepError::Thread { .. } => Self::fault("internal", &error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::DiskFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
            StoreError::Astray { .. } | StoreError::Marker { .. } | StoreError::Lock(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        tracing::error!(code = error.code(), "a request failed: {error}");
        Self::new(status, error.code(), error.to_string()).hint(error.hint())
    }
}

impl From<ManifestError> for ApiError {
    fn from(error: ManifestError) -> Self {
        Self::new(StatusCode::CONFLICT, "manifest_unusable", error.to_string())
            .hint("restore the manifest from a backup, or export again")
    }
}

/// Runs what reads files where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::fault("internal", &error))
}
