//! Drills: restores into a scratch database that nobody keeps, and what they proved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ExportError, Format, OrganizationKey};
use crate::{clock::Timestamp, gid::Gid};

/// What a drill says of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It went back, and everything that was compared is the same.
    Passed,
    /// It did not go back, or something is not the same.
    Failed,
    /// Nothing was learned of the archive: no server, no disk, an extension that is not there.
    Inconclusive,
}

impl Verdict {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// One drill of one archive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Drill {
    /// Its id.
    pub gid: Gid,
    /// The archive that was put back.
    pub archive: Gid,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// Whose rows they are.
    pub organization: OrganizationKey,
    /// Who asked for it, or `drill NAME` of the configuration.
    pub by: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended; none while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// What came out; none while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why it is not `passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ExportError>,
    /// Where the scratch database was: `PostgreSQL 15.18`.
    #[serde(default)]
    pub server: String,
    /// Rows that were put back.
    pub rows: u64,
    /// Every comparison, in the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<Proof>,
    /// The source whose rows of now it was compared with too, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

/// One comparison of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// Stable: `counts`, `row_hashes`, `foreign_keys`, `tenant`, `native_export`, `same_archive`, `against`.
    pub name: String,
    /// For `native_export`: the format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Whether both sides are the same.
    pub same: bool,
    /// One sentence, for people.
    pub message: String,
    /// What differs, by table and key; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}
