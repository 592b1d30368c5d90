//! Why nothing was restored.

use std::io;

use orgvault_api::{Format, RestoreMode};
use orgvault_archive::{ManifestError, full::FullError};
use tokio::task::JoinError;

use crate::{
    audit::AuditError, catalog::CatalogError, export::Failure, restore::RestoreError, source::SourceError,
    store::StoreError,
};

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestorerError {
    /// The daemon stops.
    #[error("the daemon is stopping and restores nothing")]
    Stopping,
    /// The daemon's time to stop was over.
    #[error(
        "the daemon has stopped before it was done: nothing of it stays, or all of it where it was committed just then"
    )]
    Interrupted,
    /// The request names neither an archive nor a file.
    #[error("the request names neither an archive nor a file")]
    NoArchive,
    /// New ids are given to what is not there, and so nothing of it is replaced or added to.
    #[error("an organization comes back under a new id only into a target of kind postgres and in the mode scratch; this one is of kind {kind}, and the mode is {}", mode.name())]
    NewId {
        /// What was asked for.
        mode: RestoreMode,
        /// The target's.
        kind: &'static str,
    },
    /// There is no such target.
    #[error("there is no target {name} that is a database; there are: {}", if known.is_empty() { "none" } else { known })]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The target is no database.
    #[error("target {name} is of kind {kind}, and nothing is put back into such a one")]
    Kind {
        /// The target.
        name: String,
        /// Its kind.
        kind: &'static str,
    },
    /// No source has a definition of the product.
    #[error("the archive is of product {product}, and no source of this daemon is of it")]
    UnknownProduct {
        /// The product.
        product: String,
    },
    /// Nothing can be put back from archives of this format.
    #[error("{name} is written as {format}, and nothing can be put back from such an archive of this product")]
    Format {
        /// The archive.
        name: String,
        /// How it is written.
        format: Format,
    },
    /// It is not what its product writes.
    #[error("{name} cannot be put back: {refused}")]
    Native {
        /// The archive.
        name: String,
        /// Why.
        refused: String,
    },
    /// The archive cannot be read.
    #[error("cannot read {name}: {cause}")]
    Unreadable {
        /// The archive.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The archive is not what was published.
    #[error("{name} is damaged, and nothing of it is put back: {faults}")]
    Damaged {
        /// The archive.
        name: String,
        /// What is wrong with it.
        faults: String,
    },
    /// What is there could not be archived, so it is not replaced.
    #[error("nothing is replaced, because what is there cannot be archived: {cause}")]
    Before {
        /// Why.
        #[source]
        cause: Box<Failure>,
    },
    /// The archive does not say what it holds.
    #[error(transparent)]
    Full(#[from] FullError),
    /// Its manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The target cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It was not done.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// What happened to an archive cannot be kept.
    #[error(transparent)]
    State(#[from] StoreError),
    /// The catalog cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The audit trail cannot be written: nothing is done that it does not tell.
    #[error(transparent)]
    Audit(AuditError),
    /// The work ended early.
    #[error("the restore ended early: {0}")]
    Worker(#[from] JoinError),
}

impl RestorerError {
    /// Stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::Interrupted => "interrupted",
            Self::NoArchive | Self::NewId { .. } => "bad_request",
            Self::UnknownTarget { .. } | Self::Kind { .. } => "unknown_target",
            Self::UnknownProduct { .. } => "unknown_product",
            Self::Format { .. } => "wrong_format",
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => "archive_missing",
            Self::Native { .. } | Self::Unreadable { .. } | Self::Full(_) | Self::Manifest(_) => "archive_unreadable",
            Self::Damaged { .. } => "archive_damaged",
            Self::Before { cause } => cause.code(),
            Self::Source(error) => error.code(),
            Self::Restore(error) => error.code(),
            Self::State(_) | Self::Catalog(_) | Self::Audit(_) | Self::Worker(_) => "internal",
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownTarget { .. } => "write a [[target]] with kind = \"postgres\" or \"sqlite\"".to_owned(),
            Self::UnknownProduct { .. } => {
                "configure a source of the product: its definition says whose rows they are".to_owned()
            }
            Self::Format { .. } => {
                "export with `--format full`; docs/restore.md tells from what else rows can be put back".to_owned()
            }
            Self::Restore(error) => error.hint().to_owned(),
            _ => String::new(),
        }
    }
}
