//! TruePPM's words: those of Django REST framework, and of simplejwt for tokens.

use axum::http::StatusCode;
use orgvault_api::Problem;
use serde_json::{Value, json};

use crate::api::{
    RequestLine,
    error_style::{FaceError, status},
};

pub(super) fn error_style(problem: &Problem, line: &RequestLine) -> FaceError {
    let status = status(problem);
    let detail = match (status, problem.code.as_str()) {
        (_, "unknown_token") => return FaceError::new(status, not_valid("Token is invalid")),
        (_, "expired_token") => return FaceError::new(status, not_valid("Token is expired")),
        // Over there it is an id that is unknown.
        (_, "invalid_path") => return FaceError::new(StatusCode::NOT_FOUND, json!({ "detail": "Not found." })),
        (_, "invalid_page") => "Invalid page.".to_owned(),
        (StatusCode::UNAUTHORIZED, _) => "Authentication credentials were not provided.".to_owned(),
        (StatusCode::FORBIDDEN, _) => "You do not have permission to perform this action.".to_owned(),
        (StatusCode::NOT_FOUND, _) => "Not found.".to_owned(),
        (StatusCode::METHOD_NOT_ALLOWED, _) => format!("Method \"{}\" not allowed.", line.method),
        (StatusCode::TOO_MANY_REQUESTS, _) => "Request was throttled.".to_owned(),
        _ => problem.detail.clone(),
    };
    FaceError::new(status, json!({ "detail": detail }))
}

fn not_valid(message: &str) -> Value {
    json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{ "token_class": "AccessToken", "token_type": "access", "message": message }],
    })
}
