//! `/v1/audit`: who did what, and whether that is what was written. For owners, because it tells what admins do.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use orgvault_api::{AuditChain, AuditTrail};
use serde::Deserialize;

use super::{ApiError, App, archives::blocking, request::Query};
use crate::audit::{AuditError, Cursor, InvalidCursor};

/// Entries where the request does not say.
const USUAL_LIMIT: usize = 100;

/// Entries of one answer, however many are asked for.
const MOST: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrailQuery {
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<TrailQuery>,
) -> Result<Json<AuditTrail>, ApiError> {
    let after: Option<Cursor> = query.after.as_deref().map(str::parse).transpose()?;
    let limit = query.limit.unwrap_or(USUAL_LIMIT).clamp(1, MOST);
    let audit = Arc::clone(&app.context.audit);
    Ok(Json(blocking(move || audit.read(after.as_ref(), limit)).await??))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainQuery {
    head: Option<String>,
}

pub(super) async fn verify(
    State(app): State<Arc<App>>,
    Query(query): Query<ChainQuery>,
) -> Result<Json<AuditChain>, ApiError> {
    if let Some(head) = &query.head
        && !(head.len() == 64 && head.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        let detail = "`head` is no SHA-256: 64 hexadecimal digits";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", detail)
            .hint("pass on `head` of an earlier answer, or of an evidence's audit-chain.json"));
    }
    let audit = Arc::clone(&app.context.audit);
    Ok(Json(blocking(move || audit.verify(query.head.as_deref())).await??))
}

impl From<InvalidCursor> for ApiError {
    fn from(error: InvalidCursor) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_query", error.to_string())
    }
}

impl From<AuditError> for ApiError {
    fn from(error: AuditError) -> Self {
        tracing::error!("{error}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "audit_unavailable", error.to_string()).hint(error.hint())
    }
}
