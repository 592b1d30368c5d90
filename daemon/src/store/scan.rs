//! What reading a store anew comes upon, for the catalog. Manifests are not trusted: each may speak only of the
//! archive beside it.

use orgvault_api::ArchiveState;
use orgvault_archive::{Manifest, StateFile};

use super::{ArchiveRef, Prefix, Stored};

/// What a scan comes upon.
#[derive(Debug)]
pub enum Found {
    /// A manifest that may be used, and how its archive is.
    Archive(Box<Scanned>),
    /// Something that cannot be taken in.
    Skipped {
        /// Among whose archives it is.
        prefix: Prefix,
        /// What it is, in one sentence.
        sentence: String,
    },
}

/// One archive of a scan. Its hash was not looked at.
#[derive(Debug)]
pub struct Scanned {
    /// Which archive.
    pub archive: ArchiveRef,
    /// What the manifest says.
    pub manifest: Manifest,
    /// Missing; damaged where its size is another one or its last verification found a fault.
    pub condition: ArchiveState,
    /// What happened to it since it was published.
    pub state: Option<StateFile>,
}

impl Scanned {
    /// The archive as the catalog keeps it.
    #[must_use]
    pub fn to_stored(&self) -> Stored {
        Stored::new(self.archive.key.clone(), &self.manifest, self.condition).with_state(self.state.as_ref())
    }
}
