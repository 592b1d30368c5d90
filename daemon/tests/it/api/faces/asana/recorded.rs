//! What the official client was once told is what it is told now.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ACME, Face, face};
use crate::api::{fixture::until, reply::Reply};

/// What belongs to a connection is not in the transcript.
const LEFT_OUT: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

fn recorded() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../fixtures/transcripts/asana-client.json")).unwrap()
}

/// Asks as the client did, of what is here.
async fn ask(face: &Face, exchange: &Value, path: &str) -> Reply {
    let text = |name: &str| exchange[name].as_str().unwrap();
    let sent =
        exchange["sent"].as_object().unwrap().iter().filter(|(name, _)| *name != "host" && *name != "content-type");
    let sent = sent.map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()));
    let headers: Vec<String> =
        sent.map(|line| if line.starts_with("authorization") { face.token.clone() } else { line }).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut body = exchange["request"]["body"].clone();
    let body = if body.is_object() {
        body["data"]["organization"] = ACME.into();
        body.to_string()
    } else {
        String::new()
    };
    face.daemon.request_with(&format!("{} {path}", text("method")), &headers, &body).await
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().map_or_else(BTreeSet::new, |fields| fields.keys().map(String::as_str).collect())
}

fn assert_same(reply: &Reply, exchange: &Value) {
    assert_eq!(exchange["status"], reply.status, "{reply:?}");
    let told: BTreeSet<&str> = reply.header_names().filter(|name| !LEFT_OUT.contains(name)).collect();
    assert_eq!(told, keys(&exchange["headers"]), "{reply:?}");
    if exchange.get("body").is_some() {
        let (now, then) = (reply.json(), &exchange["body"]);
        assert_eq!(keys(&now), keys(then));
        assert_eq!(keys(&now["data"]), keys(&then["data"]));
        assert_eq!(keys(&now["data"]["organization"]), keys(&then["data"]["organization"]));
    }
}

#[tokio::test]
async fn the_client_is_told_what_it_was_told_when_it_was_recorded() {
    let face = face().await;
    let recorded = recorded();
    let [created, polls @ .., download] = &recorded[..] else { panic!("{recorded:?}") };
    let reply = ask(&face, created, created["path"].as_str().unwrap()).await;
    assert_same(&reply, created);
    let poll = format!("/api/1.0/organization_exports/{}", reply.json()["data"]["gid"].as_str().unwrap());
    let states: BTreeSet<&str> = polls.iter().map(|poll| poll["body"]["data"]["state"].as_str().unwrap()).collect();
    assert!(states.contains("started") && states.contains("finished"), "{states:?}");
    for exchange in polls {
        assert_same(&ask(&face, exchange, &poll).await, exchange);
    }
    let finished = polls.last().unwrap();
    until("it is finished", async || ask(&face, finished, &poll).await.json()["data"]["state"] == "finished").await;
    let link = ask(&face, finished, &poll).await.json()["data"]["download_url"].as_str().unwrap().to_owned();
    assert_same(&ask(&face, download, &link).await, download);
}
