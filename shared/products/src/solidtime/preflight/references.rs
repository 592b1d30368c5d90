//! What later rows can refer to: which external ids are known, and which rows the importer
//! merges because their natural keys are equal.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

/// Half a SHA-256: no two texts share it.
type Key = [u8; 16];

/// Everything that was imported so far, except time entries.
#[derive(Debug, Default)]
pub(super) struct References {
    /// By name.
    pub(super) clients: Registry,
    /// By name.
    pub(super) tags: Registry,
    /// By e-mail address.
    pub(super) users: Registry,
    /// By user.
    pub(super) members: Registry,
    /// By name and client.
    pub(super) projects: Registry,
    /// By name and project.
    pub(super) tasks: Registry,
    /// Project and member.
    pub(super) project_members: HashSet<(u32, u32)>,
    /// Project and user: unique in the database.
    pub(super) project_users: HashSet<(u32, u32)>,
}

/// The imported rows of one entity.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// Its file could not be read to the end: what is not found is no news.
    pub(super) incomplete: bool,
    by_id: HashMap<Key, u32>,
    by_natural_key: HashMap<Key, u32>,
}

impl Registry {
    /// The row that an external id stands for; compared byte for byte.
    pub(super) fn find(&self, id: &[u8]) -> Option<u32> {
        self.by_id.get(&key(&[id])).copied()
    }

    /// The row with this natural key, and whether it is new.
    pub(super) fn find_or_create(&mut self, natural_key: &[&[u8]]) -> (u32, bool) {
        let next = u32::try_from(self.by_natural_key.len()).unwrap_or(u32::MAX);
        let mut new = false;
        let row = *self.by_natural_key.entry(key(natural_key)).or_insert_with(|| {
            new = true;
            next
        });
        (row, new)
    }

    /// Lets an external id stand for a row; true where it stood for another one before.
    pub(super) fn name(&mut self, id: &[u8], row: u32) -> bool {
        self.by_id.insert(key(&[id]), row).is_some_and(|earlier| earlier != row)
    }
}

fn key(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut key = Key::default();
    key.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    key
}
