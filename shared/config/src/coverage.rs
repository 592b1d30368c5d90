//! `[coverage]`: how often the rows of all organizations are compared with those of their tables.

use std::time::Duration;

use super::values::duration;
use crate::checked_toml::Table;

/// How often the rows of all organizations are compared with those of their tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// From one look at a source to the next; zero is never.
    pub every: Duration,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { every: Duration::from_hours(24) }
    }
}

pub(super) fn read(table: &Table<'_>) -> Coverage {
    Coverage { every: table.or("every", Coverage::default().every, duration) }
}
