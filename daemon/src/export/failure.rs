//! Why an export has no archive: one cause, with a stable code and what to do about it.

use orgvault_api::{ExportError, SectionCount};
use orgvault_archive::{VerifyError, manifest::Section};

use crate::{format::FormatError, source::SourceError, uploads::UploadsError};

/// Why an export has no archive.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The rows do not fit the format, or the bytes could not be written.
    #[error(transparent)]
    Format(FormatError),
    /// No file of the app can be read.
    #[error(transparent)]
    Uploads(UploadsError),
    /// The archive directory did not take the file.
    #[error(transparent)]
    Publish(#[from] crate::store::StoreError),
    /// The finished file could not be read back.
    #[error("cannot read the finished file back: {0}")]
    ReadBack(#[from] VerifyError),
    /// The finished file is not what was written.
    #[error("the finished file is damaged: {}", .faults.join("; "))]
    Damaged {
        /// What is wrong.
        faults: Vec<String>,
    },
    /// The three numbers of a section do not agree.
    #[error(
        "section {section}: {read} rows were read, {written} written, {found} found in the finished file, and the \
         count query says {counted}"
    )]
    CountMismatch {
        /// The section.
        section: String,
        /// Rows that the source sent.
        read: u64,
        /// Rows that the encoder wrote.
        written: u64,
        /// Rows in the finished file.
        found: u64,
        /// What the independent count query says.
        counted: u64,
    },
    /// The organization is no longer listed.
    #[error("organization {organization} is not in source {source_name} any more")]
    Gone {
        /// Its id.
        organization: String,
        /// The source.
        source_name: String,
    },
    /// The configuration has no such source any more.
    #[error("there is no source {source_name} in the configuration any more")]
    NoSource {
        /// The source.
        source_name: String,
    },
    /// The definition does not offer the format or entity.
    #[error("product {product} is not offered as {asked}")]
    NotOffered {
        /// The product.
        product: String,
        /// What was asked for.
        asked: String,
    },
    /// The release of the app that is there does not have what it is made of.
    #[error("the app of source {source_name} has no table {table}, so there is no {asked}")]
    NotInRelease {
        /// The source.
        source_name: String,
        /// The table.
        table: String,
        /// What was asked for.
        asked: String,
    },
    /// An archive of its snapshot is published, and then the snapshot was lost.
    #[error("the snapshot was lost after an archive of it was published, and another one would show another instant")]
    SnapshotLost,
    /// Another export of its run has made the archive.
    #[error("another export of this run has made this archive already")]
    AlreadyMade,
    /// The program failed while it made it.
    #[error("orgvault itself failed: {message}")]
    Panicked {
        /// What the panic says.
        message: String,
    },
    /// Somebody canceled it.
    #[error("the export was canceled")]
    Canceled,
    /// The daemon was stopped while it ran.
    #[error("the daemon ended while the export was running")]
    Interrupted,
    /// The daemon stops while the app makes its archive: the next one goes on with it.
    #[error("the daemon stops while the app makes the archive, and goes on with it when it starts again")]
    Suspended,
    /// It took longer than `export_timeout`.
    #[error("the export took longer than the source's export_timeout")]
    TimeLimit,
    /// The writer's thread died.
    #[error("the writer of the archive died: {cause}")]
    Writer {
        /// How.
        #[source]
        cause: tokio::task::JoinError,
    },
    /// The writer ended without the end of the rows.
    #[error("the rows ended before their end was announced")]
    Unfinished,
    /// The catalog could not be written.
    #[error(transparent)]
    Catalog(#[from] crate::catalog::CatalogError),
}

impl From<FormatError> for Failure {
    /// What the archive directory said through the encoder is told as it was said.
    fn from(error: FormatError) -> Self {
        let cause = match error {
            FormatError::Write(cause) => cause,
            FormatError::Uploads(cause) => return Self::Uploads(cause),
            error => return Self::Format(error),
        };
        match cause.downcast() {
            Ok(refused) => Self::Publish(refused),
            Err(cause) => Self::Format(FormatError::Write(cause)),
        }
    }
}

impl Failure {
    /// Stable, for scripts and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Format(FormatError::Unrepresentable(_)) => "unrepresentable",
            Self::Format(FormatError::NotSingle { .. }) | Self::Gone { .. } => "organization_gone",
            Self::Format(FormatError::TooManyFiles) => "too_many_files",
            Self::Format(_) | Self::Unfinished => "write_failed",
            Self::Uploads(error) => error.code(),
            Self::Writer { .. } | Self::Panicked { .. } => "internal",
            Self::AlreadyMade => "already_made",
            Self::Publish(error) => error.code(),
            Self::ReadBack(_) | Self::Damaged { .. } => "read_back_failed",
            Self::CountMismatch { .. } => "count_mismatch",
            Self::NoSource { .. } => "unknown_source",
            Self::NotOffered { .. } | Self::NotInRelease { .. } => "not_offered",
            Self::SnapshotLost => "snapshot_lost",
            Self::Canceled => "canceled",
            Self::Interrupted | Self::Suspended => "interrupted",
            Self::TimeLimit => "export_timeout",
            Self::Catalog(_) => "catalog",
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Source(error) => error.hint().to_owned(),
            Self::Publish(error) => error.hint().to_owned(),
            Self::Uploads(error) => error.hint().to_owned(),
            Self::Format(FormatError::Unrepresentable(_)) => {
                "correct the row in the app; `orgvault check SOURCE --deep` lists all such rows".to_owned()
            }
            Self::Damaged { .. } | Self::ReadBack(_) => "check the disk that holds archive_dir".to_owned(),
            Self::CountMismatch { .. } => {
                "a join of the definition's rows query drops or repeats rows: correct the definition, or the data"
                    .to_owned()
            }
            Self::TimeLimit => "raise export_timeout of the source, or set it to \"0s\"".to_owned(),
            Self::Interrupted | Self::SnapshotLost => "export it again".to_owned(),
            Self::Writer { .. } | Self::Panicked { .. } => {
                "this is a fault of orgvault: please report it with the log of orgvaultd".to_owned()
            }
            Self::NotInRelease { .. } => "nothing: only other releases of the app have it".to_owned(),
            Self::NotOffered { .. } => "`orgvault sources` shows the formats of each product".to_owned(),
            _ => String::new(),
        }
    }

    /// Whether the same export, started anew at once, may work.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Source(error) if error.is_transient())
    }

    /// The failure as the API shows it.
    #[must_use]
    pub fn to_wire(&self) -> ExportError {
        ExportError { code: self.code().to_owned(), message: self.to_string(), hint: self.hint() }
    }
}

/// The numbers of one archive must agree: rows read, rows written, rows found in the finished
/// file, and the independent count. Rows that a rule of the format dropped were read and counted.
///
/// # Errors
/// The first section whose numbers differ.
pub(super) fn agree(sections: &[Section], sent: &[u64], found: &[SectionCount]) -> Result<(), Failure> {
    for (index, section) in sections.iter().enumerate() {
        let read = sent.get(index).copied().unwrap_or(0);
        let found = found.iter().find(|count| count.name == section.name).map_or(0, |count| count.rows);
        let kept = section.rows + section.dropped_rows();
        if found != section.rows || read != kept || section.counted != kept {
            let Section { name, rows, counted, .. } = section.clone();
            return Err(Failure::CountMismatch { section: name, read, written: rows, found, counted });
        }
    }
    Ok(())
}
