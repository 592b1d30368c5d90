//! `/v1/reload`: the configuration is read again.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::Reloaded;

use super::{ApiError, App, caller::Caller};
use crate::reload::ReloadError;

pub(super) async fn reload(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Reloaded>, ApiError> {
    tracing::info!(user = caller.name(), "the configuration is asked to be read again");
    Ok(Json(app.reloader.reload().await?))
}

impl From<ReloadError> for ApiError {
    fn from(error: ReloadError) -> Self {
        match &error {
            ReloadError::NoFile => Self::new(StatusCode::CONFLICT, "no_configuration_file", error.to_string()),
            ReloadError::Refused(_) | ReloadError::Connect(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "configuration_refused", error.to_string())
                    .hint("`orgvaultd check-config` says the same; mend the files, and they are read again")
            }
            ReloadError::Thread { .. } => Self::fault("internal", &error),
        }
    }
}
