//! Deleting: what was decided is carried out on disk, forgotten in the catalog and told in the audit
//! trail, whatever happens in between. A pinned archive is not deleted.

use std::sync::Arc;

use orgvault_api::{AuditEntry, gid::Gid};

use super::{KeepError, blocking, known};
use crate::{
    audit::Origin,
    context::Context,
    store::{Deletion, Stored},
};

/// What the audit trail calls it.
const ACT: &str = "archive.delete";

/// Deletes one archive; gives what it was.
///
/// # Errors
/// When there is none, a pin keeps it, or disk or catalog refuse.
pub async fn delete(shop: &Arc<Context>, gid: Gid, by: &Origin) -> Result<Stored, KeepError> {
    let _storing = shop.storing.lock().await;
    let archive = known(shop, gid).await?;
    if archive.pinned {
        return Err(KeepError::Pinned(gid));
    }
    remove(shop, &archive, by).await?;
    Ok(archive)
}

/// Deletes an archive that may go. The caller holds [`Context::storing`].
pub(super) async fn remove(shop: &Arc<Context>, archive: &Stored, by: &Origin) -> Result<(), KeepError> {
    shop.reserve.spend();
    let (archives, cancel_requested) = (Arc::clone(&shop.archives), archive.reference());
    let deletion = blocking(move || Ok(archives.decide_deletion(&cancel_requested)?)).await?;
    let entry = AuditEntry {
        gid: Some(archive.gid),
        organization: Some(archive.organization.clone()),
        ..by.entry(shop.clock.now(), ACT)
    };
    finish(shop, deletion, Some(entry)).await?;
    shop.tell_archive(archive);
    Ok(())
}

/// Finishes deletions that an earlier daemon had decided. One that cannot be finished is tried again
/// at the next start.
pub(super) async fn finish_deletions(shop: &Arc<Context>, deletions: Vec<Deletion>) {
    for deletion in deletions {
        let (gid, path) = (deletion.gid(), shop.archives.locate(&deletion.archive.key));
        match finish_later(shop, deletion).await {
            Ok(()) => tracing::info!(%gid, path, "finished what an earlier daemon was deleting"),
            Err(error) => tracing::error!(%gid, path, "cannot finish a deletion: {error}"),
        }
    }
}

async fn finish_later(shop: &Arc<Context>, deletion: Deletion) -> Result<(), KeepError> {
    let gid = deletion.gid();
    let (audit, by) = (Arc::clone(&shop.audit), Origin::daemon("start", "a deletion that an earlier daemon began"));
    let told = blocking(move || Ok(audit.tells(ACT, gid))).await?;
    let organization = match shop.catalog.archive(gid).await? {
        Some(archive) => Some(archive.organization.clone()),
        None => deletion.organization.clone(),
    };
    let entry = AuditEntry { gid: Some(gid), organization, ..by.entry(shop.clock.now(), ACT) };
    finish(shop, deletion, (!told).then_some(entry)).await
}

/// What was decided is told, done and forgotten; then its mark goes.
async fn finish(shop: &Arc<Context>, deletion: Deletion, entry: Option<AuditEntry>) -> Result<(), KeepError> {
    let (archives, audit) = (Arc::clone(&shop.archives), Arc::clone(&shop.audit));
    let (deletion, told) = blocking(move || {
        // A full disk takes the line only when the archive is gone.
        let untold = entry.filter(|entry| audit.record(entry).is_err());
        archives.carry_out(&deletion)?;
        let told = untold.is_none_or(|entry| match audit.record(&entry) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!("a deletion is not in the audit trail before the next start: {error}");
                false
            }
        });
        Ok((deletion, told))
    })
    .await?;
    shop.catalog.forget_archive(deletion.gid()).await?;
    let archives = Arc::clone(&shop.archives);
    if told { blocking(move || Ok(archives.end_deletion(&deletion)?)).await } else { Ok(()) }
}
