//! Deleting: the file first, the catalog last, so that a deletion that was cut short can be asked
//! for again. A pinned archive is not deleted.

use std::{path::PathBuf, sync::Arc};

use orgvault_shared::{api::Archive, gid::Gid};

use super::{KeepError, blocking, known};
use crate::export::Workshop;

/// Deletes one archive; gives what it was.
///
/// # Errors
/// When there is none, a pin keeps it, or disk or catalog refuse.
pub async fn delete(shop: &Arc<Workshop>, gid: Gid) -> Result<Archive, KeepError> {
    let _storing = shop.storing.lock().await;
    let archive = known(shop, gid).await?;
    if archive.pinned {
        return Err(KeepError::Pinned(gid));
    }
    remove(shop, &archive).await?;
    Ok(archive)
}

/// Deletes an archive that may go. The caller holds [`Workshop::storing`].
pub(super) async fn remove(shop: &Arc<Workshop>, archive: &Archive) -> Result<(), KeepError> {
    let (archives, path) = (Arc::clone(&shop.archives), PathBuf::from(&archive.path));
    blocking(move || Ok(archives.delete(&path)?)).await?;
    shop.catalog.forget_archive(archive.gid).await?;
    shop.tell_archive(archive);
    Ok(())
}
