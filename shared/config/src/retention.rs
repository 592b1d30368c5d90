//! `[retention]`: which archives are kept, and `[source.retention]` that says otherwise for a source.

use std::time::Duration;

use super::values::{duration, size};
use crate::checked_toml::Table;

/// The most archives that one rule may ask for.
const MOST: i64 = 100_000;

/// Which archives of one organization, format and entity are kept. Without a `keep_` rule all of
/// them are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// The newest so many.
    pub keep_last: u32,
    /// The newest of each of the last so many hours that have one.
    pub keep_hourly: u32,
    /// The newest of each of the last so many days that have one.
    pub keep_daily: u32,
    /// The newest of each of the last so many ISO weeks that have one.
    pub keep_weekly: u32,
    /// The newest of each of the last so many months that have one.
    pub keep_monthly: u32,
    /// The newest of each of the last so many years that have one.
    pub keep_yearly: u32,
    /// All that are at most so much older than the newest good one; zero is no rule.
    pub keep_within: Duration,
    /// So many good ones stay whatever the other rules say.
    pub minimum: u32,
    /// What they may take together, in bytes; zero is no limit. Nothing that a rule keeps is
    /// deleted for it: that it cannot be met is a warning.
    pub max_bytes: u64,
}

impl Retention {
    /// Whether anything may ever be deleted.
    #[must_use]
    pub fn has_rule(&self) -> bool {
        let Self { keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, .. } = self;
        [keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly].iter().any(|&&rule| rule > 0)
            || !self.keep_within.is_zero()
    }
}

/// Reads the rules; a key that is missing is as in `default`.
pub(super) fn read(table: &Table<'_>, default: &Retention) -> Retention {
    let number = |key: &str, default: u32| table.or(key, default, |value| value.integer(0..=MOST));
    Retention {
        keep_last: number("keep_last", default.keep_last),
        keep_hourly: number("keep_hourly", default.keep_hourly),
        keep_daily: number("keep_daily", default.keep_daily),
        keep_weekly: number("keep_weekly", default.keep_weekly),
        keep_monthly: number("keep_monthly", default.keep_monthly),
        keep_yearly: number("keep_yearly", default.keep_yearly),
        keep_within: table.or("keep_within", default.keep_within, duration),
        minimum: number("minimum", default.minimum),
        max_bytes: table.or("max_bytes", default.max_bytes, size),
    }
}

/// Reads the rules of a table that has them under `retention`; none where it has not.
pub(super) fn own(table: &Table<'_>, default: &Retention) -> Option<Retention> {
    table.optional("retention", |value| value.table(|rules| read(rules, default)))
}
