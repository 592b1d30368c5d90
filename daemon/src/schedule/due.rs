//! Which schedules are due: pure, so that its rules are tested without waiting for a night.

use std::collections::HashMap;

use chrono::TimeDelta;
use orgvault_api::{Trigger, clock::Timestamp};
use orgvault_config::{Missed, ScheduleConfig};

/// What was due longer ago was missed: the daemon was off, the machine asleep or its clock set.
const ON_TIME: TimeDelta = TimeDelta::minutes(5);

/// A clock that is set back by more has a new idea of which day it is, and the schedule follows it.
/// After less, what has run is not run again.
const SET_BACK: TimeDelta = TimeDelta::hours(1);

/// What is to be done about a schedule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due<'a> {
    /// The schedule; it is dealt with up to now.
    pub(crate) schedule: &'a ScheduleConfig,
    /// What to do.
    pub(crate) act: Act,
}

/// What is to be done about a schedule that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A run begins.
    Run {
        /// Why.
        trigger: Trigger,
        /// When it was due: of several that were missed the first.
        at: Timestamp,
    },
    /// It was missed and is passed over.
    Skip {
        /// When it was due first.
        at: Timestamp,
    },
    /// The clock was set back: it is followed from now on.
    Follow,
}

/// Which of `schedules` are due at `now`. `since` says up to when each is dealt with; one that is
/// not in it is not followed. Whoever does as this says sets `since` to `now`: so however much was
/// missed, there is one run, and the next time is after `now`.
#[must_use]
pub(crate) fn due<'a>(
    schedules: &'a [ScheduleConfig],
    since: &HashMap<String, Timestamp>,
    now: Timestamp,
) -> Vec<Due<'a>> {
    let due = |schedule: &'a ScheduleConfig| {
        let act = judge(schedule, *since.get(&schedule.name)?, now)?;
        Some(Due { schedule, act })
    };
    schedules.iter().filter_map(due).collect()
}

/// When [`due()`] has something to say next; only before it the clock may be set back.
#[must_use]
pub(super) fn next(schedules: &[ScheduleConfig], since: &HashMap<String, Timestamp>) -> Option<Timestamp> {
    let next = |schedule: &ScheduleConfig| schedule.calendar.next(*since.get(&schedule.name)?);
    schedules.iter().filter_map(next).min()
}

/// Whether the clock was set back so far that schedules dealt with up to `since` begin anew.
#[must_use]
pub(super) fn is_set_back(since: Timestamp, now: Timestamp) -> bool {
    since - now > SET_BACK
}

fn judge(schedule: &ScheduleConfig, since: Timestamp, now: Timestamp) -> Option<Act> {
    if is_set_back(since, now) {
        return Some(Act::Follow);
    }
    let calendar = &schedule.calendar;
    let first = calendar.next(since).filter(|first| *first <= now)?;
    let recent = calendar.next(now - ON_TIME).filter(|recent| *recent <= now && *recent >= first);
    let open = schedule.window.is_none_or(|window| window.contains(now, calendar.zone()));
    match (recent, schedule.missed) {
        // What is missed because the window is closed waits for it.
        _ if !open && (recent.is_some() || schedule.missed == Missed::Once) => None,
        (Some(at), _) => Some(Act::Run { trigger: Trigger::Due, at }),
        (None, Missed::Once) => Some(Act::Run { trigger: Trigger::Missed, at: first }),
        (None, Missed::Skip) => Some(Act::Skip { at: first }),
    }
}

#[cfg(test)]
mod tests {
    use orgvault_config::calendar::Calendar;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(cron: &str, zone: &str) -> ScheduleConfig {
        ScheduleConfig::new("nightly".to_owned(), Calendar::new(cron, zone.parse().unwrap()).unwrap())
    }

    /// Follows a schedule through the instants at which somebody looks; gives what it did, with the
    /// time of the look and of the due instant in its zone.
    fn follow(schedule: &ScheduleConfig, since: &str, looks: &[&str]) -> Vec<String> {
        let zone = schedule.calendar.zone();
        let shown = |at: Timestamp| at.with_timezone(&zone).format("%m-%d %H:%M").to_string();
        let mut since = HashMap::from([(schedule.name.clone(), at(since))]);
        let mut acts = Vec::new();
        for now in looks.iter().map(|now| at(now)) {
            for Due { act, .. } in due(std::slice::from_ref(schedule), &since, now) {
                acts.push(match act {
                    Act::Run { trigger, at } => format!("{}: {} {}", shown(now), trigger.name(), shown(at)),
                    Act::Skip { at } => format!("{}: skip {}", shown(now), shown(at)),
                    Act::Follow => format!("{}: follow", shown(now)),
                });
                since.insert(schedule.name.clone(), now);
            }
        }
        acts
    }

    /// A look at each minute from one instant to before another.
    fn minutes(from: &str, to: &str) -> Vec<String> {
        let mut looks = Vec::new();
        let mut now = at(from);
        while now < at(to) {
            looks.push(now.to_rfc3339());
            now += TimeDelta::minutes(1);
        }
        looks
    }

    fn every_minute(schedule: &ScheduleConfig, from: &str, to: &str) -> Vec<String> {
        let looks = minutes(from, to);
        follow(schedule, from, &looks.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn through_both_changes_of_the_clock_in_three_zones_there_is_one_run_a_night() {
        for (zone, from, to, runs) in [
            (
                "Europe/Berlin",
                "2026-03-28T00:00:00Z",
                "2026-03-31T00:00:00Z",
                ["03-28 02:30", "03-29 03:00", "03-30 02:30"],
            ),
            (
                "Europe/Berlin",
                "2026-10-24T00:00:00Z",
                "2026-10-27T00:00:00Z",
                ["10-24 02:30", "10-25 02:30", "10-26 02:30"],
            ),
            (
                "America/New_York",
                "2026-03-07T00:00:00Z",
                "2026-03-10T00:00:00Z",
                ["03-07 02:30", "03-08 03:00", "03-09 02:30"],
            ),
            (
                "America/New_York",
                "2026-10-31T00:00:00Z",
                "2026-11-03T00:00:00Z",
                ["10-31 02:30", "11-01 02:30", "11-02 02:30"],
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-02T12:00:00Z",
                "2026-10-05T12:00:00Z",
                ["10-03 02:30", "10-04 02:30", "10-05 02:30"],
            ),
            (
                "Australia/Lord_Howe",
                "2026-04-03T12:00:00Z",
                "2026-04-06T12:00:00Z",
                ["04-04 02:30", "04-05 02:30", "04-06 02:30"],
            ),
        ] {
            let expected: Vec<String> = runs.iter().map(|run| format!("{run}: due {run}")).collect();
            assert_eq!(every_minute(&schedule("30 2 * * *", zone), from, to), expected, "{zone}");
        }
        // The hour that New York repeats.
        let runs =
            every_minute(&schedule("30 1 * * *", "America/New_York"), "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z");
        assert_eq!(runs, ["11-01 01:30: due 11-01 01:30", "11-02 01:30: due 11-02 01:30"]);
    }

    #[test]
    fn what_was_missed_is_caught_up_with_once_or_passed_over() {
        let once = schedule("0 2 * * *", "UTC");
        let skip = ScheduleConfig { missed: Missed::Skip, ..once.clone() };
        // Off for a week, and on again at nine.
        let week = ["2026-01-08T09:00:00Z", "2026-01-08T09:00:01Z", "2026-01-09T02:00:00Z"];
        let next = "01-09 02:00: due 01-09 02:00";
        assert_eq!(follow(&once, "2026-01-01T03:00:00Z", &week), ["01-08 09:00: missed 01-02 02:00", next]);
        assert_eq!(follow(&skip, "2026-01-01T03:00:00Z", &week), ["01-08 09:00: skip 01-02 02:00", next]);
        // On again just after the time of the day: that is this night's run, and the only one.
        let late = ["2026-01-08T02:04:00Z", "2026-01-08T03:00:00Z"];
        for schedule in [&once, &skip] {
            assert_eq!(follow(schedule, "2026-01-01T03:00:00Z", &late), ["01-08 02:04: due 01-08 02:00"]);
        }
        // Asleep from one to eight.
        let slept = ["2026-01-01T01:00:00Z", "2026-01-01T08:00:00Z", "2026-01-01T08:00:01Z"];
        assert_eq!(follow(&once, "2026-01-01T00:00:00Z", &slept), ["01-01 08:00: missed 01-01 02:00"]);
    }

    #[test]
    fn a_clock_that_is_set_gives_one_run_a_day_of_its_own() {
        let schedule = schedule("0 2 * * *", "UTC");
        let forward = ["2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z", "2026-01-02T12:00:01Z", "2026-01-03T02:00:00Z"];
        assert_eq!(
            follow(&schedule, "2026-01-01T02:00:00Z", &forward),
            ["01-02 12:00: missed 01-02 02:00", "01-03 02:00: due 01-03 02:00"]
        );
        let back = ["2026-01-02T02:00:00Z", "2026-01-01T02:30:00Z", "2026-01-01T03:00:00Z", "2026-01-02T02:00:00Z"];
        assert_eq!(
            follow(&schedule, "2026-01-01T02:00:00Z", &back),
            ["01-02 02:00: due 01-02 02:00", "01-01 02:30: follow", "01-02 02:00: due 01-02 02:00"]
        );
        // A correction of a few seconds repeats nothing.
        let corrected =
            ["2026-01-02T02:00:00Z", "2026-01-02T01:59:57Z", "2026-01-02T02:00:00Z", "2026-01-02T02:00:01Z"];
        assert_eq!(follow(&schedule, "2026-01-02T01:00:00Z", &corrected), ["01-02 02:00: due 01-02 02:00"]);
    }

    #[test]
    fn a_leap_day_comes_every_four_years() {
        let looks = ["2027-03-01T00:00:00Z", "2028-02-28T23:59:00Z", "2028-02-29T02:00:00Z", "2028-03-01T02:00:00Z"];
        assert_eq!(
            follow(&schedule("0 2 29 2 *", "UTC"), "2026-01-01T00:00:00Z", &looks),
            ["02-29 02:00: due 02-29 02:00"]
        );
    }

    #[test]
    fn nothing_begins_while_the_window_is_closed() {
        let window = Some("22:00-06:00".parse().unwrap());
        let once = ScheduleConfig { window, ..schedule("0 2 * * *", "UTC") };
        let looks = ["2026-01-02T09:00:00Z", "2026-01-02T21:59:00Z", "2026-01-02T22:00:00Z", "2026-01-03T02:00:00Z"];
        assert_eq!(
            follow(&once, "2026-01-01T03:00:00Z", &looks),
            ["01-02 22:00: missed 01-02 02:00", "01-03 02:00: due 01-03 02:00"]
        );
        let skip = ScheduleConfig { missed: Missed::Skip, ..once };
        assert_eq!(
            follow(&skip, "2026-01-01T03:00:00Z", &looks),
            ["01-02 09:00: skip 01-02 02:00", "01-03 02:00: due 01-03 02:00"]
        );
    }

    #[test]
    fn one_that_is_not_followed_is_never_due() {
        let schedules = [schedule("* * * * *", "UTC")];
        assert_eq!(due(&schedules, &HashMap::new(), at("2026-01-01T00:00:00Z")), []);
        assert_eq!(next(&schedules, &HashMap::new()), None);
    }

    proptest! {
        /// However the clock jumps, what was missed is caught up with once, and what comes next is
        /// after now.
        #[test]
        fn there_is_one_run_at_a_time_and_the_next_is_after_now(
            cron in prop::sample::select(&["0 2 * * *", "30 2 * * *", "@hourly", "*/7 * * * *", "0 0 29 2 *", "0 3 * * MON"][..]),
            zone in prop::sample::select(&["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"][..]),
            skip in any::<bool>(),
            start in 1_700_000_000..1_900_000_000_i64,
            jumps in prop::collection::vec(-200_000..2_000_000_i64, 1..20),
        ) {
            let missed = if skip { Missed::Skip } else { Missed::Once };
            let schedules = [ScheduleConfig { missed, ..schedule(cron, zone) }];
            let mut now = chrono::DateTime::from_timestamp(start, 0).unwrap();
            let mut since = HashMap::from([("nightly".to_owned(), now)]);
            for jump in jumps {
                now += TimeDelta::seconds(jump);
                let expected = next(&schedules, &since).is_some_and(|next| next <= now) || is_set_back(since["nightly"], now);
                let acts = due(&schedules, &since, now);
                prop_assert_eq!(acts.len(), usize::from(expected));
                for Due { act, .. } in acts {
                    if let Act::Run { at, .. } | Act::Skip { at } = act {
                        prop_assert!(since["nightly"] < at && at <= now);
                    }
                    since.insert("nightly".to_owned(), now);
                    prop_assert!(due(&schedules, &since, now).is_empty());
                    prop_assert!(next(&schedules, &since).unwrap() > now);
                }
            }
        }
    }
}
