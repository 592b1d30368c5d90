//! Archives of an API source are archives like any other: a schedule makes them, and they are verified, browsed,
//! compared and pruned.

use std::collections::BTreeMap;

use orgvault_api::{
    Consistency, Run, State, VerifiedAgainst,
    client::{ExportFilter, RowsQuery},
};

use serde_json::json;

use super::{
    asana::{CREATE, file, job, poll, polled},
    content::{asana, asana_rows, gzip_members, ndjson},
    fixture::{Api, code},
    reply::Reply,
};
use crate::{
    api::fixture::{Daemon, until},
    keep::fixture::{gids, listed},
};

const NIGHTLY: &str = "[[schedule]]\nname = \"nightly\"\ncron = \"0 2 * * *\"\n";

/// Each night its own job, `n0`, `n1` and so on, whose file has as many tasks as it is told.
fn script(api: &Api, tasks: &[u64]) {
    super::asana::script(api, "1331", "0", &[]);
    api.base.on_each(CREATE, |_, number| Reply::json(201, &job(&format!("{number}"), "1331", "pending", None)));
    for (number, tasks) in tasks.iter().enumerate() {
        let gid = number.to_string();
        polled(api, "1331", &gid, &[]);
        api.storage.on(&file(&gid), [Reply::file(gzip_members(asana(1331, *tasks).as_bytes(), 3))]);
    }
}

async fn run(daemon: &Daemon) -> Run {
    let gid = daemon.client.run_schedule("nightly").await.unwrap().gid;
    until("the run ends", async || daemon.client.run(gid).await.unwrap().finished_at.is_some()).await;
    daemon.client.run(gid).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_exports_what_is_then_verified_browsed_compared_and_pruned() {
    let api = Api::start().await;
    script(&api, &[30, 31, 32]);
    let daemon =
        api.daemon_with(&format!("{}{NIGHTLY}", api.asana(&["1331"])), |config| config.retention.keep_last = 2).await;
    let mut archives = Vec::new();
    for _night in 0..2 {
        let run = run(&daemon).await;
        assert_eq!((run.finished, run.failed), (1, 0), "{run:?}");
        archives = gids(&daemon.client).await;
    }
    let (newer, older) = (archives.iter().max().unwrap(), archives.iter().min().unwrap());
    let archive = daemon.client.archive(*newer).await.unwrap();
    assert!(archive.path.ends_with(".json.gz"), "{}", archive.path);
    let received = archive.received.as_ref().unwrap();
    assert_eq!(
        (received.verified_against, received.consistency, received.job.as_deref()),
        (VerifiedAgainst::Itself, Consistency::Unknown, Some("1"))
    );
    assert_eq!(archive.organization.id, "1331");
    let counts: BTreeMap<&str, u64> = archive.counts.iter().map(|count| (count.name.as_str(), count.rows)).collect();
    assert_eq!((counts["Task"], counts["Comment"], counts["Domain"], counts["Team"]), (31, 31, 1, 1));
    assert_eq!(counts.values().sum::<u64>(), asana_rows(1331, 31).len() as u64);

    let verified = daemon.client.verify(*newer).await.unwrap();
    assert!(verified.ok, "{verified:?}");
    let query = RowsQuery { limit: Some(5), search: Some("Task 30".to_owned()), ..RowsQuery::default() };
    let page = daemon.client.rows(*newer, "Task", &query).await.unwrap();
    assert_eq!(page.rows.len(), 1, "{page:?}");
    let compared = format!("{:?}", daemon.client.compare(*older, *newer).await.unwrap());
    assert!(compared.contains("Task") && compared.contains("31") && compared.contains("30"), "{compared}");

    assert_eq!(run(&daemon).await.finished, 1);
    until("the oldest is pruned", async || {
        let left = gids(&daemon.client).await;
        left.len() == 2 && !left.contains(older)
    })
    .await;
    api.assert_no_strays();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_lost_most_of_its_rows_is_said_and_its_archive_kept() {
    let api = Api::start().await;
    script(&api, &[100, 2]);
    let daemon = api.daemon(&format!("{}{NIGHTLY}", api.asana(&["1331"]))).await;
    for _night in 0..2 {
        assert_eq!(run(&daemon).await.finished, 1);
    }
    assert_eq!(listed(&daemon.client).await.len(), 2);
    let status = daemon.client.organization("work/1331").await.unwrap();
    assert_eq!(status.health.name(), "shrinking", "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn references_that_lead_nowhere_are_a_warning_and_ids_twice_an_error() {
    let api = Api::start().await;
    script(&api, &[3, 3]);
    let mut rows = asana_rows(1331, 3);
    rows.retain(|row| row["__type"] != "User");
    let dangling = ndjson(&rows);
    rows.push(rows[0].clone());
    let twice = ndjson(&rows);
    api.storage.on(&file("0"), [Reply::file(gzip_members(dangling.as_bytes(), 1))]);
    api.storage.on(&file("1"), [Reply::file(gzip_members(twice.as_bytes(), 1))]);
    let daemon = api.daemon(&format!("{}{NIGHTLY}", api.asana(&["1331"]))).await;
    assert_eq!(run(&daemon).await.finished, 1);
    let archive = listed(&daemon.client).await.remove(0);
    assert!(!archive.warnings.is_empty(), "{archive:?}");
    let failed = run(&daemon).await;
    let filter = ExportFilter { request: Some(failed.gid), state: Some(State::Error), ..ExportFilter::default() };
    let exports = daemon.client.exports(&filter).await.unwrap().exports;
    assert_eq!(exports.iter().map(code).collect::<Vec<_>>(), ["export_damaged"], "{exports:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_with_its_job_after_a_restart() {
    let api = Api::start().await;
    script(&api, &[3]);
    polled(&api, "1331", "0", &["pending", "started", "started"]);
    let daemon = api.daemon(&format!("{}{NIGHTLY}", api.asana(&["1331"]))).await;
    let gid = daemon.client.run_schedule("nightly").await.unwrap().gid;
    api.base.wait_for(&poll("0"), 1).await;
    daemon.stop.deadline.cancel();
    let mut daemon = daemon;
    daemon.ended().await;
    let daemon = daemon.start_again().await;
    until("the run ends", async || daemon.client.run(gid).await.unwrap().finished_at.is_some()).await;
    let run = daemon.client.run(gid).await.unwrap();
    assert_eq!((run.finished, run.failed, api.base.count(CREATE)), (1, 0, 1), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_organization_that_is_named_is_exported_under_the_limit_of_the_token() {
    let api = Api::start().await;
    let organizations: Vec<String> = (100..112).map(|id| id.to_string()).collect();
    api.base.on_each(CREATE, |request, _| {
        let organization = request.json()["data"]["organization"].as_str().unwrap().to_owned();
        Reply::json(201, &job(&organization, &organization, "pending", None))
    });
    for organization in &organizations {
        polled(&api, organization, organization, &[]);
        let text = asana(organization.parse().unwrap(), 2);
        api.storage.on(&file(organization), [Reply::file(gzip_members(text.as_bytes(), 1))]);
    }
    api.base.on("GET /api/1.0/workspaces", [Reply::json(200, &json!({"data": []}))]);
    let named: Vec<&str> = organizations.iter().map(String::as_str).collect();
    let daemon = api.daemon_with(&format!("{}{NIGHTLY}", api.asana(&named)), |config| config.daemon.workers = 4).await;
    let run = run(&daemon).await;
    assert_eq!((run.finished, run.failed, api.base.count(CREATE)), (12, 0, 12), "{run:?}");
    api.assert_no_strays();
}
