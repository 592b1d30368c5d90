//! The servers of these tests do what they are told.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use flate2::read::MultiGzDecoder;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::json;

use super::{
    content::{asana, gzip, gzip_members},
    fixture::Api,
    gate::Gate,
    reply::{Framing, Reply},
    transcript::Transcript,
};

/// One connection of a client that sees each byte.
struct Raw(StreamOwned<ClientConnection, TcpStream>);

impl Raw {
    fn new(api: &Api) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(api.path("ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", api.base.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(StreamOwned::new(connection, stream))
    }

    /// Asks without a body.
    fn ask(&mut self, request: &str) {
        self.write(&format!("{request}\r\n\r\n"));
    }

    fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// All that comes, and whether TLS says that it is the end.
    fn rest(&mut self) -> (String, bool) {
        let mut bytes = Vec::new();
        let ended = self.0.read_to_end(&mut bytes).is_ok();
        (String::from_utf8_lossy(&bytes).into_owned(), ended)
    }

    fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            text.push(char::from(byte[0]));
        }
        text
    }
}

/// What a connection of its own gets for `request`, and whether its end is proven.
async fn answer(api: &Api, request: &str) -> (String, bool) {
    let mut raw = Raw::new(api);
    let request = request.to_owned();
    tokio::task::spawn_blocking(move || {
        raw.ask(&request);
        raw.rest()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_ends_as_it_is_told() {
    let api = Api::start().await;
    let body = "x".repeat(1500);
    let whole = Reply::file(body.clone());
    for (reply, expected, proven) in [
        (whole.clone().cut(3), format!("Content-Length: 1500\r\nx{}", "xx"), true),
        (whole.clone().cut(3).abrupt(), format!("Content-Length: 1500\r\nx{}", "xx"), false),
        (whole.clone().framed(Framing::Close), format!("Connection: close\r\n{body}"), true),
        (whole.clone().framed(Framing::Close).cut(2).abrupt(), "Connection: close\r\nxx".to_owned(), false),
        (
            whole.clone().framed(Framing::Chunked).cut(1001),
            { format!("Transfer-Encoding: chunked\r\n3e8\r\n{}\r\n1f4\r\nx", "x".repeat(1000)) },
            true,
        ),
        (Reply::lost(), String::new(), false),
    ] {
        api.base.on("GET /f", [reply]);
        let (said, ended) = answer(&api, "GET /f HTTP/1.1\r\nHost: x").await;
        let without: String = said
            .replace("Content-Type: application/octet-stream\r\n\r\n", "")
            .lines()
            .filter(|line| !line.starts_with("HTTP/1.1 200") && !line.starts_with("Date: "))
            .collect::<Vec<_>>()
            .join("\r\n");
        assert_eq!((without.as_str(), ended), (expected.as_str(), proven), "{said}");
    }
    assert_eq!(api.base.count("GET /f"), 6);
    api.assert_no_strays();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_follow_each_other_on_one_connection_and_wait_for_the_test() {
    let api = Api::start().await;
    let gate = Gate::closed();
    api.base.on("POST /jobs", [Reply::json(201, &json!({"id": 1}))]);
    api.base.on(
        "GET /f",
        [
            Reply::file("abc").framed(Framing::Chunked),
            Reply::file("abcdef").held_at(2, &gate),
            Reply::file("last").tagged("\"1\"").skewed(TimeDelta::minutes(10)),
        ],
    );
    let mut raw = Raw::new(&api);
    let asked = tokio::task::spawn_blocking(move || {
        raw.write("POST /jobs?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        raw.until("{\"id\":1}");
        raw.ask("GET /f HTTP/1.1\r\nHost: x");
        raw.until("3\r\nabc\r\n0\r\n\r\n");
        raw.ask("GET /f HTTP/1.1\r\nHost: x");
        raw.until("ab");
        gate.open();
        raw.until("cdef");
        raw.ask("GET /f HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\nIf-Range: \"1\"");
        let part = raw.until("ast");
        raw.ask("GET /f HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\nIf-Range: \"2\"");
        (part, raw.until("last"))
    });
    let (part, whole) = asked.await.unwrap();
    assert!(part.contains(" 206 ") && part.contains("Content-Range: bytes 1-3/4\r\n"), "{part}");
    assert!(whole.contains(" 200 "), "{whole}");
    let heard = api.base.heard();
    assert_eq!((heard.len(), heard[0].target.as_str(), heard[0].json()), (5, "/jobs?x=1", json!({})));
    assert!(heard.is_sorted_by_key(|request| request.at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_is_replayed_in_its_order_and_nothing_else() {
    let api = Api::start().await;
    let transcript = Transcript::parse(
        r#"[
            {"method": "POST", "path": "/jobs", "status": 201, "body": {"url": "{storage}/f"},
             "request": {"headers": {"Authorization": "Bearer {token}", "Range": null}, "body": {"a": 1}}},
            {"method": "GET", "path": "/jobs/1", "status": 200, "body": "pending"},
            {"method": "GET", "path": "/jobs/1", "status": 200, "headers": {"X-At": "{base}"}, "gzip": "text"}
        ]"#,
    );
    transcript.replay(&api);
    let post = |token: &str| {
        format!(
            "POST /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 7\r\n\r\n{{\"a\":1}}"
        )
    };
    let mut raw = Raw::new(&api);
    let storage = api.storage.url();
    let first = post(super::fixture::TOKEN);
    tokio::task::spawn_blocking(move || {
        raw.write(&first);
        raw.until(&format!("{{\"url\":\"{storage}/f\"}}"));
        raw.ask("GET /jobs/1 HTTP/1.1\r\nHost: x");
        raw.until("pending");
        for _last in 0..2 {
            raw.ask("GET /jobs/1 HTTP/1.1\r\nHost: x");
            assert!(raw.until("\r\n\r\n").contains("X-At: https://localhost:"));
            let mut body = vec![0; gzip(b"text").len()];
            raw.0.read_exact(&mut body).unwrap();
            assert_eq!(body, gzip(b"text"));
        }
    })
    .await
    .unwrap();
    transcript.assert_replayed(&api);
    answer(&api, "GET /other HTTP/1.1\r\nHost: x\r\nConnection: close").await;
    assert_eq!(api.base.strays(), ["GET /other"]);
}

#[test]
fn several_members_are_one_text() {
    let text = asana(1331, 20);
    let mut read = String::new();
    let members = gzip_members(text.as_bytes(), 3);
    MultiGzDecoder::new(members.as_slice()).read_to_string(&mut read).unwrap();
    assert_eq!(read, text);
    assert_eq!(members.windows(3).filter(|window| *window == [0x1f, 0x8b, 8]).count(), 3);
}
