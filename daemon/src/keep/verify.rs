//! Verifying: an archive's file is read again and compared with its manifest, and what was found is
//! kept beside it and in the catalog.

use std::{ops::ControlFlow, sync::Arc};

use orgvault_api::{ArchiveState, Verification, clock::Timestamp};
use orgvault_archive::verify::{ArchiveFault, Report, verify_opened};
use tokio_util::sync::CancellationToken;

use super::{KeepError, blocking, change_state, guard};
use crate::{
    context::Context,
    store::{ArchiveRef, Store, Stored},
};

/// Reads an archive again. That its manifest is gone or cannot be used is a fault like any other.
///
/// # Errors
/// When the file cannot be read, the archive directory is not the catalog's, `gone` was canceled, or the
/// catalog refuses.
pub async fn verify(shop: &Arc<Context>, archive: Stored, gone: CancellationToken) -> Result<Verification, KeepError> {
    let (store, of, now) = (Arc::clone(&shop.archives), archive.reference(), shop.clock.now());
    let (state, mut found) = blocking(move || read(store.as_ref(), &of, now, &gone)).await?;
    // Where its disk was taken away, it is not lost.
    guard(shop).await?;
    found.gid = Some(archive.gid);
    keep(shop, archive, state, found.clone()).await?;
    Ok(found)
}

fn read(
    store: &dyn Store,
    archive: &ArchiveRef,
    now: Timestamp,
    gone: &CancellationToken,
) -> Result<(ArchiveState, Verification), KeepError> {
    let name = store.locate(&archive.key);
    let unlike = |state, fault: String| Ok((state, Verification::unread(None, name.clone(), now, fault)));
    let manifest = match store.manifest(archive) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return unlike(ArchiveState::Missing, "its manifest is gone".to_owned()),
        Err(error) => return unlike(ArchiveState::Damaged, error.to_string()),
    };
    let go_on = |_bytes| if gone.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let report = verify_opened(&name, store.open(archive), Some(&manifest), &go_on)?;
    Ok((state(&report), report.to_verification(None, &name, now)))
}

fn state(report: &Report) -> ArchiveState {
    match report.faults.as_slice() {
        [] => ArchiveState::Present,
        faults if faults.contains(&ArchiveFault::Missing) => ArchiveState::Missing,
        _ => ArchiveState::Damaged,
    }
}

/// Writes the result beside the archive and into the catalog, and tells everybody.
async fn keep(shop: &Arc<Context>, archive: Stored, state: ArchiveState, found: Verification) -> Result<(), KeepError> {
    let _storing = shop.storing.lock().await;
    // It may have been deleted or pinned while it was read.
    let Some(mut archive) = shop.catalog.archive(archive.gid).await? else { return Ok(()) };
    if !found.ok {
        tracing::error!(gid = %archive.gid, archive = %archive.key(), "an archive is not whole: {}", found.faults.join("; "));
    }
    let beside = found.clone();
    if let Err(error) = change_state(shop, &archive, move |state| state.verified = Some(beside)).await {
        // A directory that is read-only, or from which the manifest is gone, can be verified.
        tracing::warn!(gid = %archive.gid, "the result of a verification is kept in the catalog only: {error}");
    }
    archive.state = state;
    archive.verified = Some(found);
    match shop.catalog.put_archive(&archive).await {
        // On a full disk, retention has to know that it may delete others, and room for this comes then.
        Err(error) if archive.state == ArchiveState::Present => {
            tracing::warn!(gid = %archive.gid, "a verification that went well is kept nowhere: {error}");
        }
        kept => kept?,
    }
    shop.tell_archive(&archive);
    Ok(())
}
