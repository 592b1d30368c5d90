//! Which runs there are, and what they export.

use std::{collections::BTreeSet, time::Duration};

use orgvault_api::{Export, Run, State, Trigger, client::ExportFilter};
use orgvault_config::{Missed, ScheduleConfig, calendar::Calendar, patterns::Patterns};

use super::fixture::{Night, add, at, database, nightly, source};
use crate::api::fixture::{Daemon, problem, until};

fn cron(name: &str, text: &str, zone: chrono_tz::Tz) -> ScheduleConfig {
    ScheduleConfig::new(name.to_owned(), Calendar::new(text, zone).unwrap())
}

async fn exports(daemon: &Daemon, run: &Run) -> Vec<Export> {
    let filter = ExportFilter { request: Some(run.gid), ..ExportFilter::default() };
    daemon.client.exports(&filter).await.unwrap().exports
}

#[tokio::test]
async fn a_schedule_exports_every_organization_when_it_is_due_and_new_ones_the_next_night() {
    let night = Night::new(3, |_config| {}).await;
    let listed = night.daemon.client.schedules(2).await.unwrap().schedules.remove(0);
    assert_eq!(listed.next, [at("2026-01-02T02:00:00Z"), at("2026-01-03T02:00:00Z")]);
    let organization = night.daemon.client.organization("org-0001").await.unwrap();
    assert_eq!(organization.next_run, Some(at("2026-01-02T02:00:00Z")));

    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.trigger, run.due_at), (Trigger::Due, at("2026-01-02T02:00:00Z")));
    assert_eq!((run.organizations, run.finished, run.failed, run.open), (3, 3, 0, 0));
    let exports = exports(&night.daemon, &run).await;
    assert!(
        exports.iter().all(|export| export.state == State::Finished && export.schedule.as_deref() == Some("nightly"))
    );
    let slugs: BTreeSet<&str> = exports.iter().map(|export| export.organization.slug.as_str()).collect();
    assert_eq!(slugs, BTreeSet::from(["org-0001", "org-0002", "org-0003"]));

    add(&night.database, 4, 4).await;
    night.hands.set("2026-01-03T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.finished, 4);
}

#[tokio::test]
async fn what_was_due_while_the_daemon_was_off_is_caught_up_with_once_or_passed_over() {
    let mut night = Night::new(1, |config| {
        let hasty = ScheduleConfig { name: "skipping".to_owned(), missed: Missed::Skip, ..nightly() };
        config.schedules.push(hasty);
    })
    .await;
    night.looked().await;
    let hands = night.hands.clone();
    hands.set("2026-01-08T12:00:00Z");
    night.daemon = night.daemon.restart().await;
    let run = night.run("nightly", 1).await;
    assert_eq!((run.trigger, run.due_at), (Trigger::Missed, at("2026-01-02T02:00:00Z")));
    night.looked().await;
    assert_eq!((night.runs("nightly").await.len(), night.runs("skipping").await.len()), (1, 0));
    hands.set("2026-01-09T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.trigger, Trigger::Due);
    assert_eq!(night.run("skipping", 1).await.trigger, Trigger::Due);
}

#[tokio::test]
async fn daylight_saving_moves_a_run_that_has_no_time_and_repeats_none() {
    let berlin = chrono_tz::Tz::Europe__Berlin;
    let night = Night::new(1, |config| config.schedules = vec![cron("berlin", "30 2 * * *", berlin)]).await;
    // Up to here what was missed is caught up with.
    night.hands.set("2026-03-28T12:00:00Z");
    night.run("berlin", 1).await;
    for (now, runs) in [
        ("2026-03-29T00:59:59Z", 1),
        ("2026-03-29T01:00:00Z", 2),
        ("2026-03-29T01:30:00Z", 2),
        ("2026-10-24T12:00:00Z", 3),
        ("2026-10-25T00:30:00Z", 4),
        ("2026-10-25T01:30:00Z", 4),
        ("2026-10-26T01:30:00Z", 5),
    ] {
        night.hands.set(now);
        night.looked().await;
        let run = night.run("berlin", runs).await;
        assert!(runs < 2 || run.started_at <= at(now));
    }
    let due: Vec<_> = night.runs("berlin").await.iter().map(|run| run.due_at).collect();
    assert_eq!(due[1], at("2026-03-29T01:00:00Z"));
    assert_eq!(due[3..], [at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z")]);
}

#[tokio::test]
async fn a_clock_that_is_set_by_a_day_gives_one_run_and_goes_on() {
    let night = Night::new(1, |_config| {}).await;
    night.hands.set("2026-01-02T12:00:00Z");
    assert_eq!(night.run("nightly", 1).await.trigger, Trigger::Missed);
    night.hands.set("2026-01-01T12:00:00Z");
    night.looked().await;
    assert_eq!(night.runs("nightly").await.len(), 1);
    night.hands.set("2026-01-02T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.trigger, Trigger::Due);
    night.hands.set("2026-01-03T02:00:00Z");
    assert_eq!(night.run("nightly", 3).await.trigger, Trigger::Due);
}

#[tokio::test]
async fn only_the_organizations_that_are_named_are_exported_in_the_formats_that_there_are() {
    let patterns = |texts: &[&str]| Patterns::new(texts.iter().map(ToString::to_string).collect()).unwrap();
    let night = Night::new(4, |config| {
        config.schedules = vec![ScheduleConfig {
            organizations: patterns(&["tracker/org-000?"]),
            exclude: patterns(&["org-0002", "*-0004"]),
            formats: vec![orgvault_api::Format::Json, orgvault_api::Format::Seed],
            gzip: true,
            ..nightly()
        }];
    })
    .await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    let exports = exports(&night.daemon, &run).await;
    let slugs: Vec<&str> = exports.iter().map(|export| export.organization.slug.as_str()).collect();
    assert_eq!(slugs, ["org-0001", "org-0003"]);
    assert!(exports.iter().all(|export| export.gzip && export.state == State::Finished));
    assert_eq!((run.warnings.len(), run.warnings[0].code.as_str()), (1, "not_offered"));
}

#[tokio::test]
async fn a_schedule_that_is_off_or_paused_runs_only_when_it_is_asked_to() {
    let mut night = Night::new(1, |config| {
        config.schedules.push(ScheduleConfig { name: "off".to_owned(), enabled: false, ..nightly() });
    })
    .await;
    let paused = night.daemon.client.pause_schedule("nightly").await.unwrap();
    assert!(paused.paused && paused.next.is_empty());
    night.daemon = night.daemon.restart().await;
    night.hands.set("2026-01-02T02:00:00Z");
    night.looked().await;
    let schedules = night.daemon.client.schedules(5).await.unwrap().schedules;
    assert!(schedules.iter().all(|schedule| schedule.last_run.is_none() && schedule.next.is_empty()), "{schedules:?}");
    for name in ["nightly", "off"] {
        assert_eq!(night.daemon.client.run_schedule(name).await.unwrap().trigger, Trigger::Asked);
        assert_eq!(night.run(name, 1).await.finished, 1);
    }
    let resumed = night.daemon.client.resume_schedule("nightly").await.unwrap();
    assert_eq!(resumed.next, [at("2026-01-03T02:00:00Z")]);
    night.looked().await;
    assert_eq!(night.runs("nightly").await.len(), 1, "what was missed while it was paused is not caught up with");
    night.hands.set("2026-01-03T02:00:00Z");
    night.run("nightly", 2).await;

    let unknown = problem(night.daemon.client.run_schedule("nigthly").await);
    assert_eq!((unknown.status, unknown.code.as_str()), (404, "unknown_schedule"));
    assert!(unknown.hint.contains("nightly, off"), "{}", unknown.hint);
}

#[tokio::test]
async fn a_schedule_that_is_resumed_runs_at_its_next_time_whatever_the_others_do() {
    let night = Night::new(1, |config| {
        let (window, jitter) = (Some("20:00-21:00".parse().unwrap()), Duration::from_mins(50));
        // Its run stays open until the window opens again.
        config.schedules.push(ScheduleConfig { window, jitter, ..cron("other", "0 20 * * *", chrono_tz::Tz::UTC) });
    })
    .await;
    night.daemon.client.pause_schedule("nightly").await.unwrap();
    night.hands.set("2026-01-01T20:00:00Z");
    until("the clock was looked at", async || !night.runs("other").await.is_empty()).await;
    night.looked().await;
    night.daemon.client.resume_schedule("nightly").await.unwrap();
    night.hands.set("2026-01-02T02:00:00Z");
    assert_eq!(night.run("nightly", 1).await.finished, 1);
}

#[tokio::test]
async fn a_schedule_has_one_run_at_a_time_and_what_waits_in_it_can_be_canceled() {
    let hour = Duration::from_hours(1);
    let night = Night::new(2, |config| config.schedules = vec![ScheduleConfig { jitter: hour, ..nightly() }]).await;
    night.hands.set("2026-01-02T02:00:00Z");
    until("both organizations wait", async || night.runs("nightly").await.first().is_some_and(|run| run.open == 2))
        .await;
    let again = problem(night.daemon.client.run_schedule("nightly").await);
    assert_eq!((again.status, again.code.as_str()), (409, "run_open"));
    let run = night.runs("nightly").await.remove(0);
    let first = exports(&night.daemon, &run).await.remove(0);
    let canceled = night.daemon.client.cancel(first.gid).await.unwrap();
    assert_eq!((canceled.state, canceled.error.unwrap().code.as_str()), (State::Error, "canceled"));
    night.hands.set("2026-01-02T03:00:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.finished, run.failed), (1, 1));
}

#[tokio::test]
async fn no_export_starts_outside_of_the_window_and_the_rest_starts_when_it_opens() {
    let night = Night::new(12, |config| {
        let early = cron("early", "0 5 * * *", chrono_tz::Tz::UTC);
        let window = Some("22:00-06:00".parse().unwrap());
        let noon = cron("noon", "0 12 * * *", chrono_tz::Tz::UTC);
        let one = Patterns::new(vec!["org-0001".to_owned()]).unwrap();
        config.schedules = vec![
            ScheduleConfig { window, jitter: Duration::from_hours(2), ..early },
            ScheduleConfig { organizations: one, ..noon },
        ];
    })
    .await;
    night.hands.set("2026-01-02T05:00:00Z");
    until("all are listed", async || night.runs("early").await.first().is_some_and(|run| run.organizations == 12))
        .await;
    night.hands.set("2026-01-02T05:59:00Z");
    let done = async || night.runs("early").await[0].finished;
    until("some have started", async || done().await > 0).await;
    // Whoever is due at noon begins after the others were looked at.
    night.hands.set("2026-01-02T12:00:00Z");
    night.run("noon", 1).await;
    let run = night.runs("early").await.remove(0);
    assert!(run.finished_at.is_none() && run.finished < 12, "{run:?}");
    night.hands.set("2026-01-02T22:00:00Z");
    let run = night.run("early", 1).await;
    assert_eq!(run.finished, 12);
    let open = |export: &Export| {
        let started = export.started_at.unwrap();
        started < at("2026-01-02T06:00:00Z") || started >= at("2026-01-02T22:00:00Z")
    };
    assert!(exports(&night.daemon, &run).await.iter().all(open));
}

#[tokio::test]
async fn max_parallel_bounds_the_organizations_of_a_run() {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("rytask.sqlite");
    database(&path, 12).await;
    let daemon = Daemon::start_with(|config| {
        config.daemon.workers = 4;
        config.sources = vec![source("tracker", &path)];
        config.schedules = vec![ScheduleConfig { max_parallel: Some(1), ..nightly() }];
    })
    .await;
    let run = daemon.client.run_schedule("nightly").await.unwrap();
    until("the run ends", async || daemon.client.run(run.gid).await.unwrap().finished_at.is_some()).await;
    let mut exports = exports(&daemon, &run).await;
    exports.sort_by_key(|export| export.started_at);
    for pair in exports.windows(2) {
        assert!(pair[1].started_at >= pair[0].finished_at, "{pair:?}");
    }
    assert_eq!(exports.len(), 12);
}
