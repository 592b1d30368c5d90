//! What the daemon said about one export.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// The line: any text.
    pub message: String,
}

/// `GET /v1/exports/{gid}/log`: the newest lines, as many as the daemon keeps in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLines {
    /// The lines, newest last.
    pub lines: Vec<LogLine>,
}
