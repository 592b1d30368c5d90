//! Service accounts: their tokens, what they may see, and what becomes of wrong ones.

use orgvault_api::{Actor, NewToken, Role, TokenRequest};
use serde_json::json;

use super::{
    faces::source,
    fixture::{Daemon, problem, until},
    reply::Reply,
};
use orgvault_testing::postgres::{Database, RYTASK, SOLIDTIME};

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

/// Status and code of a refusal.
pub(crate) fn code(reply: &Reply) -> (u16, String) {
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
    for number in 0..10_000 {
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
    assert!(times >= 10_006 && lines < 60, "{lines} lines for {times} refusals");
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
