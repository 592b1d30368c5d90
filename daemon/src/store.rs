//! Where archives live. Everything that readers see is whole.
//!
//! Data first, manifest next, catalog last; readers go the other way. So a manifest means that its archive was
//! published, and nothing else does.
//!
//! Everybody else names an archive by its [`ArchiveRef`] and reads it as a stream. What a path is, the
//! [store on this machine](LocalStore) alone knows. A further store is a file beside `local.rs` that passes the
//! tests of `suite.rs`.

mod blocks;
mod error;
mod file;
#[cfg(test)]
pub(crate) mod fixture;
mod key;
mod local;
#[cfg(test)]
pub(crate) mod memory;
mod partial;
mod scan;
mod stored;
#[cfg(test)]
mod suite;
mod watch;

use std::{collections::HashSet, fmt, io};

use orgvault_api::{OrganizationKey, clock::Timestamp, gid::Gid};
use orgvault_archive::{ArchiveReader, Manifest, ManifestError, StateError, StateFile, naming::Kinds};

pub(crate) use self::blocks::blocks;
pub use self::{
    error::{Lack, StoreError},
    file::ArchiveFile,
    key::{ArchiveRef, InvalidKey, Key, Prefix},
    local::{LocalStore, Observer, Step},
    partial::{Medium, NewArchive, Partial, Sealed},
    scan::{Found, Scanned},
    stored::Stored,
    watch::{Change, Hear, Watch},
};

/// Where archives live.
///
/// Its methods block, and are called on threads that may: encoders write and readers read on such threads already,
/// `Read` and `Seek` are what decoders of gzip and ZIP want, and a file on a disk has no other way. A store behind a
/// network keeps its asynchronous client to itself.
///
/// A store keeps, in this order: the data, the manifest, and beside them the state of an archive. The catalog comes
/// after it and decides what is listed; a store alone decides what is there.
pub trait Store: fmt::Debug + Send + Sync {
    /// Where an archive is, for people: a path or an address. Nobody opens it.
    fn locate(&self, key: &Key) -> String;

    /// Opens an archive for reading; parts of it are read as they are asked for.
    ///
    /// # Errors
    /// When there is none, or something else than an archive has its name.
    fn open(&self, archive: &ArchiveRef) -> io::Result<ArchiveReader>;

    /// What there is under an archive's name. Its data is not read.
    ///
    /// # Errors
    /// When there is nothing, or that cannot be known.
    fn stat(&self, archive: &ArchiveRef) -> io::Result<Stat>;

    /// The manifest of an archive, where there is one that speaks of it.
    ///
    /// # Errors
    /// When there is one that cannot be used.
    fn manifest(&self, archive: &ArchiveRef) -> Result<Option<Manifest>, ManifestError>;

    /// Whether there is a manifest, whatever it says.
    ///
    /// # Errors
    /// When that cannot be known: a fault that passes is no loss.
    fn has_manifest(&self, archive: &ArchiveRef) -> io::Result<bool>;

    /// What happened to an archive since it was published; none where nothing was kept of it.
    ///
    /// # Errors
    /// When what was kept cannot be used.
    fn state(&self, archive: &ArchiveRef) -> Result<Option<StateFile>, StateError>;

    /// The archive that such an export would have made, if it was published.
    fn published(&self, archive: &NewArchive<'_>) -> Option<Stored>;

    /// Tells `visit` all archives in the order of their keys: of these prefixes, or of the whole store.
    ///
    /// # Errors
    /// When it cannot be listed, or is not the catalog's.
    fn list(&self, within: Option<&HashSet<Prefix>>, visit: &mut dyn FnMut(Found)) -> Result<(), StoreError>;

    /// The archive as a file of this machine, for a program that takes nothing else.
    ///
    /// # Errors
    /// When there is none, or a copy cannot be made.
    fn to_file(&self, archive: &ArchiveRef) -> io::Result<ArchiveFile>;

    /// Whether `needed` bytes can be written at all: asked before a snapshot is opened for them.
    ///
    /// # Errors
    /// When the store is not the catalog's, cannot be written, or has less room.
    fn check(&self, needed: u64) -> Result<(), StoreError>;

    /// Begins an archive. Where its organization has none yet, what its key begins with hangs on how many kinds of
    /// organizations the source has.
    ///
    /// # Errors
    /// When the store is not the catalog's, or refuses.
    fn begin(&self, archive: &NewArchive<'_>, kinds: Kinds) -> Result<Partial, StoreError>;

    /// Makes a sealed archive with its manifest one that readers see. After this comes the catalog.
    ///
    /// # Errors
    /// When the manifest describes another archive, the name is taken, or the store refuses; then nothing of it is
    /// left.
    fn publish(&self, sealed: Sealed, manifest: &Manifest) -> Result<ArchiveRef, StoreError>;

    /// Changes what is kept beside an archive; nobody else changes it meanwhile. Gives the state as it is kept now.
    ///
    /// # Errors
    /// When the store refuses, there is no such archive, or there is a state that cannot be used: what it says is
    /// not to be lost.
    fn update_state(&self, archive: &ArchiveRef, change: ChangeState<'_>) -> Result<StateFile, StoreError>;

    /// Decides that an archive goes: from now on there is none. It is to be [carried out](Self::carry_out), and
    /// [ended](Self::end_deletion) when everybody knows.
    ///
    /// # Errors
    /// When the key is not one of an archive here, or the store refuses.
    fn decide_deletion(&self, archive: &ArchiveRef) -> Result<Deletion, StoreError>;

    /// Deletes the archive and all that belongs to it. What is gone already is no error.
    ///
    /// # Errors
    /// When the store refuses.
    fn carry_out(&self, deletion: &Deletion) -> Result<(), StoreError>;

    /// Forgets that a deletion was decided: the catalog and the audit trail know of it.
    ///
    /// # Errors
    /// When the store refuses.
    fn end_deletion(&self, deletion: &Deletion) -> Result<(), StoreError>;

    /// Deletes an archive where nobody else has to know. A deletion that was cut short can be asked for again.
    ///
    /// # Errors
    /// As those of its three steps.
    fn delete(&self, archive: &ArchiveRef) -> Result<(), StoreError> {
        let deletion = self.decide_deletion(archive)?;
        self.carry_out(&deletion)?;
        self.end_deletion(&deletion)
    }

    /// Takes back what a daemon that died left unfinished, and carries out what it was deleting. The caller alone
    /// writes here.
    ///
    /// # Errors
    /// When the store cannot be listed, or is not the catalog's.
    fn sweep(&self) -> Result<Swept, StoreError>;

    /// Whether it may be written, and what is not there may be called lost.
    ///
    /// # Errors
    /// When it is another one than that of the catalog, or another daemon writes there.
    fn guard(&self) -> Result<(), StoreError>;

    /// The id of the catalog that the store's marker names.
    ///
    /// # Errors
    /// When there is a marker that cannot be used.
    fn marked(&self) -> Result<Option<String>, StoreError>;

    /// Marks it as the store of the catalog with this id.
    ///
    /// # Errors
    /// When the store refuses.
    fn mark(&self, catalog: &str) -> Result<(), StoreError>;

    /// As [`Store::mark`], and makes the store where it is not there.
    ///
    /// # Errors
    /// When the store refuses.
    fn establish(&self, catalog: &str) -> Result<(), StoreError>;

    /// From now on it has to be the store of the catalog with this id. One that is `fresh` need not have a marker:
    /// the first archive brings it.
    fn belongs_to(&self, catalog: &str, fresh: bool);

    /// Lets another daemon write here; this one writes nothing from now on.
    fn let_go(&self);

    /// Tells `hear` what others change here, as long as the watch is kept. It is a hint: what it misses, a look at
    /// everything finds.
    fn watch(&self, hear: Hear) -> Watch;
}

/// What changes a state.
pub type ChangeState<'a> = Box<dyn FnOnce(&mut StateFile) + 'a>;

/// What there is under an archive's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whether it can be an archive at all, and is no directory, link or device.
    pub is_file: bool,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written to, where that is known.
    pub modified: Option<Timestamp>,
}

/// A deletion that is decided: the mark in the store lets the next start finish it, whatever happens.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// The archive that goes.
    pub archive: ArchiveRef,
    /// Whose it is; none where its manifest was gone before.
    pub organization: Option<OrganizationKey>,
}

impl Deletion {
    /// The archive's id.
    #[must_use]
    pub fn gid(&self) -> Gid {
        self.archive.gid
    }
}

/// What was cleaned up.
#[derive(Debug, Default)]
pub struct Swept {
    /// What was unfinished and is gone, as people find it.
    pub removed: Vec<String>,
    /// Deletions that were cut short and are carried out now; each is still to be told and
    /// [ended](Store::end_deletion).
    pub deletions: Vec<Deletion>,
}
