//! `/v1/exports/{gid}/log`: what happened to one export.

use std::sync::Arc;

use axum::{Json, extract::State};
use orgvault_shared::{api::LogLines, gid::Gid};

use super::super::{App, problem::Refusal, request::Path};

/// An export of which no lines are kept has none.
pub(in crate::api) async fn log(State(app): State<Arc<App>>, Path(gid): Path<Gid>) -> Result<Json<LogLines>, Refusal> {
    if app.catalog().export(gid).await?.is_none() {
        return Err(super::unknown(gid));
    }
    Ok(Json(app.engine().log(gid)))
}
