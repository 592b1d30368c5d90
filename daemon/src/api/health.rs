//! `/v1/health`: for whoever watches over the daemon.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use orgvault_api::Alive;

use super::{ApiError, App};

/// The version of daemon and API.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Json<Alive>, ApiError> {
    match app.catalog().answers().await {
        Ok(()) => Ok(Json(Alive { version: VERSION.to_owned() })),
        Err(error) => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "catalog", error.to_string())),
    }
}
