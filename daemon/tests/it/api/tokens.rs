//! Service accounts: their tokens, what they may see, and what becomes of wrong ones.

use orgvault_shared::{
    api::{Actor, NewToken, Role, TokenRequest},
    client::{ArchiveFilter, ExportFilter},
    gid::Gid,
};
use serde_json::{Value, json};

use super::{
    faces::{SOLIDTIME, TRUEPPM, source},
    fixture::{Daemon, problem, soon, until},
    reply::Reply,
};
use crate::postgres::{Database, RYTASK};

pub(crate) fn request(name: &str, role: Role, organizations: &[&str]) -> TokenRequest {
    TokenRequest {
        name: name.to_owned(),
        role,
        organizations: organizations.iter().map(ToString::to_string).collect(),
        all: organizations.is_empty(),
        expires: None,
    }
}

/// A token of all organizations, as a header line.
pub(crate) async fn bearer(daemon: &Daemon, name: &str, role: Role) -> String {
    let made = daemon.client.add_token(&request(name, role, &[])).await.unwrap();
    format!("Authorization: Bearer {}", made.secret)
}

async fn rytask() -> (Daemon, Database) {
    let (source, database) = source("tracker", "rytask", RYTASK).await;
    (Daemon::start_with(|config| config.sources = vec![source]).await, database)
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_is_shown_once_listed_used_and_revoked() {
    let daemon = Daemon::start().await;
    let NewToken { token, secret } = daemon.client.add_token(&request("backup", Role::Admin, &[])).await.unwrap();
    let header = format!("Authorization: Bearer {secret}");
    let status = daemon.request("GET /v1/status", &[&header]).await.json();
    assert_eq!(status["role"], json!("admin"), "the token counts, not the uid");
    assert_eq!(daemon.request("POST /v1/catalog/rebuild", &[&header]).await.status, 403);
    let listed = daemon.client.tokens().await.unwrap();
    assert_eq!(listed.tokens.len(), 1);
    assert!(listed.tokens[0].last_used_at.is_some());
    assert!(!serde_json::to_string(&listed).unwrap().contains(&secret));
    assert_eq!(problem(daemon.client.add_token(&request("backup", Role::Viewer, &[])).await).code, "token_exists");
    let daemon = daemon.restart().await;
    assert_eq!(daemon.request("GET /v1/status", &[&header]).await.status, 200, "it outlives the daemon");
    assert_eq!(daemon.client.revoke_token("backup").await.unwrap().id, token.id);
    assert_eq!(code(&daemon.request("GET /v1/status", &[&header]).await), (401, "unknown_token".to_owned()));
    assert_eq!(problem(daemon.client.revoke_token("backup").await).code, "unknown_token");
    let acts: Vec<(String, String)> =
        daemon.client.audit(None, None).await.unwrap().entries.into_iter().map(|entry| (entry.act, entry.on)).collect();
    for act in ["token.add", "token.revoke"] {
        assert!(acts.contains(&(act.to_owned(), "backup".to_owned())), "{acts:?}");
    }
}

#[tokio::test]
async fn wrong_tokens_are_401_then_429_and_a_sum_in_the_trail() {
    let daemon = Daemon::start().await;
    let NewToken { secret, .. } = daemon.client.add_token(&request("backup", Role::Viewer, &[])).await.unwrap();
    let expired = TokenRequest { expires: Some("1ms".to_owned()), ..request("old", Role::Viewer, &[]) };
    let expired = daemon.client.add_token(&expired).await.unwrap();
    until("it has expired", async || {
        let header = format!("Authorization: Bearer {}", expired.secret);
        code(&daemon.request("GET /v1/status", &[&header]).await) == (401, "expired_token".to_owned())
    })
    .await;
    let shorter: String = secret.chars().take(20).collect();
    for wrong in [shorter, secret.to_uppercase(), String::new(), format!("{secret}x"), "é".to_owned()] {
        let refused = daemon.request("GET /v1/status", &[&format!("Authorization: Bearer {wrong}")]).await;
        assert_eq!(code(&refused), (401, "unknown_token".to_owned()), "{wrong}");
        assert!(refused.header("www-authenticate").starts_with("Bearer"), "{refused:?}");
    }
    let basic = daemon.request("GET /v1/status", &["Authorization: Basic cm9vdDo="]).await;
    assert_eq!(basic.status, 401);
    let mut last = basic;
    for number in 0..200 {
        last = daemon.request("GET /v1/status", &[&format!("Authorization: Bearer orgvault_{number}")]).await;
    }
    assert_eq!(code(&last), (429, "too_many_requests".to_owned()));
    let seconds: u64 = last.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let right = daemon.request("GET /v1/status", &[&format!("Authorization: Bearer {secret}")]).await;
    assert_eq!(right.status, 200, "who has a right one is not affected");
    let daemon = daemon.restart().await;
    let entries = daemon.client.audit(None, Some(1000)).await.unwrap().entries;
    let wrong = entries.iter().filter(|entry| entry.act == "refused" && entry.actor == Actor::Nobody);
    let (lines, times) = wrong.fold((0, 0), |(lines, times), entry| (lines + 1, times + entry.times));
    assert!(times >= 206 && lines < 60, "{lines} lines for {times} refusals");
}

#[tokio::test]
async fn globs_are_resolved_when_the_token_is_made() {
    let (daemon, database) = rytask().await;
    let made = daemon.client.add_token(&request("one", Role::Viewer, &["tracker/ac*"])).await.unwrap();
    let organizations = made.token.organizations.unwrap();
    assert_eq!(organizations.iter().map(|key| key.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    let refused = problem(daemon.client.add_token(&request("none", Role::Viewer, &["tracker/x*"])).await);
    assert_eq!((refused.status, refused.code.as_str()), (404, "unknown_organization"));
    // A tenant that takes a name that fits gets into nobody's scope by it.
    database.psql("UPDATE organizations SET slug = 'acme-too' WHERE slug = 'buecher'");
    let header = format!("Authorization: Bearer {}", made.secret);
    let listed = daemon.request("GET /v1/organizations", &[&header]).await.json();
    assert_eq!(listed["organizations"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test]
async fn a_request_that_is_repeated_under_its_key_is_done_once() {
    let (daemon, _database) = rytask().await;
    let post = async |key: &str, body: &str| {
        daemon.request_with("POST /v1/exports", &[&format!("Idempotency-Key: {key}")], body).await
    };
    let acme = r#"{"organizations":["acme"]}"#;
    let first = post("k1", acme).await;
    let again = post("k1", acme).await;
    let gid = |reply: &Reply| reply.json()["exports"][0]["gid"].clone();
    assert_eq!((first.status, again.status, gid(&first)), (202, 202, gid(&again)));
    assert_ne!(gid(&post("k2", acme).await), gid(&first));
    let other = post("k1", r#"{"organizations":["acme"],"gzip":true}"#).await;
    assert_eq!(code(&other), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(daemon.client.exports(&ExportFilter::default()).await.unwrap().exports.len(), 2);
}

/// What a restricted token must never learn of.
struct Hidden {
    source: String,
    ids: Vec<String>,
    gid: Gid,
}

/// A daemon of three products, each with an archive; and a token of one organization.
async fn shared_daemon() -> (Daemon, String, Vec<Hidden>) {
    let (tracker, tracker_database) = source("tracker", "rytask", RYTASK).await;
    tracker_database.psql(
        "INSERT INTO organizations (id, name, slug) VALUES ('00000000-0000-7000-8000-0000000000bb', 'Hidden Inc', 'hidden-b')",
    );
    let (time, database) = source("clockwork", "solidtime", SOLIDTIME).await;
    database.psql("UPDATE organizations SET name = 'Umbrella' WHERE id::text LIKE '0000000b%'");
    let (plans, _database) = source("blueprints", "trueppm", TRUEPPM).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![tracker, time, plans]).await;
    let made = daemon.client.add_token(&request("only-acme", Role::Admin, &["tracker/acme"])).await.unwrap();
    let mut hidden = Vec::new();
    for name in [
        "tracker/hidden-b",
        "clockwork/0000000b-0000-4000-8000-000000000000",
        "blueprints/program/00000001-0000-4000-8000-000000000001",
    ] {
        let request =
            orgvault_shared::api::ExportRequest { organizations: vec![name.to_owned()], ..Default::default() };
        let export = daemon.client.start_exports(&request).await.unwrap().exports.remove(0);
        until("it is exported", async || daemon.client.archive(export.gid).await.is_ok()).await;
        let key = export.organization;
        hidden.push(Hidden { source: key.source, ids: vec![key.id, key.slug, key.name], gid: export.gid });
    }
    (daemon, format!("Authorization: Bearer {}", made.secret), hidden)
}

/// Every path of the published document, with its methods.
fn routes() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// A route's path with what is hidden in the place of each parameter.
fn filled(path: &str, hidden: &Hidden, name: &str) -> String {
    let gid = hidden.gid.to_string();
    path.replace("{gid}", &gid)
        .replace("{other}", &gid)
        .replace("{source}", &hidden.source)
        .replace("{org}", name)
        .replace("{id}", name)
        .replace("/sections/{name}", "/sections/workItems")
        .replace("{name}", &hidden.source)
}

fn body_for(method: &str, path: &str, name: &str) -> String {
    match path {
        _ if method != "POST" => String::new(),
        "/v1/exports" => json!({ "organizations": [name] }).to_string(),
        path if path.ends_with("organization_exports") => json!({ "data": { "organization": name } }).to_string(),
        _ => String::new(),
    }
}

#[tokio::test]
async fn a_token_of_one_organization_learns_of_no_other_on_any_route() {
    let (daemon, token, hidden) = shared_daemon().await;
    let routes = routes();
    assert!(routes.len() > 40, "{routes:?}");
    for (method, path) in routes.iter().filter(|(_, path)| path != "/v1/events") {
        for hidden in &hidden {
            for name in hidden.ids.iter().filter(|name| !name.contains(' ')) {
                let mut target = filled(path, hidden, name);
                if path == "/export/workspace" {
                    target = format!("{target}?organization={name}");
                }
                let body = body_for(method, path, name);
                let reply = daemon.request_with(&format!("{method} {target}"), &[&token], &body).await;
                let case = format!("{method} {target} {body}: {reply:?}");
                let names_nobody = !path.contains('{') && body.is_empty() && !target.contains('?');
                match reply.status {
                    200 if names_nobody => {}
                    // What is about every organization, for owners, or wants a signature.
                    403 => assert!(!path.contains("{org}"), "{case}"),
                    // Not there, or without its body.
                    404 => {}
                    400 | 415 | 422 => assert!(names_nobody, "{case}"),
                    _ => panic!("{case}"),
                }
                let said = String::from_utf8_lossy(&reply.body).into_owned();
                let gid = hidden.gid.to_string();
                for secret in hidden
                    .ids
                    .iter()
                    .chain([&gid])
                    .filter(|secret| !target.contains(*secret) && !body.contains(*secret))
                {
                    assert!(!said.contains(secret.as_str()), "{secret} in {case}");
                }
            }
        }
    }
    let archives = daemon.client.archives(&ArchiveFilter::default()).await.unwrap();
    assert_eq!(archives.archives.len(), hidden.len(), "nothing was done to any of them");
}

#[tokio::test]
async fn events_of_other_organizations_are_not_told() {
    let (daemon, token, hidden) = shared_daemon().await;
    let mut stream = daemon.connect().await;
    let head = format!("GET /v1/events HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
    let mut told = String::new();
    let mut read = async |until: &str| {
        while !told.contains(until) {
            let mut chunk = [0; 4096];
            let length = soon(until, tokio::io::AsyncReadExt::read(&mut stream, &mut chunk)).await.unwrap();
            assert!(length > 0, "the stream ended: {told}");
            told.push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        told.clone()
    };
    read("snapshot").await;
    for name in ["tracker/hidden-b", "tracker/acme"] {
        let request =
            orgvault_shared::api::ExportRequest { organizations: vec![name.to_owned()], ..Default::default() };
        daemon.client.start_exports(&request).await.unwrap();
    }
    let told = read("\"state\":\"finished\"").await;
    assert!(told.contains("acme"));
    for secret in hidden.iter().flat_map(|hidden| &hidden.ids) {
        assert!(!told.contains(secret.as_str()), "{secret} in {told}");
    }
}

#[tokio::test]
async fn a_link_dies_with_the_token_that_asked_for_it() {
    let (source, _database) = source("time", "solidtime", SOLIDTIME).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let token = bearer(&daemon, "puller", Role::Admin).await;
    let made =
        daemon.request("POST /api/v1/organizations/0000000a-0000-4000-8000-000000000000/export", &[&token]).await;
    let link = made.json()["download_url"].as_str().unwrap().to_owned();
    assert_eq!(daemon.request(&format!("GET {link}"), &[]).await.status, 200);
    let entry = daemon.client.audit(None, Some(1)).await.unwrap().entries.remove(0);
    assert_eq!(entry.actor, Actor::Token { name: "puller".to_owned() }, "the link's holder is responsible");
    daemon.client.revoke_token("puller").await.unwrap();
    assert_eq!(code(&daemon.request(&format!("GET {link}"), &[]).await), (403, "link_revoked".to_owned()));
    bearer(&daemon, "puller", Role::Admin).await;
    assert_eq!(daemon.request(&format!("GET {link}"), &[]).await.status, 403, "another token of the same name");
}
