//! Why the archive directory could not be written.

use std::{
    io,
    path::{Path, PathBuf},
};

use orgvault_files::room::room;

use crate::lock::LockError;

/// Why an archive was not published, or something else in the archive directory not done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room.
    #[error("cannot {act} {}: {}", path.display(), lack.said(*needed, *free))]
    DiskFull {
        /// What was being done.
        act: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Bytes that it needs, as far as is known.
        needed: u64,
        /// Bytes that this user may still write there.
        free: u64,
        /// Of what there is not enough.
        lack: Lack,
        /// The machine's words.
        #[source]
        cause: io::Error,
    },
    /// The daemon's user may not write there, or nobody may.
    #[error("cannot {act} {}: {cause}", path.display())]
    NotWritable {
        /// What was being done.
        act: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// The machine's words.
        #[source]
        cause: io::Error,
    },
    /// The final name is taken.
    #[error("{} is there already and is not overwritten", path.display())]
    Exists {
        /// The final name.
        path: PathBuf,
    },
    /// The manifest does not describe the file that was written.
    #[error("the manifest of {} says {stated} and the file has {found}", path.display())]
    WrongManifest {
        /// The archive's final name.
        path: PathBuf,
        /// What the manifest says.
        stated: String,
        /// What was written.
        found: String,
    },
    /// The path is not one of an archive here.
    #[error("{} is not the path of an archive in {}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The archive directory.
        root: PathBuf,
    },
    /// The directory is not the one in which the catalog's archives are.
    #[error("{}", astray(path, found.is_some()))]
    Astray {
        /// The archive directory.
        path: PathBuf,
        /// The catalog that its marker names; none where it has no marker.
        found: Option<String>,
    },
    /// The archive directory's marker cannot be used.
    #[error("cannot use the marker {}: {reason}", path.display())]
    Marker {
        /// The marker.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another daemon writes there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Anything else that the machine says.
    #[error("cannot {act} {}: {cause}", path.display())]
    Failed {
        /// What was being done.
        act: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// The machine's words.
        #[source]
        cause: io::Error,
    },
}

fn astray(path: &Path, marked: bool) -> String {
    let path = path.display();
    if marked {
        format!("{path} holds the archives of another catalog, as its marker .orgvault.json says")
    } else {
        format!("{path} is not where the archives are: its marker .orgvault.json is not there")
    }
}

/// Why nothing more can be written, although the disk works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Bytes.
    Room,
    /// Inodes: bytes may be free, and another file is impossible.
    Inodes,
    /// The quota of the daemon's user.
    Quota,
    /// The largest size that a file may have.
    FileSize,
}

impl Lack {
    fn said(self, needed: u64, free: u64) -> String {
        let what = match self {
            Self::Room => "the disk is full",
            Self::Inodes => {
                return format!("the file system has no inode left for another file ({free} bytes are free)");
            }
            Self::Quota => "the quota is used up",
            Self::FileSize => "a file may not become so large here",
        };
        format!("{what}: at least {needed} bytes needed, {free} free")
    }

    /// What the machine's word for it means at `path`; none where it is about something else.
    fn of(kind: io::ErrorKind, path: &Path) -> Option<Self> {
        match kind {
            io::ErrorKind::StorageFull if room(path).is_ok_and(|room| room.no_inodes) => Some(Self::Inodes),
            io::ErrorKind::StorageFull => Some(Self::Room),
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            io::ErrorKind::FileTooLarge => Some(Self::FileSize),
            _ => None,
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Room => "make room there, or set daemon.archive_dir to a larger disk",
            Self::Inodes => "delete small files there (`df -i` counts), or set daemon.archive_dir to another disk",
            Self::Quota => "raise the quota of the daemon's user there, or make room",
            Self::FileSize => {
                "raise LimitFSIZE= of the unit (ulimit -f), or use a file system that takes larger files (FAT: 4 GiB)"
            }
        }
    }
}

impl StoreError {
    /// Sorts `cause` by what the admin has to do about it. `needed` is the number of bytes that
    /// `path` was to have. An error that a [`super::Partial`] reported through a writer around it
    /// comes out as it went in.
    #[must_use]
    pub fn new(act: &'static str, path: &Path, needed: u64, cause: io::Error) -> Self {
        let cause = match cause.downcast::<Self>() {
            Ok(own) => return own,
            Err(cause) => cause,
        };
        let path = path.to_owned();
        if let Some(lack) = Lack::of(cause.kind(), &path) {
            let free = room(&path).ok().and_then(|room| room.bytes).unwrap_or_default();
            return Self::DiskFull { act, path, needed, free, lack, cause };
        }
        match cause.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { act, path, cause }
            }
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Failed { act, path, cause },
        }
    }

    /// Stable: `disk_full`, `archive_dir`, `wrong_archive_dir`, `archive_dir_shared`,
    /// `archive_exists`, `archive_write`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DiskFull { .. } => "disk_full",
            Self::NotWritable { .. } => "archive_dir",
            Self::Astray { .. } | Self::Marker { .. } => "wrong_archive_dir",
            Self::Lock(_) => "archive_dir_shared",
            Self::Exists { .. } => "archive_exists",
            Self::WrongManifest { .. } | Self::Outside { .. } | Self::Failed { .. } => "archive_write",
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::DiskFull { lack, .. } => lack.hint(),
            Self::NotWritable { .. } => {
                "give the daemon's user write access to daemon.archive_dir, and list it under ReadWritePaths= in the systemd unit"
            }
            Self::Astray { .. } | Self::Marker { .. } => {
                "mount the disk of daemon.archive_dir, and all goes on by itself; if this directory is to be used from \
                 now on: `orgvault catalog rebuild`"
            }
            Self::Lock(_) => "stop one of the two daemons, or give each an archive_dir of its own",
            Self::Exists { .. } | Self::WrongManifest { .. } | Self::Outside { .. } => "",
            Self::Failed { .. } => "check the file system of daemon.archive_dir",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_errors_by_what_has_to_be_done() {
        let path = Path::new("/archives/tracker");
        let code = |kind: io::ErrorKind| StoreError::new("write", path, 1, kind.into()).code();
        assert_eq!(code(io::ErrorKind::StorageFull), "disk_full");
        assert_eq!(code(io::ErrorKind::QuotaExceeded), "disk_full");
        assert_eq!(code(io::ErrorKind::ReadOnlyFilesystem), "archive_dir");
        assert_eq!(code(io::ErrorKind::PermissionDenied), "archive_dir");
        assert_eq!(code(io::ErrorKind::AlreadyExists), "archive_exists");
        assert_eq!(code(io::ErrorKind::Other), "archive_write");
    }

    #[test]
    fn what_is_lacking_is_named() {
        let said = |kind: io::ErrorKind| StoreError::new("write", Path::new("/a"), 1, kind.into());
        assert!(said(io::ErrorKind::QuotaExceeded).to_string().contains("the quota is used up"));
        assert!(said(io::ErrorKind::FileTooLarge).to_string().contains("a file may not become so large here"));
        assert!(said(io::ErrorKind::FileTooLarge).hint().contains("LimitFSIZE="));
    }

    #[test]
    fn names_act_path_and_cause() {
        let error = StoreError::new("write", Path::new("/a"), 7, io::Error::from_raw_os_error(30));
        assert_eq!(error.to_string(), "cannot write /a: Read-only file system (os error 30)");
        let error = StoreError::new("write", Path::new("/nowhere/a"), 7, io::ErrorKind::StorageFull.into());
        let text = error.to_string();
        assert!(text.starts_with("cannot write /nowhere/a: the disk is full: at least 7 bytes needed, "), "{text}");
        assert!(!text.contains(", 0 free"), "the nearest existing parent has room: {text}");
    }
}
