//! Drills: restores into a scratch database that nobody keeps, and what they proved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ExportError, Format, OrganizationKey, Sample};
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

/// How far a drill is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DrillState {
    /// It waits for its turn.
    Pending,
    /// It goes on.
    Started,
    /// It has a verdict.
    #[default]
    Ended,
}

impl DrillState {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Started => "started",
            Self::Ended => "ended",
        }
    }
}

/// One drill of one archive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Drill {
    /// Its id.
    pub gid: Gid,
    /// How far it is.
    #[serde(default)]
    pub state: DrillState,
    /// The archive that is put back.
    pub archive: Gid,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// Whose rows they are.
    pub organization: OrganizationKey,
    /// Who asked for it, or `drill NAME` of the configuration.
    pub by: String,
    /// When it began; while it waits, when it was asked for.
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
    /// The measured recovery time in milliseconds: from the beginning, with the scratch server's start, until all
    /// rows were back and proven. None where it did not come so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_ms: Option<u64>,
    /// Every comparison, in the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<Proof>,
    /// The source whose rows of now it is compared with too, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

/// Two are the same that are written in the same way.
impl PartialEq for Drill {
    fn eq(&self, other: &Self) -> bool {
        serde_json::to_vec(self).ok() == serde_json::to_vec(other).ok()
    }
}

impl Eq for Drill {}

impl Drill {
    /// Whether it says something of its archive: `passed` or `failed`.
    #[must_use]
    pub fn is_conclusive(&self) -> bool {
        matches!(self.verdict, Some(Verdict::Passed | Verdict::Failed))
    }

    /// The same without what it says of single rows.
    #[must_use]
    pub fn without_rows(mut self) -> Self {
        for proof in &mut self.proofs {
            proof.differences.clear();
        }
        self
    }
}

/// The last drill of an archive or an organization, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastDrill {
    /// Its id.
    pub gid: Gid,
    /// The archive that was put back.
    pub archive: Gid,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What came out.
    pub verdict: Verdict,
    /// Why it is not `passed`: the code of its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The measured recovery time in milliseconds, where it came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_ms: Option<u64>,
}

impl LastDrill {
    /// Of a drill that has ended.
    #[must_use]
    pub fn of(drill: &Drill) -> Option<Self> {
        Some(Self {
            gid: drill.gid,
            archive: drill.archive,
            at: drill.ended_at?,
            verdict: drill.verdict?,
            code: drill.error.as_ref().map(|error| error.code.clone()),
            recovery_ms: drill.recovery_ms,
        })
    }
}

/// `POST /v1/drills`: drills the newest `full` archive of each organization that is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DrillRequest {
    /// Organizations, as `POST /v1/exports` takes them.
    pub organizations: Vec<String>,
    /// Archives by their ids: these, instead of the newest of an organization.
    pub archives: Vec<Gid>,
    /// All organizations that have a `full` archive.
    pub all: bool,
    /// All of these whose day it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// A source whose rows of now are compared too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

/// What `POST /v1/drills` answers.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DrillsAsked {
    /// One for each archive.
    pub drills: Vec<Drill>,
    /// Organizations without an archive that can be drilled, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedDrill>,
}

/// An organization that was passed over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SkippedDrill {
    /// Which.
    pub organization: OrganizationKey,
    /// Why.
    pub reason: ExportError,
}

/// `GET /v1/drills`: the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Drills {
    /// When the answer was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The drills.
    pub drills: Vec<Drill>,
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
