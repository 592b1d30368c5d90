//! What clients do wrong.

use orgvault_api::client::{Client, ClientError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fixture::{Daemon, organization, parts, problem_in, soon, until};

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn garbage_is_refused_or_closed_and_nothing_else_suffers() {
    let daemon = Daemon::start().await;
    let long = format!("GET /v1/status HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET /v1/status HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(500));
    let garbage: [&[u8]; 6] = [
        b"\x00\xff\x16\x03\x01 nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\nhello\r\n\r\n",
        b"SSH-2.0-x\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for bytes in garbage {
        let answer = daemon.raw(bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:?}: {answer}");
    }
    assert!(daemon.client.health().await.is_ok());
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_as_a_problem() {
    let daemon = Daemon::start().await;
    let cases = [
        ("GET", "/nothing", "", "", 404, "unknown_route", "/nothing"),
        ("PUT", "/v1/exports", "", "", 405, "method_not_allowed", "PUT"),
        ("POST", "/v1/exports", "", "{}", 415, "unsupported_media_type", "application/json"),
        ("POST", "/v1/exports", JSON, "{\"all\":tru", 400, "invalid_json", "line 1 column 10"),
        ("POST", "/v1/exports", JSON, "{\"al\":true}", 422, "invalid_request", "unknown field `al`"),
        ("POST", "/v1/exports", JSON, "{\"all\":1}", 422, "invalid_request", "expected a boolean"),
        ("POST", "/v1/exports", JSON, "{\"all\":true,\"formats\":[\"pdf\"]}", 422, "invalid_request", "pdf"),
        ("POST", "/v1/exports", JSON, "{}", 422, "invalid_request", "organizations"),
        ("POST", "/v1/exports", JSON, "{\"organizations\":[\"a\"],\"all\":true}", 422, "invalid_request", "exclude"),
        ("GET", "/v1/exports?stat=error", "", "", 400, "invalid_query", "stat"),
        ("GET", "/v1/exports?state=gone", "", "", 400, "invalid_query", "gone"),
        ("GET", "/v1/exports?limit=-1", "", "", 400, "invalid_query", "limit"),
        ("GET", "/v1/exports/abc", "", "", 400, "invalid_path", "abc"),
        ("GET", "/v1/exports/7", "", "", 404, "unknown_export", "7"),
        ("DELETE", "/v1/exports/7", "", "", 404, "unknown_export", "7"),
        ("GET", "/v1/archives/7", "", "", 404, "unknown_archive", "7"),
        ("GET", "/v1/archives/7/download", "", "", 404, "unknown_archive", "7"),
        ("GET", "/v1/sources/x/check", "", "", 404, "unknown_source", "x"),
        ("GET", "/v1/organizations?source=x", "", "", 404, "unknown_source", "x"),
        ("GET", "/v1/organizations/*/x", "", "", 404, "unknown_organization", "x"),
    ];
    for (method, path, headers, body, status, code, word) in cases {
        let problem = problem_in(&daemon.ask(method, path, headers, body).await);
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{method} {path} {body}: {problem:?}");
        assert!(problem.detail.contains(word), "{method} {path} {body}: {problem:?}");
        assert!(!problem.title.is_empty(), "{problem:?}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_comes_with_those_that_are() {
    let daemon = Daemon::start().await;
    let answer = daemon.ask("PATCH", "/v1/exports/1", "", "").await;
    let allow = parts(&answer).0.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap();
    assert!(allow.contains("GET") && allow.contains("DELETE"), "{allow}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_it_is_announced_or_not() {
    let daemon = Daemon::start().await;
    let body = format!("{{\"organizations\":[\"{}\"]}}", "x".repeat(70_000));
    let announced = problem_in(&daemon.ask("POST", "/v1/exports", JSON, &body).await);
    assert_eq!((announced.status, announced.code.as_str()), (413, "body_too_large"));
    let head = format!(
        "POST /v1/exports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n"
    );
    let chunked = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let problem = problem_in(&daemon.raw(chunked.as_bytes()).await);
    assert_eq!((problem.status, problem.code.as_str()), (413, "body_too_large"));
}

#[tokio::test]
async fn clients_that_disconnect_leave_nothing_behind() {
    let daemon = Daemon::start_with(|config| config.daemon.connections_per_user = 4).await;
    daemon.publish(1, &organization("acme"), 10_000);
    daemon.client.rebuild_catalog().await.unwrap();
    let requests = [
        "",
        "GET /v1/sta",
        "POST /v1/exports HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"all\":",
        "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/archives/1/download HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/archives/1/verify HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    for request in requests.iter().cycle().take(60) {
        let mut stream = daemon.connect().await;
        // Over the limit, the daemon may have closed it by now.
        drop(stream.write_all(request.as_bytes()).await);
    }
    until("the places are free again", async || {
        let open = [daemon.connect().await, daemon.connect().await, daemon.connect().await];
        let answered = daemon.client.status().await.is_ok();
        drop(open);
        answered
    })
    .await;
}

#[tokio::test]
async fn one_that_never_reads_holds_up_nobody() {
    let daemon = Daemon::start().await;
    let blank = " ".repeat(32 * 1024 * 1024);
    let gid = daemon.publish_document(1, &organization("acme"), 0, &format!("{{\"items\":[{blank}]}}"));
    daemon.client.rebuild_catalog().await.unwrap();
    let mut stuck = Vec::new();
    for _ in 0..8 {
        let mut stream = daemon.connect().await;
        stream.write_all(b"GET /v1/archives/1/download HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        soon("the answer begins", stream.read_exact(&mut [0; 12])).await.unwrap();
        stuck.push(stream);
    }
    let mut download = daemon.client.download(gid).await.unwrap();
    let size = soon("a download beside them", download.copy_to(&mut tokio::io::sink())).await.unwrap();
    assert_eq!(Some(size), download.bytes());
    daemon.stop().await;
}

#[tokio::test]
async fn without_a_daemon_the_client_says_where_it_looked() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    match Client::new(&socket).status().await {
        Err(error @ ClientError::Unreachable { .. }) => {
            assert!(error.to_string().contains(socket.to_str().unwrap()), "{error}");
            assert!(!error.hint().is_empty());
        }
        other => panic!("{other:?}"),
    }
}
