//! `/v1/catalog`: the index of exports and archives.

use std::{collections::HashSet, path::Path, sync::Arc};

use axum::{Extension, Json, extract::State};
use orgvault_shared::{
    api::{Archive, Rebuilt},
    archive::manifest::manifest_path,
};

use super::{App, archives::blocking, caller::Caller, problem::Refusal};
use crate::{
    archive::{Found, PublishError},
    catalog::ArchiveFilter,
    export::Workshop,
};

/// Makes the list of archives anew from what lies in the archive directory.
pub(super) async fn rebuild(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Rebuilt>, Refusal> {
    let workshop = Arc::clone(&app.shop.workshop);
    let (mut archives, skipped) = blocking(move || scan(&workshop)).await??;
    // What was published while the directory was read is not among those that were found.
    let found: HashSet<_> = archives.iter().map(|archive| archive.gid).collect();
    let listed = app.catalog().archives(&ArchiveFilter::default()).await?;
    let published = |archive: &Archive| manifest_path(Path::new(&archive.path)).exists();
    archives.extend(listed.into_iter().filter(|archive| !found.contains(&archive.gid) && published(archive)));
    app.catalog().replace_archives(&archives).await?;
    let number = archives.len() as u64;
    tracing::info!(user = caller.name(), archives = number, skipped = skipped.len(), "the catalog was rebuilt");
    Ok(Json(Rebuilt { archives: number, skipped }))
}

fn scan(workshop: &Workshop) -> Result<(Vec<Archive>, Vec<String>), PublishError> {
    let (mut archives, mut skipped) = (Vec::new(), Vec::new());
    workshop.archives.scan(&mut |found| match found {
        Found::Archive(scanned) => archives.push(scanned.to_archive()),
        Found::Skipped(reason) => skipped.push(reason),
    })?;
    Ok((archives, skipped))
}
