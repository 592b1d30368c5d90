//! Sending: handing an archive to a running instance of an app.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ExportError;
use crate::{clock::Timestamp, gid::Gid, preflight::Preflight};

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
    /// What became of it; absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SendRecord>,
}
