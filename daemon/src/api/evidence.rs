//! `/v1/archives/{gid}/evidence`, and the public key that checks it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_api::{EvidencePublicKey, gid::Gid};

use super::{ApiError, App, archives::blocking, caller::Caller, request::Path};
use crate::evidence::{self, EvidenceError};

/// Of an archive not more drills run at once.
const RECENT: u32 = 100;

pub(super) async fn key(State(app): State<Arc<App>>) -> Json<EvidencePublicKey> {
    Json(app.evidence_key.public().clone())
}

/// An evidence is a few kilobytes, whatever the archive has.
pub(super) async fn of_archive(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Response, ApiError> {
    let archive = app.archive(&caller, gid).await?;
    // One that runs proves nothing yet.
    let drills = app.catalog().drills(Some(gid), RECENT).await?;
    let drill = drills.into_iter().find(|drill| drill.ended_at.is_some());
    let made = blocking(move || {
        let (store, audit) = (app.store(), &app.context.audit);
        evidence::of(store, audit, &app.evidence_key, &archive, drill)
    });
    let tar = made.await??;
    let name = format!("attachment; filename=\"evidence-{gid}.tar\"");
    let headers = [(header::CONTENT_TYPE, "application/x-tar".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, tar).into_response())
}

impl From<EvidenceError> for ApiError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Manifest(error) => error.into(),
            EvidenceError::Audit(error) => error.into(),
            EvidenceError::NoManifest { .. } => Self::new(StatusCode::CONFLICT, "manifest_unusable", error.to_string())
                .hint("restore the manifest from a backup, or export again"),
            EvidenceError::Document { .. } | EvidenceError::Sign(_) | EvidenceError::Pack { .. } => {
                Self::fault("internal", &error)
            }
        }
    }
}
