//! `/v1/archives/{gid}/pin`: keeps an archive from every deletion.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::{Archive, gid::Gid};

use super::super::{ApiError, App, caller::Caller, request::Path};
use crate::keep;

pub(in super::super) async fn pin(
    state: State<Arc<App>>,
    caller: Extension<Caller>,
    path: Path<Gid>,
) -> Result<Json<Archive>, ApiError> {
    set(state, caller, path, true).await
}

pub(in super::super) async fn unpin(
    state: State<Arc<App>>,
    caller: Extension<Caller>,
    path: Path<Gid>,
) -> Result<Json<Archive>, ApiError> {
    set(state, caller, path, false).await
}

async fn set(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
    pinned: bool,
) -> Result<Json<Archive>, ApiError> {
    app.archive(&caller, gid).await?;
    let archive = keep::pin(&app.context, gid, pinned).await?;
    tracing::info!(user = caller.name(), %gid, pinned, "the pin of an archive was set or removed");
    Ok(Json(archive.shown(app.store().as_ref())))
}
