//! solidtime's face: `POST /api/v1/organizations/{id}/export`, as its own API answers it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use chrono::TimeDelta;
use orgvault_api::{Format, Problem};
use serde_json::{Value, json};

use super::{
    super::{App, caller::Caller, gate::Place, problem::Refusal, request::Path},
    Named, Wanted,
    voice::{Said, status},
};

/// How long upstream's temporary URLs are valid.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Answers when the export has finished, as upstream does.
pub(in super::super) async fn export(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let organization = app.named(&caller, Named { product: "solidtime", kind: "organization", id: &id }).await?;
    let export = app.ordered(&caller, &organization, Wanted::plain(Format::Zip)).await?;
    let archive = app.finished(&caller, export.gid).await?;
    let download_url = app.absolute(&caller, &headers, &app.link(&caller, archive.gid, LINK_LIFETIME)?);
    Ok(Json(json!({ "success": true, "download_url": download_url })))
}

/// Laravel's words.
pub(in super::super) fn voice(problem: &Problem, place: &Place) -> Said {
    // A path that cannot be read is that of nothing.
    let status = if problem.code == "invalid_path" { StatusCode::NOT_FOUND } else { status(problem) };
    // It names routes without their first slash.
    let route = place.path.trim_start_matches('/');
    let message = match status {
        StatusCode::UNAUTHORIZED => "Unauthenticated.".to_owned(),
        StatusCode::FORBIDDEN => "This action is unauthorized.".to_owned(),
        StatusCode::NOT_FOUND if problem.code == "unknown_route" => format!("The route {route} could not be found."),
        StatusCode::NOT_FOUND => "Not Found".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => format!("The {} method is not supported for route {route}.", place.method),
        StatusCode::TOO_MANY_REQUESTS => "Too Many Attempts.".to_owned(),
        _ => problem.detail.clone(),
    };
    Said::new(status, json!({ "message": message, "error": problem.code }))
}
