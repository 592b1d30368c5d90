//! Room that is set aside on the disk of the state: where that disk is full, it is given up, so that the
//! catalog can be opened and written while `orgvault prune` makes room for good.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use orgvault_files::room::room;
use rustix::fs::{FallocateFlags, fallocate};

const NAME: &str = "reserve";
const BYTES: u64 = 1024 * 1024;
/// It is only set aside where so much more is left.
const PLENTY: u64 = 3 * BYTES;
/// The disk is full.
const FULL: u64 = BYTES / 2;

/// The file that holds the room.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// That of a state directory; nothing is looked at yet.
    #[must_use]
    pub fn of(state_dir: &Path) -> Self {
        Self { path: state_dir.join(NAME) }
    }

    /// Sets the room aside where it is not, and the disk has plenty. A disk that does not take it is
    /// no worse than one without.
    pub fn fill(&self) {
        let filled = fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.len() >= BYTES);
        if filled || self.free().is_none_or(|free| free < PLENTY) {
            return;
        }
        if let Err(cause) = self.set_aside() {
            tracing::debug!(path = %self.path.display(), "cannot set room aside: {cause}");
        }
    }

    /// Gives the room up if the disk is full; whether it was.
    pub fn spend(&self) -> bool {
        if self.free().is_none_or(|free| free >= FULL) {
            return false;
        }
        match fs::remove_file(&self.path) {
            Ok(()) => tracing::warn!("the disk of state_dir is full: what was set aside on it is used now"),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => tracing::warn!(path = %self.path.display(), "cannot give up what was set aside: {cause}"),
        }
        true
    }

    fn free(&self) -> Option<u64> {
        room(&self.path).ok()?.bytes
    }

    fn set_aside(&self) -> io::Result<()> {
        let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        // Where the file system cannot set aside, it is written.
        if fallocate(&file, FallocateFlags::empty(), 0, BYTES).is_err() {
            for _ in 0..BYTES / 4096 {
                file.write_all(&[b'.'; 4096])?;
            }
        }
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn room_is_set_aside_once_and_kept_while_there_is_more() {
        let state = tempfile::tempdir().unwrap();
        let reserve = Reserve::of(state.path());
        reserve.fill();
        let metadata = fs::metadata(state.path().join(NAME)).unwrap();
        assert!(metadata.len() == BYTES && metadata.blocks() * 512 >= BYTES, "{metadata:?}");
        assert_eq!(metadata.mode() & 0o777, 0o600);
        reserve.fill();
        assert_eq!(fs::metadata(state.path().join(NAME)).unwrap().ino(), metadata.ino());
        assert!(!reserve.spend(), "the disk of the tests is not full");
        assert!(state.path().join(NAME).exists());
        let nowhere = Reserve::of(Path::new("/proc"));
        nowhere.fill();
        nowhere.spend();
    }
}
