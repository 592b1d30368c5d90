//! Asana's face, as its clients use it.

mod recorded;
mod refusals;
mod workspaces;

use std::{
    io::Read,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use flate2::read::GzDecoder;
use orgvault_api::Role;
use orgvault_config::SecretUrl;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

use super::{Held, source};
use crate::api::{
    fixture::{Daemon, until},
    http::free_address,
    reply::{Reply, send},
    tokens::bearer,
};
use orgvault_testing::postgres::{Database, RYTASK, Server};

const ACME: &str = "00000000-0000-7000-8000-00000000000a";

struct Face {
    daemon: Daemon,
    database: Database,
    token: String,
}

async fn face() -> Face {
    let (source, database) = source("tracker", "rytask", RYTASK).await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![source];
        config.http.listen = Some(free_address());
    })
    .await;
    let token = bearer(&daemon, "exporter", Role::Admin).await;
    Face { daemon, database, token }
}

impl Face {
    async fn create(&self, base: &str, body: &str) -> Reply {
        self.daemon.request_with(&format!("POST {base}/organization_exports"), &[&self.token], body).await
    }

    async fn show(&self, gid: &str, query: &str) -> Reply {
        self.daemon.request(&format!("GET /organization_exports/{gid}{query}"), &[&self.token]).await
    }
}

fn for_acme() -> String {
    json!({ "data": { "organization": ACME } }).to_string()
}

fn message(reply: &Reply) -> (u16, String) {
    let document = reply.json();
    let error = &document["errors"][0];
    assert!(error["help"].is_string(), "{document}");
    (reply.status, error["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_export_is_created_polled_and_downloaded() {
    let face = face().await;
    let held = Held::new(&face.database, "time_logs");
    let created = face.create("/api/1.0", &for_acme()).await;
    assert_eq!(created.status, 201, "{created:?}");
    let record = created.json()["data"].clone();
    let gid = record["gid"].as_str().unwrap().to_owned();
    assert_eq!(record["id"], json!(gid.parse::<u64>().unwrap()));
    assert_eq!(
        (record["resource_type"].clone(), record["download_url"].clone()),
        (json!("organization_export"), Value::Null)
    );
    assert_eq!(record["organization"], json!({ "gid": ACME, "resource_type": "organization", "name": "Acme" }));
    assert!(["pending", "started"].contains(&record["state"].as_str().unwrap()), "{record}");
    drop(held);
    until("it is finished", async || face.show(&gid, "").await.json()["data"]["state"] == json!("finished")).await;
    let address = face.daemon.config.http.listen.unwrap();
    let over_tcp = |path: String| async move {
        send(tokio::net::TcpStream::connect(address).await.unwrap(), &format!("GET {path}"), &[], "").await
    };
    let shown = send(
        tokio::net::TcpStream::connect(address).await.unwrap(),
        &format!("GET /api/1.0/organization_exports/{gid}"),
        &[&face.token],
        "",
    )
    .await;
    let link = shown.json()["data"]["download_url"].as_str().unwrap().to_owned();
    let path = link.strip_prefix("http://orgvault.test").unwrap_or_else(|| panic!("not absolute: {link}")).to_owned();
    let file = over_tcp(path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/gzip"));
    let mut text = String::new();
    GzDecoder::new(&file.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["organization"]["slug"], json!("acme"));
}

#[tokio::test]
async fn fields_are_selected_and_answers_indented() {
    let face = face().await;
    let gid = face.create("", &for_acme()).await.json()["data"]["gid"].as_str().unwrap().to_owned();
    let few = face.show(&gid, "?opt_fields=state,organization.name").await.json()["data"].clone();
    assert_eq!(few.as_object().unwrap().keys().collect::<Vec<_>>(), ["gid", "state", "organization"]);
    assert_eq!(few["organization"], json!({ "gid": ACME, "name": "Acme" }));
    assert_eq!(face.show(&gid, "").await.text().lines().count(), 1);
    assert!(face.show(&gid, "?opt_pretty=true").await.text().lines().count() > 5);
}

#[tokio::test]
async fn fields_that_are_named_one_by_one_are_all_given() {
    let face = face().await;
    let gid = face.create("", &for_acme()).await.json()["data"]["gid"].as_str().unwrap().to_owned();
    let few = face.show(&gid, "?opt_fields=state&opt_fields=organization.name&opt_pretty&opt_pretty=true").await;
    assert_eq!(few.status, 200, "{few:?}");
    let record = few.json()["data"].clone();
    assert_eq!(record.as_object().unwrap().keys().collect::<Vec<_>>(), ["gid", "state", "organization"]);
    let created = face
        .daemon
        .request_with("POST /organization_exports?opt_fields=gid&opt_fields=state", &[&face.token], &for_acme())
        .await;
    assert_eq!(created.json()["data"].as_object().unwrap().len(), 2, "{created:?}");
}

#[tokio::test]
async fn an_id_of_two_sources_is_answered_as_one_that_can_be_sent_back() {
    let (first, _database) = source("tracker", "rytask", RYTASK).await;
    let (second, _other) = source("copy", "rytask", RYTASK).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![first, second]).await;
    let token = bearer(&daemon, "exporter", Role::Admin).await;
    let create = async |organization: &str| {
        let body = json!({ "data": { "organization": organization } }).to_string();
        daemon.request_with("POST /organization_exports", &[&token], &body).await
    };
    let (status, said) = message(&create(ACME).await);
    let named = [format!("tracker/{ACME}"), format!("copy/{ACME}")];
    assert!(status == 400 && named.iter().all(|name| said.contains(name)), "{status} {said}");
    for name in &named {
        let created = create(name).await;
        assert_eq!(created.status, 201, "{created:?}");
        let record = created.json()["data"].clone();
        assert_eq!(record["organization"]["gid"], json!(name));
        let gid = record["gid"].as_str().unwrap();
        let shown = daemon.request(&format!("GET /organization_exports/{gid}"), &[&token]).await;
        let again = shown.json()["data"]["organization"]["gid"].as_str().unwrap().to_owned();
        assert_eq!(create(&again).await.json()["data"]["organization"]["gid"], json!(name));
    }
}

/// A tenant that takes another one's id as its slug takes nothing from it here.
#[tokio::test]
async fn an_id_goes_before_a_slug() {
    let face = face().await;
    face.database.psql(&format!("UPDATE organizations SET slug = '{ACME}' WHERE id <> '{ACME}' AND slug = 'buecher'"));
    let created = face.create("", &for_acme()).await;
    assert_eq!((created.status, created.json()["data"]["organization"]["name"].clone()), (201, json!("Acme")));
}

#[tokio::test]
async fn a_retried_post_makes_one_export() {
    let face = face().await;
    let post = async || {
        let headers = [face.token.as_str(), "Idempotency-Key: once"];
        face.daemon.request_with("POST /organization_exports", &headers, &for_acme()).await.json()["data"]["gid"]
            .clone()
    };
    let gid = post().await;
    assert_eq!(post().await, gid);
}

/// Passes on what is said to a server's socket, and counts its bytes.
async fn pass_on(listener: UnixListener, server: PathBuf, said: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let (server, said) = (UnixStream::connect(&server).await.unwrap(), Arc::clone(&said));
        connections.spawn(async move {
            let ((mut questions, mut replies), (mut answers, mut asked)) = (client.into_split(), server.into_split());
            let forth = async {
                let mut chunk = [0; 4096];
                while let Ok(length @ 1..) = questions.read(&mut chunk).await {
                    said.fetch_add(length as u64, Relaxed);
                    asked.write_all(&chunk[..length]).await.unwrap();
                }
                drop(asked);
            };
            tokio::join!(forth, tokio::io::copy(&mut answers, &mut replies))
        });
    }
}

#[tokio::test]
async fn polling_says_not_a_word_to_the_source() {
    let (mut source, database) = source("tracker", "rytask", RYTASK).await;
    let between = tempfile::tempdir().unwrap();
    let server = Server::shared();
    let name = format!(".s.PGSQL.{}", server.port());
    let listener = UnixListener::bind(between.path().join(&name)).unwrap();
    let said = Arc::new(AtomicU64::new(0));
    let mut passing = JoinSet::new();
    passing.spawn(pass_on(listener, server.directory().join(&name), Arc::clone(&said)));
    let [real, counted] = [server.directory(), between.path()].map(|directory| directory.display().to_string());
    source.url = SecretUrl::new(database.url().replace(&real, &counted));
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let token = bearer(&daemon, "exporter", Role::Admin).await;

    let held = Held::new(&database, "time_logs");
    let created = daemon.request_with("POST /organization_exports", &[&token], &for_acme()).await;
    let gid = created.json()["data"]["gid"].as_str().unwrap().to_owned();
    // It has asked all that it can until the lock is gone.
    until("the export waits for the lock", async || {
        database.psql("SELECT count(*) FROM pg_locks WHERE relation = 'time_logs'::regclass AND NOT granted") == "1"
    })
    .await;
    let before = said.load(Relaxed);
    assert!(before > 0);
    for path in ["organization_exports", "api/1.0/organization_exports", "v1/exports"] {
        for _ in 0..100 {
            let answer = daemon.request(&format!("GET /{path}/{gid}"), &[&token]).await;
            assert!(answer.status == 200 && answer.text().contains("\"started\""), "{answer:?}");
        }
    }
    assert_eq!(said.load(Relaxed), before);
    drop(held);
    until("it is finished", async || {
        daemon.request(&format!("GET /v1/exports/{gid}"), &[&token]).await.json()["state"] == json!("finished")
    })
    .await;
    assert!(said.load(Relaxed) > before, "what is said is counted");
}
