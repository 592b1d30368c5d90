//! Archives: finished files with their manifests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Format, LastDrill, OrganizationKey, Row, SectionCount, SendRecord, Warning, is_false};
use crate::{clock::Timestamp, gid::Gid};

/// What the daemon knows of an archive's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArchiveState {
    /// As it was published, as far as the last look tells.
    Present,
    /// The file or its manifest is gone.
    Missing,
    /// A verification found a fault.
    Damaged,
}

/// One archive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Archive {
    /// Its id, and that of the export that made it.
    pub gid: Gid,
    /// The request it belongs to: archives of one request and organization show one snapshot.
    pub request: Gid,
    /// Whose rows it holds.
    pub organization: OrganizationKey,
    /// How it is written.
    pub format: Format,
    /// For `csv`: the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
    /// Whether what the app's own importer refuses was left out of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub importable: bool,
    /// The file, absolute.
    pub path: String,
    /// The file's size in bytes.
    pub bytes: u64,
    /// The file's SHA-256, in lower-case hex.
    pub sha256: String,
    /// Rows by section.
    pub counts: Vec<SectionCount>,
    /// The files of the app that it holds; absent where it holds none by its format or its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<ArchiveFiles>,
    /// What the snapshot is called in the source.
    pub snapshot: String,
    /// For one that the app itself made: what is known of it for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Received>,
    /// When the export started: the time written into the archive.
    #[schema(value_type = String, format = DateTime)]
    pub exported_at: Timestamp,
    /// Whether the file is there and whole.
    pub state: ArchiveState,
    /// The last verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verification>,
    /// Whether a pin keeps it from every deletion.
    #[serde(default)]
    pub pinned: bool,
    /// What the admin ought to know.
    pub warnings: Vec<Warning>,
    /// Where it was sent, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<SendRecord>,
    /// Its last drill: whether it went back into a scratch database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<LastDrill>,
}

/// An archive that the app itself made, and that is kept as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Received {
    /// What it was verified against.
    pub verified_against: VerifiedAgainst,
    /// Whether its rows show one instant.
    pub consistency: Consistency,
    /// The app's own id of the job that made it, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// When the app was asked for it.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
}

/// What an archive is verified against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerifiedAgainst {
    /// The file itself: no count of another origin is known.
    Itself,
}

/// Whether the rows of an archive show one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// Nobody outside of the app knows.
    Unknown,
}

/// The files of an app, which its rows name, in one archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArchiveFiles {
    /// How many it holds; several rows may name one.
    pub count: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// How many are named and were not there.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: u64,
    /// How many it holds that are not what their rows say, or changed while they were read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub changed: u64,
    /// How many names were refused: they lead elsewhere, or to something that is no file.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused: u64,
    /// How many could not be read, or not to their end: of those it holds what was read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unreadable: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The result of one verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    /// Which archive; absent for a file without a manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<Gid>,
    /// The file.
    pub path: String,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether no fault was found.
    pub ok: bool,
    /// What is wrong, one sentence each.
    pub faults: Vec<String>,
    /// Rows found by section.
    pub counts: Vec<SectionCount>,
    /// The files of the app that were found, where the archive lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<ArchiveFiles>,
    /// Bytes read.
    pub bytes: u64,
}

impl Verification {
    /// Of an archive that cannot be read, for this reason.
    #[must_use]
    pub fn unread(gid: Option<Gid>, path: String, at: Timestamp, fault: String) -> Self {
        Self { gid, path, at, ok: false, faults: vec![fault], counts: Vec::new(), files: None, bytes: 0 }
    }
}

/// The difference of one section between two archives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SectionDifference {
    /// The section's name.
    pub name: String,
    /// Rows in the first; none where the section is not in it.
    pub left: Option<u64>,
    /// Rows in the second.
    pub right: Option<u64>,
}

/// `GET /v1/archives/{gid}/compare/{other}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The first archive.
    pub left: Gid,
    /// The second archive.
    pub right: Gid,
    /// Whose rows the first holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_organization: Option<OrganizationKey>,
    /// Whose rows the second holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_organization: Option<OrganizationKey>,
    /// Whether both files hold the same bytes.
    pub identical: bool,
    /// Whether both hold the same data: the same bytes but for the time of the export. Left out where
    /// they are written in different ways, or one cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_data: Option<bool>,
    /// Every section of either.
    pub sections: Vec<SectionDifference>,
}

/// `GET /v1/archives/{gid}/sections/{name}/rows`: one page of a section's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowsPage {
    /// Column names, in the archive's order.
    pub columns: Vec<String>,
    /// The rows: each a JSON object of column to value.
    pub rows: Vec<Row>,
    /// What to pass as `after` for the next page; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// `GET /v1/archives`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Archives {
    /// The archives, newest last. Pages go by gid.
    pub archives: Vec<Archive>,
    /// There are more: what to pass as `before` for the next page, or as `after` where this one was
    /// asked for with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Gid>,
}
