//! `/v1/archives/{gid}/send`: hands an archive to a target.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{SendAnswer, SendRequest, gid::Gid};
use orgvault_config::{Config, TargetConfig};
use orgvault_products::preflight::PreflightError;

use super::super::{
    ApiError, App,
    caller::Caller,
    request::{Json as Body, Path},
};
use crate::send::{Asker, SendError};

/// The answer comes when the target has answered; the send goes on when the client goes away, and
/// so it is the sender who tells the audit trail of it.
pub(in super::super) async fn send(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
    Body(request): Body<SendRequest>,
) -> Result<Json<SendAnswer>, ApiError> {
    let archive = app.archive(&caller, gid).await?;
    let target = target(&app.config(), &request.to)?.clone();
    let asker = Asker { name: caller.name(), actor: caller.responsible().clone(), from: caller.from() };
    Ok(Json(app.sender.send(archive, target, request, asker).await?))
}

fn target<'a>(config: &'a Config, name: &str) -> Result<&'a TargetConfig, SendError> {
    config.targets.iter().find(|target| target.name == name).ok_or_else(|| {
        let known: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        SendError::UnknownTarget { name: name.to_owned(), known }
    })
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        let status = match error {
            SendError::State(error) => return error.into(),
            SendError::Manifest(error) => return error.into(),
            SendError::Audit(error) => return error.into(),
            SendError::Worker(error) => return Self::fault("internal", &error),
            SendError::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            SendError::UnknownTarget { .. } | SendError::Kind { .. } => StatusCode::NOT_FOUND,
            SendError::Product { .. } | SendError::Format { .. } | SendError::Option { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            SendError::Unreadable { ref cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => StatusCode::GONE,
            SendError::Unreadable { .. } | SendError::Preflight(PreflightError::Read { .. }) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            SendError::Busy { .. }
            | SendError::SentBefore { .. }
            | SendError::NotImportable { .. }
            | SendError::TooLarge { .. }
            | SendError::Damaged { .. }
            | SendError::Earlier(_)
            | SendError::Preflight(_) => StatusCode::CONFLICT,
        };
        Self::new(status, error.code(), error.to_string()).hint(error.hint())
    }
}
