//! TruePPM's import API: validated first, then posted, then the job is followed to its end.

use std::{collections::HashSet, time::Duration};

use orgvault_api::{Format, SendRequest, SendState, gid::Gid};
use orgvault_config::TargetConfig;

use super::{
    fixture::{SEED, TOKEN, again, app, code, daemon, on_disk, publish, send, sent, server, to_time},
    stub::{Reply, Stub, json, raw},
};
use crate::api::fixture::{Daemon, problem};

const VALIDATE: &str = "POST /api/v1/programs/import/validate/";
const IMPORT: &str = "POST /api/v1/programs/import/";
const JOB: &str = "GET /api/v1/programs/0f3a/import/jobs/b71c/";
const QUEUED: &str = r#"{"queued":true,"program_id":"0f3a","import_request_id":"b71c","replaced_program_id":null}"#;
const CONFLICT: &str = r#"{"detail":"A program you own already uses the code \"plan-x\".","code":"seed_replace_required",
    "conflict":{"program_id":"9c2d","name":"Plan X","code":"plan-x","project_count":3,"task_count":214}}"#;

fn valid() -> Reply {
    json(200, r#"{"valid":true,"errors":[],"program_slug":"plan-x"}"#)
}

fn queued() -> Reply {
    json(202, QUEUED)
}

fn job(status: &str) -> Reply {
    let detail = if status == "failed" { "the worker\\u0000 died" } else { "" };
    let summary = r#"{"projects":1,"tasks":1,"sprints":0,"dependencies":0}"#;
    json(200, &format!(r#"{{"status":"{status}","error_detail":"{detail}","result_summary":{summary}}}"#))
}

async fn with_seed(url: &str, timeout: Duration) -> (Daemon, Gid) {
    let kind = app("trueppm", server(url), None);
    let daemon = daemon(TargetConfig { name: "time".to_owned(), kind, timeout }).await;
    let gid = publish(&daemon.config.daemon.archive_dir, 7, Format::Seed, "trueppm", SEED.as_bytes());
    daemon.client.rebuild_catalog().await.unwrap();
    (daemon, gid)
}

async fn patient(url: &str) -> (Daemon, Gid) {
    with_seed(url, Duration::from_mins(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_is_validated_then_posted_and_its_job_followed() {
    let stub = Stub::start([
        (VALIDATE, valid()),
        (IMPORT, queued()),
        (JOB, job("pending")),
        (JOB, job("running")),
        (JOB, job("success")),
    ])
    .await;
    let (daemon, gid) = patient(&stub.url()).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""), "{record:?}");
    assert_eq!(record.report, ["program: 0f3a", "projects: 1", "tasks: 1", "sprints: 0", "dependencies: 0"]);
    let seen = stub.seen();
    assert_eq!(seen.iter().map(super::stub::Seen::route).collect::<Vec<_>>(), [VALIDATE, IMPORT, JOB, JOB, JOB]);
    for request in &seen {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    }
    let boundary = seen[1].header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let form = String::from_utf8(seen[1].body.clone()).unwrap();
    let parts: Vec<&str> = form.split(&format!("--{boundary}")).collect();
    assert_eq!((parts.len(), parts[0], parts[2]), (3, "", "--\r\n"));
    let (head, file) = parts[1].split_once("\r\n\r\n").unwrap();
    assert!(head.contains("name=\"file\"; filename=\"") && head.ends_with("Content-Type: application/json"), "{head}");
    assert_eq!(file.strip_suffix("\r\n").unwrap(), SEED, "byte for byte");
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_there_is_named_and_replaced_only_with_replace() {
    let stub = Stub::start([(VALIDATE, valid()), (IMPORT, json(409, CONFLICT)), (JOB, job("success"))]).await;
    let (daemon, gid) = patient(&stub.url()).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Refused, "seed_replace_required"));
    let error = record.error.unwrap();
    assert_eq!(error.message, "the program Plan X (plan-x) with 3 projects and 214 tasks would be replaced");
    assert!(error.hint.contains("--replace"));
    assert!(!String::from_utf8_lossy(&stub.seen()[1].body).contains("name=\"replace\""));

    stub.reply(IMPORT, queued());
    let request = SendRequest { to: "time".to_owned(), replace: true, ..SendRequest::default() };
    let answer = daemon.client.send_archive(gid, &request).await.unwrap();
    assert_eq!(answer.sent.unwrap().state, SendState::Sent);
    let imported = stub.seen().into_iter().rev().find(|seen| seen.route() == IMPORT).unwrap();
    assert!(String::from_utf8_lossy(&imported.body).contains("name=\"replace\"\r\n\r\ntrue\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_an_import_has_its_code() {
    let mismatch = CONFLICT.replace("seed_replace_required", "seed_replace_mismatch");
    let ambiguous = r#"{"detail":"two","code":"seed_replace_ambiguous","conflicts":[]}"#;
    for (reply, state, expected) in [
        (json(400, r#"{"detail":["$.program.name: required","$.x: bad"]}"#), SendState::Refused, "target_invalid"),
        (json(400, r#"{"detail":"Seed file too large (max 5 MB)."}"#), SendState::Refused, "target_invalid"),
        (json(401, r#"{"detail":"no"}"#), SendState::Refused, "target_unauthorized"),
        (json(403, r#"{"detail":"no"}"#), SendState::Refused, "target_forbidden"),
        (json(409, &mismatch), SendState::Refused, "seed_replace_mismatch"),
        (json(409, ambiguous), SendState::Refused, "seed_replace_ambiguous"),
        (json(409, r#"{"code":"something_else"}"#), SendState::Refused, "target_conflict"),
        (json(409, r#"{"code":"seed_replace_required","conflict":7}"#), SendState::Refused, "target_conflict"),
        (raw(429, "Retry-After: 3600\r\n", b"{}"), SendState::Refused, "target_busy"),
        (json(500, "{}"), SendState::Unknown, "target_error"),
        (json(202, r#"{"queued":true}"#), SendState::Unknown, "answer_unreadable"),
        (json(202, &QUEUED.replace("0f3a", "../../x")), SendState::Unknown, "job_lost"),
        (Reply::Lose, SendState::Unknown, "target_lost"),
    ] {
        let stub = Stub::start([(VALIDATE, valid()), (IMPORT, reply)]).await;
        let (daemon, gid) = patient(&stub.url()).await;
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (state, expected), "{record:?}");
        let next = sent(&daemon, gid).await;
        assert_eq!((next.state, code(&next)), (state, expected), "it may be asked once more");
        let keys: HashSet<String> =
            stub.seen().iter().filter_map(|seen| seen.header("idempotency-key").map(str::to_owned)).collect();
        assert_eq!(keys.len(), if state == SendState::Refused { 2 } else { 1 }, "{expected}: {keys:?}");
    }
}

/// Until the validation has said yes, nothing can have been imported.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_posted_where_the_validation_says_no_or_nothing() {
    for (reply, expected, said) in [
        (json(200, r#"{"valid":false,"errors":["$.a: no","$.b: no"]}"#), "target_invalid", "errors: $.b: no"),
        (json(400, r#"{"detail":"Seed file too large (max 5 MB)."}"#), "target_invalid", "too large"),
        (json(401, "{}"), "target_unauthorized", ""),
        (json(429, "{}"), "target_busy", ""),
        (json(500, "{}"), "validation_failed", ""),
        (raw(200, "", b"<html>"), "validation_failed", "<html>"),
        (Reply::Lose, "validation_failed", ""),
        (Reply::HangAfter, "validation_failed", ""),
    ] {
        let stub = Stub::start([(VALIDATE, reply), (IMPORT, queued()), (JOB, job("success"))]).await;
        let (daemon, gid) = with_seed(&stub.url(), Duration::from_millis(300)).await;
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (SendState::Refused, expected), "{record:?}");
        assert!(record.report.join("\n").contains(said), "{record:?}");
        assert_eq!(stub.seen().len(), 1);
        stub.reply(VALIDATE, valid());
        assert_eq!(sent(&daemon, gid).await.state, SendState::Sent, "after {expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_or_is_lost_is_told() {
    for (reply, state, expected, said) in [
        (job("failed"), SendState::Refused, "import_failed", "the worker\\u{0} died"),
        (json(404, "{}"), SendState::Unknown, "job_lost", "answered 404"),
        (json(403, "{}"), SendState::Unknown, "job_lost", "answered 403"),
        (json(200, "[]"), SendState::Unknown, "job_lost", "something else"),
        (job("running"), SendState::Unknown, "job_lost", "did not end within 500ms"),
        (Reply::HangAfter, SendState::Unknown, "job_lost", "did not end within 500ms"),
    ] {
        let stub = Stub::start([(VALIDATE, valid()), (IMPORT, queued()), (JOB, reply)]).await;
        let (daemon, gid) = with_seed(&stub.url(), Duration::from_millis(500)).await;
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (state, expected), "{record:?}");
        let message = record.error.unwrap().message;
        assert!(message.contains(said), "{message}");
        let posted = stub.seen().iter().filter(|seen| seen.route() == IMPORT).count();
        assert_eq!(posted, 1);
    }
}

/// What the validation says of the program that is there.
fn replaces(program: &str) -> Reply {
    json(200, &format!(r#"{{"valid":true,"errors":[],"program_slug":"plan-x","replaces":{program}}}"#))
}

const THERE: &str = r#"{"program_id":"9c2d","name":"Plan X","code":"plan-x","project_count":3,"task_count":214}"#;

fn posts(stub: &Stub) -> Vec<super::stub::Seen> {
    stub.seen().into_iter().filter(|seen| seen.route() == IMPORT).collect()
}

fn key(seen: &super::stub::Seen) -> String {
    seen.header("idempotency-key").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_asks_for_the_validation_and_writes_nothing() {
    let stub = Stub::start([(VALIDATE, replaces(THERE))]).await;
    let (daemon, gid) = patient(&stub.url()).await;
    let dry = SendRequest { dry_run: true, ..to_time() };
    let answer = daemon.client.send_archive(gid, &dry).await.unwrap();
    let trial = answer.trial.unwrap();
    let there = trial.replaces.unwrap();
    assert_eq!((trial.accepted, there.id.as_str(), there.projects, there.tasks), (true, "9c2d", 3, 214));
    let codes: Vec<&str> = answer.loses.iter().map(|loss| loss.code.as_str()).collect();
    assert_eq!(codes, ["accounts", "roles", "assignees", "ids", "members", "states"]);
    stub.reply(VALIDATE, json(200, r#"{"valid":false,"errors":["$.a: no"]}"#));
    let trial = daemon.client.send_archive(gid, &dry).await.unwrap().trial.unwrap();
    assert_eq!((trial.accepted, trial.error.unwrap().code.as_str()), (false, "target_invalid"));
    assert!(trial.report.contains(&"errors: $.a: no".to_owned()), "{:?}", trial.report);
    stub.reply(VALIDATE, replaces("null"));
    let trial = daemon.client.send_archive(gid, &dry).await.unwrap().trial.unwrap();
    assert_eq!((trial.accepted, trial.replaces), (true, None));
    let routes: HashSet<String> = stub.seen().iter().map(super::stub::Seen::route).collect();
    assert_eq!(routes, HashSet::from([VALIDATE.to_owned()]));
    assert!(stub.seen().iter().all(|seen| seen.header("idempotency-key").is_none()));
    assert!(on_disk(&daemon, gid).await.is_empty(), "nothing is written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_of_the_program_that_the_validation_named_and_of_no_other() {
    for (said, form) in [
        (replaces(THERE), "name=\"replace\"\r\n\r\ntrue\r\n"),
        (replaces("null"), ""),
        (replaces(&THERE.replace("9c2d", "9\\r\\nc")), "name=\"replace\""),
        (valid(), "name=\"replace\""),
    ] {
        let pinned = matches!(&said, Reply::Answer(bytes) if String::from_utf8_lossy(bytes).contains("9c2d"));
        let stub = Stub::start([(VALIDATE, said), (IMPORT, queued()), (JOB, job("success"))]).await;
        let (daemon, gid) = patient(&stub.url()).await;
        let request = SendRequest { replace: true, ..to_time() };
        let record = daemon.client.send_archive(gid, &request).await.unwrap().sent.unwrap();
        assert_eq!(record.state, SendState::Sent, "{record:?}");
        let body = String::from_utf8(posts(&stub)[0].body.clone()).unwrap();
        assert!(body.contains(form) && body.contains("name=\"replace\"") != form.is_empty(), "{body}");
        assert_eq!(body.contains("name=\"expected_program_id\"\r\n\r\n9c2d\r\n"), pinned, "{body}");
    }
    let stub = Stub::start([(VALIDATE, replaces(THERE)), (IMPORT, queued()), (JOB, job("success"))]).await;
    let (daemon, gid) = patient(&stub.url()).await;
    assert_eq!(sent(&daemon, gid).await.state, SendState::Sent);
    let body = String::from_utf8(posts(&stub)[0].body.clone()).unwrap();
    assert!(!body.contains("name=\"replace\"") && !body.contains("expected_program_id"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_the_end_of_is_asked_for_with_the_same_key_and_the_same_bytes() {
    let stub = Stub::start([
        (VALIDATE, replaces(THERE)),
        // The first import has replaced the program, and its answer was lost.
        (VALIDATE, replaces(&THERE.replace("9c2d", "0f3a"))),
        (IMPORT, Reply::Lose),
        (IMPORT, raw(202, "Idempotent-Replay: true\r\nContent-Type: application/json\r\n", QUEUED.as_bytes())),
        (JOB, job("success")),
    ])
    .await;
    let (daemon, gid) = patient(&stub.url()).await;
    let request = SendRequest { replace: true, ..to_time() };
    let record = daemon.client.send_archive(gid, &request).await.unwrap().sent.unwrap();
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "target_lost"));
    let kept = on_disk(&daemon, gid).await[0].job.clone().unwrap();
    assert_eq!((kept.replaces.as_deref(), kept.id), (Some("9c2d"), None), "written down before the first byte");

    let daemon = daemon.restart().await;
    let record = daemon.client.send_archive(gid, &request).await.unwrap().sent.unwrap();
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""), "{record:?}");
    let posted = posts(&stub);
    assert_eq!((posted.len(), key(&posted[0])), (2, key(&posted[1])));
    assert_eq!(posted[0].body, posted[1].body, "other bytes would be refused");
    let records = on_disk(&daemon, gid).await;
    let job = records[0].job.clone().unwrap();
    assert_eq!(
        (records.len(), job.key, job.id.as_deref(), job.makes.as_deref()),
        (1, kept.key, Some("b71c"), Some("0f3a"))
    );
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
    stub.reply(IMPORT, queued());
    again(&daemon, gid).await.unwrap();
    assert_ne!(key(&posts(&stub)[2]), key(&posted[0]), "a new import is a new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_known_is_asked_for_and_nothing_is_posted() {
    let stub = Stub::start([(VALIDATE, valid()), (IMPORT, queued()), (JOB, job("running"))]).await;
    let (daemon, gid) = with_seed(&stub.url(), Duration::from_millis(500)).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "job_lost"));
    for (reply, expected) in
        [(json(401, "{}"), "job_lost"), (json(404, "{}"), "job_lost"), (job("running"), "job_lost")]
    {
        stub.reply(JOB, reply);
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (SendState::Unknown, expected), "{record:?}");
    }
    stub.reply(JOB, job("failed"));
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Refused, "import_failed"), "the job says how it ended");
    assert_eq!(posts(&stub).len(), 1);
    stub.reply(JOB, job("success"));
    assert_eq!(sent(&daemon, gid).await.state, SendState::Sent);
    let posted = posts(&stub);
    assert!(posted.len() == 2 && key(&posted[0]) != key(&posted[1]), "a job that failed is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_second_question_says_nothing_of_the_first() {
    let stub = Stub::start([(VALIDATE, valid()), (IMPORT, Reply::Lose)]).await;
    let (daemon, gid) = patient(&stub.url()).await;
    assert_eq!(sent(&daemon, gid).await.state, SendState::Unknown);
    stub.reply(IMPORT, json(409, CONFLICT));
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "seed_replace_required"), "{record:?}");
    stub.reply(VALIDATE, json(401, "{}"));
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "target_unauthorized"), "{record:?}");
}
