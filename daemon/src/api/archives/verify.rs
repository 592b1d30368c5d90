//! `/v1/archives/{gid}/verify`: reads an archive's file again and keeps what was found.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_shared::{
    api::{Archive, ArchiveState, Verification},
    archive::{
        manifest::{Manifest, ManifestError},
        state::StateFile,
        verify::{Fault, Report, VerifyError, verify_while},
    },
    gid::Gid,
};
use tokio_util::sync::CancellationToken;

use super::{
    super::{App, caller::Caller, problem::Refusal, request::Path},
    blocking,
};

/// When the client goes away, the reading stops.
pub(in super::super) async fn verify(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Verification>, Refusal> {
    let archive = app.archive(&caller, gid).await?;
    let gone = CancellationToken::new();
    let _guard = gone.clone().drop_guard();
    let path = PathBuf::from(&archive.path);
    let report = blocking(move || read(&path, &gone)).await??;
    let verification = report.to_verification(Some(gid), archive.path.as_ref(), app.now());
    app.keep(archive, &report, verification.clone()).await?;
    Ok(Json(verification))
}

fn read(path: &std::path::Path, gone: &CancellationToken) -> Result<Report, Refusal> {
    let manifest = Manifest::beside(path)?;
    let go_on = |_bytes| if gone.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    Ok(verify_while(path, manifest.as_ref(), &go_on)?)
}

impl App {
    /// Writes the result beside the archive and into the catalog, and tells everybody.
    async fn keep(&self, archive: Archive, report: &Report, found: Verification) -> Result<(), Refusal> {
        let state = match report.faults.as_slice() {
            [] => ArchiveState::Present,
            faults if faults.contains(&Fault::Missing) => ArchiveState::Missing,
            _ => ArchiveState::Damaged,
        };
        let (workshop, gid, kept) = (Arc::clone(&self.shop.workshop), archive.gid, found.clone());
        let write = move || {
            let verified = |state: &mut StateFile| state.verified = Some(kept);
            workshop.archives.update_state(archive.path.as_ref(), gid, verified)
        };
        if let Err(error) = blocking(write).await? {
            // A directory that is read-only, or from which the manifest is gone, can be verified.
            tracing::warn!(%gid, "the result of a verification is kept in the catalog only: {error}");
        }
        // It may have been deleted, or sent somewhere, while it was read.
        if let Some(archive) = self.catalog().archive(gid).await? {
            let archive = Archive { state, verified: Some(found), ..archive };
            self.catalog().put_archive(&archive).await?;
            self.engine().tell_archive(&archive);
        }
        Ok(())
    }
}

impl From<ManifestError> for Refusal {
    fn from(error: ManifestError) -> Self {
        Self::new(StatusCode::CONFLICT, "manifest_unusable", error.to_string())
            .hint("restore the manifest from a backup, or export again")
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        Self::fault("archive_unreadable", &error)
    }
}
