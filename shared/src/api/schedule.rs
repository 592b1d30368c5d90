//! Schedules and their runs.

use serde::{Deserialize, Serialize};

use super::{Format, Warning};
use crate::{clock::Timestamp, gid::Gid};

/// One schedule of the configuration, with what the daemon knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// Its cron expression, as it is configured.
    pub cron: String,
    /// The IANA time zone in which the expression is read.
    pub timezone: String,
    /// The formats it exports; empty means each product's default.
    pub formats: Vec<Format>,
    /// Whether the configuration has it on.
    pub enabled: bool,
    /// Whether an admin paused it.
    pub paused: bool,
    /// When it is due next, soonest first; empty while it is paused or off.
    pub next: Vec<Timestamp>,
    /// Its newest run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<Run>,
}

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// It was due.
    Due,
    /// It was missed, and is caught up with.
    Missed,
    /// Somebody asked for it.
    Asked,
}

/// One firing of a schedule: one export for each organization and format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id, and the `request` of its exports.
    pub gid: Gid,
    /// The schedule's name.
    pub schedule: String,
    /// The instant it was due at.
    pub due_at: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When its last export ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Why it was started.
    pub trigger: Trigger,
    /// How many organizations it covers.
    pub organizations: u64,
    /// Exports that wait or are being written.
    pub open: u64,
    /// Exports that have an archive.
    pub finished: u64,
    /// Exports that have none, after the last retry.
    pub failed: u64,
    /// What the admin ought to know: sources that did not answer, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// `GET /v1/schedules`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedules {
    /// The schedules, as they are configured.
    pub schedules: Vec<Schedule>,
}
