//! The daemon as a whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Warning;
use crate::clock::Timestamp;

/// What a peer may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees states and counts.
    Viewer,
    /// Exports, verifies and downloads.
    Admin,
    /// Deletes, restores and manages tokens.
    Owner,
}

impl Role {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// `GET /v1/health`: an answer at all means that the daemon and its catalog work; else it is a
/// problem with status 503.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// The daemon's version.
    pub version: String,
}

/// `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// When it became ready.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// What the asking peer may do.
    pub role: Role,
    /// How many sources are configured.
    pub sources: u64,
    /// How many archives the catalog lists.
    pub archives: u64,
    /// Their size together, in bytes.
    pub archive_bytes: u64,
    /// Where they are.
    pub archive_dir: String,
    /// Exports that wait.
    pub pending: u64,
    /// Exports that are being written.
    pub running: u64,
    /// Exports that ended as `error` in the last 24 hours, without those that were canceled.
    pub failed: u64,
    /// When the configuration in force was read.
    #[schema(value_type = String, format = DateTime)]
    pub configured_at: Timestamp,
    /// What the admin ought to know, as long as it is so.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// `POST /v1/catalog/rebuild`: what was found in the archive directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rebuilt {
    /// Archives that the catalog lists now.
    pub archives: u64,
    /// Files that could not be taken in, one sentence each.
    pub skipped: Vec<String>,
}
