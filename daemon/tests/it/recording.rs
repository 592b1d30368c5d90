//! The catalog does not take what it is told: for a while, or never.

use std::{ffi::OsString, fs, path::PathBuf};

use orgvault_api::{
    Export, ExportRequest, Run, State,
    client::{Client, ExportFilter},
};
use orgvault_archive::naming::ArchiveName;

use crate::{
    api::fixture::{Daemon, publish, until},
    keep::fixture::{App, archived, ended, gids, listed},
    schedule::fixture::Night,
};

/// From now on the catalog takes no end of an export. What refuses it also rolls the transaction
/// back, as SQLite does by itself when a disk is full.
const REFUSE: &str = "CREATE TRIGGER refuse BEFORE UPDATE ON exports WHEN NEW.state IN ('finished', 'error') \
    BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";
const TAKE: &str = "DROP TRIGGER refuse";

async fn is_said(client: &Client) -> bool {
    client.status().await.unwrap().warnings.iter().any(|warning| warning.code == "catalog_unrecorded")
}

async fn exports(client: &Client, run: &Run) -> Vec<Export> {
    let filter = ExportFilter { request: Some(run.gid), ..ExportFilter::default() };
    client.exports(&filter).await.unwrap().exports
}

async fn acme(app: &App) -> Daemon {
    Daemon::start_with(|config| config.sources = vec![app.source()]).await
}

async fn start(daemon: &Daemon) -> Export {
    let request = ExportRequest { organizations: vec!["tracker/acme".to_owned()], ..ExportRequest::default() };
    daemon.client.start_exports(&request).await.unwrap().exports.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_ends_cannot_be_recorded_for_a_while_ends_when_they_can() {
    let night = Night::new(3, |config| config.daemon.workers = 2).await;
    night.daemon.meddle(REFUSE).await;
    night.hands.set("2026-01-02T02:00:00Z");
    let client = &night.daemon.client;
    until("it is said", async || is_said(client).await).await;
    assert_eq!(night.runs("nightly").await[0].finished_at, None, "a run does not outlive its exports");
    night.daemon.meddle(TAKE).await;
    let run = night.run("nightly", 1).await;
    assert_eq!((run.finished, run.failed), (3, 0), "{run:?}");
    until("it is said no more", async || !is_said(client).await).await;
    night.hands.set("2026-01-03T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.finished, 3, "the next night is as always");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_the_catalog_refused_ends_is_there_after_a_restart() {
    let app = App::new().await;
    let daemon = acme(&app).await;
    daemon.meddle(REFUSE).await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(start(&daemon).await.gid);
    }
    until("it is said", async || is_said(&daemon.client).await).await;
    daemon.meddle(TAKE).await;
    for gid in &asked {
        assert_eq!(ended(&daemon.client, *gid).await.state, State::Finished);
    }
    let daemon = daemon.restart().await;
    for gid in &asked {
        assert_eq!(daemon.client.export(*gid).await.unwrap().state, State::Finished);
    }
    assert_eq!(gids(&daemon.client).await, asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_export_that_waited_stays_canceled_although_that_could_not_be_recorded() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.daemon.workers = 1;
    })
    .await;
    daemon.meddle(REFUSE).await;
    let first = start(&daemon).await;
    until("the first holds the worker", async || is_said(&daemon.client).await).await;
    let second = start(&daemon).await;
    daemon.client.cancel(second.gid).await.unwrap_err();
    daemon.meddle(TAKE).await;
    assert_eq!(ended(&daemon.client, first.gid).await.state, State::Finished);
    assert_eq!(ended(&daemon.client, second.gid).await.error.unwrap().code, "canceled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_catalog_that_never_takes_it_and_the_next_start_knows_the_end() {
    let app = App::new().await;
    let mut daemon = acme(&app).await;
    daemon.meddle(REFUSE).await;
    let export = start(&daemon).await;
    until("it is said", async || is_said(&daemon.client).await).await;
    daemon.stop.deadline.cancel();
    daemon.ended().await;
    // The next one cannot record it either, and starts all the same.
    let daemon = daemon.start_again().await;
    until("it is said again", async || is_said(&daemon.client).await).await;
    assert_eq!(daemon.client.export(export.gid).await.unwrap().state, State::Started);
    daemon.meddle(TAKE).await;
    assert_eq!(ended(&daemon.client, export.gid).await.state, State::Finished, "its archive was published");
    assert_eq!(gids(&daemon.client).await, [export.gid]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_cannot_be_recorded_is_said_and_begins_when_it_can() {
    let night = Night::new(2, |_config| {}).await;
    let client = &night.daemon.client;
    let said = async |code: &str| client.status().await.unwrap().warnings.iter().any(|warning| warning.code == code);
    night.daemon.meddle("CREATE TRIGGER refuse BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    night.hands.set("2026-01-02T02:00:00Z");
    until("it is said that no run begins", async || said("schedules_stuck").await).await;
    night
        .daemon
        .meddle("CREATE TRIGGER refuse_too BEFORE INSERT ON exports BEGIN SELECT RAISE(ABORT, 'no'); END")
        .await;
    night.daemon.meddle(TAKE).await;
    until("it is said that the run does not go on", async || said("run_stuck").await).await;
    night.daemon.meddle("DROP TRIGGER refuse_too").await;
    let run = night.run("nightly", 1).await;
    assert_eq!((run.finished, run.failed), (2, 0), "{run:?}");
    until("nothing is said any more", async || client.status().await.unwrap().warnings.is_empty()).await;
}

/// As an earlier version left it where an organization was listed twice: two exports of one run, one
/// finished, the other one in `state`.
async fn twin(state: &str) -> (Night, Export) {
    let night = Night::new(1, |_config| {}).await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    let first = exports(&night.daemon.client, &run).await.remove(0);
    let twin = publish(&night.daemon.config.daemon.archive_dir, first.gid.get() + 1, &first.organization, 0, "{}");
    let place = PathBuf::from(&listed(&night.daemon.client).await[0].path);
    let mut names = fs::read_dir(place.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let of_twin = |name: OsString| name.to_str()?.parse().ok().filter(|name: &ArchiveName| name.gid == twin);
    let published = names.find_map(of_twin).unwrap();
    let columns = "request, source, kind, organization_id, name, slug, format, entity, gzip, created_at, \
        warnings, counts, requested_by, schedule, attempt, not_before, importable";
    night
        .daemon
        .meddle(&format!(
            "INSERT INTO exports (gid, state, started_at, {columns}) SELECT {twin}, '{state}', {}, {columns} FROM exports; \
             UPDATE runs SET finished_at = NULL",
            published.exported_at.timestamp_micros(),
        ))
        .await;
    (night, Export { gid: twin, ..first })
}

#[tokio::test]
async fn two_exports_of_one_run_that_made_the_same_archive_do_not_keep_the_daemon_from_starting() {
    let (night, export) = twin("started").await;
    let night = night.restart().await;
    let client = &night.daemon.client;
    assert_eq!(ended(client, export.gid).await.error.unwrap().code, "already_made");
    assert_eq!(gids(client).await.len(), 2, "what is there is listed");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.finished, run.failed), (1, 1), "the run ends, and says so");
}

#[tokio::test]
async fn a_run_that_was_to_make_an_archive_twice_makes_it_once_and_ends() {
    let (night, export) = twin("pending").await;
    let night = night.restart().await;
    let run = night.run("nightly", 1).await;
    let twin = night.daemon.client.export(export.gid).await.unwrap();
    assert_eq!(twin.error.unwrap().code, "already_made");
    assert_eq!((run.finished, run.failed), (1, 1));
}

#[tokio::test]
async fn an_export_that_vanished_from_the_catalog_holds_up_nobody_and_its_archive_is_listed() {
    let app = App::new().await;
    let daemon = acme(&app).await;
    let lose = "CREATE TRIGGER lose AFTER UPDATE ON exports WHEN NEW.state = 'started' BEGIN DELETE FROM exports; END";
    daemon.meddle(lose).await;
    start(&daemon).await;
    until("its archive is listed", async || gids(&daemon.client).await.len() == 1).await;
    daemon.meddle("DROP TRIGGER lose").await;
    archived(&daemon.client).await;
}
