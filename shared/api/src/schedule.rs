//! Schedules and their runs.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Format, SourceFailure, Warning};
use crate::{clock::Timestamp, gid::Gid};

/// One schedule of the configuration, with what the daemon knows of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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
    #[schema(value_type = Vec<String>)]
    pub next: Vec<Timestamp>,
    /// Its newest run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<Run>,
}

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its id, and the `request` of its exports.
    pub gid: Gid,
    /// The schedule's name.
    pub schedule: String,
    /// The instant it was due at: of several that were missed the first.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When its last export ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Why it was started.
    pub trigger: Trigger,
    /// How many organizations it covers.
    pub organizations: u64,
    /// Exports that wait or are being written; those that are tried again are among them.
    pub open: u64,
    /// Exports that have an archive.
    pub finished: u64,
    /// Exports that have none, after the last retry.
    pub failed: u64,
    /// Sources that did not answer, after the last retry, and organizations that are refused: nothing
    /// of them is exported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<SourceFailure>,
    /// What the admin ought to know: formats that a product does not have, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl Trigger {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Missed => "missed",
            Self::Asked => "asked",
        }
    }
}

/// The text names no trigger.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no trigger: expected due, missed or asked")]
pub struct UnknownTrigger(String);

impl FromStr for Trigger {
    type Err = UnknownTrigger;

    fn from_str(text: &str) -> Result<Self, UnknownTrigger> {
        [Self::Due, Self::Missed, Self::Asked]
            .into_iter()
            .find(|trigger| trigger.name() == text)
            .ok_or_else(|| UnknownTrigger(text.to_owned()))
    }
}

impl Run {
    /// Whether everything that was to be exported has an archive, as far as it has ended.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failed == 0 && self.failures.is_empty()
    }
}

/// `GET /v1/runs` and `POST /v1/run-due`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Runs {
    /// The runs, newest last.
    pub runs: Vec<Run>,
}

/// `GET /v1/schedules`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Schedules {
    /// The schedules, as they are configured.
    pub schedules: Vec<Schedule>,
}
