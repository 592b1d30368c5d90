//! Why an archive is not sent: all of it is found out before the first byte.

use std::io;

use orgvault_api::{Format, SendState, clock::Timestamp, gid::Gid};
use orgvault_products::preflight::PreflightError;

use crate::{audit::AuditError, store::StoreError};

/// Why an archive is not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The daemon stops.
    #[error("the daemon is stopping and sends nothing any more")]
    Stopping,
    /// There is no such target.
    #[error("there is no target {name:?}; known are: {known}")]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// The names of all targets.
        known: String,
    },
    /// Archives cannot be sent to such a target.
    #[error("target {target} is of kind {kind}, and nothing is sent to such a one")]
    Kind {
        /// The kind.
        kind: &'static str,
        /// The target.
        target: String,
    },
    /// The target takes archives of another product.
    #[error("target {target} takes archives of {takes}, and archive {gid} is of {product}")]
    Product {
        /// The archive.
        gid: Gid,
        /// Whose it is.
        product: String,
        /// The target.
        target: String,
        /// Whose archives it takes.
        takes: String,
    },
    /// The target takes another format.
    #[error("target {target} takes {takes}, and archive {gid} is {format}")]
    Format {
        /// The archive.
        gid: Gid,
        /// How it is written.
        format: String,
        /// The target.
        target: String,
        /// The formats that it takes.
        takes: String,
    },
    /// An option that this kind of target does not know.
    #[error("target {target} knows no {option}: that is for {kinds}")]
    Option {
        /// The option.
        option: &'static str,
        /// The target.
        target: String,
        /// The kinds of targets that know it.
        kinds: &'static str,
    },
    /// It is on its way there at this moment.
    #[error("archive {gid} is being sent to {target} at this moment")]
    Busy {
        /// The archive.
        gid: Gid,
        /// The target.
        target: String,
    },
    /// It was sent there, or may have been.
    #[error("archive {gid} was sent to {target} at {at} already: {}", state.name())]
    SentBefore {
        /// The archive.
        gid: Gid,
        /// The target.
        target: String,
        /// What became of it.
        state: SendState,
        /// When.
        at: Timestamp,
    },
    /// The app's own importer would refuse it.
    #[error("{product}'s importer would refuse archive {gid}: {reasons}")]
    NotImportable {
        /// The archive.
        gid: Gid,
        /// Whose importer.
        product: String,
        /// The first reasons.
        reasons: String,
    },
    /// The target takes no upload of that size.
    #[error("the upload of archive {gid} has {bytes} bytes, and {target} takes {limit}")]
    TooLarge {
        /// The archive.
        gid: Gid,
        /// The target.
        target: String,
        /// The upload's size.
        bytes: u64,
        /// The most that the target takes.
        limit: u64,
    },
    /// The file is not what was published.
    #[error("{name} is damaged: {what}")]
    Damaged {
        /// The archive.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read.
    #[error("cannot read {name}: {cause}")]
    Unreadable {
        /// The archive.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Its manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] orgvault_archive::manifest::ManifestError),
    /// It cannot be looked at as the importer would.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// What is known of earlier sends cannot be read.
    #[error("whether the archive was sent before is not known: {0}")]
    Earlier(#[from] orgvault_archive::StateError),
    /// The intent cannot be written.
    #[error(transparent)]
    State(#[from] StoreError),
    /// It could not be recorded that data is handed out.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The work ended without a result.
    #[error("the work ended without a result")]
    Worker(#[from] tokio::task::JoinError),
}

impl SendError {
    /// Stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::UnknownTarget { .. } | Self::Kind { .. } => "unknown_target",
            Self::Product { .. } => "wrong_product",
            Self::Format { .. } => "wrong_format",
            Self::Option { .. } => "unknown_option",
            Self::Busy { .. } => "send_running",
            Self::SentBefore { .. } => "sent_before",
            Self::NotImportable { .. } | Self::TooLarge { .. } => "not_importable",
            Self::Damaged { .. } => "archive_damaged",
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => "archive_missing",
            Self::Unreadable { .. } | Self::Preflight(_) => "archive_unreadable",
            Self::Manifest(_) => "manifest_unusable",
            Self::Earlier(_) => "state_unusable",
            Self::State(error) => error.code(),
            Self::Audit(_) => "audit_unavailable",
            Self::Worker(_) => "internal",
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Stopping => "ask again when the daemon has started again".to_owned(),
            Self::UnknownTarget { .. } => "targets are `[[target]]` blocks of the daemon's configuration".to_owned(),
            Self::Format { takes, .. } => format!("export it with --format {takes}, without --gzip"),
            Self::Product { .. } => {
                "send it to a target of its own product; `product` of the `[[target]]` says whose archives it takes"
                    .to_owned()
            }
            Self::SentBefore { .. } => {
                "an importer may double what it is given twice: look at the target first, then say --again".to_owned()
            }
            Self::NotImportable { gid, product, .. } if product == "trueppm" => format!(
                "`orgvault preflight {gid}` lists all of it; `orgvault export .. --importable` leaves out what is refused"
            ),
            Self::NotImportable { gid, .. } => format!("`orgvault preflight {gid}` lists all of it"),
            Self::TooLarge { .. } => "raise the limit of the app's server, and max_upload of the target".to_owned(),
            Self::Damaged { .. } => "restore the file from a backup, or export again".to_owned(),
            Self::State(error) => error.hint().to_owned(),
            Self::Audit(error) => error.hint().to_owned(),
            Self::Earlier(_) => "restore the .state.json beside the archive from a backup".to_owned(),
            Self::Option { .. }
            | Self::Kind { .. }
            | Self::Busy { .. }
            | Self::Unreadable { .. }
            | Self::Manifest(_)
            | Self::Preflight(_)
            | Self::Worker(_) => String::new(),
        }
    }

    /// The names of formats, for a sentence.
    pub(super) fn names(formats: &[Format]) -> String {
        Format::join(formats, " or ")
    }
}
