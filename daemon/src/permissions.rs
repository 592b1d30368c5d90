//! Permissions that hold whatever the umask of the process is, which takes some away from every
//! file when it is made.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Gives a file that was just made the permissions that it was made with.
pub(crate) fn of_file(file: &File, mode: u32) -> io::Result<()> {
    let found = file.metadata()?.permissions();
    set(&found, mode, |permissions| file.set_permissions(permissions));
    Ok(())
}

/// As [`of_file`], for a directory.
pub(crate) fn of_directory(path: &Path, mode: u32) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?.permissions();
    set(&found, mode, |permissions| fs::set_permissions(path, permissions));
    Ok(())
}

fn set(found: &Permissions, mode: u32, change: impl FnOnce(Permissions) -> io::Result<()>) {
    if found.mode() & 0o777 == mode {
        return;
    }
    // A file system that knows no permissions of its own (exFAT) refuses to change them: how it is
    // mounted says what they are.
    if let Err(cause) = change(Permissions::from_mode(mode)) {
        tracing::debug!("the permissions of a new file are those that its file system gives it: {cause}");
    }
}
