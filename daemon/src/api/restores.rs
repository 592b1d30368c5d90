//! `/v1/restores`: what a restore would do, and the restore itself.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{RestoreAnswer, RestoreRequest};

use super::{ApiError, App, caller::Caller, request::Json as Body};
use crate::{restorer::RestorerError, send::Asker};

/// The answer comes when the target has answered; a restore goes on when the client goes away, and so it is the
/// restorer who tells the audit trail of it.
pub(super) async fn restore(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<RestoreRequest>,
) -> Result<Json<RestoreAnswer>, ApiError> {
    let archive = match request.archive {
        Some(gid) => Some(app.archive(&caller, gid).await?),
        None => None,
    };
    let asker = Asker { name: caller.name(), actor: caller.responsible().clone(), from: caller.from() };
    Ok(Json(app.restorer.restore(archive, request, asker).await?))
}

impl From<RestorerError> for ApiError {
    fn from(error: RestorerError) -> Self {
        let status = match error {
            RestorerError::State(error) => return error.into(),
            RestorerError::Manifest(error) => return error.into(),
            RestorerError::Catalog(error) => return error.into(),
            RestorerError::Audit(error) => return error.into(),
            RestorerError::Worker(error) => return Self::fault("internal", &error),
            RestorerError::Stopping | RestorerError::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
            RestorerError::NoArchive | RestorerError::NewId { .. } => StatusCode::BAD_REQUEST,
            RestorerError::UnknownTarget { .. } | RestorerError::Kind { .. } => StatusCode::NOT_FOUND,
            RestorerError::Format { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            RestorerError::Unreadable { ref cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
                StatusCode::GONE
            }
            RestorerError::Unreadable { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            RestorerError::Source(_) => StatusCode::BAD_GATEWAY,
            RestorerError::UnknownProduct { .. }
            | RestorerError::Damaged { .. }
            | RestorerError::Before { .. }
            | RestorerError::Full(_)
            | RestorerError::Native { .. }
            | RestorerError::Restore(_) => StatusCode::CONFLICT,
        };
        Self::new(status, error.code(), error.to_string()).hint(error.hint())
    }
}
