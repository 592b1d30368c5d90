//! Sending: handing an archive to a running instance of an app.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ExportError;
use crate::{clock::Timestamp, gid::Gid, is_false, preflight::Preflight};

/// How the sending of an archive ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SendState {
    /// It is on its way. A daemon that starts with one of these does not know what became of it.
    Sending,
    /// The target took it.
    Sent,
    /// The target took nothing of it: it refused, or was never reached.
    Refused,
    /// It was on its way, and nobody knows what the target did with it.
    Unknown,
}

impl SendState {
    /// The name that the API and the command line use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// One time that an archive was sent, or was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendRecord {
    /// The target's name.
    pub target: String,
    /// What became of it.
    pub state: SendState,
    /// Who asked for it.
    pub by: String,
    /// When it was meant to begin: written down before the first byte.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it is not `sent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ExportError>,
    /// What the target said, line by line, shortened and without control characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub report: Vec<String>,
    /// The work over there, where the target does it as a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<SendJob>,
    /// How many parts the target took, where it is too much for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<SendParts>,
}

/// An import that a target does as a job, so that it can be asked for once more without being done twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendJob {
    /// What was sent as `Idempotency-Key`: whoever sends the same with it gets the same job.
    pub key: String,
    /// Whether it may replace what is there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replace: bool,
    /// The id of what it may replace, and of nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The target's id of the job, once it has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The target's id of what the job makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub makes: Option<String>,
}

/// An archive that is sent in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendParts {
    /// How many there are.
    pub all: u64,
    /// How many of them the target took.
    pub taken: u64,
    /// Whether nobody knows what became of the next one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown: bool,
    /// The rows of each, but for the last.
    pub rows: u64,
}

impl SendRecord {
    /// Whether the same may be asked for once more without anything being done twice: nobody knows how
    /// it ended, and the target itself can tell; or the target is known to have taken some parts only.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let parts = self.parts.is_some_and(|parts| !parts.unknown && parts.taken > 0);
        self.state == SendState::Unknown && (self.job.is_some() || parts)
    }
}

/// What is always lost on the way to a target, whatever the archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendLoss {
    /// Stable: `accounts`, `roles`, `assignees`, `ids`, …
    pub code: String,
    /// One sentence, for people.
    pub message: String,
}

/// What a target would replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replaced {
    /// The target's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// How many projects it has.
    pub projects: u64,
    /// How many tasks.
    pub tasks: u64,
}

/// What a target said when it was asked, and nothing was written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendTrial {
    /// Whether it would take the archive.
    pub accepted: bool,
    /// What it would replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaced>,
    /// Why it would not take it, or could not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ExportError>,
    /// Its own words, as in [`SendRecord`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub report: Vec<String>,
}

/// `POST /v1/archives/{gid}/send`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command, and they are independent")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendRequest {
    /// The target's name.
    pub to: String,
    /// Send it although it was sent before, or may have been.
    #[serde(default)]
    pub again: bool,
    /// Let the app replace what has the same name there.
    #[serde(default)]
    pub replace: bool,
    /// Look at everything and send nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Let the target's command create users.
    #[serde(default)]
    pub create_users: bool,
}

/// The answer to `POST /v1/archives/{gid}/send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendAnswer {
    /// The archive.
    pub gid: Gid,
    /// The target's name.
    pub target: String,
    /// What kind of target it is: `solidtime`, `trueppm` or `command`.
    pub kind: String,
    /// The URL that it goes to, or the command that is run.
    pub address: String,
    /// How many bytes the request has, or the file that the command is given.
    pub upload_bytes: u64,
    /// What the app's importer would change; absent where no importer of the product is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preflight: Option<Preflight>,
    /// What is always lost on this way; empty where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<SendLoss>,
    /// In how many parts it is sent, where it is too much for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u64>,
    /// What the target said to a dry run; absent where it cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<SendTrial>,
    /// What became of it; absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SendRecord>,
}
