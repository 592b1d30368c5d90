//! solidtime's face: `POST /api/v1/organizations/{id}/export`, as its own API answers it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
};
use chrono::TimeDelta;
use orgvault_api::{Format, Problem, Role};
use serde_json::{Value, json};

use crate::api::{
    ApiError, App, Caller, Face, RequestLine, Route,
    description::{Body, NONE, get, json as answers},
    error_style::{FaceError, status},
    faces::{ArchiveChoice, FaceTenant},
    request::Path,
};

/// How long upstream's temporary URLs are valid.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// solidtime's export API.
pub(super) const FACE: Face = Face { prefixes: &["/api/v1/organizations"], routes, error_style, with_slash: None };

fn routes() -> Vec<Route> {
    let export = Route::new(Method::POST, "/api/v1/organizations/{id}/export", Role::Admin, export);
    let description = get("solidtime: export an organization", NONE, answers(200, Body::Theirs));
    vec![export.scoped().described(description)]
}

/// Answers when the export has finished, as upstream does.
async fn export(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let organization = app.named(&caller, FaceTenant { product: "solidtime", kind: "organization", id: &id }).await?;
    let export = app.ordered(&caller, &organization, ArchiveChoice::plain(Format::Zip)).await?;
    let archive = app.finished(&caller, export.gid).await?;
    let download_url = app.absolute(&caller, &headers, &app.link(&caller, archive.gid, LINK_LIFETIME)?);
    Ok(Json(json!({ "success": true, "download_url": download_url })))
}

/// Laravel's words.
fn error_style(problem: &Problem, line: &RequestLine) -> FaceError {
    // A path that cannot be read is that of nothing.
    let status = if problem.code == "invalid_path" { StatusCode::NOT_FOUND } else { status(problem) };
    // It names routes without their first slash.
    let route = line.path.trim_start_matches('/');
    let message = match status {
        StatusCode::UNAUTHORIZED => "Unauthenticated.".to_owned(),
        StatusCode::FORBIDDEN => "This action is unauthorized.".to_owned(),
        StatusCode::NOT_FOUND if problem.code == "unknown_route" => format!("The route {route} could not be found."),
        StatusCode::NOT_FOUND => "Not Found".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => format!("The {} method is not supported for route {route}.", line.method),
        StatusCode::TOO_MANY_REQUESTS => "Too Many Attempts.".to_owned(),
        _ => problem.detail.clone(),
    };
    FaceError::new(status, json!({ "message": message, "error": problem.code }))
}
