//! `/v1/retention`: which archives stay.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::{Pruned, RetentionPlan};

use super::{ApiError, App, caller::Caller};
use crate::keep;

pub(super) async fn plan(State(app): State<Arc<App>>) -> Result<Json<RetentionPlan>, ApiError> {
    Ok(Json(keep::plan(&app.context).await?))
}

/// Plans anew and deletes what the plan drops.
pub(super) async fn apply(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Pruned>, ApiError> {
    let pruned = keep::prune(&app.context, &caller.origin("POST /v1/retention/apply".to_owned())).await?;
    tracing::info!(user = caller.name(), deleted = pruned.deleted.len(), bytes = pruned.bytes, "retention was applied");
    Ok(Json(pruned))
}
