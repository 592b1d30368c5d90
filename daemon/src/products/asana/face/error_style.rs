//! Asana's words for what is refused or went wrong: `{"errors": [{"message", "help"}]}`.

use axum::http::StatusCode;
use orgvault_api::Problem;
use serde_json::json;

use super::JSON;
use crate::api::{
    RequestLine,
    error_style::{FaceError, is_unrouted, status},
};

/// Of Asana's statuses the nearest one, and the sentence. What a library says of a request or of this
/// server is for the log alone.
pub(super) fn error_style(problem: &Problem, line: &RequestLine) -> FaceError {
    let status = match problem.status {
        400 | 408 | 409 | 413 | 415 | 422 => StatusCode::BAD_REQUEST,
        404 | 405 | 410 => StatusCode::NOT_FOUND,
        _ => status(problem),
    };
    let message = match problem.code.as_str() {
        _ if is_unrouted(problem) => "no route matches the request".to_owned(),
        "invalid_json" => "the body is no JSON that can be read".to_owned(),
        "broken_body" | "body_timeout" => "the body did not arrive as a whole".to_owned(),
        "invalid_path" => format!("{}: not a recognized id", parameter_of(&line.path)),
        _ if status == StatusCode::INTERNAL_SERVER_ERROR => "something went wrong on the server".to_owned(),
        _ => problem.detail.clone(),
    };
    let help = if problem.hint.is_empty() { &problem.code } else { &problem.hint };
    let mut error = json!({ "message": message, "help": help });
    if status.is_server_error() {
        error["phrase"] = problem.code.clone().into();
    }
    FaceError::new(status, json!({ "errors": [error] })).media_type(JSON)
}

/// What Asana calls the id in a path.
fn parameter_of(path: &str) -> &'static str {
    let has = |part: &str| path.split('/').any(|one| one == part);
    match () {
        () if has("workspaces") => "workspace_gid",
        () if has("users") => "user_gid",
        () => "organization_export_gid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Method;
    use serde_json::Value;

    fn said(status: u16, code: &str, path: &str) -> (u16, Value) {
        let problem = Problem {
            status,
            title: String::new(),
            code: code.to_owned(),
            detail: "the detail".to_owned(),
            hint: String::new(),
        };
        let line = RequestLine { method: Method::GET, path: path.to_owned() };
        let error = error_style(&problem, &line);
        let (status, document) = error.document();
        (status, document["errors"][0].clone())
    }

    #[test]
    fn every_problem_has_one_of_asanas_statuses_and_its_shape() {
        for (problem, code, status, message) in [
            (404, "unknown_route", 404, "no route matches the request"),
            (405, "method_not_allowed", 404, "no route matches the request"),
            (400, "invalid_json", 400, "the body is no JSON that can be read"),
            (408, "body_timeout", 400, "the body did not arrive as a whole"),
            (413, "body_too_large", 400, "the detail"),
            (415, "unsupported_media_type", 400, "the detail"),
            (401, "no_token", 401, "the detail"),
            (403, "not_allowed", 403, "the detail"),
            (429, "too_many_requests", 429, "the detail"),
            (500, "catalog", 500, "something went wrong on the server"),
            (502, "source_unreachable", 502, "the detail"),
        ] {
            let (shown, error) = said(problem, code, "/api/1.0/x");
            assert_eq!((shown, error["message"].as_str().unwrap()), (status, message), "{code}");
            assert_eq!(error["help"], json!(code));
            assert_eq!(error.get("phrase").is_some(), status >= 500, "{code}");
        }
    }

    #[test]
    fn the_id_that_is_none_is_called_as_asana_calls_it() {
        for (path, name) in [
            ("/api/1.0/organization_exports/%FF", "organization_export_gid"),
            ("/api/1.0/workspaces/%FF", "workspace_gid"),
            ("/users/%FF", "user_gid"),
        ] {
            assert_eq!(said(400, "invalid_path", path).1["message"], format!("{name}: not a recognized id"));
        }
    }
}
