use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What `orgvaultd demo` prints as its first line, when somebody may connect to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoReady {
    /// The made-up database.
    pub database: PathBuf,
    /// Where the daemon listens.
    pub socket: PathBuf,
    /// The name of its one schedule.
    pub schedule: String,
}
