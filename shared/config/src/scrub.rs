//! `[scrub]`: how stored archives are read again.

use std::time::Duration;

use super::values::{duration, size};
use crate::checked_toml::Table;

/// How stored archives are read again, the one first whose last check is oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrub {
    /// From one run to the next; zero is never.
    pub every: Duration,
    /// What one run reads at most, in bytes; one archive is read even if it is larger.
    pub budget: u64,
}

impl Default for Scrub {
    fn default() -> Self {
        Self { every: Duration::from_hours(24), budget: 10 << 30 }
    }
}

pub(super) fn read(table: &Table<'_>) -> Scrub {
    let default = Scrub::default();
    Scrub { every: table.or("every", default.every, duration), budget: table.or("budget", default.budget, size) }
}
