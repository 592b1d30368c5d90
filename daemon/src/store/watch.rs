//! What others change in a store.

use std::{fmt, sync::Arc};

use super::{Key, Prefix};

/// Something that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Somewhere: all is to be looked at.
    Somewhere,
    /// The watch does not see all that happens any more: another one is needed.
    Unseen,
    /// Among the archives of this prefix.
    Among(Prefix),
    /// This archive was written to.
    Written(Key),
}

/// Is told what changes, on a thread of the watch.
pub type Hear = Arc<dyn Fn(Change) + Send + Sync>;

/// Watches until it is dropped.
pub struct Watch {
    /// What watches.
    pub(super) watcher: Option<Box<dyn Send>>,
    /// Why changes are told late or not at all, in one sentence; none where they are told at once.
    pub polls: Option<String>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watches = self.watcher.is_some();
        f.debug_struct("Watch").field("watches", &watches).field("polls", &self.polls).finish()
    }
}
