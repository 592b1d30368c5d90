//! Refusals that come in floods: the first of a minute are told one by one, the others as a sum.
//! Pure: the time is that of the entries.

use std::collections::HashMap;

use chrono::TimeDelta;
use orgvault_api::{Actor, AuditEntry, clock::Timestamp};

/// Refusals of one kind that are told one by one in each window.
const TOLD: u64 = 10;

/// How long refusals of one kind are counted together.
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Kinds that are told apart, so that a flood from many addresses does not hold memory.
const KINDS: usize = 256;

/// From where, when too many addresses take part.
const MANY: &str = "many addresses";

/// Refusals of the running windows.
#[derive(Debug, Default)]
pub(super) struct Flood {
    bursts: HashMap<Kind, Burst>,
}

/// Who, from where, what, and why it was refused.
type Kind = (Actor, String, String, String);

#[derive(Debug)]
struct Burst {
    since: Timestamp,
    told: u64,
    /// Stands for all that were not told.
    held: Option<AuditEntry>,
}

impl Flood {
    /// What is to be written now: sums of windows that are over, and `entry`, unless it is one of
    /// a flood.
    pub(super) fn take(&mut self, mut entry: AuditEntry) -> Vec<AuditEntry> {
        let mut due = self.due(entry.at);
        if !self.bursts.contains_key(&kind(&entry)) && self.bursts.len() >= KINDS {
            entry = AuditEntry { actor: Actor::Nobody, from: MANY.to_owned(), ..entry };
        }
        let fresh = Burst { since: entry.at, told: 0, held: None };
        let burst = self.bursts.entry(kind(&entry)).or_insert(fresh);
        if burst.told < TOLD {
            burst.told += 1;
            due.push(entry);
        } else {
            let before = burst.held.as_ref().map_or(0, |held| held.times);
            let times = before + entry.times;
            burst.held = Some(AuditEntry { times, ..entry });
        }
        due
    }

    /// The sums of the windows that are over at `now`.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<AuditEntry> {
        // A clock that was set back ends a window too.
        self.end(|burst| now < burst.since || now >= burst.since + WINDOW)
    }

    /// The sums of all windows.
    pub(super) fn rest(&mut self) -> Vec<AuditEntry> {
        self.end(|_burst| true)
    }

    fn end(&mut self, over: impl Fn(&Burst) -> bool) -> Vec<AuditEntry> {
        let ended = self.bursts.extract_if(|_kind, burst| over(burst));
        let mut sums: Vec<AuditEntry> = ended.filter_map(|(_, burst)| burst.held).collect();
        sums.sort_by_key(|sum| sum.at);
        sums
    }
}

fn kind(entry: &AuditEntry) -> Kind {
    let AuditEntry { actor, from, act, result, .. } = entry;
    (actor.clone(), from.clone(), act.clone(), result.clone())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn refusal(seconds: i64, from: &str) -> AuditEntry {
        let at = DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let from = from.to_owned();
        AuditEntry { from, result: "unknown_token".to_owned(), ..AuditEntry::new(at, Actor::Nobody, "refused") }
    }

    #[test]
    fn ten_thousand_of_one_kind_become_a_few_lines_that_add_up() {
        let mut flood = Flood::default();
        let mut written: Vec<AuditEntry> =
            (0..10_000).flat_map(|number| flood.take(refusal(number / 100, "10.0.0.1"))).collect();
        written.extend(flood.rest());
        assert!(written.len() <= 2 * (10 + 1), "{}", written.len());
        assert_eq!(written.iter().map(|entry| entry.times).sum::<u64>(), 10_000);
        assert!(flood.rest().is_empty());
    }

    #[test]
    fn another_address_is_told_apart_until_there_are_too_many() {
        let mut flood = Flood::default();
        for _ in 0..20 {
            flood.take(refusal(0, "10.0.0.1"));
        }
        assert_eq!(flood.take(refusal(1, "10.0.0.2")).len(), 1);
        let written: Vec<AuditEntry> = (0..1000)
            .flat_map(|number| flood.take(refusal(2, &format!("10.1.{}.{}", number / 256, number % 256))))
            .collect();
        assert!(flood.bursts.len() <= KINDS + 1, "{}", flood.bursts.len());
        assert!(written.iter().any(|entry| entry.from == MANY));
    }

    #[test]
    fn a_sum_is_due_when_its_minute_is_over_or_the_clock_was_set_back() {
        let mut flood = Flood::default();
        for _ in 0..12 {
            flood.take(refusal(0, "10.0.0.1"));
        }
        assert!(flood.due(refusal(59, "").at).is_empty());
        let sums = flood.due(refusal(60, "").at);
        assert_eq!(sums.iter().map(|sum| sum.times).collect::<Vec<_>>(), [2]);
        for _ in 0..11 {
            flood.take(refusal(100, "10.0.0.1"));
        }
        assert_eq!(flood.due(refusal(10, "").at).len(), 1);
    }
}
