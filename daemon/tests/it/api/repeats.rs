//! Requests that are repeated under an `Idempotency-Key`.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use orgvault_api::{Role, client::ExportFilter, clock::Clock};
use serde_json::Value;

use super::{
    faces::source,
    fixture::Daemon,
    reply::Reply,
    tokens::{bearer, code},
};
use orgvault_testing::postgres::RYTASK;

const ACME: &str = r#"{"organizations":["acme"]}"#;

async fn rytask(clock: Clock) -> Daemon {
    let (source, _database) = source("tracker", "rytask", RYTASK).await;
    Daemon::start_at(clock, |config| config.sources = vec![source]).await
}

async fn post(daemon: &Daemon, key: &str, body: &str) -> Reply {
    daemon.request_with("POST /v1/exports", &[&format!("Idempotency-Key: {key}")], body).await
}

/// The gid of the one export that was asked for.
fn gid(reply: &Reply) -> Value {
    assert_eq!(reply.status, 202, "{reply:?}");
    let exports = reply.json()["exports"].as_array().unwrap().clone();
    assert_eq!(exports.len(), 1);
    exports[0]["gid"].clone()
}

async fn exports(daemon: &Daemon) -> usize {
    daemon.client.exports(&ExportFilter::default()).await.unwrap().exports.len()
}

#[tokio::test]
async fn a_request_that_is_repeated_under_its_key_is_done_once() {
    let daemon = rytask(Clock::system()).await;
    let first = gid(&post(&daemon, "k1", ACME).await);
    assert_eq!(gid(&post(&daemon, "k1", ACME).await), first);
    assert_ne!(gid(&post(&daemon, "k2", ACME).await), first);
    let other = post(&daemon, "k1", r#"{"organizations":["acme"],"gzip":true}"#).await;
    assert_eq!(code(&other), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(gid(&post(&daemon, "k1", ACME).await), first, "the key stays the first request's");
    let token = bearer(&daemon, "another", Role::Admin).await;
    let another = daemon.request_with("POST /v1/exports", &[&token, "Idempotency-Key: k1"], ACME).await;
    assert_ne!(gid(&another), first, "each caller has keys of its own");
    assert_eq!(exports(&daemon).await, 3);
}

#[tokio::test]
async fn requests_of_one_key_at_the_same_time_make_one_export() {
    let daemon = rytask(Clock::system()).await;
    let replies = join_all((0..20).map(|_| post(&daemon, "k", ACME))).await;
    let first = gid(&replies[0]);
    for reply in &replies {
        assert_eq!(gid(reply), first);
    }
    assert_eq!(exports(&daemon).await, 1);
}

#[tokio::test]
async fn a_key_outlives_the_daemon() {
    let daemon = rytask(Clock::system()).await;
    let first = gid(&post(&daemon, "k", ACME).await);
    let daemon = daemon.restart().await;
    assert_eq!(gid(&post(&daemon, "k", ACME).await), first);
    let other = post(&daemon, "k", r#"{"all":true}"#).await;
    assert_eq!(code(&other), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(exports(&daemon).await, 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let passed = Arc::new(AtomicI64::new(0));
    let minutes = Arc::clone(&passed);
    let system = Clock::system();
    let daemon = rytask(Clock::from_fn(move || system.now() + TimeDelta::minutes(minutes.load(Relaxed)))).await;
    let first = gid(&post(&daemon, "k", ACME).await);
    passed.store(23 * 60, Relaxed);
    assert_eq!(gid(&post(&daemon, "k", ACME).await), first);
    passed.store(24 * 60 + 1, Relaxed);
    assert_ne!(gid(&post(&daemon, "k", ACME).await), first);
}

#[tokio::test]
async fn a_request_that_was_refused_is_done_when_it_is_repeated() {
    let daemon = rytask(Clock::system()).await;
    let refused = post(&daemon, "k", r#"{"organizations":["acme"],"formats":["seed"]}"#).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    gid(&post(&daemon, "k", ACME).await);
}
