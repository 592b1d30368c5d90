//! RyTask's face, with the parameters, headers and refusals of its facts.

use orgvault_shared::api::Role;
use serde_json::json;

use super::source;
use crate::{
    api::{fixture::Daemon, reply::Reply, tokens::request},
    postgres::{Database, RYTASK},
};

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
    let said = json!({ "message": "Forbidden resource", "error": "Forbidden", "statusCode": 403 });
    assert_eq!((refused.status, refused.json()), (403, said));
}
