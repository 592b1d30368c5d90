//! Looks after what is stored: pins, deletions, verifications, retention, scrubbing, and the
//! comparison of the catalog with the directory.
//!
//! What is known of an archive lies in three places: beside it, in the catalog, and with those who
//! listen. Each change of it is made here, under [`Context::storing`], so that none undoes another.

mod delete;
mod drilled;
mod history;
mod home;
mod pin;
mod prune;
mod rescan;
pub mod retention;
mod scrub;
mod skips;
mod verify;

use std::sync::Arc;

use orgvault_api::{ArchiveState, gid::Gid};
use orgvault_archive::{VerifyError, state::StateFile};

use crate::{
    catalog::CatalogError,
    context::Context,
    store::{Store, StoreError, Stored},
};

use self::delete::finish_deletions;

pub use self::{
    delete::delete,
    drilled::drilled,
    history::forget_regularly,
    home::{adopt, take_up, watch_home},
    pin::pin,
    prune::{plan, prune, prune_after},
    rescan::{Orphans, RescanScope, compare, rescan},
    scrub::scrub_regularly,
    skips::Skips,
    verify::verify,
};

/// Why something was not done with a stored archive.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// There is none with this gid.
    #[error("there is no archive {0}")]
    Unknown(Gid),
    /// A pin keeps it.
    #[error("archive {0} is pinned, and a pinned archive is not deleted")]
    Pinned(Gid),
    /// The archive directory refused.
    #[error(transparent)]
    Publish(#[from] StoreError),
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The archive could not be read to its end.
    #[error(transparent)]
    Read(#[from] VerifyError),
    /// A thread that waited for the disk died.
    #[error("a thread that worked on archives died: {cause}")]
    Thread {
        /// How.
        #[source]
        cause: tokio::task::JoinError,
    },
}

impl KeepError {
    /// Whether the archive directory is not the catalog's own, of which the status tells already.
    #[must_use]
    pub fn is_about_home(&self) -> bool {
        let Self::Publish(error) = self else { return false };
        matches!(error, StoreError::Astray { .. } | StoreError::Marker { .. } | StoreError::Lock(_))
    }
}

/// The archive as a stat at it shows it. That its bytes are the right ones is for a verification to say.
#[must_use]
pub fn stat(store: &dyn Store, mut archive: Stored) -> Stored {
    match store.stat(&archive.reference()) {
        Ok(stat) if stat.is_file && stat.bytes == archive.bytes => {
            if archive.state == ArchiveState::Missing {
                archive.state = ArchiveState::Present;
            }
        }
        Ok(_other) => archive.state = ArchiveState::Damaged,
        Err(_gone) => archive.state = ArchiveState::Missing,
    }
    archive
}

/// Whether the archive directory is the catalog's own.
async fn guard(shop: &Context) -> Result<(), KeepError> {
    let archives = Arc::clone(&shop.archives);
    blocking(move || Ok(archives.guard()?)).await
}

/// The catalog's archive of this gid.
async fn known(shop: &Context, gid: Gid) -> Result<Stored, KeepError> {
    shop.catalog.archive(gid).await?.ok_or(KeepError::Unknown(gid))
}

/// Changes what is kept beside an archive. The caller holds [`Context::storing`].
async fn change_state(
    shop: &Arc<Context>,
    archive: &Stored,
    change: impl FnOnce(&mut StateFile) + Send + 'static,
) -> Result<(), KeepError> {
    let (archives, archive) = (Arc::clone(&shop.archives), archive.reference());
    blocking(move || Ok(archives.update_state(&archive, Box::new(change)).map(drop)?)).await
}

/// Runs what waits for a disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeepError> + Send + 'static,
) -> Result<T, KeepError> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| KeepError::Thread { cause })?
}
