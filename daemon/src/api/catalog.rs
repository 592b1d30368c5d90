//! `/v1/catalog`: the index of exports and archives.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_shared::api::Rebuilt;

use super::{App, peer::Peer, problem::Refusal};

/// Makes the list of archives anew from what lies in the archive directory.
pub(super) async fn rebuild(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
) -> Result<Json<Rebuilt>, Refusal> {
    todo!()
}
