//! Whether the archive directory is the catalog's own: found out at the start and whenever all is looked
//! at, and watched in between.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{KeepError, blocking, finish_deletions};
use crate::{
    catalog::{ArchiveFilter, Tenants},
    context::Context,
    store::{StoreError, Stored},
};

/// How often it is looked whether it still is. A mount is told by nobody.
const LOOK: Duration = Duration::from_secs(5);

/// What is wrong with the directory.
pub(crate) const NOTICE: &str = "wrong_archive_dir";

/// What the directory is to the catalog.
#[derive(Debug, PartialEq, Eq)]
enum Kin<'m> {
    /// Its own.
    Own,
    /// Nothing was published yet, by anybody.
    Fresh,
    /// Its own, without a marker: an earlier version made it, or the marker was lost.
    Unmarked,
    /// Its own, under another id: the catalog is a new one, or was brought back.
    Known(&'m str),
    /// Another one.
    Astray,
}

/// Judges by the marker, and where that is not the catalog's, by how many of the archives that it
/// `lists` are `there`.
fn judge<'m>(own: &str, marked: Option<&'m str>, listed: u64, there: u64) -> Kin<'m> {
    match marked {
        Some(id) if id == own => Kin::Own,
        _ if listed > 0 && there.saturating_mul(2) < listed => Kin::Astray,
        Some(id) => Kin::Known(id),
        None if listed == 0 => Kin::Fresh,
        None => Kin::Unmarked,
    }
}

/// Takes the directory up: its kin is found out, and where it is the catalog's, what an earlier daemon
/// left unfinished is cleaned up. Another one is not touched.
///
/// # Errors
/// When the catalog cannot be used, or the directory cannot be listed.
pub async fn take_up(shop: &Arc<Context>) -> Result<(), KeepError> {
    settle(shop).await?;
    let archives = Arc::clone(&shop.archives);
    let swept = match blocking(move || Ok(archives.sweep()?)).await {
        Ok(swept) => swept,
        Err(KeepError::Publish(error @ (StoreError::Astray { .. } | StoreError::Marker { .. }))) => {
            tell(shop, Some(&error));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for leftover in &swept.removed {
        tracing::info!(path = leftover, "removed what an earlier daemon left unfinished");
    }
    finish_deletions(shop, swept.deletions).await;
    Ok(())
}

/// Finds out what the directory is to the catalog, and marks it where it is the catalog's own.
pub(super) async fn settle(shop: &Arc<Context>) -> Result<(), KeepError> {
    let own = shop.catalog.id().await?;
    let listed = shop.catalog.totals(&Tenants::default()).await?.archives;
    let (marked, there) = match sight(shop, &own, listed).await {
        Ok(seen) => seen,
        // It is refused until it can be used again.
        Err(KeepError::Publish(StoreError::Marker { .. })) => {
            shop.archives.belongs_to(&own, false);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    match judge(&own, marked.as_deref(), listed, there) {
        Kin::Own | Kin::Astray => shop.archives.belongs_to(&own, false),
        Kin::Fresh => shop.archives.belongs_to(&own, true),
        Kin::Unmarked => mark(shop, own).await?,
        Kin::Known(id) => {
            tracing::info!("the archive directory is marked for another id, which the catalog takes");
            shop.catalog.take_id(id).await?;
            shop.archives.belongs_to(id, false);
        }
    }
    Ok(())
}

/// The marker, and how many of the catalog's archives are there, where that is asked for: both of one
/// directory, also when a disk is mounted at this moment.
async fn sight(shop: &Arc<Context>, own: &str, listed: u64) -> Result<(Option<String>, u64), KeepError> {
    let marked = async || {
        let archives = Arc::clone(&shop.archives);
        blocking(move || Ok(archives.marked()?)).await
    };
    let mut seen = marked().await?;
    loop {
        if seen.as_deref() == Some(own) || listed == 0 {
            return Ok((seen, 0));
        }
        let there = count_there(shop).await?;
        let again = marked().await?;
        if again == seen {
            return Ok((seen, there));
        }
        seen = again;
    }
}

/// Takes the directory for the catalog's own, whatever it holds: an owner said so.
///
/// # Errors
/// When the marker cannot be written, or the catalog refuses.
pub async fn adopt(shop: &Arc<Context>) -> Result<(), KeepError> {
    let own = shop.catalog.id().await?;
    let archives = Arc::clone(&shop.archives);
    let id = own.clone();
    let found = blocking(move || match archives.marked() {
        Ok(Some(found)) => Ok(found),
        Ok(None) | Err(StoreError::Marker { .. }) => {
            archives.establish(&id)?;
            Ok(id)
        }
        Err(error) => Err(error.into()),
    })
    .await?;
    if found != own {
        shop.catalog.take_id(&found).await?;
    }
    shop.archives.belongs_to(&found, false);
    look(shop).await;
    Ok(())
}

async fn mark(shop: &Arc<Context>, own: String) -> Result<(), KeepError> {
    let (archives, id) = (Arc::clone(&shop.archives), own.clone());
    let marked = blocking(move || Ok(archives.mark(&id)?)).await;
    if let Err(error) = &marked {
        // A full disk: the next look tries again, and until then there is none.
        tracing::warn!("the archive directory is used without a marker: {error}");
    }
    shop.archives.belongs_to(&own, marked.is_err());
    Ok(())
}

/// How many of the catalog's archives are there.
async fn count_there(shop: &Context) -> Result<u64, KeepError> {
    let archives = shop.catalog.archives(&ArchiveFilter::default()).await?;
    let store = Arc::clone(&shop.archives);
    blocking(move || {
        let there = |archive: &&Stored| store.has_manifest(&archive.reference()).is_ok_and(|there| there);
        Ok(archives.iter().filter(there).count() as u64)
    })
    .await
}

/// Looks again and again whether the directory is the catalog's own, until the stop. When it is back,
/// all of it is compared.
pub async fn watch_home(shop: Arc<Context>, end: CancellationToken) {
    let mut well = look(&shop).await;
    loop {
        set_room_aside(&shop).await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = end.cancelled() => return,
        }
        let now = look(&shop).await;
        // It is back; or what is there is to be judged, as where only the marker was lost.
        if now != well {
            shop.look_everywhere.notify_one();
        }
        well = now;
    }
}

async fn set_room_aside(shop: &Arc<Context>) {
    let filling = Arc::clone(shop);
    let filled = blocking(move || {
        filling.reserve.fill();
        Ok(())
    });
    if let Err(error) = filled.await {
        tracing::error!("no room is set aside: {error}");
    }
}

/// Whether the directory may be used; the status says why not.
async fn look(shop: &Arc<Context>) -> bool {
    let archives = Arc::clone(&shop.archives);
    match blocking(move || Ok(archives.guard()?)).await {
        Ok(()) => {
            tell(shop, None);
            true
        }
        Err(KeepError::Publish(error)) => {
            tell(shop, Some(&error));
            false
        }
        Err(error) => {
            tracing::error!("cannot look at the archive directory: {error}");
            false
        }
    }
}

fn tell(shop: &Context, error: Option<&StoreError>) {
    shop.notices
        .set(NOTICE, error.map(|error| format!("{error}: no export is made, and none is deleted ({})", error.hint())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_known_by_its_marker_or_by_its_archives() {
        let judged = |marked, listed, there| judge("own", marked, listed, there);
        assert_eq!(judged(Some("own"), 10, 0), Kin::Own);
        assert_eq!(judged(None, 0, 0), Kin::Fresh);
        assert_eq!(judged(Some("other"), 0, 0), Kin::Known("other"), "a new catalog on a directory that was moved");
        assert_eq!(judged(None, 10, 9), Kin::Unmarked, "that of an earlier version");
        assert_eq!(judged(Some("other"), 10, 9), Kin::Known("other"));
        assert_eq!(judged(None, 10, 0), Kin::Astray, "the disk is not mounted");
        assert_eq!(judged(None, 10, 2), Kin::Astray, "one night went below the mount point");
        assert_eq!(judged(Some("other"), 10, 0), Kin::Astray);
    }
}
