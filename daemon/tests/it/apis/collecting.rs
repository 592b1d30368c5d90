//! One orgvault collects what others export, through the four faces: each proves the other.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use orgvault_api::{Archive, Export, ExportRequest, Role, State, client::ArchiveFilter};
use orgvault_config::{Config, Environment};
use orgvault_testing::postgres::{RYTASK, SOLIDTIME, TRUEPPM};

use super::{
    fixture::{Api, code, define},
    transcript::Transcript,
};
use crate::{
    api::{
        faces::source,
        fixture::Daemon,
        http::{certificate, free_address},
        tokens::request,
    },
    keep::fixture::ended,
};

const RECORDED: &str = include_str!("../fixtures/transcripts/asana-client.json");
const PAGE: &str = include_str!("../../../../docs/collecting.md");

/// The page's definition of the Asana face.
fn of_the_page() -> &'static str {
    let blocks = PAGE.split("```toml\n").skip(1).filter_map(|block| block.split_once("```"));
    blocks.map(|(block, _)| block).find(|block| block.starts_with("[product]")).unwrap()
}

/// An instance with one source of each product, on TLS.
async fn instance(directory: &Path) -> (Daemon, String) {
    let mut sources = Vec::new();
    for (name, product, tables) in
        [("rytask", "rytask", RYTASK), ("time", "solidtime", SOLIDTIME), ("plans", "trueppm", TRUEPPM)]
    {
        sources.push(source(name, product, tables).await.0);
    }
    let address = free_address();
    let (cert, key) = certificate(directory, 2100);
    let daemon = Daemon::start_with(|config| {
        config.sources = sources;
        config.http.listen = Some(address);
        config.http.public_url = Some(format!("https://localhost:{}", address.port()));
        (config.http.cert, config.http.key) = (Some(cert), Some(key));
    })
    .await;
    (daemon, format!("https://localhost:{}", address.port()))
}

/// A token of some organizations of the instance, in a file.
async fn token(instance: &Daemon, directory: &Path, name: &str, organizations: &[&str]) {
    let secret = instance.client.add_token(&request(name, Role::Admin, organizations)).await.unwrap().secret;
    let file = directory.join(format!("{name}.token"));
    fs::write(&file, secret).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

async fn export(center: &Daemon, organization: &str) -> (Export, Archive) {
    let request = ExportRequest { organizations: vec![organization.to_owned()], ..ExportRequest::default() };
    let begun = center.client.start_exports(&request).await.unwrap().exports.remove(0);
    let export = ended(&center.client, begun.gid).await;
    assert_eq!((export.state, code(&export)), (State::Finished, ""), "{organization}: {:?}", export.error);
    let archive = center.client.archive(export.gid).await.unwrap();
    (export, archive)
}

#[tokio::test]
async fn the_four_faces_of_one_orgvault_are_sources_of_another() {
    let directory = tempfile::tempdir().unwrap();
    let (instance, url) = instance(directory.path()).await;
    let known = instance.client.organizations(None).await.unwrap().organizations;
    let first = |source: &str, kind: &str| {
        let mut of_source = known.iter().filter(|one| one.key.source == source && one.key.kind == kind);
        of_source.find(|one| one.deleted_at.is_none()).unwrap().key.clone()
    };
    let (work, time, plan) =
        (first("rytask", "organization"), first("time", "organization"), first("plans", "program"));
    for (name, organization) in [
        ("work", format!("rytask/{}", work.id)),
        ("asana", "rytask/*".to_owned()),
        ("time", "time/*".to_owned()),
        ("plans", "plans/*".to_owned()),
    ] {
        token(&instance, directory.path(), name, &[&organization]).await;
    }
    let block = |name: &str, product: &str, organization: Option<&str>| {
        let named = organization.map_or_else(String::new, |id| format!("organizations = [{id:?}]\n"));
        let ca = directory.path().join("cert.pem");
        format!(
            "[[source]]\nname = {name:?}\nproduct = {product:?}\nurl = {url:?}\ntoken_file = \"{name}.token\"\n\
             ca_file = {ca:?}\n{named}"
        )
    };
    let blocks = [
        block("work", "rytask-api", Some(&work.id)),
        block("asana", "rytask-instance", None),
        block("time", "solidtime-api", Some(&time.id)),
        block("plans", "trueppm-api", Some(&plan.id)),
    ]
    .concat();
    let environment = Environment { file: directory.path().join("config.toml"), ..Environment::default() };
    let sources = Config::parse(&blocks, &environment).unwrap().sources;
    let center = Daemon::start_with(|config| {
        config.sources = sources;
        define(config, "rytask-instance", of_the_page());
    })
    .await;

    for (source, id, own) in [
        ("work", &work.id, "rytask"),
        ("asana", &work.id, "rytask"),
        ("time", &time.id, "time"),
        ("plans", &plan.id, "plans"),
    ] {
        let (_, archive) = export(&center, &format!("{source}/{id}")).await;
        let published = instance.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
        let same: Vec<&Archive> = published.iter().filter(|one| one.sha256 == archive.sha256).collect();
        assert!(same.iter().any(|one| one.organization.source == own && one.organization.id == *id), "{source}");
        let received = archive.received.unwrap();
        assert_eq!(serde_json::to_value(received.verified_against).unwrap(), "itself");
        assert!(archive.counts.iter().any(|count| count.rows > 0), "{source}: {:?}", archive.counts);
        assert!(center.client.verify(archive.gid).await.unwrap().ok, "{source}");
    }
    let listed = center.client.organizations(None).await.unwrap().organizations;
    let collected = listed.iter().filter(|one| one.key.source == "asana").count();
    let own = known.iter().filter(|one| one.key.source == "rytask" && one.deleted_at.is_none()).count();
    assert_eq!(collected, own, "the Asana face lists each that is there");
}

/// Asana's own client, once recorded with our face: what it was told is what a source is told.
#[tokio::test]
async fn what_the_official_client_was_told_makes_an_archive() {
    const ACME: &str = "00000001-0001-4000-8000-000000000000";
    let api = Api::start().await;
    let transcript = Transcript::parse(&RECORDED.replace("2026-11-28T16:17:15.640Z", "{now}"));
    transcript.replay(&api);
    // The client did not ask for these.
    let asked = |line: &&str| !line.starts_with("list = ") && !line.starts_with("whoami = ");
    let definition = of_the_page().lines().filter(asked).collect::<Vec<_>>().join("\n");
    let source = api.source("rytask-instance", "", &[ACME], "");
    let daemon = api.daemon_with(&source, |config| define(config, "rytask-instance", &definition)).await;
    let (_, archive) = export(&daemon, &format!("work/{ACME}")).await;
    transcript.assert_replayed(&api);
    assert!(RECORDED.contains(&archive.sha256), "the face's ETag is the file's SHA-256");
    assert!(daemon.client.verify(archive.gid).await.unwrap().ok);
}
