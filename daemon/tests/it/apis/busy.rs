//! An API that makes one file at a time: whoever comes second waits, and is told why where it takes too long.

use serde_json::json;

use super::{
    asana::SIGNATURE,
    content::{asana, gzip},
    direct::{JOB, definition},
    fixture::{Api, begin, code, define, export, open_jobs},
    gate::Gate,
    reply::Reply,
};
use crate::{
    api::fixture::{Daemon, until},
    keep::fixture::ended,
};

const CREATE: &str = "POST /jobs/7";
const POLL: &str = "GET /jobs/7/1";

fn busy() -> Reply {
    Reply::json(403, &json!({"message": "An export is already in progress for this workspace"}))
}

async fn api(more: &str) -> (Api, Daemon) {
    let api = Api::start().await;
    let url = format!("{}/f?sig={SIGNATURE}", api.storage.url());
    api.base.on(CREATE, [Reply::json(201, &json!({"id": 1, "state": "pending"}))]);
    api.base.on(POLL, [Reply::json(200, &json!({"id": 1, "state": "done", "url": url}))]);
    api.storage.on("GET /f", [Reply::file(gzip(asana(7, 3).as_bytes()))]);
    let source = api.source("direct", "", &["7"], more);
    let daemon = api.daemon_with(&source, |config| define(config, "direct", &definition("\"bearer\"", JOB))).await;
    (api, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_somebody_else_is_waited_for() {
    let (api, daemon) = api("").await;
    let gate = Gate::closed();
    let made = Reply::json(201, &json!({"id": 1, "state": "pending"})).held(&gate);
    api.base.on(CREATE, [busy(), busy(), made]);
    let gid = begin(&daemon.client, "work/7").await.gid;
    let waits = async || daemon.client.export(gid).await.unwrap().progress?.job?.waits;
    until("it is said what it waits for", async || waits().await.is_some_and(|waits| !waits.is_empty())).await;
    gate.open();
    assert_eq!(code(&ended(&daemon.client, gid).await), "");
    // A refusal was heard and made nothing: asking again is no second job.
    assert_eq!(api.base.count(CREATE), 3);
    api.assert_no_strays();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_somebody_else_that_does_not_end_is_busy() {
    let (api, daemon) = api("at_most = \"3s\"").await;
    api.base.on(CREATE, [busy()]);
    let failed = export(&daemon.client, "work/7").await;
    assert_eq!(code(&failed), "busy", "{failed:?}");
    let error = failed.error.unwrap();
    assert!(error.message.contains("already in progress") && !error.hint.is_empty(), "{error:?}");
    assert!(open_jobs(&daemon.config.daemon.state_dir).await.is_empty(), "there is none of ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_403_is_no_wait() {
    let (api, daemon) = api("").await;
    api.base.on(CREATE, [Reply::json(403, &json!({"message": "You may not export this workspace"}))]);
    assert_eq!(code(&export(&daemon.client, "work/7").await), "forbidden");
    assert_eq!(api.base.count(CREATE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_canceled_while_the_app_refuses_leaves_no_job_that_may_have_been_heard() {
    let limited = Reply::json(429, &json!({"message": "slow down"})).header("Retry-After", "60");
    for refused in [busy(), limited] {
        let (api, daemon) = api("").await;
        api.base.on(CREATE, [refused]);
        let gid = begin(&daemon.client, "work/7").await.gid;
        let waits =
            async || daemon.client.export(gid).await.unwrap().progress?.job.filter(|job| job.state == "refused");
        until("it waits", async || waits().await.is_some()).await;
        assert!(open_jobs(&daemon.config.daemon.state_dir).await.is_empty(), "it was refused");
        daemon.client.cancel(gid).await.unwrap();
        assert_eq!(code(&ended(&daemon.client, gid).await), "canceled");
        api.base.on(CREATE, [Reply::json(201, &json!({"id": 1, "state": "pending"}))]);
        let daemon = daemon.restart().await;
        assert_eq!(code(&export(&daemon.client, "work/7").await), "");
    }
}
