//! A directory on this machine's disk: the only code that knows the path of an archive.
//!
//! Publishing and deleting are steps between any two of which a crash does no harm ([`Step`]); others are kept out
//! by a lock, and another disk by a marker (`home.rs`). Only regular files below the directory are read, and no
//! link leads out of it.

mod delete;
mod home;
mod medium;
mod place;
mod publish;
mod read;
mod scan;
mod sidecar;
mod sweep;
mod walk;
mod watch;

use std::{
    collections::HashSet,
    fmt,
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use orgvault_archive::{
    ArchiveReader, Manifest, ManifestError, StateError, StateFile,
    naming::{ArchiveName, Kinds},
};

use self::{home::Home, place::Places};
use super::{
    ArchiveFile, ArchiveRef, ChangeState, Deletion, Found, Hear, Key, NewArchive, Partial, Prefix, Sealed, Stat, Store,
    StoreError, Stored, Swept, Watch, error,
};

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

/// A source, an organization, a file.
const PARTS: usize = 3;

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

    fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn directory(&self, prefix: &Prefix) -> PathBuf {
        self.root.join(prefix.as_str())
    }

    /// The key of the archive of this name in one of the directory's own directories.
    fn key(&self, directory: &Path, name: ArchiveName) -> Result<Key, StoreError> {
        let path = directory.join(name.to_string());
        let below = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
        below.and_then(|below| Key::parse(below).ok()).ok_or_else(|| self.outside(path))
    }

    /// The directory and the name of an archive whose key came from somewhere else.
    fn place(&self, archive: &ArchiveRef) -> Result<(PathBuf, ArchiveName), StoreError> {
        let key = &archive.key;
        let name = key.file_name().parse().ok().filter(|_| key.as_str().split('/').count() == PARTS);
        let name = name.ok_or_else(|| self.outside(self.path(key)))?;
        Ok((self.directory(&key.prefix()), name))
    }

    fn outside(&self, path: PathBuf) -> StoreError {
        StoreError::Outside { path, root: self.root.clone() }
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

impl Store for LocalStore {
    fn locate(&self, key: &Key) -> String {
        self.path(key).to_string_lossy().into_owned()
    }

    fn open(&self, archive: &ArchiveRef) -> io::Result<ArchiveReader> {
        ArchiveReader::in_place(&self.path(&archive.key))
    }

    fn stat(&self, archive: &ArchiveRef) -> io::Result<Stat> {
        read::stat(&self.path(&archive.key))
    }

    fn manifest(&self, archive: &ArchiveRef) -> Result<Option<Manifest>, ManifestError> {
        Manifest::beside(&self.path(&archive.key))
    }

    fn has_manifest(&self, archive: &ArchiveRef) -> io::Result<bool> {
        read::has_manifest(&self.path(&archive.key))
    }

    fn state(&self, archive: &ArchiveRef) -> Result<Option<StateFile>, StateError> {
        StateFile::beside(&self.path(&archive.key))
    }

    fn published(&self, archive: &NewArchive<'_>) -> Option<Stored> {
        self.published(archive)
    }

    fn list(&self, within: Option<&HashSet<Prefix>>, visit: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
        self.list(within, visit)
    }

    fn to_file(&self, archive: &ArchiveRef) -> io::Result<ArchiveFile> {
        Ok(ArchiveFile::of(self.path(&archive.key)))
    }

    fn check(&self, needed: u64) -> Result<(), StoreError> {
        self.check(needed)
    }

    fn begin(&self, archive: &NewArchive<'_>, kinds: Kinds) -> Result<Partial, StoreError> {
        self.begin(archive, kinds)
    }

    fn publish(&self, sealed: Sealed, manifest: &Manifest) -> Result<ArchiveRef, StoreError> {
        self.publish(sealed, manifest)
    }

    fn update_state(&self, archive: &ArchiveRef, change: ChangeState<'_>) -> Result<StateFile, StoreError> {
        self.update_state(archive, change)
    }

    fn decide_deletion(&self, archive: &ArchiveRef) -> Result<Deletion, StoreError> {
        self.decide_deletion(archive)
    }

    fn carry_out(&self, deletion: &Deletion) -> Result<(), StoreError> {
        self.carry_out(deletion)
    }

    fn end_deletion(&self, deletion: &Deletion) -> Result<(), StoreError> {
        self.end_deletion(deletion)
    }

    fn sweep(&self) -> Result<Swept, StoreError> {
        self.sweep()
    }

    fn guard(&self) -> Result<(), StoreError> {
        self.guard()
    }

    fn marked(&self) -> Result<Option<String>, StoreError> {
        self.marked()
    }

    fn mark(&self, catalog: &str) -> Result<(), StoreError> {
        self.mark(catalog)
    }

    fn establish(&self, catalog: &str) -> Result<(), StoreError> {
        self.establish(catalog)
    }

    fn belongs_to(&self, catalog: &str, fresh: bool) {
        self.belongs_to(catalog, fresh);
    }

    fn let_go(&self) {
        self.let_go();
    }

    fn watch(&self, hear: Hear) -> Watch {
        watch::watch(&self.root, hear)
    }
}
