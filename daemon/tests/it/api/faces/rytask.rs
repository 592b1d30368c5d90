//! RyTask's face, with the parameters, headers and refusals of its facts.

use orgvault_api::Role;
use orgvault_config::SecretUrl;
use serde_json::json;
use tokio::net::TcpStream;

use super::source;
use crate::api::{
    fixture::Daemon,
    http::free_address,
    reply::{Reply, send},
    tokens::request,
};
use orgvault_testing::postgres::{Database, RYTASK};

async fn face() -> (Daemon, Database) {
    let (source, database) = source("tracker", "rytask", RYTASK).await;
    (Daemon::start_with(|config| config.sources = vec![source]).await, database)
}

async fn export(daemon: &Daemon, query: &str) -> Reply {
    daemon.request(&format!("GET /export/workspace{query}"), &[]).await
}

#[tokio::test]
async fn a_workspace_is_one_file_with_upstreams_headers() {
    let (daemon, _database) = face().await;
    let json = export(&daemon, "?organization=acme").await;
    assert_eq!((json.status, json.header("content-type")), (200, "application/json; charset=utf-8"), "{json:?}");
    assert_eq!(json.header("cache-control"), "no-store");
    assert!(json.header("etag").starts_with("W/\""), "{json:?}");
    assert_eq!(json.header("content-length"), json.body.len().to_string());
    let document = json.json();
    let date: String = document["exportedAt"].as_str().unwrap().chars().take(10).collect();
    let name = format!("attachment; filename=\"rytask-export-{date}.json\"");
    assert_eq!(
        (json.header("content-disposition"), &document["format"]),
        (name.as_str(), &json!("rytask.workspace-export"))
    );
    for entity in ["work-items", "time-logs"] {
        let csv = export(&daemon, &format!("?organization=acme&format=csv&entity={entity}")).await;
        assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
        let name = format!("attachment; filename=\"rytask-{entity}-{date}.csv\"");
        assert_eq!(csv.header("content-disposition"), name);
        assert!(csv.text().starts_with(if entity == "work-items" { "key,title," } else { "id,project_id," }));
    }
}

#[tokio::test]
async fn wrong_parameters_are_refused_before_anything_is_read() {
    let (daemon, database) = face().await;
    database.psql(&format!("ALTER ROLE {} NOLOGIN", database.role()));
    let format = "format must be 'json' or 'csv'";
    let entity = "entity must be one of: work-items, time-logs";
    for (query, message) in [
        ("?format=", format),
        ("?format=JSON", format),
        ("?format=json&format=json", format),
        ("?format=csv", entity),
        ("?format=csv&entity=users", entity),
    ] {
        let refused = export(&daemon, query).await;
        let said = json!({ "message": message, "error": "Bad Request", "statusCode": 400 });
        assert_eq!((refused.status, refused.json()), (400, said), "{query}");
    }
}

#[tokio::test]
async fn which_organization_is_named_or_the_only_one() {
    let (daemon, _database) = face().await;
    let several = export(&daemon, "").await;
    assert_eq!(several.status, 400);
    assert!(several.json()["message"].as_str().unwrap().contains("organization must be named"));
    let unknown = export(&daemon, "?organization=nobody").await;
    let said = json!({ "message": "organization not found", "error": "Not Found", "statusCode": 404 });
    assert_eq!((unknown.status, unknown.json()), (404, said.clone()));
    let made = daemon.client.add_token(&request("acme", Role::Admin, &["tracker/acme"])).await.unwrap();
    let token = format!("Authorization: Bearer {}", made.secret);
    let only = daemon.request("GET /export/workspace", &[&token]).await;
    assert_eq!((only.status, only.json()["organization"]["slug"].clone()), (200, json!("acme")));
    let other = daemon.request("GET /export/workspace?organization=buecher", &[&token]).await;
    assert_eq!((other.status, other.json()), (404, said));
    let viewer = daemon.client.add_token(&request("viewer", Role::Viewer, &[])).await.unwrap();
    let refused = daemon.request("GET /export/workspace", &[&format!("Authorization: Bearer {}", viewer.secret)]).await;
    let said = json!({ "message": "forbidden", "error": "Forbidden", "statusCode": 403 });
    assert_eq!((refused.status, refused.json()), (403, said));
}

/// The head of every refusal.
fn has_upstreams_head(reply: &Reply) {
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8", "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store", "{reply:?}");
}

#[tokio::test]
async fn the_global_prefix_of_upstream_is_there_too() {
    let (daemon, _database) = face().await;
    let with = daemon.request("GET /api/v1/export/workspace?organization=acme", &[]).await;
    assert_eq!((with.status, with.json()["organization"]["slug"].clone()), (200, json!("acme")), "{with:?}");
    let csv = daemon.request("GET /api/v1/export/workspace?organization=acme&format=csv&entity=time-logs", &[]).await;
    assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
    let wrong = daemon.request("GET /api/v1/export/workspace?format=xml", &[]).await;
    assert_eq!((wrong.status, wrong.json()["message"].clone()), (400, json!("format must be 'json' or 'csv'")));
    has_upstreams_head(&wrong);
}

#[tokio::test]
async fn what_no_route_takes_is_404_in_nests_words() {
    let (daemon, _database) = face().await;
    for (request, message) in [
        ("GET /api/v1/export", "Cannot GET /api/v1/export"),
        ("GET /export/workspaces?x=1", "Cannot GET /export/workspaces"),
        ("POST /api/v1/export/workspace", "Cannot POST /api/v1/export/workspace"),
        ("DELETE /export/workspace", "Cannot DELETE /export/workspace"),
        ("GET /api/v1/projects2", "Cannot GET /api/v1/projects2"),
    ] {
        let refused = daemon.request(request, &[]).await;
        let said = json!({ "message": message, "error": "Not Found", "statusCode": 404 });
        assert_eq!((refused.status, refused.json()), (404, said), "{request}");
        has_upstreams_head(&refused);
    }
}

#[tokio::test]
async fn who_says_not_who_it_is_is_asked_to_in_upstreams_words() {
    let address = free_address();
    let url = SecretUrl::new("sqlite:///nonexistent".to_owned());
    let source = orgvault_config::SourceConfig::new("tracker".to_owned(), "rytask".to_owned(), url);
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![source];
        config.http.listen = Some(address);
    })
    .await;
    let said = json!({ "message": "authentication required", "error": "Unauthorized", "statusCode": 401 });
    for (path, header) in [
        ("/api/v1/export/workspace", "X: y"),
        ("/export/workspace", "Authorization: Bearer wrong"),
        ("/api/v1/export/nothing", "X: y"),
    ] {
        let refused = send(TcpStream::connect(address).await.unwrap(), &format!("GET {path}"), &[header], "").await;
        assert_eq!((refused.status, refused.json()), (401, said.clone()), "{path}");
        has_upstreams_head(&refused);
        assert!(!refused.header("www-authenticate").is_empty());
    }
    drop(daemon);
}
