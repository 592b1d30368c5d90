use std::time::Duration;

use orgvault_api::{Archive, Verification};
use proptest::prelude::*;

use super::*;
use crate::store::fixture;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn archive(gid: u64, exported_at: Timestamp) -> Stored {
    fixture::stored(Archive { bytes: 100, ..fixture::archive(gid, exported_at) })
}

/// One archive an hour before midnight of each of `days` days of November, the last at `gid` = `days`.
fn nightly(days: u64) -> Vec<Stored> {
    let first = at("2026-11-01T23:00:00Z");
    (1..=days).map(|day| archive(day, first + TimeDelta::days(day.cast_signed() - 1))).collect()
}

fn planned(archives: Vec<Stored>, retention: &Retention) -> GroupPlan {
    plan_group(archives, at("2026-12-01T00:00:00Z"), Rules { retention, zone: Tz::UTC })
}

/// The gids that stay, newest first.
fn kept(plan: &GroupPlan) -> Vec<u64> {
    plan.decisions.iter().filter(|decision| decision.keep).map(|decision| decision.archive.gid.get()).collect()
}

fn damaged(mut archive: Stored) -> Stored {
    let Archive { gid, ref path, exported_at, .. } = *archive;
    archive.verified = Some(Verification::unread(Some(gid), path.clone(), exported_at, "a flipped bit".to_owned()));
    archive
}

#[test]
fn without_a_keep_rule_nothing_goes() {
    let retention = Retention { minimum: 1, max_bytes: 1, ..Retention::default() };
    let plan = planned(nightly(30), &retention);
    assert_eq!(kept(&plan).len(), 30);
    assert!(plan.decisions.iter().all(|decision| decision.reasons.contains(&"no keep rule".to_owned())));
    assert_eq!(plan.warnings[0].code, "max_bytes");
}

#[test]
fn two_kinds_with_one_id_take_nobodys_place() {
    let mut archives = nightly(2);
    archives[0].organization.kind = "project".to_owned();
    let retention = Retention { keep_last: 1, ..Retention::default() };
    let now = at("2026-12-01T00:00:00Z");
    let plan = plan(archives, now, |_| Rules { retention: &retention, zone: Tz::UTC });
    assert!(plan.decisions.len() == 2 && plan.decisions.iter().all(|decision| decision.keep), "{plan:?}");
}

#[test]
fn each_rule_keeps_the_newest_of_its_buckets_and_says_so() {
    let retention = Retention { keep_last: 2, keep_daily: 3, keep_weekly: 2, keep_monthly: 1, ..Retention::default() };
    let plan = planned(nightly(30), &retention);
    assert_eq!(kept(&plan), [30, 29, 28]);
    let reasons: Vec<String> = plan.decisions.iter().take(4).map(|decision| decision.reasons.join(", ")).collect();
    assert_eq!(
        reasons,
        [
            "last good archive, last, daily 2026-11-30, weekly 2026-W49, monthly 2026-11",
            "last, daily 2026-11-29, weekly 2026-W48",
            "daily 2026-11-28",
            "no rule keeps it",
        ]
    );
    let retention = Retention { keep_within: Duration::from_hours(48), ..Retention::default() };
    assert_eq!(kept(&planned(nightly(30), &retention)), [30, 29, 28]);
    let retention = Retention { keep_yearly: 5, minimum: 2, ..Retention::default() };
    assert_eq!(kept(&planned(nightly(30), &retention)), [30, 29]);
}

#[test]
fn a_day_begins_where_the_zone_says() {
    let archives = vec![archive(1, at("2026-11-10T22:30:00Z")), archive(2, at("2026-11-10T23:30:00Z"))];
    let retention = Retention { keep_daily: 9, ..Retention::default() };
    let rules = |zone| Rules { retention: &retention, zone };
    let now = at("2026-12-01T00:00:00Z");
    assert_eq!(kept(&plan_group(archives.clone(), now, rules(Tz::UTC))), [2]);
    assert_eq!(kept(&plan_group(archives, now, rules(Tz::Europe__Berlin))), [2, 1]);
}

#[test]
fn the_hour_that_comes_twice_is_two_hours() {
    // Berlin, 2026-10-25: 02:30 summer time, and an hour later 02:30 winter time.
    let archives = vec![archive(1, at("2026-10-25T00:30:00Z")), archive(2, at("2026-10-25T01:30:00Z"))];
    let retention = Retention { keep_hourly: 9, ..Retention::default() };
    let rules = Rules { retention: &retention, zone: Tz::Europe__Berlin };
    assert_eq!(kept(&plan_group(archives, at("2026-12-01T00:00:00Z"), rules)), [2, 1]);
}

#[test]
fn a_damaged_archive_takes_no_good_ones_place() {
    let mut archives = nightly(5);
    archives[4] = damaged(archives[4].clone());
    archives[3].state = ArchiveState::Missing;
    let plan = planned(archives.clone(), &Retention { keep_last: 1, ..Retention::default() });
    assert_eq!((kept(&plan), plan.last_good.map(Gid::get)), (vec![5, 3], Some(3)));
    let all = archives.into_iter().map(damaged).collect();
    let plan = planned(all, &Retention { keep_last: 1, ..Retention::default() });
    assert_eq!((kept(&plan).len(), plan.last_good), (5, None));
    assert_eq!(
        plan.warnings[0].message,
        "tracker/acme (json) has no good archive, so none is deleted: export it again"
    );
}

#[test]
fn after_the_clock_went_back_a_year_what_lies_ahead_stays_and_the_rules_go_on() {
    let mut archives = nightly(5);
    let year_ago = at("2025-11-20T23:00:00Z");
    archives.extend((0_i64..3).map(|night| archive(10 + night.cast_unsigned(), year_ago + TimeDelta::days(night))));
    let retention = Retention { keep_last: 1, ..Retention::default() };
    let plan = plan_group(archives, at("2025-11-23T00:00:00Z"), Rules { retention: &retention, zone: Tz::UTC });
    assert_eq!((kept(&plan), plan.last_good.map(Gid::get)), (vec![5, 4, 3, 2, 1, 12], Some(12)));
}

#[test]
fn pins_and_the_minimum_win_over_the_rules_and_what_cannot_be_met_is_said() {
    let mut archives = nightly(10);
    archives[0].pinned = true;
    let retention = Retention { keep_last: 1, minimum: 3, max_bytes: 350, ..Retention::default() };
    let plan = planned(archives.clone(), &retention);
    assert_eq!(kept(&plan), [10, 9, 8, 1]);
    let warning = &plan.warnings[0];
    assert_eq!(
        (warning.code.as_str(), warning.message.as_str()),
        ("max_bytes", "what the rules keep of tracker/acme (json) has 400 bytes, and max_bytes is 350")
    );
    let archives = archives.into_iter().map(|it| if it.gid.get() > 1 { damaged(it) } else { it }).collect();
    assert!(planned(archives, &retention).warnings.iter().any(|warning| warning.code == "minimum"));
}

#[test]
fn each_format_and_entity_is_a_group_of_its_own() {
    let mut archives = nightly(4);
    archives[1].format = Format::Csv;
    archives[1].entity = Some("tasks".to_owned());
    archives[2].format = Format::Csv;
    archives[2].entity = Some("people".to_owned());
    let retention = Retention { keep_last: 1, ..Retention::default() };
    let plan = plan(archives, at("2026-12-01T00:00:00Z"), |_| Rules { retention: &retention, zone: Tz::UTC });
    let dropped: Vec<u64> = plan.decisions.iter().filter(|one| !one.keep).map(|one| one.archive.gid.get()).collect();
    assert_eq!(dropped, [1]);
}

/// What becomes of one night.
#[derive(Debug, Clone, Copy)]
struct Night {
    /// The clock, in hours after some instant, wherever it was set to.
    hour: i64,
    damaged: bool,
    missing: bool,
    pinned: bool,
}

fn night() -> impl Strategy<Value = Night> {
    let year = 365_i64 * 24;
    (-year..year, prop::bool::weighted(0.3), prop::bool::weighted(0.2), prop::bool::weighted(0.1))
        .prop_map(|(hour, damaged, missing, pinned)| Night { hour, damaged, missing, pinned })
}

fn retention() -> impl Strategy<Value = Retention> {
    ((0_u32..4, 0_u32..4, 0_u32..8, 0_u32..5), (0_u32..5, 0_u32..3, 0_u64..2000, 0_u32..4, 0_u64..1000)).prop_map(
        |(
            (keep_last, keep_hourly, keep_daily, keep_weekly),
            (keep_monthly, keep_yearly, hours, minimum, max_bytes),
        )| {
            let keep_within = Duration::from_hours(hours);
            Retention {
                keep_last,
                keep_hourly,
                keep_daily,
                keep_weekly,
                keep_monthly,
                keep_yearly,
                keep_within,
                minimum,
                max_bytes,
            }
        },
    )
}

fn clock(hour: i64) -> Timestamp {
    at("2026-06-01T00:00:00Z") + TimeDelta::hours(hour)
}

fn made(gid: usize, night: Night) -> Stored {
    let mut archive = archive(gid as u64 + 1, clock(night.hour));
    archive.pinned = night.pinned;
    if night.missing {
        archive.state = ArchiveState::Missing;
    }
    if night.damaged { damaged(archive) } else { archive }
}

proptest! {
    /// Whatever the clock does and whatever is damaged: each night's archive outlives the pruning
    /// after it, the last good one is never among those that go, and pins hold.
    #[test]
    fn pruning_never_goes_below_the_last_good_archive(nights in prop::collection::vec(night(), 1..60), retention in retention()) {
        let mut stored: Vec<Stored> = Vec::new();
        for (gid, night) in nights.into_iter().enumerate() {
            let archive = made(gid, night);
            stored.push(archive.clone());
            // Retention acts after a success only.
            if !is_good(&archive) {
                continue;
            }
            let before = stored.clone();
            let plan = plan_group(stored, clock(night.hour), Rules { retention: &retention, zone: Tz::Europe__Berlin });
            let gone: Vec<&Stored> = plan.dropped().collect();
            prop_assert!(retention.has_rule() || gone.is_empty());
            prop_assert!(gone.iter().all(|one| !one.pinned && one.gid != archive.gid));
            let newest_good = before.iter().filter(|one| is_good(one)).max_by_key(|one| (one.exported_at, one.gid));
            prop_assert!(newest_good.is_none_or(|newest| gone.iter().all(|one| one.gid != newest.gid)));
            let good_before = before.iter().filter(|one| is_good(one)).count();
            stored = plan.decisions.into_iter().filter(|one| one.keep).map(|one| one.archive).collect();
            let good_after = stored.iter().filter(|one| is_good(one)).count();
            prop_assert!(good_after >= good_before.min(retention.minimum.max(1) as usize));
        }
    }

    /// Planning again after the pruning finds nothing to do, and time that passes alone deletes nothing.
    #[test]
    fn a_second_pruning_finds_nothing(nights in prop::collection::vec(night(), 1..60), retention in retention()) {
        let rules = Rules { retention: &retention, zone: Tz::America__New_York };
        let stored: Vec<Stored> = nights.into_iter().enumerate().map(|(gid, night)| made(gid, night)).collect();
        let late = clock(365 * 24);
        let plan = plan_group(stored, late, rules);
        let left: Vec<Stored> = plan.decisions.into_iter().filter(|one| one.keep).map(|one| one.archive).collect();
        let again = plan_group(left, late + TimeDelta::days(400), rules);
        prop_assert_eq!(again.dropped().count(), 0);
    }

    /// With more damage no more good archives go.
    #[test]
    fn damage_costs_no_good_archive(nights in prop::collection::vec(night(), 1..40), retention in retention(), hit in any::<prop::sample::Index>()) {
        let rules = Rules { retention: &retention, zone: Tz::UTC };
        let stored: Vec<Stored> = nights.into_iter().enumerate().map(|(gid, night)| made(gid, night)).collect();
        let mut worse = stored.clone();
        let place = hit.index(worse.len());
        worse[place] = damaged(worse[place].clone());
        let late = clock(365 * 24);
        let before = kept(&plan_group(stored, late, rules));
        let after = plan_group(worse, late, rules);
        let lost: Vec<u64> =
            after.dropped().filter(|one| is_good(one)).map(|one| one.gid.get()).filter(|gid| before.contains(gid)).collect();
        // `keep_within` counts from the newest good one, so only older ones can be let in.
        prop_assert!(lost.is_empty(), "{:?}", lost);
    }
}
