//! Sources that are away, and organizations that fail.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use orgvault_api::{
    Export, Run, State,
    client::{ArchiveFilter, ExportFilter},
};
use orgvault_config::{
    Config, HookAction, HookConfig, HookEvent, HookScope, ScheduleConfig, Variables, calendar::Calendar,
    patterns::Patterns,
};

use super::fixture::{Night, nightly, run_sql, source};
use crate::api::fixture::until;

/// Appends what it is told to a file.
fn note(on: &[HookEvent], scope: HookScope, file: &Path) -> HookConfig {
    let line =
        format!("echo \"$ORGVAULT_EVENT $ORGVAULT_SLUG $ORGVAULT_FINISHED/$ORGVAULT_FAILED\" >> {}", file.display());
    HookConfig {
        name: "note".to_owned(),
        on: on.to_vec(),
        scope,
        schedules: Patterns::all(),
        action: HookAction::Command { argv: vec![line], shell: true, environment: Variables::default() },
        timeout: Duration::from_secs(20),
    }
}

fn notes(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn away(database: &Path) -> PathBuf {
    let away = database.with_extension("away");
    fs::rename(database, &away).unwrap();
    away
}

async fn exports(night: &Night, run: &Run) -> Vec<Export> {
    let filter = ExportFilter { request: Some(run.gid), ..ExportFilter::default() };
    night.daemon.client.exports(&filter).await.unwrap().exports
}

fn code(export: &Export) -> &str {
    export.error.as_ref().map_or("", |error| &error.code)
}

#[tokio::test]
async fn a_source_that_is_down_at_two_for_an_hour_is_retried_then_told_once_and_the_next_night_is_normal() {
    let files = tempfile::tempdir().unwrap();
    let told = files.path().join("told");
    let all = [HookEvent::Start, HookEvent::Success, HookEvent::Warning, HookEvent::Failure];
    let night = Night::new(2, |config| config.hooks = vec![note(&all, HookScope::Run, &told)]).await;
    night.hands.set("2026-01-02T02:00:00Z");
    night.run("nightly", 1).await;
    let archives = night.daemon.client.archives(&ArchiveFilter::default()).await.unwrap();

    let file = away(&night.database);
    night.hands.set("2026-01-03T02:00:00Z");
    until("the second run begins", async || night.runs("nightly").await.len() == 2).await;
    // After 1, 2, 4, 8 and 16 minutes: the last retry is at 02:31.
    for (tries, minute) in [(1, "01"), (2, "03"), (3, "07"), (4, "15"), (5, "31")] {
        until(&format!("try {tries} has failed"), async || night.tries().await == tries).await;
        assert_eq!(night.runs("nightly").await[1].finished_at, None);
        night.hands.set(&format!("2026-01-03T02:{minute}:00Z"));
    }
    let run = night.run("nightly", 2).await;
    assert_eq!(
        (run.organizations, run.failures.len(), run.failures[0].error.code.as_str()),
        (0, 1, "source_unreachable")
    );

    fs::rename(&file, &night.database).unwrap();
    night.hands.set("2026-01-03T03:00:00Z");
    night.looked().await;
    let after = night.daemon.client.archives(&ArchiveFilter::default()).await.unwrap();
    assert_eq!(serde_json::to_value(after).unwrap(), serde_json::to_value(archives).unwrap());
    night.hands.set("2026-01-04T02:00:00Z");
    assert_eq!(night.run("nightly", 3).await.finished, 2);
    let expected = ["start  0/0", "success  2/0", "start  0/0", "failure  0/0", "start  0/0", "success  2/0"];
    until("the hooks were called", async || notes(&told) == expected).await;
}

#[tokio::test]
async fn exports_that_fail_for_a_while_are_tried_again_and_told_when_they_have_ended() {
    let files = tempfile::tempdir().unwrap();
    let told = files.path().join("told");
    let hour = Duration::from_hours(1);
    let night = Night::new(2, |config| {
        config.schedules = vec![ScheduleConfig { jitter: hour, retries: 1, ..nightly() }];
        config.hooks = vec![note(&[HookEvent::Success, HookEvent::Failure], HookScope::Organization, &told)];
    })
    .await;
    let file = away_after_listing(&night, "2026-01-02").await;
    assert_eq!(night.runs("nightly").await[0].open, 2, "each waits for its place in the hour");
    night.hands.set("2026-01-02T03:00:00Z");
    until("both have failed and wait to be tried again", async || {
        exports(&night, &night.runs("nightly").await[0]).await.len() == 4
    })
    .await;
    assert!(notes(&told).is_empty(), "not told before the last retry: {:?}", notes(&told));
    fs::rename(&file, &night.database).unwrap();
    night.hands.set("2026-01-02T03:01:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.finished, run.failed), (2, 0), "what was tried again counts as its last try");
    let all = exports(&night, &run).await;
    assert_eq!(all.iter().filter(|export| export.state == State::Finished).count(), 2);
    assert!(
        all.iter().filter(|export| export.state == State::Error).all(|export| code(export) == "source_unreachable")
    );
    let mut expected = vec!["success org-0001 1/0", "success org-0002 1/0"];
    until("both are told once", async || {
        let mut notes = notes(&told);
        notes.sort();
        notes == expected
    })
    .await;

    // The next night it stays away: one retry, then one failure each.
    let file = away_after_listing(&night, "2026-01-03").await;
    night.hands.set("2026-01-03T03:00:00Z");
    until("both have failed again", async || {
        exports(&night, night.runs("nightly").await.last().unwrap()).await.len() == 4
    })
    .await;
    night.hands.set("2026-01-03T03:01:00Z");
    assert_eq!(night.run("nightly", 2).await.failed, 2);
    fs::rename(&file, &night.database).unwrap();
    expected = vec!["failure org-0001 0/1", "failure org-0002 0/1", "success org-0001 1/0", "success org-0002 1/0"];
    until("both are told once more", async || {
        let mut notes = notes(&told);
        notes.sort();
        notes == expected
    })
    .await;
}

async fn away_after_listing(night: &Night, day: &str) -> PathBuf {
    night.hands.set(&format!("{day}T02:00:00Z"));
    until("the organizations are listed", async || {
        night.runs("nightly").await.last().is_some_and(|run| run.finished_at.is_none() && run.organizations == 2)
    })
    .await;
    away(&night.database)
}

#[tokio::test]
async fn an_organization_that_fails_and_a_source_that_is_away_stop_no_other() {
    let files = tempfile::tempdir().unwrap();
    let told = files.path().join("told");
    let night = Night::new(3, |config: &mut Config| {
        config.sources.push(source("gone", Path::new("/nonexistent/rytask.sqlite")));
        config.schedules = vec![ScheduleConfig { retries: 0, ..nightly() }];
        config.hooks = vec![note(&[HookEvent::Failure], HookScope::Organization, &told)];
    })
    .await;
    run_sql(&night.database, "UPDATE organizations SET created_at = 'yesterday' WHERE slug = 'org-0002'").await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.organizations, run.finished, run.failed), (3, 2, 1), "{run:?}");
    assert_eq!((run.failures.len(), run.failures[0].source.as_str()), (1, "gone"));
    until("the one that failed is told", async || notes(&told) == ["failure org-0002 0/1"]).await;
}

#[tokio::test]
async fn an_organization_whose_newest_archive_is_too_old_is_told_once_each_time_it_becomes_so() {
    let files = tempfile::tempdir().unwrap();
    let told = files.path().join("told");
    let night = Night::new(1, |config| {
        config.freshness.max_age = Duration::from_hours(36);
        // Exports nothing; when it begins, the ages were looked at.
        let calendar = Calendar::new("0 20 4 1 *", chrono_tz::Tz::UTC).unwrap();
        let beacon = ScheduleConfig::new("beacon".to_owned(), calendar);
        config.schedules.push(ScheduleConfig { organizations: Patterns::default(), ..beacon });
        config.hooks = vec![note(&[HookEvent::Stale], HookScope::Organization, &told)];
    })
    .await;
    night.hands.set("2026-01-02T02:00:00Z");
    night.run("nightly", 1).await;
    night.daemon.client.pause_schedule("nightly").await.unwrap();
    for now in ["2026-01-03T13:00:00Z", "2026-01-03T15:00:00Z"] {
        assert!(notes(&told).is_empty(), "{:?}", notes(&told));
        night.hands.set(now);
    }
    until("it is told", async || notes(&told) == ["stale org-0001 /"]).await;
    night.hands.set("2026-01-03T16:00:00Z");
    night.daemon.client.run_schedule("nightly").await.unwrap();
    night.run("nightly", 2).await;
    night.hands.set("2026-01-04T20:00:00Z");
    night.run("beacon", 1).await;
    assert_eq!(notes(&told), ["stale org-0001 /"]);
    night.hands.set("2026-01-05T20:00:00Z");
    until("it is told again", async || notes(&told) == ["stale org-0001 /", "stale org-0001 /"]).await;
}
