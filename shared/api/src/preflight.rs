//! What an app's own importer would say of an archive.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PREFLIGHT, Warning};

/// What the importer would do with the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It takes the file; some findings may say what it changes.
    Accepted,
    /// It refuses the file, or crashes on it.
    Refused,
}

/// How bad one finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The importer refuses the whole file for it, or crashes on it.
    Refuses,
    /// The importer takes the file and stores something else than what is written there.
    Changes,
}

/// One thing that the importer would refuse or change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Stable: `description_too_long`, `invalid_color`, …
    pub code: String,
    /// The member of the archive; empty for the archive as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line of the member on which the row starts, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The row's id, as the member has it, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// One sentence for people.
    pub message: String,
}

/// How often one code was found; the list of findings itself is bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Total {
    /// The findings' code.
    pub code: String,
    /// The findings' severity.
    pub severity: Severity,
    /// How many there are.
    pub count: u64,
}

/// What the app's own importer would say of an archive; also the answer to
/// `POST /v1/archives/{gid}/preflight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preflight {
    /// Whose importer.
    pub product: String,
    /// Whether it takes the file.
    pub verdict: Verdict,
    /// The first 100 findings of each code, in the order in which the importer meets them.
    pub findings: Vec<Finding>,
    /// Every code that was found, with how often.
    pub totals: Vec<Total>,
}

impl Severity {
    /// What the importer would do.
    #[must_use]
    pub fn would(self) -> &'static str {
        match self {
            Self::Refuses => "refuse the archive",
            Self::Changes => "change what it imports",
        }
    }
}

/// Whether an archive's warning says that the app's own importer would refuse it. The sentence tells
/// it, because one code may be of either severity.
#[must_use]
pub fn refuses(warning: &Warning) -> bool {
    warning.code.starts_with(PREFLIGHT) && warning.message.contains(Severity::Refuses.would())
}
