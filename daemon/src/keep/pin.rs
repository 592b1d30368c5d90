//! Pins: marks that keep an archive from every deletion. They lie beside the archive, so that a
//! rebuilt catalog knows them.

use std::sync::Arc;

use orgvault_api::gid::Gid;

use super::{KeepError, change_state, known};
use crate::{context::Context, store::Stored};

/// Sets or removes the pin of an archive; gives the archive as it is now.
///
/// # Errors
/// When there is none, or disk or catalog refuse: then nothing has changed.
pub async fn pin(shop: &Arc<Context>, gid: Gid, pinned: bool) -> Result<Stored, KeepError> {
    let _storing = shop.storing.lock().await;
    let mut archive = known(shop, gid).await?;
    change_state(shop, &archive, move |state| state.pinned = pinned).await?;
    archive.pinned = pinned;
    shop.catalog.put_archive(&archive).await?;
    shop.tell_archive(&archive);
    Ok(archive)
}
