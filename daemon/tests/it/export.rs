//! Exports under bad conditions: a writing app, a lying definition, a stalled, restarted or
//! emptied database, a cancel, a time limit, a stop.

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use orgvault_api::{Export, ExportRequest, Format, State, client::ExportFilter, gid::Gid};
use orgvault_config::{Config, SourceConfig};
use orgvault_daemon::{product::Products, source::Source};
use tokio_util::task::TaskTracker;

use crate::{
    api::fixture::{Daemon, until},
    source::fixture,
};
use orgvault_testing::postgres::{Database, Server};

const ACME: &str = "00000000-0000-7000-8000-00000000000a";
const LOCK: &str = "BEGIN; LOCK TABLE time_logs IN ACCESS EXCLUSIVE MODE;\n";

/// A RyTask database whose role has exactly the grants that the definition asks for.
pub(crate) fn rytask() -> (Database, SourceConfig) {
    let database = Database::rytask();
    let config = granted(&database);
    (database, config)
}

fn granted(database: &Database) -> SourceConfig {
    let config = fixture::config(&database.url());
    let definition = Products::embedded().unwrap().get("rytask").unwrap().clone();
    database.psql(&Source::new(config.clone(), definition, TaskTracker::new()).unwrap().grants());
    config
}

/// A session that holds a lock which every export waits for, until it is dropped.
pub(crate) struct Held(Child);

impl Held {
    pub(crate) fn new(database: &Database) -> Self {
        let mut session = database.session();
        session.stdin.as_mut().unwrap().write_all(LOCK.as_bytes()).unwrap();
        let locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'time_logs'::regclass";
        while database.psql(locked) == "0" {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self(session)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

fn ask(formats: &[Format]) -> ExportRequest {
    ExportRequest { organizations: vec!["acme".to_owned()], formats: formats.to_vec(), ..ExportRequest::default() }
}

async fn start(daemon: &Daemon, request: &ExportRequest) -> Vec<Export> {
    daemon.client.start_exports(request).await.unwrap().exports
}

async fn state(daemon: &Daemon, gid: Gid) -> Export {
    daemon.client.export(gid).await.unwrap()
}

async fn ended(daemon: &Daemon, export: &Export) -> Export {
    until("the export ends", async || state(daemon, export.gid).await.state.is_final()).await;
    state(daemon, export.gid).await
}

fn code(export: &Export) -> &str {
    export.error.as_ref().map_or("", |error| &error.code)
}

/// Every file below the archive directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// No query of this daemon's role is left on the server.
async fn backend_is_gone(database: &Database) {
    let query =
        format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state <> 'idle'", database.role());
    tokio::time::timeout(Duration::from_secs(5), async {
        while database.psql(&query) != "0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the query is gone from the server within 5 s");
}

/// Moves rows between two sections, in transactions of its own, as long as it lives.
fn moving_app(database: &Database) -> Child {
    let mut app = database.session();
    let moves = format!(
        "DO $$ BEGIN FOR i IN 1..1000000 LOOP
           DELETE FROM time_logs WHERE id = (SELECT id FROM time_logs WHERE organization_id = '{ACME}' ORDER BY id LIMIT 1);
           IF FOUND THEN
             INSERT INTO work_items (id, organization_id, workspace_id, project_id, number, title, status_id)
               VALUES (gen_random_uuid(), '{ACME}', gen_random_uuid(), '00000000-0000-7000-8000-0000000000a6', 1000 + i, 'moved', gen_random_uuid());
           ELSE
             DELETE FROM work_items WHERE title = 'moved';
             INSERT INTO time_logs (id, organization_id, workspace_id, project_id, work_item_id, started_at, ended_at, duration_seconds, source, classification)
               SELECT gen_random_uuid(), '{ACME}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now(), now(), 1, 'TIMER', 'PLANNED' FROM generate_series(1, 15);
           END IF;
           COMMIT;
         END LOOP; END $$;\n"
    );
    app.stdin.as_mut().unwrap().write_all(moves.as_bytes()).unwrap();
    app
}

fn ids(text: &str, column: usize) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap()[column].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_of_a_request_shows_one_instant_while_the_app_writes() {
    let (database, source) = rytask();
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let mut app = moving_app(&database);
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let exports = start(&daemon, &ask(&[Format::Json, Format::Csv])).await;
        assert_eq!(exports.len(), 3);
        let mut texts = Vec::new();
        let mut snapshots = BTreeSet::new();
        for export in &exports {
            assert_eq!(code(&ended(&daemon, export).await), "");
            let archive = daemon.client.archive(export.gid).await.unwrap();
            snapshots.insert(archive.snapshot);
            texts.push(std::fs::read_to_string(archive.path).unwrap());
        }
        assert_eq!(snapshots.len(), 1);
        let document: serde_json::Value = serde_json::from_str(&texts[0]).unwrap();
        let json_ids = |section: &str, key: &str| -> Vec<String> {
            document[section].as_array().unwrap().iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
        };
        let (items, logs) = (json_ids("workItems", "key"), json_ids("timeLogs", "id"));
        assert_eq!(items.len() + logs.len(), 27, "12 work items and 15 time logs, wherever they are");
        assert_eq!(ids(&texts[1], 0), items);
        assert_eq!(ids(&texts[2], 0), logs);
        seen.insert(logs.len());
    }
    assert!(seen.len() > 1, "the app did write: {seen:?}");
    app.kill().unwrap();
    app.wait().unwrap();
}

/// The built-in definition with changes, as the admin's own.
fn own_definition(config: &mut Config, changes: &[(&str, &str)]) {
    let mut text = orgvault_products::product("rytask").unwrap().definition.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the definition has changed: {from}");
        text = text.replacen(from, to, 1);
    }
    std::fs::create_dir_all(&config.daemon.products_dir).unwrap();
    std::fs::write(config.daemon.products_dir.join("rytask.toml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_drops_rows_is_an_error_with_all_numbers() {
    let (_database, source) = rytask();
    let daemon = Daemon::start_with(|config| {
        own_definition(
            config,
            &[("FROM time_logs\n", "FROM time_logs NATURAL JOIN (SELECT id AS user_id FROM users) AS u\n")],
        );
        config.sources = vec![source];
    })
    .await;
    let failed = ended(&daemon, &start(&daemon, &ask(&[Format::Json])).await[0]).await;
    assert_eq!(code(&failed), "count_mismatch", "{failed:?}");
    let message = failed.error.unwrap().message;
    assert!(message.contains("timeLogs") && message.contains("the count query says 15"), "{message}");
    assert_eq!(files(&daemon.config.daemon.archive_dir), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joined_table_that_is_rewritten_behind_the_snapshot_is_read_in_another_one() {
    let (database, source) = rytask();
    let daemon = Daemon::start_with(|config| {
        let left = (
            "JOIN users u ON u.id = m.user_id\nWHERE m.organization_id = $1\n",
            "LEFT JOIN users u ON u.id = m.user_id\nWHERE m.organization_id = $1\n",
        );
        own_definition(config, &[left]);
        config.sources = vec![source];
    })
    .await;
    let first = ended(&daemon, &start(&daemon, &ask(&[Format::Json])).await[0]).await;
    assert_eq!(code(&first), "", "{first:?}");
    daemon.client.delete_archive(first.gid).await.unwrap();
    let mut session = database.session();
    let rewrite = b"BEGIN; ALTER TABLE users ALTER name TYPE text USING upper(name);\n";
    session.stdin.as_mut().unwrap().write_all(rewrite).unwrap();
    let locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'users'::regclass";
    until("the users are locked", async || database.psql(locked) == "1").await;
    let export = &start(&daemon, &ask(&[Format::Json])).await[0];
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted";
    until("the export waits for the lock", async || database.psql(waiting) != "0").await;
    // To the snapshot that waits, the users are gone then, and the members would have no names.
    session.stdin.take().unwrap().write_all(b"COMMIT;\n").unwrap();
    session.wait().unwrap();
    let exported = ended(&daemon, export).await;
    assert_eq!(code(&exported), "", "{exported:?}");
    let archive = daemon.client.archive(exported.gid).await.unwrap();
    let document: serde_json::Value = serde_json::from_slice(&std::fs::read(archive.path).unwrap()).unwrap();
    let names: Vec<_> = document["members"].as_array().unwrap().iter().map(|it| it["name"].as_str()).collect();
    assert_eq!(names, [Some("ANN"), Some("BOB \"THE\" O'HARA")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_export_leaves_neither_a_file_nor_a_query() {
    let (database, source) = rytask();
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let held = Held::new(&database);
    let exports = start(&daemon, &ask(&[Format::Json, Format::Csv])).await;
    until("it has started", async || state(&daemon, exports[0].gid).await.state == State::Started).await;
    // The second one waits behind the first, in the same job.
    daemon.client.cancel(exports[1].gid).await.unwrap();
    daemon.client.cancel(exports[0].gid).await.unwrap();
    assert_eq!(code(&ended(&daemon, &exports[0]).await), "canceled");
    assert_eq!(code(&ended(&daemon, &exports[1]).await), "canceled");
    until("the third one waits for the lock", async || state(&daemon, exports[2].gid).await.state == State::Started)
        .await;
    daemon.client.cancel(exports[2].gid).await.unwrap();
    assert_eq!(code(&ended(&daemon, &exports[2]).await), "canceled");
    backend_is_gone(&database).await;
    assert_eq!(files(&daemon.config.daemon.archive_dir), Vec::<PathBuf>::new());
    drop(held);
    assert_eq!(code(&ended(&daemon, &start(&daemon, &ask(&[Format::Json])).await[0]).await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_ends_at_its_time_limit() {
    let (database, mut source) = rytask();
    source.export_timeout = Duration::from_millis(300);
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let _held = Held::new(&database);
    let failed = ended(&daemon, &start(&daemon, &ask(&[Format::Json])).await[0]).await;
    assert_eq!(code(&failed), "export_timeout");
    assert!(failed.error.unwrap().hint.contains("export_timeout"));
    backend_is_gone(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_restarts_in_mid_export_is_lost_and_then_found_again() {
    let server = Server::start();
    let database = server.database();
    database.psql(orgvault_testing::postgres::RYTASK);
    let source = granted(&database);
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let held = Held::new(&database);
    let export = start(&daemon, &ask(&[Format::Json])).await.remove(0);
    until("it waits for the lock", async || {
        database.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != "0"
    })
    .await;
    server.restart();
    let failed = ended(&daemon, &export).await;
    assert_eq!(code(&failed), "source_lost", "{failed:?}");
    assert_eq!(files(&daemon.config.daemon.archive_dir), Vec::<PathBuf>::new());
    drop(held);
    assert_eq!(code(&ended(&daemon, &start(&daemon, &ask(&[Format::Json])).await[0]).await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_exported_once_at_a_time_and_one_that_goes_away_is_an_error() {
    let (database, source) = rytask();
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![source];
        config.daemon.workers = 2;
    })
    .await;
    let held = Held::new(&database);
    let first = start(&daemon, &ask(&[Format::Json])).await.remove(0);
    let second = start(&daemon, &ask(&[Format::Json])).await.remove(0);
    let other = ExportRequest { organizations: vec!["buecher".to_owned()], ..ExportRequest::default() };
    let other = start(&daemon, &other).await.remove(0);
    until("both workers have work", async || state(&daemon, other.gid).await.state == State::Started).await;
    assert_eq!(state(&daemon, first.gid).await.state, State::Started);
    assert_eq!(state(&daemon, second.gid).await.state, State::Pending);
    database.psql(&format!("DELETE FROM organizations WHERE id = '{ACME}'"));
    drop(held);
    assert_eq!(code(&ended(&daemon, &other).await), "");
    assert_eq!(code(&ended(&daemon, &second).await), "organization_gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_interrupts_what_runs_and_the_next_start_goes_on_with_what_waits() {
    let (database, source) = rytask();
    let mut daemon = Daemon::start_with(|config| {
        config.sources = vec![source];
        config.daemon.workers = 1;
    })
    .await;
    let held = Held::new(&database);
    let running = start(&daemon, &ask(&[Format::Json])).await.remove(0);
    until("it has started", async || state(&daemon, running.gid).await.state == State::Started).await;
    let waiting = start(&daemon, &ask(&[Format::Csv])).await;
    daemon.stop.deadline.cancel();
    daemon.ended().await;
    backend_is_gone(&database).await;
    drop(held);

    let again = daemon.start_again().await;
    assert_eq!(code(&state(&again, running.gid).await), "interrupted");
    for export in &waiting {
        assert_eq!(ended(&again, export).await.state, State::Finished);
    }
    let all = again.client.exports(&ExportFilter::default()).await.unwrap().exports;
    let order: Vec<Gid> = all.iter().map(|export| export.gid).collect();
    assert_eq!(order, [running.gid, waiting[0].gid, waiting[1].gid]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_second_snapshot_follows_a_published_one_in_a_request() {
    let (database, source) = rytask();
    database.psql(&format!("UPDATE time_logs SET ended_at = 'infinity' WHERE organization_id = '{ACME}'"));
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let exports = start(&daemon, &ask(&[Format::Csv, Format::Json])).await;
    let mut codes = Vec::new();
    for export in &exports {
        codes.push(code(&ended(&daemon, export).await).to_owned());
    }
    assert_eq!(codes, ["", "unrepresentable", "snapshot_lost"]);
    let message = state(&daemon, exports[1].gid).await.error.unwrap().message;
    assert!(message.contains("time_logs") && message.contains("infinity"), "{message}");
}
