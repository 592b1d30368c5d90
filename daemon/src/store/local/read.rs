//! What is there of an archive, without reading it.

use std::{fs, io, path::Path};

use orgvault_api::clock::Timestamp;
use orgvault_archive::manifest::manifest_path;

use super::Stat;

pub(super) fn stat(path: &Path) -> io::Result<Stat> {
    let metadata = fs::symlink_metadata(path)?;
    let modified = metadata.modified().ok().map(Timestamp::from);
    Ok(Stat { is_file: metadata.is_file(), bytes: metadata.len(), modified })
}

/// Whether there is a manifest beside the archive at `path`; an error where that cannot be known,
/// because a directory above it, or the manifest itself, cannot be read now.
pub(super) fn has_manifest(path: &Path) -> io::Result<bool> {
    let gone = |cause: &io::Error| matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let place = path.parent().unwrap_or(path);
    for directory in [place.parent().unwrap_or(place), place] {
        match fs::read_dir(directory) {
            Ok(_entries) => {}
            Err(cause) if gone(&cause) => return Ok(false),
            Err(cause) => return Err(cause),
        }
    }
    let manifest = manifest_path(path);
    match fs::symlink_metadata(&manifest) {
        Ok(metadata) if metadata.is_file() => fs::File::open(&manifest).map(|_file| true),
        Ok(_other) => Ok(true),
        Err(cause) if gone(&cause) => Ok(false),
        Err(cause) => Err(cause),
    }
}
