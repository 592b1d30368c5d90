//! Which directory an organization has: one that ends in its id and is no other's, or a new one.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use orgvault_api::{OrganizationKey, Tenant};
use orgvault_archive::{
    manifest::Manifest,
    naming::{self, DirectoryName, Kinds, MANIFEST_SUFFIX},
};
use orgvault_files::durable;

use super::{StoreError, walk};
use crate::permissions;

/// Read and entered by the daemon's group, written by its user.
const DIRECTORY_MODE: u32 = 0o750;

/// The organization directories of every source that was asked for, by id part: thousands of
/// organizations are looked up without listing the directory thousands of times.
#[derive(Debug)]
pub(super) struct Places {
    root: PathBuf,
    listed: HashMap<String, Names>,
    /// What was given out, so that no two organizations are given an empty one.
    given: HashMap<Tenant, String>,
}

/// Directories of one source by their id part, each in the order of names: where several may be an
/// organization's, it is always the same one that is used.
type Names = BTreeMap<String, BTreeSet<String>>;

impl Places {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, listed: HashMap::new(), given: HashMap::new() }
    }

    /// The directories in which archives of the organization may be.
    pub(super) fn all(&self, organization: &OrganizationKey) -> Vec<PathBuf> {
        let parent = self.root.join(naming::source_directory(&organization.source));
        let names = list(&parent).ok().and_then(|mut names| names.remove(&naming::id_part(&organization.id)));
        let may_be = |name: &String| DirectoryName::of(name).is_some_and(|name| name.may_be_of(organization));
        names.into_iter().flatten().filter(may_be).map(|name| parent.join(name)).collect()
    }

    /// The organization's directory; created where there is none yet.
    pub(super) fn of(&mut self, organization: &OrganizationKey, kinds: Kinds) -> Result<PathBuf, StoreError> {
        let (tenant, source) = (organization.tenant(), naming::source_directory(&organization.source));
        let parent = self.root.join(&source);
        if let Some(name) = self.given.get(&tenant).filter(|name| is_directory(&parent.join(name))) {
            return Ok(parent.join(name));
        }
        let id = naming::id_part(&organization.id);
        // Someone else may have moved or made one since it was listed.
        if !self.listed.get(&source).is_some_and(|names| !names.contains_key(&id) && parent.is_dir()) {
            create_directory(&self.root, &parent)?;
            self.listed.insert(source.clone(), list(&parent)?);
        }
        let there = self.listed.get(&source).and_then(|names| names.get(&id));
        let name = self.own(&parent, organization, there).unwrap_or_else(|| {
            let is_taken = there.into_iter().flatten().any(|name| kind_of(name).is_none());
            naming::organization_directory(organization, if is_taken { Kinds::Several } else { kinds })
        });
        let directory = parent.join(&name);
        create_directory(&parent, &directory)?;
        self.listed.entry(source).or_default().entry(id).or_default().insert(name.clone());
        self.given.insert(tenant, name);
        Ok(directory)
    }

    /// Which of these directories, all of one id, the organization has: the one with its kind in the
    /// name, or with its archives in it, or one without any that no other has.
    fn own(&self, parent: &Path, organization: &OrganizationKey, names: Option<&BTreeSet<String>>) -> Option<String> {
        let names = names?.iter().filter(|name| is_directory(&parent.join(name)));
        let may_be = |name: &&String| DirectoryName::of(name).is_some_and(|name| name.may_be_of(organization));
        let (of_kind, plain): (Vec<&String>, Vec<_>) = names.filter(may_be).partition(|name| kind_of(name).is_some());
        if let Some(name) = of_kind.first() {
            return Some((*name).clone());
        }
        let tenant = organization.tenant();
        let owners: Vec<(&String, Option<Tenant>)> =
            plain.into_iter().map(|name| (name, owner(&parent.join(name)))).collect();
        let given = |name: &String| self.given.iter().any(|(other, given)| *other != tenant && given == name);
        let own = owners.iter().find(|(_, owner)| owner.as_ref() == Some(&tenant));
        let free = || owners.iter().find(|(name, owner)| owner.is_none() && !given(name));
        own.or_else(free).map(|(name, _)| (*name).clone())
    }
}

fn kind_of(directory: &str) -> Option<&str> {
    DirectoryName::of(directory)?.kind
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whose the oldest archive in a directory is.
fn owner(directory: &Path) -> Option<Tenant> {
    let names = walk::names(directory, false).ok()?;
    let mut manifests = names.iter().filter(|name| !name.starts_with('.') && name.ends_with(MANIFEST_SUFFIX));
    let oldest = manifests.find_map(|name| Manifest::load(&directory.join(name)).ok())?;
    Some(oldest.organization.tenant())
}

fn list(parent: &Path) -> Result<Names, StoreError> {
    let mut names = Names::new();
    for name in walk::names(parent, true)? {
        if let Some(id) = DirectoryName::of(&name).map(|name| name.id.to_owned()) {
            names.entry(id).or_default().insert(name);
        }
    }
    Ok(names)
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
