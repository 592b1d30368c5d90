//! solidtime's import API: what goes out, and what each answer means.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use orgvault_api::{Format, SendParts, SendRequest, SendState};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{
    fixture::{
        IMPORT, REPORT, TOKEN, again, bytes, code, daemon, entries, impatient, on_disk, publish, publish_entries, send,
        sent, solidtime, to_time, with_zip, zip,
    },
    stub::{Reply, Stub, json, raw},
};
use crate::api::fixture::problem;

const PATH: &str = "/api/v1/organizations/018f3c1e-0000-7000-8000-00000000000b/import";

#[tokio::test(flavor = "multi_thread")]
async fn the_streamed_body_is_the_archive_in_base64() {
    let stub = Stub::start([(IMPORT, json(200, REPORT))]).await;
    let daemon = daemon(solidtime(&stub.url())).await;
    // Every remainder of base64, and blocks on both sides of a chunk's end.
    let paddings = [0, 1, 2, 48 * 1024, 400_000];
    for (gid, padding) in (1..).zip(paddings) {
        publish(&daemon.config.daemon.archive_dir, gid, Format::Zip, "solidtime", &zip("x", padding));
    }
    daemon.client.rebuild_catalog().await.unwrap();
    for gid in 1..=paddings.len() as u64 {
        let gid = gid.try_into().unwrap();
        let before = bytes(&daemon, gid).await;
        let answer = send(&daemon, gid).await.unwrap();
        let seen = stub.seen().pop().unwrap();
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()));
        assert_eq!((seen.header("transfer-encoding"), seen.body.len() as u64), (None, answer.upload_bytes));
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(body["type"], "solidtime");
        assert!(STANDARD.decode(body["data"].as_str().unwrap()).unwrap() == before, "archive {gid} differs");
        assert!(bytes(&daemon, gid).await == before, "the archive was touched");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_report_is_told_and_kept() {
    let stub = Stub::start([(IMPORT, json(200, REPORT))]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let answer = send(&daemon, gid).await.unwrap();
    assert_eq!((answer.kind.as_str(), answer.address), ("solidtime", format!("{}{PATH}", stub.url())));
    let record = answer.sent.unwrap();
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""));
    assert_eq!(record.report, ["report.clients.created: 0", "report.time_entries.created: 1"]);
    assert!(record.ended_at >= Some(record.started_at));
    assert_eq!(on_disk(&daemon, gid).await, std::slice::from_ref(&record));
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(daemon.client.archive(gid).await.unwrap().sent, std::slice::from_ref(&record));
    daemon.client.verify(gid).await.unwrap();
    assert_eq!(on_disk(&daemon, gid).await, [record], "a verification keeps it");
}

/// What a status means, and whether it takes `--again` afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn each_status_has_its_meaning() {
    let (sent, refused, unknown) = (SendState::Sent, SendState::Refused, SendState::Unknown);
    let busy = raw(429, "Retry-After: 3600\r\n", b"{\"message\":\"Too Many Attempts.\"}");
    for (reply, state, expected, said) in [
        (json(200, REPORT), sent, "", "time_entries"),
        (raw(204, "", b""), unknown, "answer_unreadable", ""),
        (raw(200, "", b""), unknown, "answer_unreadable", ""),
        (raw(202, "Content-Type: application/json\r\n", b" "), unknown, "answer_unreadable", ""),
        (json(400, r#"{"message":"Invalid ZIP"}"#), refused, "target_invalid", "Invalid ZIP"),
        (json(401, r#"{"message":"Unauthenticated."}"#), refused, "target_unauthorized", "Unauthenticated"),
        (json(403, r#"{"message":"no"}"#), refused, "target_forbidden", "no"),
        (json(404, "{}"), refused, "target_not_found", ""),
        (json(409, "{}"), refused, "target_conflict", ""),
        (raw(413, "", b"<html>too large</html>"), refused, "target_too_large", "<html>too large"),
        (json(422, r#"{"errors":{"data":["bad"]}}"#), refused, "target_invalid", "errors.data: bad"),
        (busy, refused, "target_busy", "Too Many"),
        (json(418, "{}"), refused, "target_refused", ""),
        (json(500, r#"{"message":"Server Error"}"#), unknown, "target_error", "Server Error"),
        (json(504, "{}"), unknown, "target_error", ""),
        (raw(200, "", b"<html>Welcome</html>"), unknown, "answer_unreadable", "Welcome"),
        (json(200, r#"{"hello":"world"}"#), unknown, "answer_unreadable", "world"),
    ] {
        let stub = Stub::start([(IMPORT, reply)]).await;
        let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
        let record = super::fixture::sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (state, expected), "{record:?}");
        assert!(record.report.join("\n").contains(said), "{record:?}");
        assert_eq!(on_disk(&daemon, gid).await, std::slice::from_ref(&record));
        if expected == "target_busy" {
            assert!(record.error.unwrap().message.contains("after 3600"));
        }
        let next = send(&daemon, gid).await;
        if state == refused {
            assert_eq!((next.unwrap().sent.unwrap().state, stub.seen().len()), (state, 2));
        } else {
            let refusal = problem(next);
            assert_eq!((refusal.status, refusal.code.as_str()), (409, "sent_before"), "{refusal:?}");
            assert!(refusal.detail.ends_with(state.name()) && refusal.hint.contains("--again"), "{refusal:?}");
            assert_eq!(stub.seen().len(), 1, "it was sent twice");
            again(&daemon, gid).await.unwrap();
            assert_eq!(stub.seen().len(), 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_the_token_goes_nowhere() {
    let elsewhere = Stub::start([(IMPORT, json(200, REPORT))]).await;
    for status in [301, 302, 307, 308] {
        let headers = format!("Location: {}{PATH}\r\n", elsewhere.url());
        let stub = Stub::start([(IMPORT, raw(status, &headers, b""))]).await;
        let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (SendState::Refused, "target_redirect"));
        assert!(record.error.unwrap().message.contains(&elsewhere.url()), "{status}");
        assert!(elsewhere.seen().is_empty(), "{status} was followed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_down_is_refused_and_may_be_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (daemon, gid) = with_zip(solidtime(&format!("http://{address}"))).await;
    for _ in 0..2 {
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (SendState::Refused, "target_unreachable"));
        assert!(record.error.unwrap().message.contains("refused"));
    }
    assert_eq!(on_disk(&daemon, gid).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_hangs_before_or_after_the_body_is_unknown() {
    for (reply, padding) in [(Reply::HangAfter, 10), (Reply::HangBefore, 10), (Reply::HangBefore, 20_000_000)] {
        let stub = Stub::start([(IMPORT, reply)]).await;
        let daemon = daemon(impatient(&stub.url())).await;
        let gid = publish(&daemon.config.daemon.archive_dir, 7, Format::Zip, "solidtime", &zip("x", padding));
        daemon.client.rebuild_catalog().await.unwrap();
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (SendState::Unknown, "target_lost"), "{record:?}");
        assert!(record.error.unwrap().message.contains("nothing for 300ms"));
        assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_after_the_body_is_unknown() {
    let stub = Stub::start([(IMPORT, Reply::Lose)]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "target_lost"), "{record:?}");
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_the_body_is_read_counts() {
    let Reply::Answer(early) = json(413, r#"{"message":"too large"}"#) else { unreachable!() };
    let stub = Stub::start([(IMPORT, Reply::Early(early))]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Refused, "target_too_large"), "{record:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_is_bounded_and_cleaned() {
    let huge = [b"{\"report\":\"".as_slice(), &b"x".repeat(3_000_000), b"\"}"].concat();
    for (status, body, state) in [
        (422, b"\xff\x00\x1b[31mred".to_vec(), SendState::Refused),
        (200, b"{\"report\":\"\xff\"}".to_vec(), SendState::Unknown),
        (200, b"{\"report\":\"a\\u0000\\u001bb\"}".to_vec(), SendState::Sent),
        (200, huge.clone(), SendState::Unknown),
        (403, huge, SendState::Refused),
    ] {
        let stub = Stub::start([(IMPORT, raw(status, "", &body))]).await;
        let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
        let record = sent(&daemon, gid).await;
        assert_eq!(record.state, state, "{status}: {record:?}");
        let said = record.report.join("\n");
        assert!(!said.is_empty() && said.len() < 100_000, "{status}: {} bytes", said.len());
        assert!(!said.contains(|character: char| character.is_control() && character != '\n'), "{said:?}");
        assert_eq!(on_disk(&daemon, gid).await, [record]);
    }
}

/// An answer whose body never ends is an answer all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_end_counts_by_its_status() {
    let head = b"HTTP/1.1 403 No\r\nContent-Length: 1000\r\n\r\n{\"mess".to_vec();
    let stub = Stub::start([(IMPORT, Reply::Early(head))]).await;
    let (daemon, gid) = with_zip(impatient(&stub.url())).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Refused, "target_forbidden"), "{record:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_always_lost_is_listed_before_anything_goes_out() {
    let stub = Stub::start([(IMPORT, json(200, REPORT))]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let looked = daemon.client.send_archive(gid, &SendRequest { dry_run: true, ..to_time() }).await.unwrap();
    let codes: Vec<&str> = looked.loses.iter().map(|loss| loss.code.as_str()).collect();
    assert_eq!(codes, ["ids", "roles", "rates", "times", "invitations", "organization", "tags"]);
    assert_eq!((looked.trial, looked.parts, stub.seen().len()), (None, None, 0), "solidtime cannot be asked");
    assert_eq!(send(&daemon, gid).await.unwrap().loses, looked.loses);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_target_is_waited_for_as_long_as_it_says() {
    let busy = raw(429, "Retry-After: 1\r\n", b"{}");
    let stub = Stub::start([(IMPORT, busy), (IMPORT, json(200, REPORT))]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""), "{record:?}");
    let seen = stub.seen();
    assert!(seen.len() == 2 && seen[0].body == seen[1].body, "{} requests", seen.len());
    assert!(record.ended_at.unwrap() - record.started_at >= chrono::TimeDelta::seconds(1));
    assert_eq!(on_disk(&daemon, gid).await, [record], "it is one send");
}

/// The time entries that the target was sent, and what else.
fn received(body: &[u8]) -> (Vec<String>, Vec<String>) {
    let body: Value = serde_json::from_slice(body).unwrap();
    entries(&STANDARD.decode(body["data"].as_str().unwrap()).unwrap())
}

/// Two parts for a target that has time for three.
const ROWS: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_request_has_time_for_goes_out_in_parts_and_goes_on_behind_them() {
    let busy = raw(429, "Retry-After: 3600\r\n", b"{}");
    let stub = Stub::start([(IMPORT, json(200, REPORT)), (IMPORT, busy)]).await;
    let daemon = daemon(solidtime(&stub.url())).await;
    let gid = publish_entries(&daemon.config.daemon.archive_dir, 7, ROWS);
    daemon.client.rebuild_catalog().await.unwrap();
    let answer = send(&daemon, gid).await.unwrap();
    assert_eq!(answer.parts, Some(2));
    let record = answer.sent.unwrap();
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "target_busy"), "{record:?}");
    let parts = SendParts { all: 2, taken: 1, unknown: false, rows: 3 };
    assert_eq!(on_disk(&daemon, gid).await[0].parts, Some(parts));
    let error = record.error.unwrap();
    assert!(error.message.starts_with("1 of 2 parts were taken") && error.hint.contains("goes on"), "{error:?}");

    stub.reply(IMPORT, json(200, REPORT));
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""), "{record:?}");
    assert_eq!(on_disk(&daemon, gid).await.len(), 1, "it is one send");
    let seen = stub.seen();
    assert_eq!(seen.len(), 3, "the part that was taken is not sent twice");
    let (first, others) = received(&seen[0].body);
    let (last, same) = received(&seen[2].body);
    assert_eq!((first.len(), last.len()), (3, 2));
    assert_eq!(first.into_iter().chain(last).collect::<Vec<_>>(), entries(&bytes(&daemon, gid).await).0);
    assert_eq!(others, same);
    assert_eq!(others, entries(&bytes(&daemon, gid).await).1);
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_which_nobody_knows_is_not_gone_on_behind() {
    let stub = Stub::start([(IMPORT, json(200, REPORT)), (IMPORT, json(500, "{}"))]).await;
    let daemon = daemon(solidtime(&stub.url())).await;
    let gid = publish_entries(&daemon.config.daemon.archive_dir, 7, ROWS);
    daemon.client.rebuild_catalog().await.unwrap();
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "target_error"), "{record:?}");
    assert!(on_disk(&daemon, gid).await[0].parts.unwrap().unknown);
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
    assert_eq!(stub.seen().len(), 2);
}
