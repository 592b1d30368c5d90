//! Making names durable.

use std::{fs::File, io, path::Path};

/// Syncs a directory, so that the names in it outlive a power cut.
///
/// # Errors
/// When it cannot be opened, or the disk fails.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    sync_open(&File::open(directory)?)
}

/// As [`sync_directory`], of one that is open. Some file systems (FUSE, SMB) say that a directory
/// cannot be synced at all: they write names through, or nothing can be done about it.
///
/// # Errors
/// When the disk fails.
pub fn sync_open(directory: &File) -> io::Result<()> {
    match directory.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_cannot_be_synced_is_no_error_and_one_that_is_not_there_is() {
        let proc = File::open("/proc").unwrap();
        assert_eq!(proc.sync_all().unwrap_err().kind(), io::ErrorKind::InvalidInput, "a file system that cannot");
        sync_open(&proc).unwrap();
        sync_directory(Path::new("/proc")).unwrap();
        sync_directory(tempfile::tempdir().unwrap().path()).unwrap();
        assert!(sync_directory(Path::new("/nonexistent")).is_err());
    }
}
