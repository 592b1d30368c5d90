//! The words of the wire, and the client that speaks them: what `/v1` sends and takes, as JSON. `docs/openapi.json` lists the
//! routes.
//!
//! Field names and values are stable: one may be added, none is renamed or removed.
//!
//! ```
//! use orgvault_api::{ExportRequest, State};
//!
//! let asked = ExportRequest { all: true, ..ExportRequest::default() };
//! assert_eq!(serde_json::to_value(&asked)?["all"], true);
//! let state: State = serde_json::from_str("\"finished\"")?;
//! assert!(state.is_final());
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod client;
pub mod clock;
pub mod gid;
pub mod health;
pub mod preflight;
pub mod text;
pub mod units;

mod archive;
mod audit;
mod coverage;
mod demo;
mod diagnosis;
mod drill;
mod evidence;
mod export;
mod history;
mod job;
mod log;
mod organization;
mod problem;
mod reload;
mod restore;
mod retention;
mod row;
mod sample;
mod schedule;
mod send;
mod source;
mod status;
mod tenant;
mod token;

pub use archive::{
    Archive, ArchiveFiles, ArchiveState, Archives, Comparison, Consistency, Received, RowsPage, SectionDifference,
    Verification, VerifiedAgainst,
};
pub use audit::{Actor, AuditBreak, AuditChain, AuditEntry, AuditTrail};
pub use coverage::{Coverage, SectionCoverage};
pub use demo::DemoReady;
pub use diagnosis::Diagnosis;
pub use drill::{Drill, DrillRequest, DrillState, Drills, DrillsAsked, LastDrill, Proof, SkippedDrill, Verdict};
pub use evidence::EvidencePublicKey;
pub use export::{
    Event, Export, ExportError, ExportRequest, Exports, Format, JobProgress, Progress, SectionProgress, State,
};
pub use history::DayResult;
pub use job::{Job, JobState, Jobs};
pub use log::{LogLine, LogLines};
pub use organization::{LastArchive, Organization, OrganizationKey, Organizations, SourceFailure};
pub use problem::Problem;
pub use reload::Reloaded;
pub use restore::{
    RestoreAnswer, RestoreDatabase, RestoreFinding, RestoreIds, RestoreMode, RestorePlan, RestoreRequest,
    RestoreSequence, RestoreTable, Restored,
};
pub use retention::{Pruned, RetentionDecision, RetentionPlan};
pub use row::Row;
pub use sample::{InvalidSample, Sample};
pub use schedule::{Run, Runs, Schedule, Schedules, Trigger};
pub use send::{Replaced, SendAnswer, SendJob, SendLoss, SendParts, SendRecord, SendRequest, SendState, SendTrial};
pub use source::{CheckLine, CheckResult, Source, SourceCheck, Sources};
pub use status::{Alive, Rebuilt, Role, Status};
pub use tenant::Tenant;
pub use token::{NewToken, Token, TokenRequest, Tokens};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For fields that are left out where they say nothing.
#[must_use]
pub fn is_false(value: &bool) -> bool {
    !value
}

/// Rows of one section, in a list that keeps the archive's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SectionCount {
    /// The section's name (`workItems`).
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
}

/// Rows that were read and, by a rule of the format, not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DroppedRows {
    /// The section's name (`tasks`).
    pub section: String,
    /// Stable: `deleted`, `task_not_exported`, …
    pub rule: String,
    /// How many rows.
    pub rows: u64,
}

/// How the codes of warnings begin that tell what an app's own importer would say of an archive.
pub const PREFLIGHT: &str = "preflight_";

/// Something that the admin ought to know and that does not make an export an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Stable: `schema_newer`, `tables_unknown`, `foreign_rows`, `number_imprecise`, …
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// The rows it is about, at most 100 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

impl Warning {
    /// The same without what it says of single rows: their names, addresses and ids.
    #[must_use]
    pub fn without_rows(mut self) -> Self {
        self.ids.clear();
        // What an importer minds is said with the first row: `.. would refuse the archive (3 times): the name ..`.
        if self.code.starts_with(PREFLIGHT)
            && let Some((what, _row)) = self.message.split_once(": ")
        {
            self.message = what.to_owned();
        }
        self
    }
}

/// `GET /v1/organizations/{source}/{org}/counts`: the live database's counts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Whose rows were counted.
    pub organization: OrganizationKey,
    /// Rows by section, by the definition's count queries in one snapshot.
    pub counts: Vec<SectionCount>,
}
