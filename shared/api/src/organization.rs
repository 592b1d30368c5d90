//! Organizations: the tenants of a source.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DayResult, Format, State};
use crate::{
    clock::Timestamp,
    gid::Gid,
    health::{Health, Reason},
};

/// What names one organization: enough to find its folder and to show it to people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrganizationKey {
    /// The source's name.
    pub source: String,
    /// `organization`; in TruePPM `program` or `project`.
    pub kind: String,
    /// The tenant's id in the database, as text.
    pub id: String,
    /// Its name, as the database has it: any text.
    pub name: String,
    /// Its slug, as the database has it: any text, may be empty.
    pub slug: String,
}

/// One organization of a source.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// What names it.
    #[serde(flatten)]
    pub key: OrganizationKey,
    /// When the app says it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// When the app soft-deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Timestamp>,
    /// Its newest archive of any format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_archive: Option<LastArchive>,
    /// The worst state among the exports of its newest request that were not canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_state: Option<State>,
    /// Whether `--all` and schedules take it: one that is soft-deleted, or part of another one, they
    /// do not.
    #[serde(default = "yes")]
    pub in_all: bool,
    /// Whether it is to be exported by itself: a schedule takes it, or there is no schedule and
    /// `--all` takes it. Where it is not, it is not missed either.
    #[serde(default = "yes")]
    pub covered: bool,
    /// When its source listed it last, where that does not list it now: it does not answer, or the
    /// organization is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub listed_at: Option<Timestamp>,
    /// Whether it is safe, in one word.
    #[serde(default)]
    pub health: Health,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// With `?history=14d`: how each of the last days ended, the oldest first, in UTC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<DayResult>,
    /// When a schedule exports it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_run: Option<Timestamp>,
    /// Why it is not exported before its row in the app's database is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<super::ExportError>,
}

fn yes() -> bool {
    true
}

impl Organization {
    /// Whether its health counts.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.health.is_judged(self.covered)
    }
}

/// The newest archive of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastArchive {
    /// Its id.
    pub gid: Gid,
    /// How it is written.
    pub format: Format,
    /// When its export started.
    #[schema(value_type = String, format = DateTime)]
    pub exported_at: Timestamp,
    /// Its size in bytes.
    pub bytes: u64,
    /// Rows over all sections.
    pub rows: u64,
}

/// `GET /v1/organizations`: those of every source, and those that are gone and have archives.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Organizations {
    /// The organizations, by source, then as the source lists them.
    pub organizations: Vec<Organization>,
    /// The sources that did not answer: of theirs, what was known last is listed.
    #[serde(default)]
    pub failures: Vec<SourceFailure>,
}

/// A source that could not be asked, or one of its organizations that is refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SourceFailure {
    /// The source's name.
    pub source: String,
    /// The organization that is refused; none where the whole source did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationKey>,
    /// What went wrong.
    pub error: super::ExportError,
}

impl SourceFailure {
    /// What the source did, after its name: one that refuses its list has answered all the same.
    #[must_use]
    pub fn what_it_does(&self) -> &'static str {
        match self.error.code.as_str() {
            "source_unreachable" | "source_lost" | "source_stalled" => "does not answer",
            _ => "does not list its organizations",
        }
    }
}
