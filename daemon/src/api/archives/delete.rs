//! `DELETE /v1/archives/{gid}`: an archive, its manifest and its entry in the catalog.

use std::{path::PathBuf, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_shared::{api::Archive, gid::Gid};

use super::{
    super::{App, caller::Caller, problem::Refusal, request::Path},
    blocking,
};
use crate::archive::PublishError;

/// The catalog forgets it last: a deletion that was cut short can be asked for again.
pub(in super::super) async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Archive>, Refusal> {
    let archive = app.archive(&caller, gid).await?;
    let (workshop, path) = (Arc::clone(&app.shop.workshop), PathBuf::from(&archive.path));
    blocking(move || workshop.archives.delete(&path)).await??;
    app.catalog().forget_archive(gid).await?;
    tracing::info!(user = caller.name(), %gid, path = archive.path, "an archive was deleted");
    app.engine().tell_archive(&archive);
    Ok(Json(archive))
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        let status = match &error {
            PublishError::DiskFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        tracing::error!(code = error.code(), "a request failed: {error}");
        Self::new(status, error.code(), error.to_string()).hint(error.hint())
    }
}
