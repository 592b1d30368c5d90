//! A directory on this machine's disk: the only code that knows the path of an archive.

mod delete;
mod home;
mod partial;
mod place;
mod publish;
mod scan;
mod sidecar;
mod sweep;
mod walk;

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use self::home::MARKER_NAME;
pub use self::{
    delete::Deletion,
    partial::{NewArchive, Partial, Sealed},
    scan::{Found, Scanned},
    sweep::Swept,
};

use self::{home::Home, place::Places};
use super::error::{self, StoreError};

/// A step of publishing or deleting that has just been taken. A crash between any two of them
/// leaves nothing under a final name, or a whole archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The partial file exists.
    Created,
    /// The partial file is whole and on disk.
    Sealed,
    /// The manifest is on disk under a partial name.
    ManifestWritten,
    /// The new `SHA256SUMS` is on disk under a partial name.
    SumsWritten,
    /// The archive has its final name.
    Renamed,
    /// That name is on disk.
    DirectorySynced,
    /// The manifest has its final name.
    ManifestRenamed,
    /// `SHA256SUMS` lists both.
    SumsRenamed,
    /// All names are on disk.
    Published,
    /// The manifest of an archive that is deleted has a partial name, which is on disk.
    DeletionMarked,
    /// The archive and its state are gone.
    Removed,
    /// `SHA256SUMS` lists it no more.
    LinesRemoved,
    /// All is gone, on disk too.
    Deleted,
}

impl Step {
    /// Every step of publishing, in order.
    pub const PUBLISHING: [Self; 9] = [
        Self::Created,
        Self::Sealed,
        Self::ManifestWritten,
        Self::SumsWritten,
        Self::Renamed,
        Self::DirectorySynced,
        Self::ManifestRenamed,
        Self::SumsRenamed,
        Self::Published,
    ];
    /// Every step of deleting, in order.
    pub const DELETING: [Self; 4] = [Self::DeletionMarked, Self::Removed, Self::LinesRemoved, Self::Deleted];
}

/// Is told each step.
pub type Observer = Arc<dyn Fn(Step) + Send + Sync>;

/// Publishers of one directory wait for each other, so that `SHA256SUMS` loses no line; the number
/// of locks is fixed, so two directories may share one.
const LOCKS: usize = 64;

/// The archive directory.
pub struct LocalStore {
    root: PathBuf,
    home: Mutex<Home>,
    places: Mutex<Places>,
    locks: [Mutex<()>; LOCKS],
    hasher: RandomState,
    observer: Observer,
}

impl LocalStore {
    /// The directory at `root`; nothing is looked at or created yet.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        let places = Mutex::new(Places::new(root.clone()));
        let locks = std::array::from_fn(|_| Mutex::new(()));
        let (home, hasher) = (Mutex::default(), RandomState::new());
        Self { root, home, places, locks, hasher, observer: Arc::new(|_step| {}) }
    }

    /// Tells `observer` each step from now on.
    #[must_use]
    pub fn observed_by(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn step(&self, step: Step) {
        (self.observer)(step);
    }

    fn lock(&self, directory: &Path) -> MutexGuard<'_, ()> {
        let index = usize::try_from(self.hasher.hash_one(directory)).unwrap_or_default() % LOCKS;
        let lock = self.locks.get(index).unwrap_or(&self.locks[0]);
        // It guards files, and those are whole after any panic.
        lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStore").field("root", &self.root).finish_non_exhaustive()
    }
}
