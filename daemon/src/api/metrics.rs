//! `/metrics`: for Prometheus.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use serde::Deserialize;

use super::{ApiError, App, request::Query};
use crate::metrics;

/// `OpenMetrics` 1.0.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsQuery {
    /// Series for each organization too, whatever the configuration says.
    organizations: Option<bool>,
}

pub(super) async fn show(State(app): State<Arc<App>>, Query(query): Query<MetricsQuery>) -> Result<Response, ApiError> {
    let organizations = query.organizations.unwrap_or(app.config().metrics.organizations);
    let page = metrics::page(&app.context, app.engine(), organizations).await;
    let text = page.map_err(|error| ApiError::fault("metrics", &error))?;
    Ok(([(header::CONTENT_TYPE, TYPE)], text).into_response())
}
