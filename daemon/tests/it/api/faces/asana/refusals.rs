//! What Asana's face refuses, and how it says so.

use orgvault_api::Role;
use tokio::net::TcpStream;

use super::{face, for_acme, message};
use crate::api::{
    fixture::Daemon,
    http::free_address,
    reply::{Reply, send},
    tokens::bearer,
};
use serde_json::json;

#[tokio::test]
async fn refusals_are_in_asanas_words() {
    let face = face().await;
    let not_a_service_account = face.daemon.request_with("POST /organization_exports", &[], &for_acme()).await;
    assert_eq!(not_a_service_account.status, 403);
    assert!(message(&not_a_service_account).1.contains("service accounts"));
    let nobody = json!({ "data": { "organization": "7" } }).to_string();
    assert_eq!(message(&face.create("", &nobody).await).0, 404);
    for wrong in ["{}", "[]", "{\"data\":{}}", "{\"data\":{\"organization\":[]}}", "{"] {
        assert_eq!(message(&face.create("", wrong).await).0, 400, "{wrong}");
    }
    assert_eq!(message(&face.show("7", "").await).0, 404);
    let viewer = bearer(&face.daemon, "viewer", Role::Viewer).await;
    let refused = face.daemon.request_with("POST /organization_exports", &[&viewer], &for_acme()).await;
    assert_eq!(message(&refused).0, 403);
    let wrong = face.daemon.request("GET /organization_exports/7", &["Authorization: Bearer x"]).await;
    assert_eq!((message(&wrong).0, wrong.header("www-authenticate").is_empty()), (401, false));
}

/// Names that only a reader of the source would know.
const RUST: [&str; 14] = [
    "untagged",
    "enum",
    "serde",
    "struct",
    "variant",
    "line 1",
    "column",
    "missing field",
    "invalid type",
    "u64",
    "deserialize",
    "utf-8",
    "axum",
    "hyper",
];

#[tokio::test]
async fn whatever_is_asked_wrongly_is_refused_in_asanas_shape_and_no_language_of_ours() {
    let face = face().await;
    let ask = async |request: &str, headers: &[&str], body: &str| {
        let headers: Vec<&str> = [face.token.as_str()].into_iter().chain(headers.iter().copied()).collect();
        face.daemon.request_with(request, &headers, body).await
    };
    let post = "POST /api/1.0/organization_exports";
    for (request, body, status) in [
        ("GET /api/1.0/tasks", "", 404),
        ("GET /api/1.0/users", "", 404),
        ("GET /api/1.0/users/7", "", 404),
        ("GET /api/1.0/users/%FF", "", 400),
        ("POST /api/1.0/users/me", "{}", 404),
        ("POST /api/1.0/workspaces", "{}", 404),
        ("DELETE /workspaces", "", 404),
        ("GET /workspaces/7", "", 404),
        ("GET /workspaces/%FF", "", 400),
        ("GET /api/1.0/workspaces?limit=many", "", 400),
        ("GET /api/1.0/workspaces?limit=101", "", 400),
        ("GET /api/1.0/workspaces?limit=", "", 400),
        ("GET /api/1.0/workspaces?offset=%FF", "", 400),
        ("GET /workspaces?limit=1&offset=.", "", 400),
        ("GET /api/1.0", "", 404),
        ("GET /api/1.0/organization_exports", "", 404),
        ("PUT /api/1.0/organization_exports/7", "{}", 404),
        ("DELETE /organization_exports/7", "", 404),
        ("GET /organization_exports/7/8", "", 404),
        ("GET /organization_exports/x", "", 400),
        ("GET /api/1.0/organization_exports/-1", "", 400),
        ("GET /api/1.0/organization_exports/%FF", "", 400),
        ("PATCH /api/1.0/organization_exports", "{}", 404),
        (post, "{", 400),
        (post, "nonsense", 400),
        (post, "{\"data\":7}", 400),
        (post, "{\"data\":{\"organization\":[]}}", 400),
        (post, "{\"data\":{\"organization\":-7}}", 400),
        (post, "{\"data\":{\"organization\":{\"gid\":7}}}", 400),
        (post, "", 400),
        (post, "{\"data\":{\"organization\":1e999}}", 400),
        (post, &"[".repeat(1000), 400),
        (post, "{\"data\":{\"organization\":\"\u{ff}", 400),
    ] {
        let refused = ask(request, &[], body).await;
        let (shown, said) = message(&refused);
        assert_eq!(shown, status, "{request} {body:.60}: {said}");
        assert_eq!(refused.header("content-type"), "application/json; charset=UTF-8", "{request}");
        let text = refused.text().to_lowercase();
        assert!(!RUST.iter().any(|word| text.contains(word)), "{request} {body:.60}: {text}");
    }
}

#[tokio::test]
async fn nobody_is_told_so_in_asanas_shape_wherever_it_asks() {
    let face = face().await;
    let address = face.daemon.config.http.listen.unwrap();
    for path in
        ["/api/1.0/organization_exports/7", "/api/1.0/users/me", "/organization_exports", "/workspaces", "/users/me/x"]
    {
        let stream = TcpStream::connect(address).await.unwrap();
        let refused = send(stream, &format!("GET {path}"), &[], "").await;
        assert_eq!((message(&refused).0, refused.header("www-authenticate").is_empty()), (401, false), "{path}");
    }
}

#[tokio::test]
async fn a_body_of_another_kind_or_length_is_refused_in_asanas_shape() {
    let face = face().await;
    for (kind, length, body) in [
        ("text/plain", 2, "{}"),
        ("application/x-www-form-urlencoded", 2, "{}"),
        ("\u{ff}", 2, "{}"),
        // Refused before it is sent.
        ("application/json", 70_000, ""),
    ] {
        let about = format!("{}\r\nContent-Type: {kind}\r\nContent-Length: {length}", face.token);
        let head =
            format!("POST /api/1.0/organization_exports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{about}\r\n");
        let answer = face.daemon.raw(format!("{head}\r\n{body}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("{\"errors\":[{\"message\":"), "{answer}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_in_asanas_shape() {
    let address = free_address();
    let daemon = Daemon::start_with(|config| {
        config.http.listen = Some(address);
        config.http.requests_per_minute = 3;
    })
    .await;
    let token = bearer(&daemon, "exporter", Role::Admin).await;
    for path in ["/api/1.0/users/me", "/api/1.0/workspaces", "/api/1.0/nothing", "/api/1.0/organization_exports/7"] {
        let ask =
            async || send(TcpStream::connect(address).await.unwrap(), &format!("GET {path}"), &[&token], "").await;
        let mut last: Reply = ask().await;
        for _ in 0..4 {
            last = ask().await;
        }
        assert_eq!(message(&last).0, 429, "{path}");
        assert!((1..=60).contains(&last.header("retry-after").parse::<u64>().unwrap()), "{path}");
    }
}

#[tokio::test]
async fn what_goes_wrong_within_is_said_without_its_cause() {
    let face = face().await;
    face.daemon.meddle("DROP TABLE listed").await;
    let failed = face.daemon.request("GET /api/1.0/workspaces", &[&face.token]).await;
    assert_eq!(message(&failed), (500, "something went wrong on the server".to_owned()), "{}", failed.text());
    assert!(failed.json()["errors"][0]["phrase"].is_string());
}
