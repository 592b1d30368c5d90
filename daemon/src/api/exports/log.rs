//! `/v1/exports/{gid}/log`: what happened to one export.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::{LogLines, gid::Gid};

use super::super::{ApiError, App, caller::Caller, request::Path};

/// An export of which no lines are kept has none.
pub(in crate::api) async fn log(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<LogLines>, ApiError> {
    app.export(&caller, gid).await?;
    Ok(Json(app.engine().log(gid)))
}
