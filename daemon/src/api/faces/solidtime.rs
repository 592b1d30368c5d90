//! solidtime's face: `POST /api/v1/organizations/{id}/export`, as its own API answers it.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use chrono::TimeDelta;
use orgvault_shared::api::{Format, Problem};
use serde_json::{Value, json};

use super::{
    super::{App, caller::Caller, problem::Refusal, request::Path},
    Named, Wanted,
};

/// How long upstream's temporary URLs are valid.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Answers when the export has finished, as upstream does.
pub(in super::super) async fn export(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let organization = app.named(&caller, Named { product: "solidtime", kind: "organization", id: &id }).await?;
    let export = app.ordered(&caller, &organization, Wanted::plain(Format::Zip)).await?;
    let archive = app.finished(&caller, export.gid).await?;
    let link = app.link(&caller, archive.gid, LINK_LIFETIME)?;
    let download_url = format!("{}{link}", app.config().http.public_url.as_deref().unwrap_or_default());
    Ok(Json(json!({ "success": true, "download_url": download_url })))
}

/// Laravel's words.
pub(in super::super) fn voice(problem: &Problem) -> (StatusCode, Value) {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = match status {
        StatusCode::UNAUTHORIZED => "Unauthenticated.",
        StatusCode::FORBIDDEN => "This action is unauthorized.",
        StatusCode::NOT_FOUND => "Not Found",
        StatusCode::TOO_MANY_REQUESTS => "Too Many Attempts.",
        _ => &problem.detail,
    };
    (status, json!({ "message": message, "error": problem.code }))
}
