//! Evidence of an archive: its manifest, its last drill, its lines of the audit trail and the head of the
//! trail's chain, in one signed tar file that `tar`, `sha256sum` and `ssh-keygen` check without orgvault.
//!
//! The same facts give the same bytes: no time of making is in it.

mod key;
mod package;
mod readme;

use std::{io, sync::Arc};

use orgvault_api::{AuditChain, Drill};
use orgvault_archive::{Manifest, ManifestError};

use crate::{
    audit::{Audit, AuditError},
    store::{Store, Stored},
};

pub use self::key::{EvidenceKey, IDENTITY, NAMESPACE, SignError};

/// Why there is no evidence of an archive.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Its manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It has no manifest.
    #[error("{name} has no manifest any more, which is what would be signed")]
    NoManifest {
        /// The archive.
        name: String,
    },
    /// The audit trail cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// A document cannot be written.
    #[error("cannot write {member}: {cause}")]
    Document {
        /// Its name in the evidence.
        member: &'static str,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The tar file cannot be written.
    #[error("cannot write the tar file: {cause}")]
    Pack {
        /// Why.
        #[source]
        cause: io::Error,
    },
}

/// All that an evidence says.
struct Facts {
    manifest: Manifest,
    /// The last that has ended.
    drill: Option<Drill>,
    /// Lines of the audit trail as they stand there.
    lines: Vec<u8>,
    chain: AuditChain,
}

/// The evidence of an archive, as a tar file. Blocks.
///
/// # Errors
/// When one of its facts cannot be read, or it cannot be signed.
pub fn of(
    store: &Arc<dyn Store>,
    audit: &Audit,
    key: &EvidenceKey,
    archive: &Stored,
    drill: Option<Drill>,
) -> Result<Vec<u8>, EvidenceError> {
    let missing = || EvidenceError::NoManifest { name: store.locate(archive.key()) };
    let manifest = store.manifest(&archive.reference())?.ok_or_else(missing)?;
    let (lines, chain) = audit.lines_of(archive.gid)?;
    package::pack(&Facts { manifest, drill, lines, chain }, key)
}
