//! The configuration, read again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;

/// `POST /v1/reload`: the configuration is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    pub configured_at: Timestamp,
    /// Keys that have changed and count from the next start on (`daemon.socket`).
    pub needs_restart: Vec<String>,
}
