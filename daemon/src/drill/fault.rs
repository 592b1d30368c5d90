//! Why a drill is not `passed`.

use std::time::Duration;

use orgvault_api::{ExportError, Verdict, gid::Gid, units::format_duration};

use super::scratch::ScratchError;
use crate::catalog::CatalogError;

/// Why a drill came to no end. What is compared and differs is no fault of the drill: see its proofs.
#[derive(Debug, thiserror::Error)]
pub(super) enum DrillFault {
    /// There is no scratch database, or it was lost.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// Somebody canceled it.
    #[error("it was canceled")]
    Canceled,
    /// The daemon ended meanwhile.
    #[error("orgvaultd ended before it did")]
    Interrupted,
    /// It took too long.
    #[error("it was not over within {}", format_duration(*limit))]
    Late {
        /// How long it had.
        limit: Duration,
    },
    /// The archive is not there any more.
    #[error("archive {gid} is not there any more")]
    Gone {
        /// Which.
        gid: Gid,
    },
    /// The archive's source is not in the configuration.
    #[error("source {source_name} is not in the configuration, so that nobody says which rows are the organization's")]
    NoSource {
        /// Which.
        source_name: String,
    },
    /// Code of the daemon panicked.
    #[error("a fault of orgvaultd itself: {message}")]
    Panicked {
        /// What the panic says.
        message: String,
    },
    /// What was put back or compared failed: with its own code and verdict.
    #[error("{}", error.message)]
    Found {
        /// What it says of the archive.
        verdict: Verdict,
        /// In the words of the wire.
        error: ExportError,
    },
}

impl DrillFault {
    /// The catalog cannot be read.
    pub(super) fn catalog(error: &CatalogError) -> Self {
        let [code, hint] = ["catalog", "the daemon's log has more of it"].map(str::to_owned);
        Self::Found { verdict: Verdict::Inconclusive, error: ExportError { code, message: error.to_string(), hint } }
    }

    /// What it says of the archive.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Found { verdict, .. } => *verdict,
            _ => Verdict::Inconclusive,
        }
    }

    /// The words of the wire.
    pub(super) fn to_wire(&self) -> ExportError {
        let own = |code: &str, hint: &str| ExportError {
            code: code.to_owned(),
            message: self.to_string(),
            hint: hint.to_owned(),
        };
        match self {
            Self::Scratch(error) => error.to_wire(),
            Self::Found { error, .. } => error.clone(),
            Self::Canceled => own("canceled", ""),
            Self::Interrupted => own("interrupted", "begin it again"),
            Self::Late { .. } => own("drill_late", "a larger `timeout` of [scratch] gives it more time"),
            Self::Gone { .. } => own("archive_gone", "drill a newer one"),
            Self::NoSource { .. } => own("unknown_source", "add the source, or drill on the daemon that has it"),
            Self::Panicked { .. } => own("internal", "the daemon's log has more of it"),
        }
    }
}
