//! `state_dir/secrets`: what only the daemon may read. Each file is replaced as a whole.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use orgvault_files::{durable::replace, open};

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const OTHERS: u32 = 0o077;
/// A larger secret is none.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a secret could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The system refused.
    #[error("cannot {act} {}: {cause}", path.display())]
    System {
        /// What was tried.
        act: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Others may read it, and may have.
    #[error("{} can be read by others (mode {mode:o}): chmod 600 it; if they are not to be trusted, remove it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is not what was written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The directory.
#[derive(Debug, Clone)]
pub struct Secrets {
    directory: PathBuf,
}

impl Secrets {
    /// The secrets in a state directory, which this daemon has locked.
    #[must_use]
    pub fn of(state_dir: &Path) -> Self {
        Self { directory: state_dir.join("secrets") }
    }

    /// Where a secret is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A secret; none where there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, or others than its owner can.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, SecretError> {
        let path = self.path(name);
        let failed = |cause| SecretError::System { act: "read", path: path.clone(), cause };
        let file = match open::regular(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(failed(cause)),
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(SecretError::Open { path, mode });
        }
        open::read_whole(file, LARGEST).map(Some).map_err(failed)
    }

    /// Random bytes for a new secret.
    ///
    /// # Errors
    /// When the system has none.
    pub(crate) fn drawn<const BYTES: usize>(&self, name: &str) -> Result<[u8; BYTES], SecretError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| SecretError::System {
            act: "draw a key for",
            path: self.path(name),
            cause: error.into(),
        })?;
        Ok(bytes)
    }

    /// Replaces a secret. It is on disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses; then the old one is still there.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SecretError> {
        let path = self.path(name);
        replace(&path, bytes, DIRECTORY_MODE, FILE_MODE).map_err(|cause| SecretError::System {
            act: "write",
            path,
            cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn only_the_owner_can_read_what_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets::of(directory.path());
        assert!(secrets.read("key").unwrap().is_none());
        for text in [b"one", b"two"] {
            secrets.write("key", text).unwrap();
            assert_eq!(secrets.read("key").unwrap().unwrap(), text);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&secrets.path("key")), mode(&secrets.directory)), (0o600, 0o700));
        fs::set_permissions(secrets.path("key"), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(secrets.read("key"), Err(SecretError::Open { mode: 0o640, .. })));
    }
}
