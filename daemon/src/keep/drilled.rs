//! What a drill said of an archive is kept beside it, so that a rebuilt catalog knows it.

use std::sync::Arc;

use orgvault_api::{Drill, LastDrill};

use super::{KeepError, change_state};
use crate::context::Context;

/// Writes a drill that has ended beside its archive and into the archive's entry. Where that fails the catalog alone
/// knows of it.
pub async fn drilled(shop: &Arc<Context>, drill: &Drill) {
    if let Err(error) = keep(shop, drill).await {
        tracing::warn!(drill = %drill.gid, gid = %drill.archive, "a drill is kept in the catalog only: {error}");
    }
}

async fn keep(shop: &Arc<Context>, drill: &Drill) -> Result<(), KeepError> {
    let _storing = shop.storing.lock().await;
    // It may have been deleted or replaced while it was drilled.
    let archive = shop.catalog.archive(drill.archive).await?;
    let Some(mut archive) = archive.filter(|archive| archive.sha256 == drill.sha256) else { return Ok(()) };
    archive.drilled = LastDrill::of(drill);
    let beside = drill.clone();
    let written = change_state(shop, &archive, move |state| state.drilled(beside)).await;
    shop.catalog.put_archive(&archive).await?;
    shop.tell_archive(&archive);
    written
}
