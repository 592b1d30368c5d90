//! Errors on the wire: RFC 9457 `application/problem+json` with a stable code, a sentence and a
//! hint.

use std::{error::Error, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_shared::api::Problem;

/// The media type of RFC 9457.
pub(super) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A request that is not done, and the answer to it.
#[derive(Debug)]
pub(super) struct Refusal(Arc<Problem>);

impl Refusal {
    /// `code` is stable; `detail` is one sentence with the act, the place and the cause.
    pub(super) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Arc::new(Problem {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            code: code.to_owned(),
            detail: detail.into(),
            hint: String::new(),
        }))
    }

    /// Adds what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).hint = hint.into();
        self
    }

    /// A fault of the daemon or its machine: it is logged here, with its causes.
    pub(super) fn fault(code: &str, error: &(impl Error + 'static)) -> Self {
        let error: &dyn Error = error;
        tracing::error!(code, error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, error.to_string()).hint("see the log of orgvaultd")
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document.
    #[cfg(test)]
    pub(super) fn problem(&self) -> &Problem {
        &self.0
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), axum::Json(self.0.as_ref())).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
        // For the audit trail, and for faces, which say it in their own words.
        response.extensions_mut().insert(self.0);
        response
    }
}

impl From<crate::catalog::CatalogError> for Refusal {
    fn from(error: crate::catalog::CatalogError) -> Self {
        Self::fault("catalog", &error)
    }
}
