//! Whether the directory at the path is the one that the catalog speaks of, and nobody else writes to it.
//!
//! Where the disk of the archives is not mounted, its mount point is an empty directory. What was
//! written there would be hidden by the next mount, and every archive would look lost. So a marker in
//! the directory names the catalog that it belongs to, and nothing is done where it is missing.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{MutexGuard, PoisonError},
};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::{
    LocalStore, StoreError,
    place::{create_directory, sync_directory},
    sidecar,
};
use crate::lock::{ArchiveLock, LockError};

/// The marker's file.
pub(super) const MARKER_NAME: &str = ".orgvault.json";
const MARKER_VERSION: u32 = 1;
/// More than any marker has.
const MARKER_BYTES: u64 = 4096;

/// The marker of an archive directory.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    /// Which form it has.
    version: u32,
    /// The id of the catalog whose archives lie here.
    catalog: String,
}

/// What is known of the directory.
#[derive(Debug, Default)]
pub(super) struct Home {
    /// The id of the catalog; without it nobody asks whose the directory is.
    catalog: Option<String>,
    /// Whether nothing was published yet, so that a marker is not missed.
    fresh: bool,
    hold: Hold,
}

/// How others are kept out.
#[derive(Debug, Default)]
enum Hold {
    /// They are not.
    #[default]
    Open,
    /// By a lock, as far as there is a directory, and its file system knows locks.
    Locked(Option<ArchiveLock>),
    /// The lock was given back: nothing may be written any more.
    Over,
}

impl LocalStore {
    /// The same, locked for this process as long as it is used, also where the directory is made or
    /// replaced only later.
    ///
    /// # Errors
    /// When another daemon writes there.
    pub fn locked(self) -> Result<Self, LockError> {
        let lock = ArchiveLock::acquire(self.root())?;
        self.home().hold = Hold::Locked(lock);
        Ok(self)
    }

    /// Gives the lock back; nothing is written from now on.
    pub(super) fn let_go(&self) {
        let mut home = self.home();
        if matches!(home.hold, Hold::Locked(_)) {
            home.hold = Hold::Over;
        }
    }

    /// From now on it has to be the directory of the catalog with this id. One that is `fresh` need
    /// not have a marker: the first archive brings it.
    pub(super) fn belongs_to(&self, catalog: &str, fresh: bool) {
        let mut home = self.home();
        home.catalog = Some(catalog.to_owned());
        home.fresh = fresh;
    }

    /// Whether it may be written, and what is not there may be called lost.
    ///
    /// # Errors
    /// When it is another one than that of the catalog, or another daemon writes there.
    pub(super) fn guard(&self) -> Result<(), StoreError> {
        let mut home = self.home();
        home.hold(self.root())?;
        let Some(catalog) = &home.catalog else { return Ok(()) };
        match self.marked()? {
            Some(found) if found == *catalog => Ok(()),
            None if home.fresh => Ok(()),
            found => Err(StoreError::Astray { path: self.root().to_owned(), found }),
        }
    }

    /// The id of the catalog that the directory's marker names.
    ///
    /// # Errors
    /// When there is a marker that cannot be used.
    pub(super) fn marked(&self) -> Result<Option<String>, StoreError> {
        let path = self.root().join(MARKER_NAME);
        let unusable = |reason: String| StoreError::Marker { path: path.clone(), reason };
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(unusable(cause.to_string())),
        };
        let marker: Marker = serde_json::from_slice(&bytes).map_err(|cause| unusable(cause.to_string()))?;
        if marker.version > MARKER_VERSION {
            return Err(unusable(format!(
                "it has version {}, and this orgvault knows {MARKER_VERSION}",
                marker.version
            )));
        }
        Ok(Some(marker.catalog))
    }

    /// Marks it as the directory of the catalog with this id.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn mark(&self, catalog: &str) -> Result<(), StoreError> {
        // Two first archives may bring it at the same time.
        let _guard = self.lock(self.root());
        let path = self.root().join(MARKER_NAME);
        let marker = Marker { version: MARKER_VERSION, catalog: catalog.to_owned() };
        let text = serde_json::to_string(&marker)
            .map_err(|cause| StoreError::new("write", &path, 0, io::Error::other(cause)))?;
        let partial = sidecar::write_partial(self.root(), MARKER_NAME, format!("{text}\n").as_bytes())?;
        sidecar::rename_over(&partial.0, &path)?;
        sync_directory(self.root())
    }

    /// Marks it as the directory of the catalog with this id, and makes it where it is not there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn establish(&self, catalog: &str) -> Result<(), StoreError> {
        if !self.root().is_dir() {
            create_directory(self.root().parent().unwrap_or(self.root()), self.root())?;
        }
        self.mark(catalog)
    }

    /// Before an archive gets its name the directory has its marker.
    pub(super) fn claim(&self) -> Result<(), StoreError> {
        self.guard()?;
        let (catalog, fresh) = {
            let home = self.home();
            (home.catalog.clone(), home.fresh)
        };
        let Some(catalog) = catalog.filter(|_| fresh) else { return Ok(()) };
        if self.marked()?.is_none() {
            self.mark(&catalog)?;
        }
        self.home().fresh = false;
        Ok(())
    }

    fn home(&self) -> MutexGuard<'_, Home> {
        // Each change is one assignment, so a panic leaves nothing torn.
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Home {
    /// The lock is on the directory that was there when it was taken: another one may be there now.
    fn hold(&mut self, root: &Path) -> Result<(), LockError> {
        match &mut self.hold {
            Hold::Open => Ok(()),
            Hold::Over => Err(LockError::Shared { path: root.to_owned() }),
            Hold::Locked(Some(lock)) if lock.is_on(root) => Ok(()),
            Hold::Locked(lock) => {
                *lock = None;
                *lock = ArchiveLock::acquire(root)?;
                Ok(())
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe in its place would hold everybody up.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut bytes = Vec::new();
    file.take(MARKER_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_directory_without_the_marker_or_with_another_ones_is_refused_until_it_is_back() {
        let root = tempfile::tempdir().unwrap();
        let (mounted, away) = (root.path().join("archives"), root.path().join("away"));
        fs::create_dir(&mounted).unwrap();
        let directory = LocalStore::new(mounted.clone());
        directory.guard().unwrap();
        directory.belongs_to("one", true);
        directory.guard().unwrap();
        assert_eq!(directory.marked().unwrap(), None);
        directory.claim().unwrap();
        assert_eq!(directory.marked().unwrap().as_deref(), Some("one"));

        fs::rename(&mounted, &away).unwrap();
        for below in [false, true] {
            let error = directory.guard().unwrap_err();
            assert!(matches!(&error, StoreError::Astray { found: None, .. }), "{error:?}");
            assert!(error.to_string().contains(".orgvault.json") && error.hint().contains("mount"), "{error}");
            assert!(
                directory.check(0).is_err() && directory.sweep().is_err() && directory.list(None, &mut drop).is_err()
            );
            if !below {
                assert!(!mounted.exists(), "nothing is made where the disk is not mounted");
                fs::create_dir(&mounted).unwrap();
            }
        }
        LocalStore::new(mounted.clone()).mark("two").unwrap();
        let error = directory.guard().unwrap_err();
        assert!(matches!(&error, StoreError::Astray { found: Some(two), .. } if two == "two"), "{error:?}");
        assert_eq!(error.code(), "wrong_archive_dir");
        fs::remove_dir_all(&mounted).unwrap();
        fs::rename(&away, &mounted).unwrap();
        directory.guard().unwrap();
    }

    #[test]
    fn first_archives_that_come_together_bring_one_marker() {
        for _ in 0..50 {
            let root = tempfile::tempdir().unwrap();
            let directory = LocalStore::new(root.path().to_owned());
            directory.belongs_to("one", true);
            let claimed: Vec<_> = std::thread::scope(|scope| {
                let claims: Vec<_> = (0..8).map(|_| scope.spawn(|| directory.claim())).collect();
                claims.into_iter().map(|claim| claim.join().unwrap()).collect()
            });
            assert!(claimed.iter().all(Result::is_ok), "{claimed:?}");
            assert_eq!(directory.marked().unwrap().as_deref(), Some("one"));
        }
    }

    #[test]
    fn a_marker_that_cannot_be_used_is_named() {
        let root = tempfile::tempdir().unwrap();
        let directory = LocalStore::new(root.path().to_owned());
        directory.belongs_to("one", false);
        for (text, said) in
            [("", "EOF"), ("{}", "missing field"), (r#"{"version":2,"catalog":"one"}"#, "this orgvault knows 1")]
        {
            fs::write(root.path().join(MARKER_NAME), text).unwrap();
            let error = directory.guard().unwrap_err();
            assert!(matches!(&error, StoreError::Marker { reason, .. } if reason.contains(said)), "{error:?}");
        }
        fs::write(root.path().join(MARKER_NAME), r#"{"version":1,"catalog":"one","more":1}"#).unwrap();
        directory.guard().unwrap();
    }

    #[test]
    fn a_directory_that_was_made_or_replaced_is_locked_anew_and_anothers_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("archives");
        let open = || LocalStore::new(path.clone()).locked();
        let first = open().unwrap();
        first.guard().unwrap();
        first.check(0).unwrap();
        assert!(matches!(open(), Err(LockError::Shared { .. })), "it was made after the start");
        fs::rename(&path, root.path().join("old")).unwrap();
        fs::create_dir(&path).unwrap();
        let second = open().unwrap();
        for refused in [first.guard(), first.check(0), first.sweep().map(drop)] {
            assert_eq!(refused.unwrap_err().code(), "archive_dir_shared");
        }
        second.let_go();
        first.guard().unwrap();
        assert!(second.guard().is_err());
    }
}
