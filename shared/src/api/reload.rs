//! The configuration, read again.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// `POST /v1/reload`: the configuration is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// When it was read.
    pub configured_at: Timestamp,
    /// Keys that have changed and count from the next start on (`daemon.socket`).
    pub needs_restart: Vec<String>,
}
