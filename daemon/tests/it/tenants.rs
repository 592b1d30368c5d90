//! Organizations of two kinds: with one id they are two everywhere, and what a version before this
//! knew of them is used on.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use orgvault_api::{ExportRequest, Role, client::ArchiveFilter, gid::Gid, health::Health};
use orgvault_config::{Config, Retention, SecretUrl, SourceConfig};
use serde_json::json;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    api::{
        fixture::{Daemon, problem, until},
        tokens::{code, request},
    },
    keep::fixture::{ended, listed},
};

/// The state of version 0.1; its README says how it was made.
const STATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/state-0.1");

/// The two tokens in it: of the guild `makers`, and of all organizations.
const TOKENS: [&str; 2] =
    ["orgvault_y4O2651KMqzyuE2nKCsvIuMZd6dnq7362DUP", "orgvault_TcquPCkdM6CM6VYP7WBT8s8o6uELe43jyM55"];

/// A database of notes, whose groups are teams and guilds.
struct Notes(TempDir);

impl Notes {
    async fn new(script: &str) -> Self {
        let notes = Self(tempfile::tempdir().unwrap());
        notes.run(script).await;
        notes
    }

    async fn run(&self, script: &str) {
        let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("app.sqlite")
    }

    /// Makes it a daemon's only source.
    fn connect(&self, config: &mut Config) {
        copy(&Path::new(STATE).join("products"), &config.daemon.products_dir);
        let url = SecretUrl::new(format!("sqlite://{}", self.file().display()));
        config.sources = vec![SourceConfig::new("notes".to_owned(), "notes".to_owned(), url)];
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            // A checkout gives every file to all, and secrets are refused then.
            fs::set_permissions(target, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn named(name: &str) -> ExportRequest {
    ExportRequest { organizations: vec![name.to_owned()], ..ExportRequest::default() }
}

/// Exports one organization, which has to work; its archive's gid and the name of its directory.
async fn export(daemon: &Daemon, name: &str) -> (Gid, String) {
    let started = daemon.client.start_exports(&named(name)).await.unwrap().exports[0].gid;
    let export = ended(&daemon.client, started).await;
    assert!(export.error.is_none(), "{name}: {export:?}");
    let archive = daemon.client.archive(started).await.unwrap();
    let directory = Path::new(&archive.path).parent().unwrap().file_name().unwrap();
    (started, directory.to_str().unwrap().to_owned())
}

/// The gids that an answer of `/v1/archives` has.
async fn gids_for(daemon: &Daemon, secret: &str) -> Vec<String> {
    let header = format!("Authorization: Bearer {secret}");
    let archives = daemon.request("GET /v1/archives", &[&header]).await.json();
    let archives = archives["archives"].as_array().unwrap();
    archives.iter().map(|archive| archive["gid"].as_str().unwrap().to_owned()).collect()
}

/// Two groups with one id and one slug, one that is listed twice, and two without an id.
const GROUPS: &str = "CREATE TABLE groups (id TEXT, kind TEXT, name TEXT, slug TEXT);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, group_id TEXT, text TEXT);
    INSERT INTO groups VALUES ('7', 'team', 'Acme', 'acme'), ('7', 'guild', 'Makers', 'acme'),
      ('8', 'team', 'Twice', 'twice'), ('8', 'team', 'Twice', 'twice'), ('8', 'guild', 'Once', 'once'),
      (NULL, 'team', 'Null', 'null'), ('', 'guild', 'Empty', 'empty');
    INSERT INTO notes VALUES (1, '7', 'a'), (2, '8', 'b');";

async fn two_kinds() -> (Daemon, Notes) {
    let notes = Notes::new(GROUPS).await;
    let daemon = Daemon::start_with(|config| {
        notes.connect(config);
        config.retention = Retention { keep_last: 1, ..Retention::default() };
    })
    .await;
    (daemon, notes)
}

#[tokio::test]
async fn two_kinds_with_one_id_share_neither_directory_nor_retention_nor_health() {
    let (daemon, _notes) = two_kinds().await;
    let (team, in_team) = export(&daemon, "notes/team/7").await;
    let (guild, in_guild) = export(&daemon, "notes/guild/7").await;
    assert_eq!([in_team.as_str(), in_guild.as_str()], ["acme.team--7", "acme.guild--7"]);
    let mut all: Vec<Gid> = listed(&daemon.client).await.iter().map(|archive| archive.gid).collect();
    assert_eq!(all, [team, guild], "with keep_last = 1 each keeps its own");
    let (newer, _) = export(&daemon, "notes/team/7").await;
    until("retention deletes the older one of the team", async || {
        all = listed(&daemon.client).await.iter().map(|archive| archive.gid).collect();
        all == [guild, newer]
    })
    .await;
    assert!(daemon.client.retention_plan().await.unwrap().decisions.iter().all(|decision| decision.keep));

    let daemon = daemon.restart().await;
    for gid in [guild, newer] {
        assert!(daemon.client.verify(gid).await.unwrap().ok);
    }
    daemon.client.rebuild_catalog().await.unwrap();
    let organizations = daemon.client.organizations(None).await.unwrap().organizations;
    let newest: BTreeMap<String, Option<Gid>> = organizations
        .iter()
        .map(|one| (one.key.tenant().to_string(), one.last_archive.as_ref().map(|last| last.gid)))
        .collect();
    assert_eq!((newest["notes/team/7"], newest["notes/guild/7"]), (Some(newer), Some(guild)));
    assert_eq!((newest["notes/team/8"], newest["notes/guild/8"]), (None, None));

    fs::remove_file(&daemon.client.archive(guild).await.unwrap().path).unwrap();
    daemon.client.rebuild_catalog().await.unwrap();
    let health = async |name| daemon.client.organization(name).await.unwrap().health;
    assert_eq!((health("notes/team/7").await, health("notes/guild/7").await), (Health::Ok, Health::Damaged));
    let metrics = daemon.request("GET /metrics?organizations=true", &[]).await.text();
    for (kind, health) in [("team", "ok"), ("guild", "damaged")] {
        let series = format!("organization=\"7\",slug=\"acme\",kind=\"{kind}\",health=\"{health}\"");
        assert!(metrics.contains(&series), "{series} is not in {metrics}");
    }
}

#[tokio::test]
async fn a_name_of_two_kinds_is_answered_with_the_names_that_mean_one() {
    let (daemon, _notes) = two_kinds().await;
    for name in ["notes/7", "7", "notes/acme", "acme"] {
        for refused in [
            problem(daemon.client.organization(name).await),
            problem(daemon.client.counts(name).await),
            problem(daemon.client.start_exports(&named(name)).await),
        ] {
            assert_eq!((refused.status, refused.code.as_str()), (409, "ambiguous_organization"), "{name}");
            assert!(refused.detail.ends_with("notes/team/7, notes/guild/7"), "{refused:?}");
        }
    }
    for (name, slug) in [("notes/team/7", "Acme"), ("notes/guild/7", "Makers"), ("notes/guild/acme", "Makers")] {
        assert_eq!(daemon.client.organization(name).await.unwrap().key.name, slug);
        assert_eq!(daemon.client.counts(name).await.unwrap().organization.name, slug);
    }
    let (guild, _) = export(&daemon, "notes/guild/7").await;
    for (name, gids) in [("notes/guild/7", vec![guild]), ("notes/team/7", vec![])] {
        let filter = ArchiveFilter { organization: Some(name.to_owned()), ..ArchiveFilter::default() };
        let archives = daemon.client.archives(&filter).await.unwrap().archives;
        assert_eq!(archives.iter().map(|archive| archive.gid).collect::<Vec<_>>(), gids, "{name}");
    }
}

#[tokio::test]
async fn a_token_of_one_kind_knows_nothing_of_the_other() {
    let (daemon, _notes) = two_kinds().await;
    let made = daemon.client.add_token(&request("makers", Role::Admin, &["notes/guild/7"])).await.unwrap();
    let (team, _) = export(&daemon, "notes/team/7").await;
    let (guild, _) = export(&daemon, "notes/guild/7").await;
    assert_eq!(gids_for(&daemon, &made.secret).await, [guild.to_string()]);
    let header = format!("Authorization: Bearer {}", made.secret);
    let refused = daemon.request(&format!("GET /v1/archives/{team}"), &[&header]).await;
    assert_eq!(code(&refused), (404, "unknown_archive".to_owned()));
    let refused = daemon.request("GET /v1/organizations/notes/team%2F7", &[&header]).await;
    assert_eq!(code(&refused), (404, "unknown_organization".to_owned()));
    let its_own = daemon.request("GET /v1/organizations/notes/7", &[&header]).await.json();
    assert_eq!(its_own["kind"], "guild", "a name is ambiguous only among those that it may know of");
}

#[tokio::test]
async fn one_that_is_listed_twice_or_has_no_id_is_refused_by_name_and_the_others_are_exported() {
    let (daemon, _notes) = two_kinds().await;
    let lines = daemon.client.check("notes", false).await.unwrap().lines;
    let line = lines.iter().find(|line| line.name == "organizations").unwrap();
    assert!(line.message.starts_with("3 of 6 organizations are refused"), "{line:?}");
    assert_eq!(
        line.details,
        [
            "row 1 of the list of organizations (Null) has no id",
            "row 2 of the list of organizations (Empty) has no id",
            "organization 8 (Twice) is listed 2 times as team",
        ]
    );
    let refused = problem(daemon.client.start_exports(&named("notes/team/8")).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "duplicate_id"), "{refused:?}");
    for name in ["null", "empty"] {
        let refused = problem(daemon.client.start_exports(&named(name)).await);
        assert_eq!((refused.status, refused.code.as_str()), (409, "organization_id"), "{refused:?}");
    }
    let all = ExportRequest { all: true, ..ExportRequest::default() };
    let all = daemon.client.start_exports(&all).await.unwrap();
    let mut codes: Vec<&str> = all.failures.iter().map(|failure| failure.error.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["duplicate_id", "organization_id", "organization_id"]);
    for export in &all.exports {
        assert!(ended(&daemon.client, export.gid).await.error.is_none());
    }
    assert_eq!(listed(&daemon.client).await.len(), 3);
}

#[tokio::test]
async fn asanas_face_names_each_of_two_kinds_with_one_id() {
    let (daemon, _notes) = two_kinds().await;
    let token = daemon.client.add_token(&request("asana", Role::Admin, &[])).await.unwrap().secret;
    let header = format!("Authorization: Bearer {token}");
    let create = async |gid: &str| {
        let body = json!({ "data": { "organization": gid } }).to_string();
        daemon.request_with("POST /api/1.0/organization_exports", &[&header], &body).await
    };
    for (asked, name) in [("notes/team/7", "Acme"), ("notes/guild/7", "Makers")] {
        let created = create(asked).await;
        assert_eq!(created.status, 201, "{created:?}");
        let organization = &created.json()["data"]["organization"];
        assert_eq!((organization["gid"].as_str(), organization["name"].as_str()), (Some(asked), Some(name)));
        assert_eq!(organization.get("id"), None);
    }
    assert_eq!(create("7").await.status, 400, "which of both is not said");
    let workspaces = daemon.request("GET /api/1.0/workspaces", &[&header]).await.json();
    let named: Vec<&str> =
        workspaces["data"].as_array().unwrap().iter().map(|one| one["gid"].as_str().unwrap()).collect();
    assert!(["notes/team/7", "notes/guild/7"].iter().all(|gid| named.contains(gid)), "{named:?}");
    for gid in named {
        let path = format!("GET /workspaces/{}", gid.replace('/', "%2F"));
        assert_eq!(daemon.request(&path, &[&header]).await.json()["data"]["gid"], json!(gid));
    }
}

#[tokio::test]
async fn what_is_repeated_is_the_same_after_the_organization_was_renamed() {
    let (daemon, notes) = two_kinds().await;
    let body = json!({ "organizations": ["notes/team/7"] }).to_string();
    let ask = async || daemon.request_with("POST /v1/exports", &["Idempotency-Key: once"], &body).await.json();
    let first = ask().await;
    notes.run("UPDATE groups SET name = 'Renamed', slug = 'renamed' WHERE id = '7' AND kind = 'team'").await;
    let again = ask().await;
    assert!(first["exports"][0]["gid"].is_string(), "{first}");
    assert_eq!(again["exports"][0]["gid"], first["exports"][0]["gid"], "{again}");
}

/// A daemon on a copy of the state of version 0.1, and the database that it was made from.
async fn from_before() -> (Daemon, Notes) {
    let notes = Notes::new(&fs::read_to_string(Path::new(STATE).join("app.sql")).unwrap()).await;
    let daemon = Daemon::start_with(|config| {
        notes.connect(config);
        copy(&Path::new(STATE).join("state"), &config.daemon.state_dir);
        copy(&Path::new(STATE).join("archives"), &config.daemon.archive_dir);
    })
    .await;
    (daemon, notes)
}

#[tokio::test]
async fn what_version_0_1_kept_is_known_whole_and_used_on() {
    let (daemon, notes) = from_before().await;
    let before = listed(&daemon.client).await;
    let tenants: Vec<String> = before.iter().map(|archive| archive.organization.tenant().to_string()).collect();
    let expected = [
        "notes/team/1",
        "notes/guild/2",
        "notes/guild/a/b",
        "notes/team/guild--2",
        "notes/team/1",
        "notes/team/1",
        "notes/guild/2",
        "notes/guild/4",
    ];
    assert_eq!(tenants, expected);
    let pinned: Vec<bool> = before.iter().map(|archive| archive.pinned).collect();
    assert_eq!(pinned, [false, true, false, false, false, false, false, false]);
    assert!(before[0].verified.as_ref().unwrap().ok);
    for archive in &before {
        let verified = daemon.client.verify(archive.gid).await.unwrap();
        assert!(verified.ok, "{verified:?}");
    }
    let of_makers: Vec<String> = [&before[1], &before[6]].map(|archive| archive.gid.to_string()).to_vec();
    assert_eq!(gids_for(&daemon, TOKENS[0]).await, of_makers);
    assert_eq!(gids_for(&daemon, TOKENS[1]).await.len(), 8);
    let runs = daemon.client.runs(Some("nightly"), None).await.unwrap().runs;
    assert_eq!((runs.len(), runs[0].finished, runs[0].failed), (1, 5, 0));
    let organizations = daemon.client.organizations(None).await.unwrap().organizations;
    assert!(organizations.iter().all(|one| one.last_archive.is_some()), "{organizations:?}");

    notes.run("INSERT INTO groups VALUES ('5', 'guild', 'New', 'new')").await;
    for (name, directory) in [
        ("notes/team/1", "acme--1"),
        ("notes/guild/2", "makers--2"),
        ("notes/team/guild--2", "two--guild--2"),
        ("notes/guild/5", "new.guild--5"),
    ] {
        assert_eq!(export(&daemon, name).await.1, directory, "{name}");
    }
    daemon.client.rebuild_catalog().await.unwrap();
    let after = listed(&daemon.client).await;
    assert_eq!((after.len(), after.iter().filter(|archive| archive.pinned).count()), (12, 1));
}

#[tokio::test]
async fn a_catalog_of_version_0_1_can_be_lost_too() {
    let (daemon, _notes) = from_before().await;
    let before: Vec<Gid> = listed(&daemon.client).await.iter().map(|archive| archive.gid).collect();
    daemon.meddle("DELETE FROM archives").await;
    daemon.client.rebuild_catalog().await.unwrap();
    let after = listed(&daemon.client).await;
    assert_eq!(after.iter().map(|archive| archive.gid).collect::<Vec<_>>(), before);
    assert!(after[1].pinned);
}
