//! Which directory an organization has: the one that ends in its id, or a new one.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use orgvault_api::OrganizationKey;
use orgvault_archive::naming;
use orgvault_files::durable;

use super::StoreError;
use crate::permissions;

/// Read and entered by the daemon's group, written by its user.
const DIRECTORY_MODE: u32 = 0o750;

/// The organization directories of every source that was asked for, by id part: thousands of
/// organizations are looked up without listing the directory thousands of times.
#[derive(Debug)]
pub(super) struct Places {
    root: PathBuf,
    known: HashMap<String, BTreeMap<String, String>>,
}

impl Places {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, known: HashMap::new() }
    }

    /// The organization's directory, if there is one.
    pub(super) fn find(&self, organization: &OrganizationKey) -> Option<PathBuf> {
        let parent = self.root.join(naming::source_directory(&organization.source));
        let name = list(&parent).ok()?.remove(&naming::id_part(&organization.id))?;
        Some(parent.join(name))
    }

    /// The organization's directory; created where there is none yet.
    pub(super) fn of(&mut self, organization: &OrganizationKey) -> Result<PathBuf, StoreError> {
        let source = naming::source_directory(&organization.source);
        let parent = self.root.join(&source);
        let id = naming::id_part(&organization.id);
        let is_there = |name: &String| fs::symlink_metadata(parent.join(name)).is_ok_and(|metadata| metadata.is_dir());
        let known = self.known.get(&source).and_then(|known| known.get(&id)).filter(|name| is_there(name));
        if let Some(name) = known {
            return Ok(parent.join(name));
        }
        // Someone else may have moved or made one since it was listed.
        if !self.known.get(&source).is_some_and(|known| !known.contains_key(&id) && parent.is_dir()) {
            create_directory(&self.root, &parent)?;
            self.known.insert(source.clone(), list(&parent)?);
        }
        let known = self.known.entry(source).or_default();
        let name = known.entry(id).or_insert_with(|| naming::organization_directory(organization));
        let directory = parent.join(name);
        create_directory(&parent, &directory)?;
        Ok(directory)
    }
}

fn list(parent: &Path) -> Result<BTreeMap<String, String>, StoreError> {
    let failed = |cause| StoreError::new("list the directory", parent, 0, cause);
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(parent).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    // Where two directories claim one id, it is always the same one that is used.
    names.sort_unstable_by(|one, other| other.cmp(one));
    let with_id = |name: String| Some((naming::directory_id(&name)?.to_owned(), name));
    Ok(names.into_iter().filter_map(with_id).collect())
}

/// Creates `directory` with its parents where it is not there, and makes its name durable.
pub(super) fn create_directory(parent: &Path, directory: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::new("create the directory", directory, 0, cause);
    match make(directory) {
        Ok(()) => sync_directory(parent),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            let metadata = fs::symlink_metadata(directory).map_err(failed)?;
            if metadata.is_dir() { Ok(()) } else { Err(failed(io::ErrorKind::NotADirectory.into())) }
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => match parent.parent() {
            Some(grandparent) if parent != directory && !grandparent.as_os_str().is_empty() => {
                create_directory(grandparent, parent)?;
                make(directory).map_err(failed)?;
                sync_directory(parent)
            }
            _ => Err(failed(cause)),
        },
        Err(cause) => Err(failed(cause)),
    }
}

fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().mode(DIRECTORY_MODE).create(directory)?;
    permissions::of_directory(directory, DIRECTORY_MODE)
}

/// Makes the names in `directory` durable.
pub(super) fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    durable::sync_directory(directory).map_err(|cause| StoreError::new("sync the directory", directory, 0, cause))
}
