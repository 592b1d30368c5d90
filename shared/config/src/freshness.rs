//! `[freshness]`: when an organization's backups are too old, or lose rows.

use std::time::Duration;

use super::values::{duration, patterns};
use crate::{checked_toml::Table, patterns::Patterns};

/// What is asked of every organization that no exception names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// How old the newest archive may be; zero is any age.
    pub max_age: Duration,
    /// How long ago a drill may last have proven that an archive goes back; zero does not ask for any.
    pub max_unproven: Duration,
    /// How many percent of its rows a section may lose from one archive to the next; zero is any
    /// number.
    pub shrinking: u32,
    /// `[[freshness.exception]]`: the first that names an organization counts.
    pub exceptions: Vec<Exception>,
}

/// What is asked of some organizations instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Slugs, ids, `source/slug`, `source/id` or `source/kind/slug`, with `*` and `?`.
    pub organizations: Patterns,
    /// As [`Freshness::max_age`].
    pub max_age: Duration,
    /// As [`Freshness::max_unproven`].
    pub max_unproven: Duration,
    /// As [`Freshness::shrinking`].
    pub shrinking: u32,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { max_age: Duration::ZERO, max_unproven: Duration::ZERO, shrinking: 50, exceptions: Vec::new() }
    }
}

pub(super) fn read(table: &Table<'_>) -> Freshness {
    let default = Freshness::default();
    let percent = |table: &Table<'_>, default| table.or("shrinking", default, |value| value.integer(0..=100));
    let max_age = table.or("max_age", default.max_age, duration);
    let max_unproven = table.or("max_unproven", default.max_unproven, duration);
    let shrinking = percent(table, default.shrinking);
    let exceptions = table.tables("exception", |exception| Exception {
        organizations: exception.required("organizations", patterns).unwrap_or_default(),
        max_age: exception.or("max_age", max_age, duration),
        max_unproven: exception.or("max_unproven", max_unproven, duration),
        shrinking: percent(exception, shrinking),
    });
    Freshness { max_age, max_unproven, shrinking, exceptions }
}
