//! `/v1/archives/{gid}/verify`: reads an archive's file again and keeps what was found.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::{Verification, gid::Gid};
use tokio_util::sync::CancellationToken;

use super::super::{ApiError, App, caller::Caller, request::Path};
use crate::keep;

/// When the client goes away, the reading stops.
pub(in super::super) async fn verify(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Verification>, ApiError> {
    let archive = app.archive(&caller, gid).await?;
    let gone = CancellationToken::new();
    let _guard = gone.clone().drop_guard();
    Ok(Json(keep::verify(&app.context, archive, gone).await?))
}
