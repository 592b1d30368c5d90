//! How much room a disk has.

use std::{io, path::Path};

use rustix::fs::StatVfs;

/// What a file system has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that this user may still write; none where the file system does not count them, as some
    /// object stores do not.
    pub bytes: Option<u64>,
    /// Whether its inodes are counted and used up.
    pub no_inodes: bool,
}

impl Room {
    fn of(stat: &StatVfs) -> Self {
        let bytes = (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize));
        Self { bytes, no_inodes: stat.f_files > 0 && stat.f_favail == 0 }
    }
}

/// What is left at `path`, or where its nearest existing parent is.
///
/// # Errors
/// When the file system does not say.
pub fn room(path: &Path) -> io::Result<Room> {
    let mut failed = io::ErrorKind::NotFound.into();
    for ancestor in path.ancestors().filter(|ancestor| !ancestor.as_os_str().is_empty()) {
        match rustix::fs::statvfs(ancestor) {
            Ok(stat) => return Ok(Room::of(&stat)),
            Err(error) => failed = io::Error::from(error),
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        let full = rustix::fs::statvfs("/").unwrap();
        let with = |change: fn(&mut StatVfs)| {
            let mut stat = StatVfs { f_blocks: 10, f_bavail: 5, f_frsize: 4096, f_files: 7, f_favail: 3, ..full };
            change(&mut stat);
            Room::of(&stat)
        };
        assert_eq!(with(|_stat| {}), Room { bytes: Some(5 * 4096), no_inodes: false });
        assert!(with(|stat| stat.f_favail = 0).no_inodes);
        assert!(!with(|stat| (stat.f_files, stat.f_favail) = (0, 0)).no_inodes, "btrfs counts none");
        assert_eq!(with(|stat| (stat.f_blocks, stat.f_bavail) = (0, 0)).bytes, None, "object stores count none");
    }
}
