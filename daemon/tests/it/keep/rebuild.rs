//! A catalog with rows or pages that cannot be read, and archives that cannot be looked at.

use std::{fs, os::unix::fs::symlink, path::Path};

use orgvault_api::{
    ArchiveState, State,
    client::{ArchiveFilter, ExportFilter},
};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use super::fixture::{App, archived, gids, listed};
use crate::{
    api::fixture::{Daemon, organization, until},
    schedule::fixture::Night,
};

async fn codes(daemon: &Daemon) -> Vec<String> {
    daemon.client.status().await.unwrap().warnings.into_iter().map(|warning| warning.code).collect()
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_left_out_and_said_and_a_rebuild_mends_them() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    let (first, second) = (archived(&daemon.client).await, archived(&daemon.client).await);
    daemon.client.pin(first, true).await.unwrap();
    daemon
        .meddle(&format!(
            "UPDATE archives SET document = '{{\"format\": \"parquet\"}}' WHERE gid = {first}; \
             UPDATE exports SET warnings = '[{{' WHERE gid = {first}"
        ))
        .await;
    assert_eq!(gids(&daemon.client).await, [second], "the others are listed");
    let exports = daemon.client.exports(&ExportFilter::default()).await.unwrap().exports;
    assert_eq!(exports.len(), 1);
    daemon.client.organizations(None).await.unwrap();
    assert_eq!(codes(&daemon).await, ["catalog_unreadable"]);
    daemon.client.delete_archive(first).await.unwrap_err();

    let rebuilt = daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!((rebuilt.archives, rebuilt.skipped.len()), (2, 0));
    assert_eq!(codes(&daemon).await, ["catalog_set_aside"]);
    assert!(daemon.client.archive(first).await.unwrap().pinned);
    assert_eq!(daemon.client.export(first).await.unwrap().state, State::Finished);
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(codes(&daemon).await, [""; 0], "there is nothing more to say");
}

#[tokio::test]
async fn an_archive_that_cannot_be_looked_at_now_is_not_forgotten() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 10);
    daemon.client.rebuild_catalog().await.unwrap();
    let place = Path::new(&listed(&daemon.client).await[0].path).parent().unwrap().to_owned();
    for out_of_reach in [place.clone(), place.parent().unwrap().to_owned()] {
        let away = out_of_reach.with_extension("away");
        fs::rename(&out_of_reach, &away).unwrap();
        // Nobody can read what is behind a link to itself, whoever he is.
        symlink(&out_of_reach, &out_of_reach).unwrap();
        let rebuilt = daemon.client.rebuild_catalog().await.unwrap();
        assert_eq!(rebuilt.archives, 1);
        assert!(rebuilt.skipped.iter().any(|skipped| skipped.contains("its entry stays as it is")), "{rebuilt:?}");
        fs::remove_file(&out_of_reach).unwrap();
        fs::rename(&away, &out_of_reach).unwrap();
        daemon.client.rebuild_catalog().await.unwrap();
        assert_eq!(daemon.client.archive(gid).await.unwrap().state, ArchiveState::Present);
    }
    fs::remove_dir_all(&place).unwrap();
    assert_eq!(daemon.client.rebuild_catalog().await.unwrap().archives, 0, "what is gone is forgotten");
}

#[tokio::test]
async fn a_rebuild_lists_an_archive_whose_export_never_ended_in_the_catalog() {
    let daemon = Daemon::start().await;
    daemon
        .meddle(
            "INSERT INTO exports (gid, request, source, kind, organization_id, name, slug, format, gzip, state, \
             created_at, started_at, warnings, counts, requested_by) VALUES (7, 7, 'tracker', 'organization', 'id-acme', \
             'ACME', 'acme', 'json', 0, 'started', 0, 0, '[]', '[]', 'ada')",
        )
        .await;
    let gid = daemon.publish(7, &organization("acme"), 1);
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(gids(&daemon.client).await, [gid]);
}

#[tokio::test]
async fn no_row_keeps_the_daemon_from_starting_or_a_run_from_ending() {
    let night = Night::new(2, |_config| {}).await;
    night.hands.set("2026-01-02T02:00:00Z");
    night.run("nightly", 1).await;
    night
        .daemon
        .meddle(
            "UPDATE runs SET finished_at = NULL, warnings = 'x'; \
             UPDATE exports SET state = 'pending', warnings = '{' WHERE position = 1; \
             UPDATE exports SET state = 'started', format = 'parquet' WHERE position = 2; \
             INSERT INTO schedules VALUES (CAST(x'ff' AS TEXT), '', NULL, 0)",
        )
        .await;
    night.hands.set("2026-01-02T02:30:00Z");
    let night = night.restart().await;
    let run = night.run("nightly", 1).await;
    assert_eq!(run.finished, 1, "what could be mended was exported: {run:?}");
    assert!(!run.is_whole(), "what could not is a failure of the run: {run:?}");
    assert!(run.failures.iter().any(|failure| failure.source == "tracker"), "{run:?}");
    assert_eq!(codes(&night.daemon).await, ["catalog_set_aside"]);
    let night = night.restart().await;
    assert_eq!(codes(&night.daemon).await, [""; 0]);
}

#[tokio::test]
async fn what_can_be_read_of_a_damaged_catalog_is_taken_over() {
    let night = Night::new(1, |_config| {}).await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    night.daemon.client.pause_schedule("nightly").await.unwrap();
    let file = night.daemon.config.daemon.state_dir.join("catalog.sqlite");
    let mut daemon = night.daemon;
    daemon.stop.soft.cancel();
    daemon.ended().await;
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = options.connect().await.unwrap();
    let page = "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'archives'";
    let (page, size): (u32, u32) = sqlx::query_as(page).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let from = usize::try_from((page - 1) * size).unwrap();
    scribble(&file, from, from + usize::try_from(size).unwrap());
    let daemon = daemon.start_again().await;
    assert_eq!(codes(&daemon).await, ["catalog_damaged"]);
    assert_eq!(gids(&daemon.client).await.len(), 1);
    let runs = daemon.client.runs(Some("nightly"), None).await.unwrap().runs;
    assert_eq!(serde_json::to_value(runs).unwrap(), serde_json::json!([run]));
    assert!(daemon.client.schedules(1).await.unwrap().schedules[0].paused);
}

/// Overwrites part of a file.
fn scribble(path: &Path, from: usize, to: usize) {
    let mut bytes = fs::read(path).unwrap();
    let to = to.min(bytes.len());
    bytes[from..to].fill(b'#');
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_catalog_is_set_aside_and_made_anew_from_the_archives() {
    let app = App::new().await;
    let (mut daemon, mut asked) = (Daemon::start_with(|config| config.sources = vec![app.source()]).await, Vec::new());
    let file = daemon.config.daemon.state_dir.join("catalog.sqlite");
    // Its header, and then its pages.
    for (number, (from, to)) in [(0, 100), (4096, usize::MAX)].into_iter().enumerate() {
        asked.push(archived(&daemon.client).await);
        daemon.stop.soft.cancel();
        daemon.ended().await;
        scribble(&file, from, to);
        let damaged = fs::read(&file).unwrap();
        daemon = daemon.start_again().await;
        assert_eq!(gids(&daemon.client).await, asked, "the archives are listed at once");
        assert_eq!(codes(&daemon).await, ["catalog_damaged"]);
        let aside = file.with_extension(format!("sqlite.damaged-{}", number + 1));
        assert_eq!(fs::read(&aside).unwrap(), damaged, "what was there is kept");
    }
    archived(&daemon.client).await;
    daemon.client.apply_retention().await.unwrap();
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives.len(), 3);
    for number in 1..=2 {
        fs::remove_file(file.with_extension(format!("sqlite.damaged-{number}"))).unwrap();
    }
    let daemon = daemon.restart().await;
    until("it answers", async || daemon.client.health().await.is_ok()).await;
    assert_eq!(codes(&daemon).await, [""; 0], "who removed it knows of it");
}
