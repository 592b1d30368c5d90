//! `/v1/schedules` and `/v1/runs`: what is exported by itself.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use orgvault_api::{Run, Runs, Schedule, Schedules, gid::Gid};
use serde::Deserialize;

use super::{
    ApiError, App,
    request::{Path, Query},
};
use crate::schedule::ControlError;

/// How many instants of a schedule are told where the request does not say, and at most.
const USUAL_NEXT: usize = 1;
const MAX_NEXT: usize = 100;

/// How many runs are listed where the request does not say.
const USUAL_LIMIT: u32 = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    next: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunsQuery {
    schedule: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Schedules>, ApiError> {
    let next = query.next.unwrap_or(USUAL_NEXT).min(MAX_NEXT);
    Ok(Json(Schedules { schedules: app.schedules.list(next).await? }))
}

pub(super) async fn run(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Run>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(app.schedules.run(&name).await?)))
}

pub(super) async fn pause(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Schedule>, ApiError> {
    Ok(Json(app.schedules.pause(&name, true).await?))
}

pub(super) async fn resume(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Schedule>, ApiError> {
    Ok(Json(app.schedules.pause(&name, false).await?))
}

pub(super) async fn run_due(State(app): State<Arc<App>>) -> Result<(StatusCode, Json<Runs>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(Runs { runs: app.schedules.run_due().await? })))
}

pub(super) async fn runs(State(app): State<Arc<App>>, Query(query): Query<RunsQuery>) -> Result<Json<Runs>, ApiError> {
    let runs = app.catalog().runs(query.schedule.as_deref(), query.limit.unwrap_or(USUAL_LIMIT)).await?;
    Ok(Json(Runs { runs }))
}

pub(super) async fn show_run(State(app): State<Arc<App>>, Path(gid): Path<Gid>) -> Result<Json<Run>, ApiError> {
    app.catalog().run(gid).await?.map(Json).ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "unknown_run", format!("there is no run {gid}"))
            .hint("`orgvault schedules` shows the newest of each schedule")
    })
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        let message = error.to_string();
        match error {
            ControlError::Unknown { known, .. } => {
                Self::new(StatusCode::NOT_FOUND, "unknown_schedule", message).hint(if known.is_empty() {
                    "the configuration has none: write a [[schedule]]".to_owned()
                } else {
                    format!("the configuration has: {}", known.join(", "))
                })
            }
            ControlError::Open { .. } => Self::new(StatusCode::CONFLICT, "run_open", message)
                .hint("wait for its end: `orgvault run-due` follows it"),
            ControlError::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", message)
                .hint("ask again when the daemon has started again"),
            ControlError::Catalog(error) => error.into(),
        }
    }
}
