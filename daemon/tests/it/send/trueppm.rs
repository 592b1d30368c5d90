//! TruePPM's import API: validated first, then posted, then the job is followed to its end.

use std::time::Duration;

use orgvault_api::{Format, SendRequest, SendState, gid::Gid};
use orgvault_config::TargetConfig;

use super::{
    fixture::{SEED, TOKEN, app, code, daemon, publish, send, sent, server},
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
        (json(429, r#"{"detail":"Request was throttled."}"#), SendState::Refused, "target_busy"),
        (json(500, "{}"), SendState::Unknown, "target_error"),
        (json(202, r#"{"queued":true}"#), SendState::Unknown, "answer_unreadable"),
        (json(202, &QUEUED.replace("0f3a", "../../x")), SendState::Unknown, "job_lost"),
        (Reply::Lose, SendState::Unknown, "target_lost"),
    ] {
        let stub = Stub::start([(VALIDATE, valid()), (IMPORT, reply)]).await;
        let (daemon, gid) = patient(&stub.url()).await;
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (state, expected), "{record:?}");
        let next = send(&daemon, gid).await;
        assert_eq!(next.is_ok(), state == SendState::Refused, "{expected}: {next:?}");
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
