//! Which organizations there are, and who asks, as Asana's clients ask for it.

use orgvault_api::Role;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{ACME, face, for_acme, message};
use crate::api::{
    faces::source,
    fixture::Daemon,
    reply::{Reply, send},
    tokens::{bearer, request},
};
use orgvault_testing::postgres::{Database, RYTASK, SOLIDTIME};

const BUECHER: &str = "00000000-0000-7000-8000-00000000000b";

fn gids(document: &Value) -> Vec<String> {
    document["data"].as_array().unwrap().iter().map(|one| one["gid"].as_str().unwrap().to_owned()).collect()
}

/// Adds organizations with numbers of one digit.
fn add(database: &Database, numbers: std::ops::Range<u8>) {
    for number in numbers {
        database.psql(&format!(
            "INSERT INTO organizations (id, name, slug) VALUES ('00000000-0000-7000-8000-00000000001{number}', 'N{number}', 'n{number}')"
        ));
    }
}

#[tokio::test]
async fn each_organization_is_a_workspace_that_an_export_can_be_asked_of() {
    let face = face().await;
    let ask = async |target: &str| face.daemon.request(&format!("GET {target}"), &[&face.token]).await;
    let all = ask("/api/1.0/workspaces").await;
    assert_eq!((all.status, all.header("content-type")), (200, "application/json; charset=UTF-8"));
    let acme = json!({ "gid": ACME, "name": "Acme", "resource_type": "workspace" });
    let buecher = json!({ "gid": BUECHER, "name": "Bücher & Söhne 🚀", "resource_type": "workspace" });
    // The third one of the database is soft-deleted.
    assert_eq!(all.json(), json!({ "data": [acme, buecher], "next_page": null }));
    assert_eq!(ask("/workspaces").await.json(), all.json());
    let more = ask("/workspaces?opt_fields=is_organization&opt_fields=this.email_domains,id").await.json();
    assert_eq!(more["data"][0], json!({ "gid": ACME, "is_organization": true, "email_domains": [] }));
    let one = ask(&format!("/api/1.0/workspaces/{ACME}")).await.json();
    assert_eq!(one["data"]["is_organization"], json!(true), "{one}");
    assert_eq!(
        ask(&format!("/workspaces/{ACME}?opt_fields=name")).await.json()["data"],
        json!({ "gid": ACME, "name": "Acme" })
    );
    for gid in gids(&all.json()) {
        let body = json!({ "data": { "organization": gid } }).to_string();
        assert_eq!(face.create("/api/1.0", &body).await.json()["data"]["organization"]["gid"], json!(gid));
    }
}

#[tokio::test]
async fn pages_are_followed_by_their_uri_whatever_is_gone_meanwhile() {
    let face = face().await;
    add(&face.database, 0..6);
    let address = face.daemon.config.http.listen.unwrap();
    let ask = async |target: &str| -> Reply {
        send(TcpStream::connect(address).await.unwrap(), &format!("GET {target}"), &[&face.token], "").await
    };
    let whole = gids(&ask("/api/1.0/workspaces").await.json());
    assert_eq!(whole.len(), 8);
    let (mut target, mut paged) = ("/api/1.0/workspaces?limit=3&opt_fields=name".to_owned(), Vec::new());
    loop {
        let page = ask(&target).await.json();
        assert!(page["data"][0].get("resource_type").is_none(), "{page}");
        paged.extend(gids(&page));
        let next = &page["next_page"];
        let Some(uri) = next["uri"].as_str() else { break };
        let path = uri.strip_prefix("http://orgvault.test").unwrap_or_else(|| panic!("not absolute: {uri}"));
        assert_eq!(path, format!("/api/1.0{}", next["path"].as_str().unwrap()));
        let offset = next["offset"].as_str().unwrap();
        assert_eq!(next["path"], json!(format!("/workspaces?limit=3&offset={offset}&opt%5Ffields=name")));
        target = path.to_owned();
        if paged.len() == 3 {
            // What was seen goes, and what is to come stays in its place.
            face.database.psql(&format!("UPDATE organizations SET deleted_at = now() WHERE id = '{}'", paged[0]));
        }
    }
    assert_eq!(paged, whole);
    assert_eq!(ask("/workspaces?limit=100").await.json()["next_page"], Value::Null);
}

#[tokio::test]
async fn a_token_of_some_organizations_is_shown_those_alone() {
    let face = face().await;
    let made = face.daemon.client.add_token(&request("acme", Role::Viewer, &["tracker/acme"])).await.unwrap();
    let only = format!("Authorization: Bearer {}", made.secret);
    let ask = async |target: &str| face.daemon.request(&format!("GET {target}"), &[&only]).await;
    assert_eq!(gids(&ask("/workspaces").await.json()), [ACME]);
    assert_eq!(gids(&json!({ "data": ask("/users/me").await.json()["data"]["workspaces"] })), [ACME]);
    assert_eq!(message(&ask(&format!("/workspaces/{BUECHER}")).await).0, 404);
}

#[tokio::test]
async fn the_holder_of_a_token_is_told_who_it_is() {
    let face = face().await;
    let me = face.daemon.request("GET /api/1.0/users/me", &[&face.token]).await.json()["data"].clone();
    let gid = me["gid"].as_str().unwrap();
    assert!(gid.bytes().all(|digit| digit.is_ascii_digit()), "{me}");
    assert_eq!((me["name"].as_str(), me["resource_type"].as_str()), (Some("exporter"), Some("user")));
    assert_eq!((&me["email"], me["workspaces"][0]["name"].as_str()), (&Value::Null, Some("Acme")));
    let again = face.daemon.request(&format!("GET /users/{gid}?opt_fields=name,workspaces.name"), &[&face.token]).await;
    let workspaces = json!([{ "gid": ACME, "name": "Acme" }, { "gid": BUECHER, "name": "Bücher & Söhne 🚀" }]);
    assert_eq!(again.json()["data"], json!({ "gid": gid, "name": "exporter", "workspaces": workspaces }));
    let user = face.daemon.request("GET /users/me?opt_fields=name", &[]).await.json();
    assert_eq!(user["data"]["name"], json!(crate::api::fixture::user()));
}

#[tokio::test]
async fn a_source_that_is_down_is_shown_as_it_was_and_one_that_never_answered_is_an_error() {
    let (never, database) = source("never", "solidtime", SOLIDTIME).await;
    database.psql("ALTER TABLE organizations RENAME TO elsewhere");
    let (tracker, of_tracker) = source("tracker", "rytask", RYTASK).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![tracker, never]).await;
    let token = bearer(&daemon, "exporter", Role::Admin).await;
    let ask = async |target: &str| daemon.request(&format!("GET {target}"), &[&token]).await;
    let refused = ask("/workspaces").await;
    assert_eq!(message(&refused).0, 502, "{}", refused.text());
    let me = ask("/users/me").await;
    assert_eq!((me.status, me.json()["data"]["workspaces"].as_array().unwrap().len()), (200, 2), "{}", me.text());
    database.psql("ALTER TABLE elsewhere RENAME TO organizations");
    let all = gids(&ask("/workspaces").await.json());
    assert_eq!(all.len(), 4);
    of_tracker.psql("ALTER TABLE organizations RENAME TO elsewhere");
    assert_eq!(gids(&ask("/workspaces").await.json()), all);
    let unnamed = ask("/users/me?opt_fields=gid").await;
    assert_eq!((unnamed.status, unnamed.json()["data"].as_object().unwrap().len()), (200, 1));
}

#[tokio::test]
async fn options_of_a_body_choose_the_fields_too() {
    let face = face().await;
    let mut body: Value = serde_json::from_str(&for_acme()).unwrap();
    body["options"] = json!({ "fields": ["state", "organization.name"], "pretty": true });
    let created = face.create("", &body.to_string()).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert!(created.text().lines().count() > 3);
    let record = created.json()["data"].clone();
    assert_eq!(record.as_object().unwrap().keys().collect::<Vec<_>>(), ["gid", "state", "organization"]);
}
