//! The organization directories below the archive directory. Links are not followed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use orgvault_archive::naming::{self, DirectoryName};

use super::{Prefix, StoreError};

/// One organization's directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrganizationDir {
    pub(super) path: PathBuf,
    /// What the keys of its archives begin with.
    pub(super) prefix: Prefix,
    /// The source's directory name.
    pub(super) source: String,
    /// Its own name.
    pub(super) name: String,
}

/// Every organization directory, sorted. What else lies there (`lost+found`) is passed over; a
/// source's directory that cannot be listed is told to `skipped`.
pub(super) fn places(root: &Path, skipped: &mut dyn FnMut(StoreError)) -> Result<Vec<OrganizationDir>, StoreError> {
    let mut places = Vec::new();
    for source in names(root, true)?.into_iter().filter(|name| naming::is_source_directory(name)) {
        let parent = root.join(&source);
        let place = |name: String| {
            let prefix = Prefix::parse(&format!("{source}/{name}")).ok()?;
            Some(OrganizationDir { path: parent.join(&name), prefix, source: source.clone(), name })
        };
        match names(&parent, true) {
            Ok(names) => {
                places.extend(names.into_iter().filter(|name| DirectoryName::of(name).is_some()).filter_map(place));
            }
            Err(error) => skipped(error),
        }
    }
    Ok(places)
}

/// The names in a directory, sorted: of directories, or of everything else. One that is not there
/// has none; a name that is not UTF-8 is not one of ours.
pub(super) fn names(directory: &Path, directories: bool) -> Result<Vec<String>, StoreError> {
    let failed = |cause| StoreError::new("list the directory", directory, 0, cause);
    let entries = match fs::read_dir(directory) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() == directories {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort_unstable();
    Ok(names)
}
