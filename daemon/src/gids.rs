//! Fresh gids, no two alike.

use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use orgvault_api::{clock::Timestamp, gid::Gid};

/// Draws gids. Two of one millisecond could be alike, so each draw takes a later millisecond than
/// the one before: a burst runs a little ahead of the clock, and keeps its order.
#[derive(Debug, Default)]
pub(crate) struct Gids {
    last: Mutex<Option<Timestamp>>,
}

impl Gids {
    /// A gid that is higher than every one before.
    pub(crate) fn next(&self, now: Timestamp) -> Gid {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let at = last.map_or(now, |last| now.max(last + TimeDelta::milliseconds(1)));
        *last = Some(at);
        Gid::new(at)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_burst_and_a_clock_that_goes_back_give_rising_gids() {
        let gids = Gids::default();
        let now = DateTime::from_timestamp(1_800_000_000, 999_999).unwrap();
        let mut drawn: Vec<Gid> = (0..5000).map(|_| gids.next(now)).collect();
        drawn.push(gids.next(now - TimeDelta::hours(1)));
        assert!(drawn.is_sorted_by(|left, right| left < right));
    }
}
