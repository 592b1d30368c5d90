//! `DELETE /v1/archives/{gid}`: an archive, its manifest and its entry in the catalog.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_shared::{api::Archive, gid::Gid};

use super::super::{App, peer::Peer, problem::Refusal, request::Path};
use crate::keep;

pub(in super::super) async fn delete(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Path(gid): Path<Gid>,
) -> Result<Json<Archive>, Refusal> {
    let archive = keep::delete(&app.shop.workshop, gid).await?;
    tracing::info!(user = %peer.user, %gid, path = archive.path, "an archive was deleted");
    Ok(Json(archive))
}
