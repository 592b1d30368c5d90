//! The catalog's files: who may read them, and where a damaged one goes.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Names and addresses of people are in it, so it is the daemon's alone.
const FILE_MODE: u32 = 0o600;

/// What SQLite appends to the name of a database for the files beside it.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// What stands between the name of a damaged catalog and its number.
const DAMAGED: &str = ".damaged-";

/// Makes the file where it is missing, and takes from others what an earlier version or another
/// umask let them do. SQLite gives the files beside it the same permissions.
pub(super) fn protect(path: &Path) -> io::Result<()> {
    drop(OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?);
    for file in all(path) {
        let mode = match fs::metadata(&file) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(cause),
        };
        if mode != FILE_MODE
            && let Err(cause) = fs::set_permissions(&file, Permissions::from_mode(FILE_MODE))
        {
            // Somebody else owns it, or its file system knows no permissions.
            tracing::warn!(path = %file.display(), "others may read the catalog (mode {mode:o}): {cause}");
        }
    }
    Ok(())
}

/// Gives a damaged catalog, which nobody has open, another name that SQLite can still open; gives
/// that name.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let last = aside(path).iter().filter_map(|name| number(path, name)).max().unwrap_or(0);
    let aside = with(path, &format!("{DAMAGED}{}", last.saturating_add(1)));
    // The log first: without its database it is of no use, and a new database must not meet it.
    for (from, to) in all(path).into_iter().zip(all(&aside)) {
        match fs::rename(&from, &to) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
    }
    Ok(aside)
}

/// The damaged catalogs that were set aside, and that nobody has removed yet.
pub(super) fn aside(path: &Path) -> Vec<PathBuf> {
    let entries = path.parent().and_then(|directory| fs::read_dir(directory).ok());
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut aside: Vec<PathBuf> = paths.filter(|name| number(path, name).is_some()).collect();
    aside.sort_unstable_by_key(|name| number(path, name));
    aside
}

/// Which of the damaged ones it is; none for any other file.
fn number(path: &Path, name: &Path) -> Option<u32> {
    name.to_str()?.strip_prefix(with(path, DAMAGED).to_str()?)?.parse().ok()
}

/// The files beside it, and the database last.
fn all(path: &Path) -> [PathBuf; 3] {
    let [wal, shm] = BESIDE.map(|suffix| with(path, suffix));
    [wal, shm, path.to_owned()]
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
