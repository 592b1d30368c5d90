//! How exports are taken in.

use orgvault_api::Export;
use tokio::task::JoinError;

use super::{Engine, lock};
use crate::catalog::{CatalogError, ExportFilter, Repeat};

/// Why exports were not taken in.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The daemon stops.
    #[error("the daemon is stopping and takes no exports")]
    Stopping,
    /// The client's key stands for something else.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The task that does it died.
    #[error("cannot take exports in: {cause}")]
    Task {
        /// How.
        #[source]
        cause: JoinError,
    },
}

impl Engine {
    /// Takes the exports of one request in: they are on disk, in their order, when this returns. A
    /// request that was repeated gets those that it made the first time instead, as they are now.
    ///
    /// # Errors
    /// When the daemon stops, the key was used for something else, or the catalog cannot be read or
    /// written.
    pub async fn submit(&self, exports: Vec<Export>, repeat: Option<Repeat>) -> Result<Vec<Export>, SubmitError> {
        let engine = self.clone();
        // A client that goes away meanwhile must not leave exports on disk that are in no queue.
        let taken_in = self.0.tracker.spawn(async move {
            match repeat {
                None => engine.take_in(exports, None).await,
                Some(repeat) => engine.take_in_once(exports, &repeat).await,
            }
        });
        taken_in.await.map_err(|cause| SubmitError::Task { cause })?
    }

    async fn take_in_once(&self, exports: Vec<Export>, repeat: &Repeat) -> Result<Vec<Export>, SubmitError> {
        // A repetition that comes meanwhile waits until the key is kept.
        let _one_at_a_time = self.0.repeating.lock().await;
        let catalog = &self.0.context.catalog;
        match catalog.repeated(repeat, self.0.context.clock.now()).await? {
            None => self.take_in(exports, Some(repeat)).await,
            Some(known) if known.asked == repeat.asked => {
                let made = ExportFilter { request: Some(known.request), ..ExportFilter::default() };
                Ok(self.with_progress(catalog.exports(made).await?))
            }
            Some(_other) => Err(SubmitError::KeyReused),
        }
    }

    async fn take_in(&self, exports: Vec<Export>, repeat: Option<&Repeat>) -> Result<Vec<Export>, SubmitError> {
        if self.0.stop.is_cancelled() {
            return Err(SubmitError::Stopping);
        }
        self.0.context.catalog.add_exports(&exports, repeat).await?;
        self.announce(&exports);
        lock(&self.0.queue).push(exports.clone(), |export| super::lane_of(&self.0.context, export));
        self.0.work.notify_waiters();
        Ok(exports)
    }
}
