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

use orgvault_api::{OrganizationKey, gid::Gid};
use orgvault_archive::{
    manifest::{Manifest, manifest_path},
    naming::{ArchiveName, MANIFEST_SUFFIX, PARTIAL_PREFIX},
    state::state_path,
};

use super::{LocalStore, Step, StoreError, place::sync_directory, sidecar};

/// What the manifest of an archive that is being deleted is called, before the archive's name.
const DELETED_PREFIX: &str = "deleted-";

/// A deletion that is decided: the mark on disk lets the next start finish it, whatever happens.
#[derive(Debug)]
pub struct Deletion {
    directory: PathBuf,
    name: ArchiveName,
    /// Whose archive it is, as its manifest says.
    organization: Option<OrganizationKey>,
}

impl Deletion {
    /// The archive's id.
    #[must_use]
    pub fn gid(&self) -> Gid {
        self.name.gid
    }

    /// Whose archive it is; none where its manifest was gone before.
    #[must_use]
    pub fn organization(&self) -> Option<&OrganizationKey> {
        self.organization.as_ref()
    }

    /// Where the archive is, or was.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.directory.join(self.name.to_string())
    }

    pub(super) fn marked(directory: &Path, name: ArchiveName) -> Self {
        let manifest = Manifest::load(&deletion_mark(directory, name)).ok();
        Self { directory: directory.to_owned(), name, organization: manifest.map(|manifest| manifest.organization) }
    }
}

impl LocalStore {
    /// Decides that the archive at `archive` goes: from now on there is no published archive. It is
    /// to be [carried out](Self::carry_out), and [ended](Self::end_deletion) when everybody knows.
    ///
    /// # Errors
    /// When the path is not one of an archive in this directory, or the disk refuses.
    pub fn decide_deletion(&self, archive: &Path) -> Result<Deletion, StoreError> {
        let (directory, name) = self.locate(archive)?;
        self.guard()?;
        let _guard = self.lock(directory);
        mark(directory, name, archive)?;
        self.step(Step::DeletionMarked);
        Ok(Deletion::marked(directory, name))
    }

    /// Deletes the archive, its state and its lines in `SHA256SUMS`. What is gone already is no error.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn carry_out(&self, deletion: &Deletion) -> Result<(), StoreError> {
        let _guard = self.lock(&deletion.directory);
        carry_out(deletion, &|step| self.step(step))
    }

    /// Removes the mark: the catalog and the audit trail know of the deletion.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn end_deletion(&self, deletion: &Deletion) -> Result<(), StoreError> {
        remove(&deletion_mark(&deletion.directory, deletion.name))?;
        sync_directory(&deletion.directory)?;
        self.step(Step::Deleted);
        Ok(())
    }

    /// Deletes the archive at `archive` with all that belongs to it, where nobody else has to know. A
    /// deletion that was cut short can be asked for again.
    ///
    /// # Errors
    /// When the path is not one of an archive in this directory, or the disk refuses.
    pub fn delete(&self, archive: &Path) -> Result<(), StoreError> {
        let deletion = self.decide_deletion(archive)?;
        self.carry_out(&deletion)?;
        self.end_deletion(&deletion)
    }

    /// The directory and the name of an archive whose path came from somewhere else.
    pub(super) fn locate<'a>(&self, archive: &'a Path) -> Result<(&'a Path, ArchiveName), StoreError> {
        let outside = || StoreError::Outside { path: archive.to_owned(), root: self.root().to_owned() };
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

/// The manifest becomes the mark. Where it is gone, or a full disk has no room for the longer name, the
/// deletion is worth more than its mark.
fn mark(directory: &Path, name: ArchiveName, archive: &Path) -> Result<(), StoreError> {
    let (manifest, mark) = (manifest_path(archive), deletion_mark(directory, name));
    match fs::rename(&manifest, &mark) {
        Ok(()) => sync_directory(directory),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::StorageFull => remove(&manifest),
        Err(cause) => Err(StoreError::new("delete", archive, 0, cause)),
    }
}

pub(super) fn carry_out(deletion: &Deletion, step: &dyn Fn(Step)) -> Result<(), StoreError> {
    let Deletion { directory, name, .. } = deletion;
    let archive = deletion.archive();
    remove(&archive)?;
    remove(&state_path(&archive))?;
    step(Step::Removed);
    let mut sums = sidecar::load_sums(directory)?;
    if sidecar::remove_from_sums(&mut sums, *name) {
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
