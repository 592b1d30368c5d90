//! `DELETE /v1/archives/{gid}`: an archive, its manifest and its entry in the catalog.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::{Archive, gid::Gid};

use super::super::{ApiError, App, caller::Caller, request::Path};
use crate::keep;

pub(in super::super) async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Archive>, ApiError> {
    app.archive(&caller, gid).await?;
    let archive = keep::delete(&app.context, gid, &caller.origin(format!("DELETE /v1/archives/{gid}"))).await?;
    tracing::info!(user = caller.name(), %gid, archive = %archive.key(), "an archive was deleted");
    Ok(Json(archive.shown(app.store().as_ref())))
}
