//! How the catalog learns what became of an export: what it does not take at once (its disk is
//! full, somebody holds it) is kept here and tried again, so that no export is left without an end.

use std::{collections::BTreeMap, time::Duration};

use orgvault_api::{Export, State, gid::Gid};

use super::{Engine, Failure, lock};
use crate::{
    catalog::{Catalog, CatalogError},
    store::Stored,
};

/// That something is not recorded yet.
const NOTICE: &str = "catalog_unrecorded";

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What waits for the catalog, with what keeps it waiting.
pub(super) type Unrecorded = BTreeMap<Gid, String>;

/// One thing that waits, as long as this is there.
struct Waiting<'e> {
    engine: &'e Engine,
    gid: Gid,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut unrecorded = lock(&self.engine.0.unrecorded);
        unrecorded.remove(&self.gid);
        self.engine.tell_unrecorded(&unrecorded);
    }
}

/// What the catalog is told.
#[derive(Clone, Copy)]
pub(super) enum Record<'e> {
    /// Where an export is, or that it failed.
    State(&'e Export),
    /// That it has made an archive.
    Finished(&'e Export, &'e Stored),
    /// That it failed, although there is an archive.
    Refused(&'e Export, &'e Stored),
}

impl<'e> Record<'e> {
    pub(super) fn of(export: &'e Export, archive: Option<&'e Stored>) -> Self {
        archive.map_or(Self::State(export), |archive| Self::Finished(export, archive))
    }

    fn gid(self) -> Gid {
        let (Self::State(export) | Self::Finished(export, _) | Self::Refused(export, _)) = self;
        export.gid
    }

    /// Tries it once.
    pub(super) async fn write(self, catalog: &Catalog) -> Result<(), CatalogError> {
        match self {
            Self::State(export) => catalog.update_export(export).await,
            Self::Finished(export, archive) => catalog.finish_export(export, archive).await,
            Self::Refused(export, archive) => {
                catalog.put_archive(archive).await?;
                catalog.update_export(export).await
            }
        }
    }
}

impl Engine {
    /// Records how an export has ended. It returns when that is on disk, however long it takes; at
    /// the abort it gives up, and the next start finds out what became of the export.
    ///
    /// # Errors
    /// When the daemon ends before, or the catalog refuses what is written.
    pub(super) async fn record(&self, export: &mut Export, archive: Option<&Stored>) -> Result<(), CatalogError> {
        let recorded = self.until_recorded(Record::of(export, archive)).await;
        match (recorded, archive) {
            (Err(error), Some(archive)) if error.is_refusal() => {
                // A run has one finished archive of each kind from an organization, and this would be
                // another one: it is listed, and its export is none that finished.
                tracing::error!(gid = %export.gid, "the catalog refuses an export that is finished: {error}");
                export.state = State::Error;
                export.error = Some(Failure::AlreadyMade.to_wire());
                self.until_recorded(Record::Refused(export, archive)).await
            }
            (recorded, _) => recorded,
        }
    }

    /// Writes `record` until the catalog takes it. Says so as long as it does not.
    ///
    /// # Errors
    /// When the daemon ends before, or the catalog refuses what is written.
    pub(super) async fn until_recorded(&self, record: Record<'_>) -> Result<(), CatalogError> {
        let gid = record.gid();
        let _waiting = Waiting { engine: self, gid };
        let mut wait = FIRST_WAIT;
        let mut stops = false;
        loop {
            let gives_up = self.0.abort.is_cancelled();
            match record.write(&self.0.context.catalog).await {
                Err(error) if !gives_up && !error.is_refusal() => self.is_unrecorded(gid, &error),
                recorded => return recorded,
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = LONGEST_WAIT.min(wait * 2),
                // Whoever stops the daemon may have mended what is wrong.
                () = self.0.stop.cancelled(), if !stops => stops = true,
                () = self.0.abort.cancelled() => {}
            }
        }
    }

    fn is_unrecorded(&self, gid: Gid, error: &CatalogError) {
        let mut unrecorded = lock(&self.0.unrecorded);
        let restart = if error.is_damage() { "; restart orgvaultd, which makes the catalog anew" } else { "" };
        unrecorded.insert(gid, format!("{error}{restart}"));
        self.tell_unrecorded(&unrecorded);
    }

    fn tell_unrecorded(&self, unrecorded: &Unrecorded) {
        let message = unrecorded.first_key_value().map(|(gid, error)| {
            let many = unrecorded.len();
            format!(
                "what became of {many} exports (the first is {gid}) cannot be recorded: {error}; it is kept in memory \
                 and tried again: look after the disk of state_dir"
            )
        });
        self.0.context.notices.set(NOTICE, message);
    }
}
