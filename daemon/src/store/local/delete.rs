//! Deleting an archive: the reverse of publishing, and as safe against a crash.
//!
//! The manifest is renamed to a partial name first: from then on there is no published archive,
//! and whoever finds that name knows what was meant and finishes it. It goes last, when the catalog
//! and the audit trail know too. So a crash leaves neither a manifest without its archive, which
//! would look like a loss, nor space that nobody frees, nor a deletion that is told nowhere.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use orgvault_archive::{
    manifest::{Manifest, manifest_path},
    naming::{ArchiveName, MANIFEST_SUFFIX, PARTIAL_PREFIX},
    state::state_path,
};

use super::{ArchiveRef, Deletion, Key, LocalStore, Step, StoreError, place::sync_directory, sidecar};

/// What the manifest of an archive that is being deleted is called, before the archive's name.
const DELETED_PREFIX: &str = "deleted-";

impl LocalStore {
    pub(super) fn decide_deletion(&self, archive: &ArchiveRef) -> Result<Deletion, StoreError> {
        let (directory, name) = self.place(archive)?;
        self.guard()?;
        let _guard = self.lock(&directory);
        mark(&directory, name)?;
        self.step(Step::DeletionMarked);
        Ok(marked(&directory, name, archive.key.clone()))
    }

    pub(super) fn carry_out(&self, deletion: &Deletion) -> Result<(), StoreError> {
        let (directory, name) = self.place(&deletion.archive)?;
        let _guard = self.lock(&directory);
        carry_out(&directory, name, &|step| self.step(step))
    }

    pub(super) fn end_deletion(&self, deletion: &Deletion) -> Result<(), StoreError> {
        let (directory, name) = self.place(&deletion.archive)?;
        remove(&deletion_mark(&directory, name))?;
        sync_directory(&directory)?;
        self.step(Step::Deleted);
        Ok(())
    }
}

/// The deletion of an archive whose manifest has become the mark.
pub(super) fn marked(directory: &Path, name: ArchiveName, key: Key) -> Deletion {
    let manifest = Manifest::load(&deletion_mark(directory, name)).ok();
    let organization = manifest.map(|manifest| manifest.organization);
    Deletion { archive: ArchiveRef { gid: name.gid, key }, organization }
}

fn deletion_mark(directory: &Path, name: ArchiveName) -> PathBuf {
    directory.join(format!("{PARTIAL_PREFIX}{DELETED_PREFIX}{}", name.manifest()))
}

/// The archive that a deletion mark is about.
pub(super) fn marked_name(file_name: &str) -> Option<ArchiveName> {
    let marked = file_name.strip_prefix(PARTIAL_PREFIX)?.strip_prefix(DELETED_PREFIX)?;
    marked.strip_suffix(MANIFEST_SUFFIX)?.parse().ok()
}

/// The manifest becomes the mark. Where it is gone, or a full disk has no room for the longer name, the
/// deletion is worth more than its mark.
fn mark(directory: &Path, name: ArchiveName) -> Result<(), StoreError> {
    let archive = directory.join(name.to_string());
    let (manifest, mark) = (manifest_path(&archive), deletion_mark(directory, name));
    match fs::rename(&manifest, &mark) {
        Ok(()) => sync_directory(directory),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::StorageFull => remove(&manifest),
        Err(cause) => Err(StoreError::new("delete", &archive, 0, cause)),
    }
}

pub(super) fn carry_out(directory: &Path, name: ArchiveName, step: &dyn Fn(Step)) -> Result<(), StoreError> {
    let archive = directory.join(name.to_string());
    remove(&archive)?;
    remove(&state_path(&archive))?;
    step(Step::Removed);
    let mut sums = sidecar::load_sums(directory)?;
    if sidecar::remove_from_sums(&mut sums, name) {
        sidecar::replace_sums(directory, &sums)?;
    }
    step(Step::LinesRemoved);
    Ok(())
}

/// Removes a file; one that is gone is no error.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StoreError::new("delete", path, 0, cause)),
        _ => Ok(()),
    }
}
