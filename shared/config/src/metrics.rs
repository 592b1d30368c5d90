//! `[metrics]`: the file that the Prometheus node exporter reads.

use std::{path::PathBuf, time::Duration};

use super::values::{absolute_path, some_duration};
use crate::checked_toml::{Table, Value};

/// Where metrics are written besides `GET /metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// The file; none is no file.
    pub textfile: Option<PathBuf>,
    /// How often it is written.
    pub every: Duration,
    /// Whether there are series for each organization, and for each section of its newest archive.
    pub organizations: bool,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { textfile: None, every: Duration::from_mins(1), organizations: false }
    }
}

pub(super) fn read(table: &Table<'_>) -> Metrics {
    let textfile = table.optional("textfile", |value| match value.text()? {
        "" => Some(None),
        _ => absolute_path(value).map(Some),
    });
    let default = Metrics::default();
    Metrics {
        textfile: textfile.flatten(),
        every: table.or("every", default.every, some_duration),
        organizations: table.or("organizations", default.organizations, Value::boolean),
    }
}
