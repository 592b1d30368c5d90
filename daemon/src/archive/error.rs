//! Why the archive directory could not be written.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why an archive was not published, or something else in the archive directory not done.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is no room.
    #[error("cannot {act} {}: the disk is full: at least {needed} bytes needed, {free} free", path.display())]
    DiskFull {
        /// What was being done.
        act: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Bytes that it needs, as far as is known.
        needed: u64,
        /// Bytes that this user may still write there.
        free: u64,
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

impl PublishError {
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
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                let free = free_bytes(&path).unwrap_or_default();
                Self::DiskFull { act, path, needed, free, cause }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { act, path, cause }
            }
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Failed { act, path, cause },
        }
    }

    /// Stable: `disk_full`, `archive_dir`, `archive_exists`, `archive_write`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DiskFull { .. } => "disk_full",
            Self::NotWritable { .. } => "archive_dir",
            Self::Exists { .. } => "archive_exists",
            Self::WrongManifest { .. } | Self::Outside { .. } | Self::Failed { .. } => "archive_write",
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::DiskFull { .. } => "make room there, or set daemon.archive_dir to a larger disk",
            Self::NotWritable { .. } => {
                "give the daemon's user write access to daemon.archive_dir, and list it under ReadWritePaths= in the systemd unit"
            }
            Self::Exists { .. } | Self::WrongManifest { .. } | Self::Outside { .. } => "",
            Self::Failed { .. } => "check the file system of daemon.archive_dir",
        }
    }
}

/// Bytes that this user may still write at `path`, or where its nearest existing parent is.
pub(super) fn free_bytes(path: &Path) -> io::Result<u64> {
    let mut failed = io::ErrorKind::NotFound.into();
    for ancestor in path.ancestors().filter(|ancestor| !ancestor.as_os_str().is_empty()) {
        match rustix::fs::statvfs(ancestor) {
            Ok(stat) => return Ok(stat.f_bavail.saturating_mul(stat.f_frsize)),
            Err(error) => failed = io::Error::from(error),
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_errors_by_what_has_to_be_done() {
        let path = Path::new("/archives/tracker");
        let code = |kind: io::ErrorKind| PublishError::new("write", path, 1, kind.into()).code();
        assert_eq!(code(io::ErrorKind::StorageFull), "disk_full");
        assert_eq!(code(io::ErrorKind::QuotaExceeded), "disk_full");
        assert_eq!(code(io::ErrorKind::ReadOnlyFilesystem), "archive_dir");
        assert_eq!(code(io::ErrorKind::PermissionDenied), "archive_dir");
        assert_eq!(code(io::ErrorKind::AlreadyExists), "archive_exists");
        assert_eq!(code(io::ErrorKind::Other), "archive_write");
    }

    #[test]
    fn names_act_path_and_cause() {
        let error = PublishError::new("write", Path::new("/a"), 7, io::Error::from_raw_os_error(30));
        assert_eq!(error.to_string(), "cannot write /a: Read-only file system (os error 30)");
        let error = PublishError::new("write", Path::new("/nowhere/a"), 7, io::ErrorKind::StorageFull.into());
        let text = error.to_string();
        assert!(text.starts_with("cannot write /nowhere/a: the disk is full: at least 7 bytes needed, "), "{text}");
        assert!(!text.contains(", 0 free"), "the nearest existing parent has room: {text}");
    }
}
