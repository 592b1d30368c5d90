//! The comparison of the catalog with the directory: what was deleted, changed or added there by
//! somebody else is noticed, and what is new or has changed is read.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use orgvault_api::{Archive, ArchiveState, Drill, OrganizationKey, clock::Timestamp, gid::Gid};
use tokio_util::sync::CancellationToken;

use super::{
    KeepError, blocking, guard, home,
    skips::{Skip, Skips},
    verify,
};
use crate::{
    catalog::{ArchiveFilter, CatalogError},
    context::Context,
    store::{ArchiveRef, Found, Key, Prefix, Store, Stored},
};

/// A file that is younger than its last check by more than this was written by somebody else.
const SLACK: Duration = Duration::from_mins(1);

/// Where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RescanScope {
    /// Only among the archives of these prefixes; none means everywhere.
    pub places: Option<HashSet<Prefix>>,
    /// Archives that somebody was seen to write to: they are read whatever they look like.
    pub touched: HashSet<Key>,
}

/// What becomes of the entries of archives without a usable manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    /// They stay, as missing or damaged.
    Show,
    /// Those whose manifest is gone go.
    Forget,
}

/// One archive as it lies there.
struct OnDisk {
    archive: Stored,
    /// Whether its file was written after it was last checked.
    written_since: bool,
    /// Its drills.
    drills: Vec<Drill>,
}

/// Compares the catalog with the directory; gives what could not be taken in, one sentence each.
/// Nothing is read but manifests and states: see [`rescan`].
///
/// # Errors
/// When the directory cannot be listed, or the catalog refuses.
pub async fn compare(
    shop: &Arc<Context>,
    scope: &RescanScope,
    lost: Orphans,
) -> Result<(Vec<String>, Vec<Stored>), KeepError> {
    let (skipped, unread) = compare_in(shop, scope, lost).await?;
    Ok((skipped.into_iter().map(|(_place, sentence)| sentence).collect(), unread))
}

async fn compare_in(
    shop: &Arc<Context>,
    scope: &RescanScope,
    lost: Orphans,
) -> Result<(Vec<Skip>, Vec<Stored>), KeepError> {
    if scope.places.is_none() {
        home::settle(shop).await?;
    }
    // The catalog first: what is published meanwhile is then found, and not taken for lost.
    let mut listed = listed(shop, scope).await?;
    let (lying, mut skipped) = scan(shop, scope).await?;
    let mut unread = Vec::new();
    for found in lying {
        let known = listed.remove(&found.archive.gid);
        if let Some(archive) = take_in(shop, scope, found, known, lost).await? {
            unread.push(archive);
        }
    }
    for archive in listed.into_values() {
        let place = archive.key().prefix();
        skipped.extend(lose(shop, archive, lost).await?.map(|sentence| (place, sentence)));
    }
    Ok((skipped, unread))
}

/// What the catalog lists there.
async fn listed(shop: &Context, scope: &RescanScope) -> Result<HashMap<Gid, Stored>, CatalogError> {
    let archives = match &scope.places {
        None => shop.catalog.archives(&ArchiveFilter::default()).await?,
        Some(places) => {
            let mut archives = Vec::new();
            for place in places {
                archives.extend(shop.catalog.archives_in(place).await?);
            }
            archives
        }
    };
    Ok(archives.into_iter().map(|archive| (archive.gid, archive)).collect())
}

/// As [`compare`], and then reads what is new or was changed. What could not be taken in is a
/// warning of the daemon.
///
/// # Errors
/// As [`compare`].
pub async fn rescan(
    shop: &Arc<Context>,
    scope: &RescanScope,
    skips: &mut Skips,
    end: &CancellationToken,
) -> Result<(), KeepError> {
    let (skipped, unread) = compare_in(shop, scope, Orphans::Show).await?;
    skips.update(scope.places.as_ref(), skipped);
    shop.notices.set("archives_skipped", skips.message());
    for archive in unread {
        let (gid, key) = (archive.gid, archive.key().clone());
        tracing::info!(%gid, archive = %key, "an archive is new or was changed, so it is read");
        if let Err(error) = verify(shop, archive, end.clone()).await {
            tracing::error!(%gid, archive = %key, "cannot read an archive that is new or was changed: {error}");
        }
    }
    Ok(())
}

async fn scan(shop: &Arc<Context>, scope: &RescanScope) -> Result<(Vec<OnDisk>, Vec<Skip>), KeepError> {
    let (archives, places) = (Arc::clone(&shop.archives), scope.places.clone());
    blocking(move || {
        let (mut lying, mut skipped) = (Vec::new(), Vec::new());
        archives.list(places.as_ref(), &mut |found| match found {
            Found::Archive(scanned) => {
                let archive = scanned.to_stored();
                let checked = archive.verified.as_ref().map_or(scanned.manifest.finished_at, |verified| verified.at);
                lying.push(OnDisk {
                    written_since: written_after(archives.as_ref(), &scanned.archive, checked),
                    archive,
                    drills: scanned.state.map(|state| state.drills).unwrap_or_default(),
                });
            }
            Found::Skipped { prefix, sentence } => skipped.push((prefix, sentence)),
        })?;
        Ok((lying, skipped))
    })
    .await
}

fn written_after(store: &dyn Store, archive: &ArchiveRef, checked: Timestamp) -> bool {
    let modified = store.stat(archive).ok().and_then(|stat| stat.modified);
    modified.is_some_and(|modified| modified > checked + SLACK)
}

/// Brings the catalog's entry in line with what lies there; gives the archive if it has to be read.
async fn take_in(
    shop: &Arc<Context>,
    scope: &RescanScope,
    found: OnDisk,
    known: Option<Stored>,
    lost: Orphans,
) -> Result<Option<Stored>, KeepError> {
    let OnDisk { archive, written_since, drills } = found;
    let gid = archive.gid;
    let touched = scope.touched.contains(archive.key());
    if !touched
        && !written_since
        && known.as_ref().is_some_and(|known| merge(archive.clone(), known).is_kept_like(known))
    {
        return Ok(None);
    }
    // What was published a moment ago its export is about to list; but who asks for a rebuild wants
    // to see all that there is.
    if known.is_none() && lost == Orphans::Show && is_under_way(shop, gid).await? {
        return Ok(None);
    }
    let _storing = shop.storing.lock().await;
    let now = match shop.catalog.archive(gid).await {
        Err(error) if error.is_of_a_row() => None,
        known => known?,
    };
    if known.is_some() && now.is_none() {
        // It was deleted meanwhile.
        return Ok(None);
    }
    let merged = now.as_ref().map_or_else(|| archive.clone(), |now| merge(archive.clone(), now));
    if !now.as_ref().is_some_and(|now| now.is_kept_like(&merged)) {
        shop.catalog.put_archive(&merged).await?;
        shop.tell_archive(&merged);
    }
    let own = |drill: &&Drill| drill.archive == gid && drill.organization.is(&merged.organization.tenant());
    for drill in drills.iter().filter(own) {
        shop.catalog.learn_drill(drill).await?;
    }
    let is_there = merged.state != ArchiveState::Missing;
    let read = is_there && (touched || written_since || now.is_none_or(|now| is_another(&merged, &now)));
    Ok(read.then_some(merged))
}

/// Whether the catalog knows of an export of this gid that has not ended.
async fn is_under_way(shop: &Context, gid: Gid) -> Result<bool, CatalogError> {
    match shop.catalog.export(gid).await {
        Err(error) if error.is_of_a_row() => Ok(false),
        export => Ok(export?.is_some_and(|export| !export.state.is_final())),
    }
}

/// What lies there, with the newer one of the two last verifications, and of the two last drills: a directory that is
/// read-only keeps none.
fn merge(mut lying: Stored, known: &Stored) -> Stored {
    let drilled = |archive: &Archive| archive.drilled.as_ref().map(|drilled| drilled.gid);
    if drilled(known) > drilled(&lying) {
        lying.drilled.clone_from(&known.drilled);
    }
    let at = |archive: &Archive| archive.verified.as_ref().map(|verified| verified.at);
    if at(known) > at(&lying) {
        lying.verified.clone_from(&known.verified);
        if lying.state == ArchiveState::Present && lying.verified.as_ref().is_some_and(|verified| !verified.ok) {
            lying.state = ArchiveState::Damaged;
        }
    }
    lying
}

/// Whether the manifest or the file's size is not what the catalog knew.
fn is_another(lying: &Archive, known: &Archive) -> bool {
    let facts = |archive: &Archive| {
        let Archive { sha256, bytes, counts, organization, exported_at, .. } = archive.clone();
        let OrganizationKey { source, kind, id, name, slug } = organization;
        (sha256, bytes, counts, exported_at, [source, kind, id, name, slug])
    };
    facts(lying) != facts(known) || lying.state != known.state
}

/// An archive of the catalog that has no manifest, or none that can be used. What cannot be looked
/// at stays as it is, and is told in a sentence: a fault that passes is no reason to forget it.
async fn lose(shop: &Arc<Context>, archive: Stored, lost: Orphans) -> Result<Option<String>, KeepError> {
    let _storing = shop.storing.lock().await;
    let Some(mut archive) = shop.catalog.archive(archive.gid).await? else { return Ok(None) };
    guard(shop).await?;
    let state = match shop.archives.has_manifest(&archive.reference()) {
        Err(cause) => {
            let name = shop.archives.locate(archive.key());
            return Ok(Some(format!("{name}: it cannot be looked at, so its entry stays as it is: {cause}")));
        }
        Ok(false) if lost == Orphans::Forget => {
            shop.catalog.forget_archive(archive.gid).await?;
            shop.tell_archive(&archive);
            return Ok(None);
        }
        Ok(false) => ArchiveState::Missing,
        Ok(true) => ArchiveState::Damaged,
    };
    if archive.state != state {
        tracing::error!(gid = %archive.gid, archive = %archive.key(), "an archive has no manifest that can be used");
        archive.state = state;
        shop.catalog.put_archive(&archive).await?;
        shop.tell_archive(&archive);
    }
    Ok(None)
}
