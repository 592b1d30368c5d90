//! One word for an organization: is it safe? Every command, metric and screen takes it from here.

mod reason;
mod tally;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ArchiveState, ExportError, LastDrill, State, Verdict, clock::Timestamp, gid::Gid};

pub use self::{reason::Reason, tally::Tally};

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
    /// It has archives, and its source does not list it any more.
    Gone,
    /// A section lost more of its rows than is allowed since the archive before.
    Shrinking,
    /// The app's own importer would refuse the newest archive, or the organization is listed so that
    /// it cannot be exported.
    Refused,
    /// No drill has proven for so long as is allowed that an archive of it goes back.
    Unproven,
    /// The newest archive is older than is allowed.
    Stale,
    /// The newest export has no archive.
    Failed,
    /// The newest archive is missing, a verification found a fault in it, or the last drill that says something
    /// of an archive says that it did not go back as it was.
    Damaged,
}

/// How bad a health is, as monitoring counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is wrong.
    Ok,
    /// The admin ought to look at it.
    Warning,
    /// There is no backup as there should be one.
    Critical,
}

impl Health {
    /// Every health, from best to worst.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Running,
        Self::Never,
        Self::Gone,
        Self::Shrinking,
        Self::Refused,
        Self::Unproven,
        Self::Stale,
        Self::Failed,
        Self::Damaged,
    ];

    /// The name on the wire and on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Running => "running",
            Self::Never => "never",
            Self::Gone => "gone",
            Self::Shrinking => "shrinking",
            Self::Refused => "refused",
            Self::Unproven => "unproven",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::Damaged => "damaged",
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Ok | Self::Running => Level::Ok,
            Self::Never | Self::Gone | Self::Shrinking | Self::Refused | Self::Unproven => Level::Warning,
            Self::Stale | Self::Failed | Self::Damaged => Level::Critical,
        }
    }

    /// Judges an organization by what is known of it at `now`: of what is wrong, the worst. One that
    /// is gone is neither stale nor failed: no export of it can be had.
    #[must_use]
    pub fn of(facts: &Facts, now: Timestamp) -> Self {
        let under_way = matches!(facts.last_state, Some(State::Pending | State::Started));
        let Some(archive) = &facts.archive else {
            return match facts.last_state {
                Some(State::Error) => Self::Failed,
                _ if facts.refusal.is_some() => Self::Refused,
                _ if under_way => Self::Running,
                _ => Self::Never,
            };
        };
        if archive.state != ArchiveState::Present || facts.drill_failed().is_some() {
            Self::Damaged
        } else if facts.gone {
            Self::Gone
        } else if facts.last_state == Some(State::Error) {
            Self::Failed
        } else if facts.max_age.is_some_and(|max| archive.age(now) > max) {
            Self::Stale
        } else if facts.is_unproven(now) {
            Self::Unproven
        } else if facts.refusal.is_some() || archive.refused {
            Self::Refused
        } else if facts.shrunk.is_some() {
            Self::Shrinking
        } else if under_way {
            Self::Running
        } else {
            Self::Ok
        }
    }

    /// Whether an organization of this health is judged: one that is to be exported by itself is;
    /// of another one it only counts that an archive was lost.
    #[must_use]
    pub fn is_judged(self, covered: bool) -> bool {
        covered || self == Self::Damaged
    }
}

/// What [`Health::of`] judges by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The state of the newest export that was not canceled: what was before it still holds.
    pub last_state: Option<State>,
    /// That export and why it has no archive, where it has none.
    pub failure: Option<(Gid, ExportError)>,
    /// The newest archive.
    pub archive: Option<ArchiveFacts>,
    /// How old it may be; none is any age.
    pub max_age: Option<Duration>,
    /// A section that lost more rows than is allowed.
    pub shrunk: Option<Shrunk>,
    /// Whether its source listed others and not it.
    pub gone: bool,
    /// Why it cannot be exported as its source lists it.
    pub refusal: Option<ExportError>,
    /// What its drills say.
    pub drills: DrillFacts,
}

/// What the drills of an organization say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrillFacts {
    /// The last one that says something of its archive.
    pub conclusive: Option<LastDrill>,
    /// When the last one passed.
    pub proven_at: Option<Timestamp>,
    /// How long ago that may be; none does not ask for drills.
    pub max_unproven: Option<Duration>,
}

impl Facts {
    /// The last drill, where it failed and none has passed since.
    fn drill_failed(&self) -> Option<&LastDrill> {
        self.drills.conclusive.as_ref().filter(|drill| drill.verdict == Verdict::Failed)
    }

    fn is_unproven(&self, now: Timestamp) -> bool {
        let age = |at: Timestamp| (now - at).to_std().unwrap_or_default();
        self.drills.max_unproven.is_some_and(|max| self.drills.proven_at.is_none_or(|at| age(at) > max))
    }
}

/// What is known of the newest archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Its id; of several of one request, that of one that is not as it should be.
    pub gid: Gid,
    /// When its export started.
    pub exported_at: Timestamp,
    /// Whether its file is there and whole.
    pub state: ArchiveState,
    /// Whether the newest archive that is made for the app's own importer would be refused by it.
    pub refused: bool,
}

impl ArchiveFacts {
    fn age(&self, now: Timestamp) -> Duration {
        (now - self.exported_at).to_std().unwrap_or_default()
    }
}

/// A section that lost rows between two archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// Which section.
    pub section: String,
    /// Its rows in the archive before.
    pub before: u64,
    /// Its rows in the newest one.
    pub now: u64,
}

#[cfg(test)]
mod tests;
