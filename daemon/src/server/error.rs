//! Errors on the wire: RFC 9457 `application/problem+json` with a stable code, a sentence and a
//! hint.

use std::{error::Error, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_api::Problem;

/// The media type of RFC 9457.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What a client is asked for that did not say who it is (RFC 6750, section 3).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"orgvault\"");

/// A request that is not done, and the answer to it.
#[derive(Debug)]
pub(crate) struct ApiError {
    problem: Arc<Problem>,
    /// After how many seconds it may be asked again.
    retry_after: Option<u64>,
}

impl ApiError {
    /// `code` is stable; `detail` is one sentence with the act, the place and the cause.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let problem = Arc::new(Problem {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            code: code.to_owned(),
            detail: detail.into(),
            hint: String::new(),
        });
        Self { problem, retry_after: None }
    }

    /// Who asks has to say who it is.
    pub(crate) fn no_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_token", "this needs the token of a service account")
            .hint("send the header `Authorization: Bearer TOKEN`; an owner makes one: `orgvault token add NAME`")
    }

    /// Says after how many seconds it may be asked again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.problem).hint = hint.into();
        self
    }

    /// A fault of the daemon or its machine: it is logged here, with its causes.
    pub(crate) fn fault(code: &str, error: &(impl Error + 'static)) -> Self {
        let error: &dyn Error = error;
        tracing::error!(code, error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, error.to_string()).hint("see the log of orgvaultd")
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document.
    #[cfg(test)]
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), axum::Json(self.problem.as_ref())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.extend(self.retry_after.map(|seconds| (header::RETRY_AFTER, seconds.into())));
        if self.problem.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        // For the audit trail, and for faces, which say it in their own words.
        response.extensions_mut().insert(self.problem);
        response
    }
}
