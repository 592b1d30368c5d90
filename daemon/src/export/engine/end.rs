//! How an export ends: in the catalog first, then for everybody who listens.

use std::{pin::pin, time::Duration};

use orgvault_api::{Export, OrganizationKey, State};

use super::{Engine, lock};
use crate::{
    catalog::CatalogError,
    export::{Failure, job::JobState},
    keep,
    lifecycle::contained,
    store::Stored,
};

/// So long a snapshot stays open for the rest of a job while an end cannot be recorded: it keeps the
/// app's database from cleaning up.
const KEPT_OPEN: Duration = Duration::from_mins(5);

impl Engine {
    /// The export has ended: its state is on disk, then everybody is told.
    pub(super) async fn end(
        &self,
        export: &mut Export,
        result: Result<Stored, Failure>,
        shared: &mut JobState,
    ) -> Result<(), CatalogError> {
        self.conclude(export, &result);
        let archive = result.ok();
        let recorded = self.record_beside(export, archive.as_ref(), shared).await;
        lock(&self.0.running).remove(&export.gid);
        self.tell(export.clone());
        if let Some(archive) = &archive {
            self.0.context.tell_archive(archive);
            if recorded.is_ok() {
                // Whatever retention does, the export has ended well.
                let pruned = contained(keep::prune_after(&self.0.context, archive)).await;
                pruned.unwrap_or_else(|panic| tracing::error!(gid = %export.gid, "retention failed: {panic}"));
            }
        }
        recorded
    }

    /// Records an end while the snapshot stays open, though not for ever.
    async fn record_beside(
        &self,
        export: &mut Export,
        archive: Option<&Stored>,
        shared: &mut JobState,
    ) -> Result<(), CatalogError> {
        let gid = export.gid;
        let mut recording = pin!(self.record(export, archive));
        tokio::select! {
            recorded = &mut recording => recorded,
            () = tokio::time::sleep(KEPT_OPEN) => {
                tracing::warn!(%gid, "the snapshot is given up, because the end of the export cannot be recorded");
                shared.abandon().await;
                recording.await
            }
        }
    }

    /// Writes into the export how it has ended.
    pub(super) fn conclude(&self, export: &mut Export, result: &Result<Stored, Failure>) {
        export.finished_at = Some(self.0.context.clock.now());
        export.progress = None;
        match result {
            Ok(archive) => {
                export.finish(archive);
                self.note(
                    export.gid,
                    "info",
                    format!("published {}: {} bytes", self.0.context.archives.locate(archive.key()), archive.bytes),
                );
                for warning in &archive.warnings {
                    self.note(export.gid, "warn", format!("{}: {}", warning.code, warning.message));
                }
            }
            Err(failure) => {
                if matches!(failure, Failure::Suspended) {
                    suspend(export);
                    return self.note(export.gid, "info", failure.to_string());
                }
                let interrupted = matches!(failure, Failure::Canceled) && self.0.abort.is_cancelled();
                let failure = if interrupted { &Failure::Interrupted } else { failure };
                let OrganizationKey { source, id: organization, .. } = &export.organization;
                tracing::error!(gid = %export.gid, source, organization, code = failure.code(), "export failed: {failure}");
                export.state = State::Error;
                let error = failure.to_wire();
                self.note(export.gid, "error", format!("{}: {}", error.code, error.message));
                export.error = Some(error);
            }
        }
    }
}

/// The app goes on with its job, and the next daemon with the export.
pub(super) fn suspend(export: &mut Export) {
    export.state = State::Pending;
    export.started_at = None;
    export.finished_at = None;
    export.progress = None;
}
