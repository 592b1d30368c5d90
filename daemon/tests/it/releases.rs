//! One definition for an app whose older releases lack a table and whose others lack a column, on both databases.

use std::{fs, path::Path, sync::Arc};

use orgvault_api::{CheckResult, ExportRequest, Format, State, client::ExportFilter};
use orgvault_archive::manifest::Manifest;
use orgvault_config::SourceConfig;
use orgvault_daemon::{
    product::{Definition, parse},
    source::Source,
};
use orgvault_testing::postgres::Database;

use crate::{
    api::fixture::{Daemon, problem, until},
    source::{
        fixture::{self, read, refused},
        sqlite::File,
    },
};

const DEFINITION: &str = r#"
[product]
name = "parts"
measured_on = "parts 2"
formats = ["json", "csv", "zip"]
format_tables = { zip = "labels" }

[organization]
list = "SELECT id, name, name AS slug, closed_at AS deleted_at FROM companies c ORDER BY id"

[[section]]
name = "labels"
entity = "labels"
member = "labels.csv"
table = "labels"
rows = "SELECT id, name FROM labels WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM labels WHERE company_id = $1"

[[section]]
name = "entries"
entity = "entries"
member = "entries.csv"
table = "entries"
rows = "SELECT e.id, COALESCE(e.kind, 'work') AS \"type\", e.note FROM entries e WHERE e.company_id = $1 ORDER BY e.id"
count = "SELECT count(*) FROM entries WHERE company_id = $1"
csv = ["id", "what = type", "note"]

[[warning]]
code = "unused_labels"
message = "nothing has these labels"
rows = "SELECT CAST(id AS text) AS id FROM labels WHERE company_id = $1"

[table.companies]
excluded = "they are listed, and in no section"
reads = ["id", "name", "closed_at"]
optional = ["closed_at"]

[table.entries]
reads = ["id", "company_id", "kind", "note"]
known = ["secret"]
optional = ["kind"]

[table.labels]
reads = ["id", "company_id", "name"]
optional = true
"#;

const NEW: &str = "
    CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT, closed_at TIMESTAMP);
    INSERT INTO companies VALUES (1, 'Acme', NULL), (2, 'Globex', '2026-01-02 03:04:05');
    CREATE TABLE entries (id INTEGER PRIMARY KEY, company_id INTEGER, kind TEXT, note TEXT, secret TEXT);
    INSERT INTO entries VALUES (1, 1, 'break', 'a', 'x'), (2, 2, NULL, 'b', 'x');
    CREATE TABLE labels (id INTEGER PRIMARY KEY, company_id INTEGER, name TEXT);
    INSERT INTO labels VALUES (1, 1, 'red');";

const OLD: &str = "
    CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO companies VALUES (1, 'Acme'), (2, 'Globex');
    CREATE TABLE entries (id INTEGER PRIMARY KEY, company_id INTEGER, note TEXT, secret TEXT);
    INSERT INTO entries VALUES (1, 1, 'a', 'x'), (2, 2, 'b', 'x');";

fn definition() -> Definition {
    parse(DEFINITION, Path::new("parts.toml")).unwrap()
}

/// A database of either kind that holds the app, and the source that reads it.
struct App {
    source: Source,
    _database: Kept,
}

enum Kept {
    Postgres(#[expect(dead_code, reason = "it is there as long as the source")] Database),
    Sqlite(#[expect(dead_code, reason = "it is there as long as the source")] File),
}

/// The app on both databases.
async fn apps(setup: &str) -> [App; 2] {
    let database = Database::new();
    database.psql(setup);
    let postgres = fixture::source(&database.url(), definition());
    database.psql(&postgres.check().await.grants);
    let file = File::new(setup).await;
    let sqlite = file.source(definition());
    [
        App { source: postgres, _database: Kept::Postgres(database) },
        App { source: sqlite, _database: Kept::Sqlite(file) },
    ]
}

async fn schema_line(source: &Source) -> (CheckResult, String, String) {
    let check = source.check().await;
    let others = check.lines.iter().filter(|line| !["schema", "read_only"].contains(&line.name.as_str()));
    others.for_each(|line| assert_eq!(line.result, CheckResult::Ok, "{line:?}"));
    let line = check.lines.into_iter().find(|line| line.name == "schema").unwrap();
    (line.result, line.message, line.hint)
}

#[tokio::test]
async fn a_release_that_has_all_of_it_is_exported_whole() {
    for App { source, .. } in apps(NEW).await {
        let mut snapshot = source.snapshot("1").await.unwrap();
        assert_eq!(snapshot.definition().sections.len(), 2);
        assert_eq!(snapshot.counts().await.unwrap(), [1, 1]);
        assert_eq!(snapshot.warnings().await.unwrap()[0].code, "unused_labels");
        let rows = read(&mut snapshot, 1).await.unwrap();
        assert_eq!(rows.text("type"), [Some("break".to_owned())]);
        snapshot.finish().await.unwrap();
        let closed: Vec<bool> =
            source.organizations().await.unwrap().iter().map(|one| one.deleted_at.is_some()).collect();
        assert_eq!(closed, [false, true]);
        assert_eq!(schema_line(&source).await.1, "as parts parts 2 has it");
    }
}

#[tokio::test]
async fn an_older_release_is_exported_as_far_as_it_goes() {
    for App { source, .. } in apps(OLD).await {
        let mut snapshot = source.snapshot("1").await.unwrap();
        let definition = Arc::clone(snapshot.definition());
        assert_eq!(definition.sections.iter().map(|section| &*section.name).collect::<Vec<_>>(), ["entries"]);
        assert_eq!(definition.sections[0].csv.iter().map(|(header, _)| &**header).collect::<Vec<_>>(), ["id", "note"]);
        assert_eq!(definition.formats, [Format::Json, Format::Csv]);
        assert_eq!(*source.definition_now().await, *definition);
        assert_eq!(snapshot.counts().await.unwrap(), [1]);
        assert_eq!(snapshot.warnings().await.unwrap(), []);
        let rows = read(&mut snapshot, 0).await.unwrap();
        assert_eq!(rows.columns.iter().map(|column| &*column.name).collect::<Vec<_>>(), ["id", "note"]);
        snapshot.finish().await.unwrap();
        assert!(source.organizations().await.unwrap().iter().all(|one| one.deleted_at.is_none()));
        let (result, message, hint) = schema_line(&source).await;
        assert_eq!(result, CheckResult::Ok);
        assert_eq!(message, "older than parts parts 2, which also had: labels, companies.closed_at, entries.kind");
        assert!(hint.starts_with("nothing"), "{hint}");
    }
}

#[tokio::test]
async fn a_release_is_called_older_or_newer_by_what_it_has() {
    let older = OLD.replace(", secret TEXT", "").replace(", 'x'", "");
    for App { source, .. } in apps(&older).await {
        let (result, message, hint) = schema_line(&source).await;
        assert_eq!(result, CheckResult::Warning);
        assert!(message.starts_with("older than") && message.contains("entries.secret, labels"), "{message}");
        assert!(!message.contains("newer") && hint.starts_with("nothing"), "{message} {hint}");
    }
    for App { source, .. } in
        apps(&older.replace("note TEXT", "note TEXT, mood TEXT").replace("'a'", "'a', 'm'").replace("'b'", "'b', 'm'"))
            .await
    {
        let (result, message, hint) = schema_line(&source).await;
        assert_eq!(result, CheckResult::Warning);
        assert!(
            message.contains("not exported: entries.mood; it is older too, and does not have: entries.secret"),
            "{message}"
        );
        assert!(hint.contains("for what is newer: update") && hint.contains("for what is older: nothing"), "{hint}");
    }
    for App { source, .. } in
        apps(&NEW.replace("kind TEXT, ", "").replace("'break', ", "").replace("NULL, 'b'", "'b'")).await
    {
        let (result, message, _) = schema_line(&source).await;
        assert_eq!(result, CheckResult::Ok);
        assert_eq!(message, "as parts parts 2 has it; like some older or later release it lacks: entries.kind");
    }
}

#[tokio::test]
async fn what_no_release_lacks_is_missed_all_the_same() {
    for App { source, .. } in apps(&OLD.replace("note TEXT, ", "").replace(", 'a'", "").replace(", 'b'", "")).await {
        let error = refused(source.snapshot("1").await);
        assert!(error.code() == "source_schema" && error.to_string().ends_with("entries.note"), "{error}");
    }
}

/// A daemon whose one source is the app.
async fn daemon(setup: &str) -> (File, Daemon) {
    let file = File::new(setup).await;
    let url = format!("sqlite://{}", file.path("").display());
    let source = SourceConfig { product: "parts".to_owned(), ..fixture::config(&url) };
    let daemon = Daemon::start_with(|config| {
        fs::create_dir_all(&config.daemon.products_dir).unwrap();
        fs::write(config.daemon.products_dir.join("parts.toml"), DEFINITION).unwrap();
        config.sources = vec![source];
    })
    .await;
    (file, daemon)
}

fn ask(formats: &[Format], entity: Option<&str>) -> ExportRequest {
    let (formats, entity) = (formats.to_vec(), entity.map(str::to_owned));
    ExportRequest { organizations: vec!["tracker/Acme".to_owned()], formats, entity, ..ExportRequest::default() }
}

#[tokio::test]
async fn requests_are_for_what_the_release_has() {
    let (mut file, daemon) = daemon(OLD).await;
    let refused = problem(daemon.client.start_exports(&ask(&[], Some("labels"))).await);
    assert_eq!(refused.code, "unknown_entity");
    assert!(
        refused.detail.contains("release of parts has no table labels, so there is no entity `labels`"),
        "{refused:?}"
    );
    let refused = problem(daemon.client.start_exports(&ask(&[Format::Zip], None)).await);
    assert_eq!(refused.code, "not_offered");
    assert!(refused.detail.contains("no table labels, so it is not offered as zip"), "{refused:?}");

    let exports = daemon.client.start_exports(&ask(&[Format::Json, Format::Csv], None)).await.unwrap().exports;
    assert_eq!(exports.iter().map(|export| export.entity.as_deref()).collect::<Vec<_>>(), [None, Some("entries")]);
    let filter = ExportFilter { request: Some(exports[0].request), ..ExportFilter::default() };
    until("both end", async || {
        daemon.client.exports(&filter).await.unwrap().exports.iter().all(|export| export.state.is_final())
    })
    .await;
    for export in daemon.client.exports(&filter).await.unwrap().exports {
        assert_eq!((export.state, export.warnings), (State::Finished, Vec::new()));
    }
    let archives = daemon.client.archives(&orgvault_api::client::ArchiveFilter::default()).await.unwrap().archives;
    for archive in archives {
        let text = fs::read(
            daemon
                .config
                .daemon
                .archive_dir
                .join(&archive.path)
                .with_extension(format!("{}.manifest.json", archive.format)),
        )
        .unwrap();
        let manifest: Manifest = serde_json::from_slice(&text).unwrap();
        assert_eq!(manifest.sections.iter().map(|section| &*section.name).collect::<Vec<_>>(), ["entries"]);
    }
    let counts = daemon.client.counts("tracker/Acme").await.unwrap().counts;
    assert_eq!(counts.iter().map(|count| &*count.name).collect::<Vec<_>>(), ["entries"]);

    // The app is updated.
    file.run("CREATE TABLE labels (id INTEGER PRIMARY KEY, company_id INTEGER, name TEXT)").await;
    let exports = daemon.client.start_exports(&ask(&[], Some("labels"))).await.unwrap().exports;
    assert_eq!(exports[0].entity.as_deref(), Some("labels"));
}
