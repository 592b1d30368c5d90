//! One word for an organization: is it safe? Every command, metric and screen takes it from here.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{ArchiveState, State},
    clock::Timestamp,
};

/// How an organization's backups are, from best to worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// The newest archive is young enough and whole.
    #[default]
    Ok,
    /// An export waits or is being written, and nothing is wrong so far.
    Running,
    /// It was never exported.
    Never,
    /// A section lost more of its rows than is allowed since the archive before.
    Shrinking,
    /// The newest archive is older than is allowed.
    Stale,
    /// The newest export has no archive.
    Failed,
    /// The newest archive is missing or a verification found a fault in it.
    Damaged,
}

impl Health {
    /// Every health, from best to worst.
    pub const ALL: [Self; 7] =
        [Self::Ok, Self::Running, Self::Never, Self::Shrinking, Self::Stale, Self::Failed, Self::Damaged];

    /// The name on the wire and on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Running => "running",
            Self::Never => "never",
            Self::Shrinking => "shrinking",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::Damaged => "damaged",
        }
    }

    /// Judges an organization by what is known of it at `now`.
    #[must_use]
    pub fn of(facts: &Facts, now: Timestamp) -> Self {
        let Some(archive) = &facts.archive else {
            return match facts.last_state {
                Some(State::Error) => Self::Failed,
                Some(State::Pending | State::Started) => Self::Running,
                Some(State::Finished) | None => Self::Never,
            };
        };
        let age = (now - archive.exported_at).to_std().unwrap_or_default();
        if archive.state != ArchiveState::Present {
            Self::Damaged
        } else if facts.last_state == Some(State::Error) {
            Self::Failed
        } else if facts.max_age.is_some_and(|max| age > max) {
            Self::Stale
        } else if facts.shrunk {
            Self::Shrinking
        } else if matches!(facts.last_state, Some(State::Pending | State::Started)) {
            Self::Running
        } else {
            Self::Ok
        }
    }
}

/// What [`Health::of`] judges by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The state of the newest export.
    pub last_state: Option<State>,
    /// The newest archive.
    pub archive: Option<ArchiveFacts>,
    /// How old it may be; none is any age.
    pub max_age: Option<Duration>,
    /// Whether a section lost more rows than is allowed.
    pub shrunk: bool,
}

/// What is known of the newest archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// When its export started.
    pub exported_at: Timestamp,
    /// Whether its file is there and whole.
    pub state: ArchiveState,
}
