//! `/metrics`: for Prometheus.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{App, problem::Refusal};
use crate::metrics;

/// `OpenMetrics` 1.0.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let page = metrics::page(&app.shop.workshop, app.engine()).await;
    let text = page.map_err(|error| Refusal::fault("metrics", &error))?;
    Ok(([(header::CONTENT_TYPE, TYPE)], text).into_response())
}
