//! Exports: the jobs that make archives.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Archive, OrganizationKey, SectionCount, Warning, is_false};
use crate::{clock::Timestamp, gid::Gid};

/// How an archive is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// One JSON document with every section.
    Json,
    /// One CSV file of one entity.
    Csv,
    /// A ZIP with one CSV for each section.
    Zip,
    /// TruePPM's canonical seed (v1).
    Seed,
    /// TruePPM's canonical seed with its timeline of events (v2).
    SeedEvents,
    /// Every row of an organization with every column, as `BagIt` in a ZIP: it can be put back exactly.
    Full,
    /// A tar, as only apps make it themselves: nothing is written as one here.
    Tar,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 7] = [Self::Json, Self::Csv, Self::Zip, Self::Seed, Self::SeedEvents, Self::Full, Self::Tar];

    /// The name on the wire and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Zip => "zip",
            Self::Seed => "seed",
            Self::SeedEvents => "seed-events",
            Self::Full => "full",
            Self::Tar => "tar",
        }
    }

    /// Their names, for a sentence.
    #[must_use]
    pub fn join(formats: &[Self], separator: &str) -> String {
        formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(separator)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no format.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no format: expected json, csv, zip, seed, seed-events, full or tar")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// `POST /v1/exports`: which organizations, in which formats. All formats of one organization
/// are written from one snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the request's JSON")]
#[serde(deny_unknown_fields, default)]
pub struct ExportRequest {
    /// The organizations: a slug, an id, `source/slug` or `source/kind/slug` each.
    pub organizations: Vec<String>,
    /// Every organization (of `source`, where that is given) instead of a list.
    pub all: bool,
    /// With `all`: only this source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// With `all`: soft-deleted ones too.
    pub deleted: bool,
    /// Formats; empty means the product's default.
    pub formats: Vec<Format>,
    /// For `csv`: only this entity; none means one archive for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Compress with gzip (`.gz`).
    pub gzip: bool,
    /// For `seed`, `seed-events` and solidtime's `zip`: leave out what the app's own importer refuses, or write it as it
    /// is taken.
    pub importable: bool,
}

/// The state of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for a worker.
    Pending,
    /// Is being written.
    Started,
    /// Its archive is whole, verified and under its final name.
    Finished,
    /// There is no archive; `error` says why.
    Error,
}

impl State {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Error => "error",
        }
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Error)
    }
}

/// The text names no state.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state: expected pending, started, finished or error")]
pub struct UnknownState(String);

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        [Self::Pending, Self::Started, Self::Finished, Self::Error]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// Why an export has no archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportError {
    /// Stable: `source_unreachable`, `source_lost`, `count_mismatch`, `canceled`, …
    pub code: String,
    /// One sentence: the act, the place and the cause.
    pub message: String,
    /// What to do about it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

/// How far a started export is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The section that is being written.
    pub section: String,
    /// Rows written so far, over all sections.
    pub rows: u64,
    /// Rows that the count queries announced, over all sections.
    pub rows_expected: u64,
    /// Bytes written so far, before compression.
    pub bytes: u64,
    /// How far each section is, in the archive's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<SectionProgress>,
    /// Of a source that is an export API: the app's job, and why it is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobProgress>,
}

/// How far the app is with what it makes for an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobProgress {
    /// The app's own id of the job, where it has told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    /// How far it is: the app's own word, where it has told one.
    pub state: String,
    /// When the app was asked for it.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// What is waited for, in a few words; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// While its file is fetched: how many bytes it has, where the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_expected: Option<u64>,
}

/// How far one section of a started export is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SectionProgress {
    /// The section's name.
    pub name: String,
    /// Rows written so far.
    pub rows: u64,
    /// Rows that its count query announced.
    pub rows_expected: u64,
}

/// One export.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// Its id, and that of the archive it makes.
    pub gid: Gid,
    /// What asked for it: exports of one request and one organization share a snapshot.
    pub request: Gid,
    /// What is exported, as it was named when the export was asked for.
    pub organization: OrganizationKey,
    /// How the archive is written.
    pub format: Format,
    /// For `csv`: the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Whether the archive is compressed with gzip.
    pub gzip: bool,
    /// Whether what the app's own importer refuses is left out of the archive.
    #[serde(default, skip_serializing_if = "is_false")]
    pub importable: bool,
    /// Its state.
    pub state: State,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a worker took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it reached `finished` or `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// While it is started: how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// For `error`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ExportError>,
    /// What the admin ought to know.
    pub warnings: Vec<Warning>,
    /// Once finished: rows by section.
    pub counts: Vec<SectionCount>,
    /// Once finished: the archive's size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Who asked for it: a user's name.
    pub requested_by: String,
    /// The schedule whose run it belongs to; the run's id is `request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
}

impl Export {
    /// Its archive is published: takes over what that says.
    pub fn finish(&mut self, archive: &Archive) {
        self.state = State::Finished;
        self.progress = None;
        self.warnings.clone_from(&archive.warnings);
        self.counts.clone_from(&archive.counts);
        self.bytes = Some(archive.bytes);
    }

    /// Whether it was to make an archive and did not. One that was canceled was not to.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state == State::Error && self.error.as_ref().is_none_or(|error| error.code != "canceled")
    }
}

/// The answer to `POST /v1/exports` and `GET /v1/exports`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Exports {
    /// The exports, newest last.
    pub exports: Vec<Export>,
    /// There are more: what to pass as `before` for the next page, or as `after` where this one was
    /// asked for with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Gid>,
    /// For a request of all organizations: the sources that did not answer, of which nothing is
    /// exported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<super::SourceFailure>,
}

/// What `GET /v1/events` sends. The first is a `snapshot`; each later one is a change, or a
/// `snapshot` again, where more changed at once than is kept for a reader: what it shows of
/// archives may have changed as well then.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    /// Every export that is not final, and with `?request=` all of that request.
    Snapshot {
        /// The exports, newest last.
        exports: Vec<Export>,
    },
    /// One export is new or has changed.
    Export {
        /// The export as it is now.
        export: Box<Export>,
    },
    /// An archive was added, verified, changed or removed.
    Archive {
        /// Which one.
        gid: Gid,
        /// The organization it belongs to.
        organization: Box<OrganizationKey>,
    },
}
