//! Where archives live. Everything under a final name is whole.
//!
//! Data first, manifest next, catalog last; readers go the other way. So a manifest means that its
//! archive was published, and nothing else does.

mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod local;

pub(crate) use self::{error::room, local::MARKER_NAME};
pub use self::{
    error::{Lack, StoreError},
    local::{Deletion, Found, LocalStore, NewArchive, Observer, Partial, Scanned, Sealed, Step, Swept},
};
