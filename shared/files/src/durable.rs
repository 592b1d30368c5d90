//! Making names durable.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

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

/// Replaces a file as a whole, in a directory that is made where it is not there. It is on disk when this
/// returns.
///
/// # Errors
/// When the system refuses; then the old file is still there.
pub fn replace(path: &Path, bytes: &[u8], directory_mode: u32, file_mode: u32) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    let mut partial = OsString::from(".partial-");
    partial.push(name);
    let partial = directory.join(partial);
    DirBuilder::new().recursive(true).mode(directory_mode).create(directory)?;
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(file_mode).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    sync_directory(directory)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_a_leftover_is_in_nobodys_way() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("below/name.json");
        for text in [b"one", b"two"] {
            replace(&path, text, 0o750, 0o640).unwrap();
            assert_eq!(fs::read(&path).unwrap(), text);
            fs::write(root.path().join("below/.partial-name.json"), "half").unwrap();
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o640, 0o750));
        assert!(replace(Path::new("/proc/orgvault/name"), b"", 0o750, 0o640).is_err());
        assert!(replace(Path::new("/"), b"", 0o750, 0o640).is_err());
    }

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
