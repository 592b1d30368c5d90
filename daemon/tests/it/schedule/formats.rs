//! Several formats of one organization in one run, of which the first one is cut off.

use std::collections::HashSet;

use orgvault_api::{
    Export, Format, Run, State,
    client::{ArchiveFilter, Client, ExportFilter},
};
use orgvault_archive::manifest::Manifest;
use orgvault_config::ScheduleConfig;

use super::fixture::{Hands, nightly};
use crate::{
    api::{
        binary::Running,
        fixture::{Daemon, until},
    },
    export::{Held, rytask},
};
use orgvault_testing::postgres::Database;

async fn exports(client: &Client, run: &Run) -> Vec<Export> {
    let filter = ExportFilter { request: Some(run.gid), ..ExportFilter::default() };
    client.exports(&filter).await.unwrap().exports
}

async fn is_being_written(client: &Client, run: &Run) -> bool {
    exports(client, run).await.iter().any(|export| export.state == State::Started)
}

/// Each organization has each archive once, and all of them show one instant.
async fn is_whole(client: &Client, run: &Run) {
    let archives = client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    let exports = exports(client, run).await;
    let wanted: HashSet<_> =
        exports.iter().map(|one| (one.organization.id.clone(), one.format, one.entity.clone())).collect();
    let made: HashSet<_> =
        archives.iter().map(|one| (one.organization.id.clone(), one.format, one.entity.clone())).collect();
    assert_eq!((made.len(), &made), (archives.len(), &wanted), "each once: {exports:?}");
    for archive in &archives {
        let snapshots: HashSet<_> = archives
            .iter()
            .filter(|one| one.organization.id == archive.organization.id)
            .map(|one| Manifest::beside(one.path.as_ref()).unwrap().unwrap().snapshot)
            .collect();
        assert_eq!(snapshots.len(), 1, "one instant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_that_a_kill_interrupts_is_written_anew_with_those_that_waited() {
    let (database, source) = rytask();
    let config = format!(
        "workers = 1\n[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"{}\"\n\
         [[schedule]]\nname = \"nightly\"\ncron = \"0 0 29 2 *\"\nformats = [\"json\", \"csv\"]\norganizations = [\"acme\"]\n",
        source.url.reveal()
    );
    let mut running = Running::start(&config).await;
    let client = running.client();
    let held = Held::new(&database);
    let run = client.run_schedule("nightly").await.unwrap();
    // Killed once more, it is another one that is cut off: the tries of one archive are its own.
    for _kill in 0..2 {
        until("one is being written", async || is_being_written(&client, &run).await).await;
        running.kill_and_start_again().await;
    }
    drop(held);
    until("the run has ended", async || client.run(run.gid).await.unwrap().finished_at.is_some()).await;
    let ended = client.run(run.gid).await.unwrap();
    assert_eq!(ended.failed, 0, "{ended:?}");
    is_whole(&client, &run).await;
}

/// Ends the connections of the daemon.
fn cut_off(database: &Database) {
    let role = database.role();
    database.psql(&format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{role}'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_whose_connection_is_lost_is_written_anew_with_those_that_waited() {
    let (database, source) = rytask();
    let hands = Hands::at("2026-01-01T12:00:00Z");
    let daemon = Daemon::start_at(hands.clock(), |config| {
        config.sources = vec![source];
        let formats = vec![Format::Json, Format::Csv];
        config.schedules = vec![ScheduleConfig { formats, retries: 5, ..nightly() }];
    })
    .await;
    let client = &daemon.client;
    client.health().await.unwrap();
    let held = Held::new(&database);
    hands.set("2026-01-02T02:00:00Z");
    let runs = async || client.runs(Some("nightly"), None).await.unwrap().runs;
    until("the run begins", async || !runs().await.is_empty()).await;
    let run = runs().await.remove(0);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    until("both organizations are being read", async || database.psql(waits) == "2").await;
    cut_off(&database);
    let lost = async || {
        let exports = exports(client, &run).await;
        exports.iter().filter(|export| export.error.as_ref().is_some_and(|error| error.code == "source_lost")).count()
    };
    until("both are lost", async || lost().await == 2).await;
    drop(held);
    until("the lost ones are tried again later", async || {
        exports(client, &run).await.iter().filter(|export| export.format == Format::Json).count() == 4
    })
    .await;
    let early = exports(client, &run).await;
    assert!(early.iter().all(|export| export.state != State::Finished), "the others wait for them: {early:?}");
    hands.set("2026-01-02T02:01:00Z");
    until("the run has ended", async || runs().await[0].finished_at.is_some()).await;
    let ended = runs().await.remove(0);
    assert_eq!(ended.failed, 0, "{ended:?}");
    is_whole(client, &run).await;
}
