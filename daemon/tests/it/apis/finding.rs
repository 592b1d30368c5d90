//! Jobs without an id or a status: one whose answer was lost is found again where the app lists them, and the file of
//! an earlier job is not taken for the new one.

use chrono::TimeDelta;
use orgvault_api::clock::Clock;
use serde_json::json;

use super::{
    asana::SIGNATURE,
    content::{asana, gzip},
    direct::{WITHOUT_STATUS, definition, listed_job},
    fixture::{Api, code, define, export},
    reply::Reply,
};
use crate::api::fixture::Daemon;

async fn daemon(api: &Api, export: &str, more: &str) -> Daemon {
    let source = api.source("direct", "", &["7"], more);
    api.daemon_with(&source, |config| define(config, "direct", &definition("\"bearer\"", export))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_answer_was_lost_is_found_again_in_the_list() {
    for skew in [TimeDelta::zero(), TimeDelta::minutes(10), TimeDelta::minutes(-10)] {
        let api = Api::start().await;
        let daemon = daemon(&api, &listed_job(), "").await;
        let url = format!("{}/f?sig={SIGNATURE}", api.storage.url());
        let now = Clock::system().now() + skew;
        let jobs = json!({"jobs": [
            {"id": 1, "at": (now - TimeDelta::hours(3)).to_rfc3339()},
            {"id": 2, "at": (now + TimeDelta::seconds(1)).timestamp()},
        ]});
        api.base.on("POST /jobs/7", [Reply::lost()]);
        api.base.on("GET /jobs/7", [Reply::json(200, &jobs).skewed(skew)]);
        api.base.on("GET /jobs/7/2", [Reply::json(200, &json!({"state": "done", "url": url}))]);
        api.storage.on("GET /f", [Reply::file(gzip(asana(7, 3).as_bytes()))]);
        let done = export(&daemon.client, "work/7").await;
        assert_eq!((code(&done), api.base.count("POST /jobs/7")), ("", 1), "{skew}: {done:?}");
        api.assert_no_strays();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_an_earlier_job_is_not_the_new_one_by_the_servers_own_clock() {
    for skew in [TimeDelta::zero(), TimeDelta::minutes(10), TimeDelta::minutes(-10)] {
        let api = Api::start().await;
        let daemon = daemon(&api, WITHOUT_STATUS, "").await;
        let dated = |tasks, age: TimeDelta| {
            let at = (Clock::system().now() + skew - age).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            Reply::file(gzip(asana(7, tasks).as_bytes())).header("Last-Modified", &at).skewed(skew)
        };
        api.base.on("POST /export/7", [Reply::new(202, "{}").skewed(skew)]);
        let (old, new) = (dated(1, TimeDelta::minutes(5)), dated(2, TimeDelta::seconds(-5)));
        api.base.on("GET /export/7/download", [Reply::new(404, "{}").skewed(skew), old, new]);
        let done = export(&daemon.client, "work/7").await;
        assert_eq!((code(&done), api.base.count("POST /export/7")), ("", 1), "{skew}: {done:?}");
        let rows: u64 = daemon.client.archive(done.gid).await.unwrap().counts.iter().map(|count| count.rows).sum();
        assert_eq!(rows, super::content::asana_rows(7, 2).len() as u64, "{skew}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_file_that_is_never_replaced_is_said_to_be_one() {
    let api = Api::start().await;
    let daemon = daemon(&api, WITHOUT_STATUS, "at_most = \"3s\"").await;
    let old = Reply::file(gzip(asana(7, 1).as_bytes())).header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
    api.base.on("POST /export/7", [Reply::new(202, "{}")]);
    api.base.on("GET /export/7/download", [old]);
    let failed = export(&daemon.client, "work/7").await;
    assert!(["stale_export", "job_too_slow"].contains(&code(&failed)), "{failed:?}");
}
