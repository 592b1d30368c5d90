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
