//! Jobs: what the app of a source that is an export API makes for us. They are not exports of ours.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Export, Format, OrganizationKey};
use crate::{clock::Timestamp, gid::Gid};

/// How far a job is, as we know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// The app was asked for it, or is about to be, and has not answered: whether it heard is not known.
    Requested,
    /// The app makes it.
    Waiting,
    /// The app has made it, and its file is not here yet.
    Finished,
    /// Its file is here, or there will be none.
    Over,
}

impl JobState {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Waiting => "waiting",
            Self::Finished => "finished",
            Self::Over => "over",
        }
    }
}

/// One job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Our number of it.
    pub id: u64,
    /// Whose file it makes.
    pub organization: OrganizationKey,
    /// What kind of file.
    pub format: Format,
    /// How far it is.
    pub state: JobState,
    /// The app's own id of it, where it has one and has told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    /// The app's own word for its state, as last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_state: Option<String>,
    /// When the app was asked for it: written before it was.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// When the app was last asked how far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub polled_at: Option<Timestamp>,
    /// Why it waits, or how it ended, in a sentence; may be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The export of ours that waits for it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Gid>,
}

impl Job {
    /// Whether an export would wait for it.
    #[must_use]
    pub fn is_for(&self, export: &Export) -> bool {
        self.format == export.format && self.organization.is(&export.organization.tenant())
    }
}

/// `GET /v1/jobs`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Jobs {
    /// The daemon's time, for their age.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Those that are not over, the oldest first.
    pub jobs: Vec<Job>,
}

impl Jobs {
    /// The one that an export would wait for.
    #[must_use]
    pub fn of(self, export: &Export) -> Option<Job> {
        self.jobs.into_iter().find(|job| job.is_for(export))
    }
}
