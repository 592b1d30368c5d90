//! What is known of an archive that a store holds.

use std::ops::{Deref, DerefMut};

use orgvault_api::{Archive, ArchiveState, LastDrill};
use orgvault_archive::{Manifest, StateFile};

use super::{ArchiveRef, InvalidKey, Key, Store};

/// An archive as the daemon keeps it. People are [shown](Stored::shown) where it is; everybody else asks the store
/// for it by its [`ArchiveRef`].
#[derive(Debug, Clone)]
pub struct Stored {
    key: Key,
    /// Where the wire says where it is, this has the key: the form in which a catalog keeps it.
    facts: Archive,
}

impl Stored {
    /// What a manifest says of the archive of this key.
    #[must_use]
    pub fn new(key: Key, manifest: &Manifest, state: ArchiveState) -> Self {
        let facts = manifest.to_archive(key.as_str(), state, None);
        Self { key, facts }
    }

    /// The same with what happened to it since it was published.
    #[must_use]
    pub fn with_state(mut self, state: Option<&StateFile>) -> Self {
        if let Some(state) = state {
            self.facts.verified.clone_from(&state.verified);
            self.facts.sent.clone_from(&state.sent);
            self.facts.drilled = state.drills.last().and_then(LastDrill::of);
            self.facts.pinned = state.pinned;
        }
        self
    }

    /// What was kept of an archive.
    ///
    /// # Errors
    /// When what it was called cannot be a key.
    pub fn of_kept(mut facts: Archive) -> Result<Self, InvalidKey> {
        let key = Key::parse_stored(&facts.path)?;
        key.as_str().clone_into(&mut facts.path);
        Ok(Self { key, facts })
    }

    /// What to keep of it.
    #[must_use]
    pub fn kept(&self) -> &Archive {
        &self.facts
    }

    /// Whether a catalog keeps the same of both, to the last word.
    #[must_use]
    pub fn is_kept_like(&self, other: &Self) -> bool {
        let kept = |one: &Self| serde_json::to_vec(one.kept()).ok();
        self.key == other.key && kept(self) == kept(other)
    }

    /// Its name in the store.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What to ask the store for.
    #[must_use]
    pub fn reference(&self) -> ArchiveRef {
        ArchiveRef { gid: self.facts.gid, key: self.key.clone() }
    }

    /// The archive as people and clients see it.
    #[must_use]
    pub fn shown(self, store: &dyn Store) -> Archive {
        Archive { path: store.locate(&self.key), ..self.facts }
    }
}

impl Deref for Stored {
    type Target = Archive;

    fn deref(&self) -> &Archive {
        &self.facts
    }
}

impl DerefMut for Stored {
    fn deref_mut(&mut self) -> &mut Archive {
        &mut self.facts
    }
}
