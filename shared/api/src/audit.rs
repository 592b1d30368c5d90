//! The audit trail: who did what, and whether it was allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OrganizationKey;
use crate::{clock::Timestamp, gid::Gid};

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Actor {
    /// A peer of the Unix socket.
    User {
        /// Its user id.
        uid: u32,
        /// Its name.
        user: String,
        /// Its process, where the system told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pid: Option<i32>,
    },
    /// The holder of a service account's token.
    Token {
        /// The service account's name.
        name: String,
    },
    /// The daemon itself: a schedule, retention, scrub.
    Daemon {
        /// Which part of it.
        part: String,
    },
    /// Somebody who did not say who they are.
    Nobody,
}

/// One line of the trail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where: `unix`, or an IP address.
    pub from: String,
    /// What, stable: `archive.download`, `archive.delete`, `send`, `token.add`, `refused`, …
    pub act: String,
    /// What it was done to, for people: a route, a target's or token's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on: String,
    /// The export or archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<Gid>,
    /// Whose data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationKey>,
    /// `ok`, or the stable code of what went wrong.
    pub result: String,
    /// How often: more than once where one line stands for a flood of refusals.
    #[serde(default = "once")]
    pub times: u64,
}

impl AuditEntry {
    /// An act of somebody on this machine that went well; fill in what else is known.
    #[must_use]
    pub fn new(at: Timestamp, actor: Actor, act: &str) -> Self {
        Self {
            at,
            actor,
            from: "unix".to_owned(),
            act: act.to_owned(),
            on: String::new(),
            gid: None,
            organization: None,
            result: "ok".to_owned(),
            times: once(),
        }
    }
}

fn once() -> u64 {
    1
}

/// `GET /v1/audit`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AuditTrail {
    /// The entries, newest last.
    pub entries: Vec<AuditEntry>,
    /// What to pass as `after` for what comes next; empty where there is no trail yet.
    #[serde(default)]
    pub next: String,
    /// Lines in between that could not be read.
    #[serde(default)]
    pub unreadable: u64,
}

/// `GET /v1/audit/verify`: whether the lines of the trail are those that were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditChain {
    /// Whether each line is the one that the next was written after.
    pub whole: bool,
    /// Lines that there are.
    pub lines: u64,
    /// Lines at its beginning that are older than the chain: only the last of them is held by it.
    #[serde(default)]
    pub unchained: u64,
    /// The number of the first line in the chain: more than 1 where older files are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The number of the last line: so many were written since there is a chain.
    pub number: u64,
    /// The SHA-256 of the last line with its end, in lower-case hex; empty where there is none.
    pub head: String,
    /// Files that end with a line that a crash cut short; what it was about was never handed out.
    #[serde(default)]
    pub torn: u64,
    /// The number of the line with the SHA-256 that was asked for; absent where no line has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<u64>,
    /// Where it is not whole, the first 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<AuditBreak>,
}

/// A place at which the trail is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditBreak {
    /// The file in `state_dir/audit`.
    pub file: String,
    /// The line in it, from 1 on.
    pub line: u64,
    /// Stable: `changed`, `missing`, `order`, `unlinked`, `unreadable`.
    pub code: String,
    /// One sentence, for people.
    pub message: String,
}
