//! Deleting an archive: the reverse of publishing, and as safe against a crash.
//!
//! The manifest is renamed to a partial name first: from then on there is no published archive,
//! and whoever finds that name knows what was meant and finishes it. So a crash leaves neither a
//! manifest without its archive, which would look like a loss, nor space that nobody frees.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use orgvault_shared::archive::{
    manifest::manifest_path,
    naming::{ArchiveName, MANIFEST_SUFFIX, PARTIAL_PREFIX},
    state::state_path,
};

use super::{ArchiveDirectory, PublishError, Step, place::sync_directory, sidecar};

/// What the manifest of an archive that is being deleted is called, before the archive's name.
const DELETED_PREFIX: &str = "deleted-";

impl ArchiveDirectory {
    /// Deletes the archive at `archive`, its manifest, its state and its lines in `SHA256SUMS`.
    /// Afterwards the caller forgets it in the catalog. What is gone already is no error, so that
    /// a deletion that was cut short can be asked for again.
    ///
    /// # Errors
    /// When the path is not one of an archive in this directory, or the disk refuses.
    pub fn delete(&self, archive: &Path) -> Result<(), PublishError> {
        let (directory, name) = self.locate(archive)?;
        let _guard = self.lock(directory);
        let mark = deletion_mark(directory, name);
        match fs::rename(manifest_path(archive), &mark) {
            Ok(()) => sync_directory(directory)?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(PublishError::new("delete", archive, 0, cause)),
        }
        self.step(Step::DeletionMarked);
        finish(directory, name, &|step| self.step(step))
    }

    /// The directory and the name of an archive whose path came from somewhere else.
    pub(super) fn locate<'a>(&self, archive: &'a Path) -> Result<(&'a Path, ArchiveName), PublishError> {
        let outside = || PublishError::Outside { path: archive.to_owned(), root: self.root().to_owned() };
        let below = archive.strip_prefix(self.root()).map_err(|cause| {
            tracing::debug!(%cause, "a path outside");
            outside()
        })?;
        let normal = below.components().all(|component| matches!(component, std::path::Component::Normal(_)));
        let name = archive.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        match (archive.parent(), name) {
            (Some(directory), Some(name)) if normal && below.components().count() == 3 => Ok((directory, name)),
            _ => Err(outside()),
        }
    }
}

fn deletion_mark(directory: &Path, name: ArchiveName) -> PathBuf {
    directory.join(format!("{PARTIAL_PREFIX}{DELETED_PREFIX}{}", name.manifest()))
}

/// The archive that a deletion mark is about.
pub(super) fn marked_name(file_name: &str) -> Option<ArchiveName> {
    let marked = file_name.strip_prefix(PARTIAL_PREFIX)?.strip_prefix(DELETED_PREFIX)?;
    marked.strip_suffix(MANIFEST_SUFFIX)?.parse().ok()
}

/// Deletes what is left of an archive whose manifest is out of the way; the mark goes last.
pub(super) fn finish(directory: &Path, name: ArchiveName, step: &dyn Fn(Step)) -> Result<(), PublishError> {
    let archive = directory.join(name.to_string());
    remove(&archive)?;
    remove(&state_path(&archive))?;
    step(Step::Removed);
    let mut sums = sidecar::load_sums(directory)?;
    if sidecar::remove_from_sums(&mut sums, name) {
        sidecar::replace_sums(directory, &sums)?;
    }
    step(Step::LinesRemoved);
    remove(&deletion_mark(directory, name))?;
    sync_directory(directory)?;
    step(Step::Deleted);
    Ok(())
}

/// Removes a file; one that is gone is no error.
pub(super) fn remove(path: &Path) -> Result<(), PublishError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(PublishError::new("delete", path, 0, cause)),
        _ => Ok(()),
    }
}
