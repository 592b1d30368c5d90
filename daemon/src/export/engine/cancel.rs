//! Canceling an export, wherever it is: waiting, held by its run, or running.

use orgvault_api::{Export, State, gid::Gid};

use super::{Engine, lock, record::Record};
use crate::{catalog::CatalogError, export::Failure};

/// Why an export was not canceled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is none with this gid.
    #[error("there is no export {0}")]
    Unknown(Gid),
    /// It has ended already.
    #[error("export {gid} has ended already: it is {}", .state.name())]
    Ended {
        /// Which one.
        gid: Gid,
        /// How it ended.
        state: State,
    },
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl Engine {
    /// Cancels a pending or started export. A started one ends a moment later.
    ///
    /// # Errors
    /// When there is none, it has ended, or the catalog cannot be written.
    pub async fn cancel(&self, gid: Gid) -> Result<Export, CancelError> {
        let waiting = lock(&self.0.queue).remove(gid);
        if let Some(export) = waiting {
            return Ok(self.end_waiting(export).await?);
        }
        if let Some(running) = lock(&self.0.running).get(&gid) {
            running.canceled.cancel();
            return Ok(running.now());
        }
        match self.0.context.catalog.export(gid).await? {
            Some(export) if export.state.is_final() => Err(CancelError::Ended { gid, state: export.state }),
            Some(export) => {
                lock(&self.0.cancel_requested).insert(gid);
                let held = export.schedule.is_some() && !lock(&self.0.queue).is_running(&export.organization);
                if held {
                    // Its run has not offered it yet.
                    return Ok(self.end_waiting(export).await?);
                }
                Ok(export)
            }
            None => Err(CancelError::Unknown(gid)),
        }
    }

    /// Ends an export that waited, because it was canceled. Where the catalog does not take that
    /// now, the export does not start all the same, and its end is recorded later.
    async fn end_waiting(&self, mut export: Export) -> Result<Export, CatalogError> {
        self.conclude(&mut export, &Err(Failure::Canceled));
        let recorded = Record::State(&export).write(&self.0.context.catalog).await;
        if recorded.is_ok() {
            self.tell(export.clone());
        } else {
            self.record_later(export.clone(), None);
        }
        recorded.map(|()| export)
    }
}
