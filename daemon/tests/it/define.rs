//! `orgvaultd define`: what it drafts of a made-up app whose tables are there for one rule each, and
//! that the draft exports each row once.

mod wild;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use orgvault_api::{CheckResult, ExportRequest};
use orgvault_config::{Config, SecretUrl, SourceConfig, Tls};
use orgvault_daemon::{
    define::{Outcome, Request, define},
    product::{Definition, parse},
};
use orgvault_testing::postgres::Database;
use serde_json::Value;
use sqlx::Connection as _;

use crate::{api::fixture::Daemon, keep::fixture::ended};

const GUILD: &str = include_str!("define/guild.sql");
const LINKS: &str = "# no row says it\nactivity_logs.entity_identifier -> cards.id\n";
const DATE: &str = "2026-01-31";

fn guild() -> Database {
    let database = Database::new();
    database.psql(GUILD);
    database
}

async fn draft(url: &str, tenant: &str, links: Option<&str>, update: Option<&str>) -> Result<Outcome, String> {
    let url = SecretUrl::new(url.to_owned());
    let request = Request {
        url: &url,
        tls: Tls::VerifyFull,
        tenant,
        name: Some("guild"),
        links: links.map(|text| (Path::new("links.txt"), text)),
        update: update.map(|text| (Path::new("guild.toml"), text)),
        date: DATE,
    };
    define(&request).await.map_err(|error| error.to_string())
}

fn parsed(text: &str) -> Definition {
    parse(text, Path::new("guild.toml")).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// A daemon on a drafted definition.
async fn daemon(text: &str, url: String) -> Daemon {
    let text = text.to_owned();
    Daemon::start_with(move |config: &mut Config| {
        fs::create_dir_all(&config.daemon.products_dir).unwrap();
        fs::write(config.daemon.products_dir.join("guild.toml"), text).unwrap();
        config.sources = vec![SourceConfig::new("app".to_owned(), "guild".to_owned(), SecretUrl::new(url))];
    })
    .await
}

/// The archive of an organization, as bytes.
async fn archive(daemon: &Daemon, organization: &str) -> Vec<u8> {
    let request = ExportRequest { organizations: vec![organization.to_owned()], ..ExportRequest::default() };
    let started = daemon.client.start_exports(&request).await.unwrap().exports[0].gid;
    let export = ended(&daemon.client, started).await;
    assert!(export.error.is_none(), "{organization}: {export:?}");
    fs::read(&daemon.client.archive(started).await.unwrap().path).unwrap()
}

fn without_the_start(bytes: &[u8]) -> Value {
    let mut document: Value = serde_json::from_slice(bytes).unwrap();
    document.as_object_mut().unwrap().remove("exportedAt").unwrap();
    document
}

/// The rows of each section, each as its text; `single` ones too.
fn rows(document: &Value) -> BTreeMap<String, Vec<String>> {
    let sections = document.as_object().unwrap().iter().filter(|(name, _)| *name != "counts");
    let rows = |value: &Value| match value {
        Value::Array(rows) => rows.iter().map(ToString::to_string).collect(),
        Value::Object(_) => vec![value.to_string()],
        _ => Vec::new(),
    };
    sections.map(|(name, value)| (name.clone(), rows(value))).collect()
}

#[tokio::test]
async fn every_table_of_an_app_is_classified() {
    let database = guild();
    let outcome = draft(&database.admin_url(), "companies", None, None).await.unwrap();
    assert!(outcome.is_open);
    let stable = outcome.text.replace(database.name(), "guild");
    insta::with_settings!({filters => vec![(r"PostgreSQL \d+(\.\d+)?", "PostgreSQL 15")]}, {
        insta::assert_snapshot!(stable);
    });
    let refused = parse(&outcome.text, Path::new("guild.toml")).unwrap_err().to_string();
    let lines: Vec<&str> = refused.lines().collect();
    assert!(lines.len() == 1 && lines[0].contains("\"activity_logs\" is undecided"), "{refused}");
}

#[tokio::test]
async fn a_draft_exports_each_row_once_and_nothing_of_another() {
    let database = guild();
    let outcome = draft(&database.admin_url(), "companies", Some(LINKS), None).await.unwrap();
    assert!(!outcome.is_open, "{}", outcome.summary);
    let definition = parsed(&outcome.text);
    let daemon = daemon(&outcome.text, database.admin_url()).await;
    let lines = daemon.client.check("app", true).await.unwrap().lines;
    let failed: Vec<_> = lines.iter().filter(|line| line.result == CheckResult::Failed).collect();
    assert!(failed.is_empty(), "{failed:?}");

    let archives = [archive(&daemon, "app/acme").await, archive(&daemon, "app/2").await];
    let again = [archive(&daemon, "app/acme").await, archive(&daemon, "app/2").await];
    let documents = archives.each_ref().map(|bytes| without_the_start(bytes));
    assert_eq!(documents, again.each_ref().map(|bytes| without_the_start(bytes)), "the same rows give the same bytes");

    let [one, other] = documents.each_ref().map(rows);
    for section in &definition.sections {
        let (mine, theirs) = (&one[&section.name], &other[&section.name]);
        let table = &definition.tables[&section.table];
        let quoted = if section.table == "Order" { "\"Order\"" } else { &section.table };
        let all: usize = database.psql(&format!("SELECT count(*) FROM {quoted}")).parse().unwrap();
        let both: BTreeSet<&String> =
            mine.iter().collect::<BTreeSet<_>>().intersection(&theirs.iter().collect()).copied().collect();
        if table.is_shared {
            continue;
        }
        let nobodys = usize::from(section.table == "files");
        assert_eq!(mine.len() + theirs.len() + nobodys, all, "{}", section.name);
        assert!(both.is_empty(), "{}: {both:?}", section.name);
    }
    let emails = |rows: &BTreeMap<String, Vec<String>>| {
        rows["people"]
            .iter()
            .filter_map(|row| serde_json::from_str::<Value>(row).unwrap()["email"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        (emails(&one).as_str(), emails(&other).as_str()),
        ("ada@example.org eve@example.org", "bob@example.org eve@example.org")
    );
    let whole = String::from_utf8(archives.concat()).unwrap();
    for secret in ["password_hash", "api_key\"", "access_token", "avatar_id"] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_cannot_be_an_organization_is_refused_with_what_is_meant() {
    let database = guild();
    let url = database.admin_url();
    let refused = async |tenant: &str, links: Option<&str>| draft(&url, tenant, links, None).await.unwrap_err();
    let said = refused("company", None).await;
    assert!(
        said.starts_with("there is no table company in postgres:///")
            && said.ends_with("(did you mean \"companies\"?)"),
        "{said}"
    );
    let said = refused("memberships", None).await;
    assert_eq!(
        said,
        "memberships has a primary key of 2 columns, and an organization is named by one column (name the table of which each row is an organization)"
    );
    assert!(refused("visits", None).await.starts_with("visits has no primary key"));
    for (line, why) in [
        (
            "\n# x\nboards.compny_id -> companies.id",
            "links.txt:3: boards has no column compny_id (did you mean \"company_id\"?)",
        ),
        ("boardz.company_id -> companies.id", "links.txt:1: there is no table boardz (did you mean \"boards\"?)"),
        ("boards.company_id", "links.txt:1: \"boards.company_id\" is no link (write `table.column -> table.column`)"),
    ] {
        assert_eq!(refused("companies", Some(line)).await, why);
    }
    let said = draft("mysql://x", "companies", None, None).await.unwrap_err();
    let expected = "cannot read the url: it has to start with postgres:// or sqlite:// (write \
                    postgres://USER@HOST/DATABASE or sqlite:///FILE)";
    assert_eq!(said, expected);
    let said = draft("postgres://db.example/x", "companies", None, None).await.unwrap_err();
    assert!(said.starts_with("cannot use the url: it does not say sslmode=verify-full"), "{said}");
    assert!(said.contains("say `--tls as-url` for a network that you trust"), "{said}");
}

#[tokio::test]
async fn a_role_without_rights_gets_a_draft_by_the_catalog_alone() {
    let database = guild();
    let outcome = draft(&database.url(), "companies", None, None).await.unwrap();
    assert!(outcome.summary.contains("GRANT SELECT ON \"Order\", activity_logs, boards"), "{}", outcome.summary);
    assert!(
        outcome.text.contains("company_id names companies (by name; its rows could not be asked"),
        "{}",
        outcome.text
    );
}

#[tokio::test]
async fn an_update_keeps_what_the_admin_wrote_and_tells_what_is_another_now() {
    let database = guild();
    let url = database.admin_url();
    let drafted = draft(&url, "companies", Some(LINKS), None).await.unwrap().text;
    let same = draft(&url, "companies", Some(LINKS), Some(&drafted)).await.unwrap();
    assert_eq!((same.text.as_str(), same.summary.as_str()), (drafted.as_str(), "nothing is another now"));

    let own =
        "rows = \"SELECT l.id AS nr, l.board_id FROM lists l WHERE l.board_id IN ($boards) ORDER BY l.id\" # mine";
    let at = drafted.find("rows = \"\"\"\nSELECT id, board_id, author_id\nFROM lists").unwrap();
    let end = at + drafted.split_at(at).1.find("count = ").unwrap();
    let (before, _) = drafted.split_at(at);
    let (_, after) = drafted.split_at(end);
    let edited = format!("# kept by me\n{before}{own}\n{after}").replace("kind = ", "kind=");
    database.psql(
        "ALTER TABLE labels ADD COLUMN color text, ADD COLUMN api_token text; ALTER TABLE labels DROP COLUMN name;
         ALTER TABLE lists ADD COLUMN title text; ALTER TABLE lists DROP COLUMN author_id; DROP TABLE visits;
         CREATE TABLE stickers (id bigint PRIMARY KEY, card_id bigint NOT NULL REFERENCES cards);",
    );
    let updated = draft(&url, "companies", Some(LINKS), Some(&edited)).await.unwrap();
    let mut lines: Vec<&str> = updated.summary.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "+ labels.api_token: new, and not written (`known`)",
            "+ labels.color: new, and written",
            "+ lists.title: new, and not written (`known`)",
            "+ stickers: a new table, owned",
            "- labels.name: gone, and taken out",
            "- lists.author_id: gone, and taken out",
            "- visits: gone, and taken out",
        ]
    );
    assert!(updated.text.starts_with("# kept by me\n") && updated.text.contains(own), "{}", updated.text);
    let definition = parsed(&updated.text);
    assert_eq!(definition.tables["lists"].known.as_ref().unwrap(), &["title"]);
    let labels = definition.sections.iter().find(|section| section.name == "labels").unwrap();
    let rows = labels.rows.text(orgvault_daemon::sql::Dialect::POSTGRES).unwrap();
    assert!(rows.starts_with("SELECT id, company_id, color\nFROM labels"), "{rows}");
    let again = draft(&url, "companies", Some(LINKS), Some(&updated.text)).await.unwrap();
    assert_eq!(again.text, updated.text);
    database.psql("ALTER TABLE lists RENAME COLUMN board_id TO plank_id");
    let stuck = draft(&url, "companies", Some(LINKS), Some(&updated.text)).await.unwrap().summary;
    assert!(
        stuck.contains("! lists.board_id: gone, and a query reads it that no draft wrote: correct it by hand"),
        "{stuck}"
    );
}

/// The same on SQLite: types that it does not know, words of its own, and tables that only keep others' rows.
const TEAMS: &str = "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL, created_at DATETIME);
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT);
    CREATE TABLE team_users (team_id INTEGER NOT NULL REFERENCES teams, user_id INTEGER NOT NULL REFERENCES USERS (ID),
      PRIMARY KEY (team_id, user_id));
    CREATE TABLE projects (id INTEGER PRIMARY KEY, teamId INTEGER NOT NULL, active BOOLEAN, \"index\" INTEGER);
    CREATE TABLE tasks (id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects, due DATE, meta JSON);
    CREATE TABLE \"transaction\" (task_id INTEGER NOT NULL, amount DECIMAL);
    CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY);
    CREATE VIRTUAL TABLE search USING fts5 (word);
    CREATE VIEW open_tasks AS SELECT * FROM tasks;
    INSERT INTO teams VALUES (1, 'Acme Ltd', '2026-01-01 10:00:00'), (2, 'Other', NULL);
    INSERT INTO users VALUES (1, 'ada@example.org', 'x'), (2, 'bob@example.org', 'x');
    INSERT INTO team_users VALUES (1, 1), (1, 2), (2, 2);
    INSERT INTO projects VALUES (1, 1, 1, 7), (2, 2, 0, 8);
    INSERT INTO tasks VALUES (1, 1, '2026-02-01', '{\"a\": 1}'), (2, 2, NULL, NULL), (3, 2, NULL, '[]');
    INSERT INTO \"transaction\" VALUES (1, '1.50'), (2, '2.50'), (3, NULL);";

#[tokio::test]
async fn a_draft_of_an_sqlite_file_exports_each_row_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(TEAMS).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let url = format!("sqlite://{}", file.display());
    let outcome = draft(&url, "teams", None, None).await.unwrap();
    assert!(!outcome.is_open, "{}", outcome.summary);
    insta::assert_snapshot!(outcome.summary);
    parsed(&outcome.text);
    let daemon = daemon(&outcome.text, url).await;
    let documents = [archive(&daemon, "app/acme-ltd").await, archive(&daemon, "app/other").await];
    let [one, other] = documents.each_ref().map(|bytes| rows(&without_the_start(bytes)));
    let count = |rows: &BTreeMap<String, Vec<String>>| {
        rows.iter().map(|(name, rows)| format!("{name} {}", rows.len())).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(count(&one), "format 0, projects 1, tasks 1, team_users 2, teams 1, transaction 1, users 2, version 0");
    assert_eq!(
        count(&other),
        "format 0, projects 1, tasks 2, team_users 1, teams 1, transaction 2, users 1, version 0"
    );
    assert_eq!(one["projects"], ["{\"id\":1,\"teamId\":1,\"active\":true,\"index\":7}"]);
    let missing = draft("sqlite:///nonexistent/app.sqlite", "teams", None, None).await.unwrap_err();
    assert!(missing.contains("cannot open the database: /nonexistent/app.sqlite: No such file"), "{missing}");
}

#[tokio::test]
async fn an_empty_database_has_no_tenant_table() {
    let database = Database::new();
    let said = draft(&database.admin_url(), "companies", None, None).await.unwrap_err();
    assert!(
        said.contains(
            "which has 0 tables (does the role's search_path show the app's schema? or name it: schema.table)"
        ),
        "{said}"
    );
    database.psql("CREATE SCHEMA \"my.app\"; CREATE TABLE \"my.app\".teams (id int PRIMARY KEY); CREATE SCHEMA app; CREATE TABLE app.teams (id int PRIMARY KEY); CREATE TABLE app.notes (id int PRIMARY KEY, team_id int NOT NULL REFERENCES app.teams)");
    let outcome = draft(&database.admin_url(), "app.teams", None, None).await.unwrap();
    let definition = parsed(&outcome.text);
    assert_eq!(definition.tables.keys().collect::<Vec<_>>(), ["app.notes", "app.teams"]);
    assert!(outcome.text.contains("FROM app.notes\nWHERE team_id = $1"), "{}", outcome.text);
}
