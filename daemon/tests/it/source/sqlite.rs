//! SQLite files.

use std::path::PathBuf;

use orgvault_api::CheckResult;
use orgvault_daemon::{
    product::{DeclaredType, Definition, Table},
    row::ColumnType,
    source::Source,
};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::fixture::{definition, read, refused, source};

const SETUP: &str = "
    CREATE TABLE organizations (id TEXT PRIMARY KEY, name TEXT, slug TEXT, created_at TEXT, deleted_at TEXT);
    INSERT INTO organizations VALUES ('a', 'Acme', 'acme', '2026-01-02 03:04:05.678', NULL),
      ('b', 'Büro', 'buero', '2026-01-02T03:04:05Z', 'infinity');
    CREATE TABLE items (id TEXT, organization_id TEXT, number INTEGER, price NUMERIC, done INTEGER, at TEXT, words TEXT,
      settings TEXT, day TEXT);
    INSERT INTO items VALUES
      ('00000000-0000-7000-8000-000000000001', 'a', 1, '1.50', 1, '2000-01-01 00:00:01', 'x y', '{\"a\":1}', '2000-01-02'),
      ('00000000-0000-7000-8000-000000000002', 'a', NULL, NULL, 0, NULL, '', NULL, NULL),
      ('00000000-0000-7000-8000-000000000003', 'b', 3, 3, 1, NULL, '', NULL, NULL);";

pub(crate) struct File {
    directory: TempDir,
    connection: SqliteConnection,
}

impl File {
    pub(crate) async fn new(setup: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new().filename(directory.path().join("app.db")).create_if_missing(true);
        let mut file = Self { directory, connection: options.connect().await.unwrap() };
        file.run(setup).await;
        file
    }

    pub(crate) async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await.unwrap();
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    pub(crate) fn path(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("app.db{suffix}"))
    }

    pub(crate) fn source(&self, definition: Definition) -> Source {
        source(&format!("sqlite://{}", self.path("").display()), definition)
    }
}

fn items() -> Definition {
    let mut definition = definition(&[(
        "items",
        "items",
        "SELECT id, number, price, done, at, words, settings, day FROM items WHERE organization_id = $1 ORDER BY id;\n",
    )]);
    definition.organization.list = "SELECT * FROM organizations ORDER BY id".into();
    let types = [
        ("id", DeclaredType::Uuid),
        ("price", DeclaredType::Numeric),
        ("done", DeclaredType::Bool),
        ("at", DeclaredType::Timestamp),
        ("words", DeclaredType::List),
        ("settings", DeclaredType::Json),
        ("day", DeclaredType::Date),
    ];
    definition.sections[0].types = types.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
    definition
}

#[tokio::test]
async fn rows_have_the_layout_of_postgresql() {
    let file = File::new(SETUP).await;
    let source = file.source(items());
    let mut snapshot = source.snapshot("a").await.unwrap();
    assert!(snapshot.server().starts_with("SQLite 3."));
    assert_eq!(snapshot.counts().await.unwrap(), [2]);
    let rows = read(&mut snapshot, 0).await.unwrap();
    let kinds: Vec<ColumnType> = rows.columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnType::Uuid,
            ColumnType::Int,
            ColumnType::Text,
            ColumnType::Bool,
            ColumnType::Timestamp,
            ColumnType::List,
            ColumnType::Json,
            ColumnType::Date,
        ]
    );
    let id = [0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];
    let first = [
        id.to_vec(),
        1_i64.to_be_bytes().to_vec(),
        b"1.5".to_vec(),
        vec![1],
        1_000_000_i64.to_be_bytes().to_vec(),
        b"x y".to_vec(),
        b"{\"a\":1}".to_vec(),
        1_i32.to_be_bytes().to_vec(),
    ];
    assert_eq!(rows.cells[0], first.map(Some));
    assert_eq!(rows.cells[1][1..3], [None, None]);
    assert_eq!(snapshot.columns(0).await.unwrap().to_vec(), rows.columns);
    snapshot.finish().await.unwrap();
}

#[tokio::test]
async fn organizations_are_listed() {
    let file = File::new(SETUP).await;
    let listed = file.source(items()).organizations().await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].created_at.unwrap().to_rfc3339(), "2026-01-02T03:04:05.678+00:00");
    assert_eq!((listed[0].deleted_at, listed[1].deleted_at.is_some()), (None, true));
    assert_eq!(listed[1].key.name, "Büro");
}

#[tokio::test]
async fn a_value_that_does_not_fit_names_table_row_and_column() {
    for (change, column, value, expected) in [
        ("number = 'many'", "number", "`many`", "integer"),
        ("price = 'NaN'", "price", "`NaN`", "decimal number"),
        ("done = 2", "done", "the integer 2", "boolean (0 or 1, t or f, true or false)"),
        ("at = 'yesterday'", "at", "`yesterday`", "timestamp (YYYY-MM-DD HH:MM:SS)"),
        ("words = 'a  b'", "words", "`a  b`", "list of words with one blank between them"),
        (
            "words = CAST(x'610062' AS TEXT)",
            "words",
            "a text with a NUL character",
            "list of words with one blank between them",
        ),
        ("settings = '{'", "settings", "`{`", "JSON text"),
        ("settings = CAST(x'22ff22' AS TEXT)", "settings", "a text that is no UTF-8", "JSON text"),
        ("day = x'00'", "day", "a BLOB of 1 bytes", "date (YYYY-MM-DD)"),
    ] {
        let mut file = File::new(SETUP).await;
        file.run(&format!("UPDATE items SET {change} WHERE id LIKE '%2'")).await;
        let source = file.source(items());
        let mut snapshot = source.snapshot("a").await.unwrap();
        let error = refused(read(&mut snapshot, 0).await);
        assert_eq!(error.code(), "source_value");
        let place =
            format!("items.{column} of row 00000000-0000-7000-8000-000000000002 holds {value}, which is no {expected}");
        assert!(error.to_string().ends_with(&place), "{error}");
    }
}

#[tokio::test]
async fn a_snapshot_shows_one_instant_while_the_app_writes() {
    let mut file = File::new(&format!("PRAGMA journal_mode = WAL;{SETUP}")).await;
    let source = file.source(items());
    let mut snapshot = source.snapshot("a").await.unwrap();
    file.run("DELETE FROM items").await;
    assert_eq!(snapshot.counts().await.unwrap(), [2]);
    assert_eq!(read(&mut snapshot, 0).await.unwrap().cells.len(), 2);
    let first = snapshot.id().to_owned();
    snapshot.finish().await.unwrap();
    let mut later = source.snapshot("a").await.unwrap();
    assert_eq!(later.counts().await.unwrap(), [0]);
    assert_ne!(later.id(), first);
}

#[tokio::test]
async fn an_id_is_only_ever_a_value_and_a_literal_stays() {
    let mut file = File::new(SETUP).await;
    let hostile = "'; DROP TABLE items; --";
    file.run(&format!("INSERT INTO items (id, organization_id) VALUES ('$1', '{}')", hostile.replace('\'', "''")))
        .await;
    let mut definition = items();
    definition.sections[0].types.clear();
    definition.sections[0].rows = "SELECT id, '$1' AS literal FROM items WHERE organization_id = $1".into();
    let source = file.source(definition);
    let mut snapshot = source.snapshot(hostile).await.unwrap();
    let rows = read(&mut snapshot, 0).await.unwrap();
    assert_eq!(rows.text("literal"), [Some("$1".to_owned())]);
}

#[tokio::test]
async fn nothing_can_be_written() {
    let file = File::new(SETUP).await;
    let mut definition = items();
    definition.sections[0].rows = "DELETE FROM items WHERE organization_id = $1 RETURNING id".into();
    let source = file.source(definition);
    let mut snapshot = source.snapshot("a").await.unwrap();
    let error = refused(read(&mut snapshot, 0).await);
    assert_eq!(error.code(), "source_query");
    assert!(error.to_string().contains("attempt to write a readonly database"), "{error}");
    assert_eq!(snapshot.counts().await.unwrap(), [2]);
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why() {
    let gone = source("sqlite:///nowhere/app.db", items());
    let error = refused(gone.snapshot("a").await);
    assert_eq!(error.code(), "source_unreachable");
    assert!(error.to_string().contains("/nowhere/app.db: No such file"), "{error}");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    std::fs::write(&path, "this is no database, but it is long enough to look like one: ".repeat(20)).unwrap();
    let error = refused(source(&format!("sqlite://{}", path.display()), items()).snapshot("a").await);
    assert_eq!(error.code(), "source_database", "{error}");

    let mut file = File::new(SETUP).await;
    file.run("ALTER TABLE items RENAME COLUMN organization_id TO owner").await;
    let error = refused(file.source(items()).snapshot("a").await);
    assert_eq!(error.code(), "source_schema");
    assert!(error.to_string().ends_with("items.organization_id"), "{error}");
}

#[tokio::test]
async fn a_wal_that_cannot_be_read_consistently_is_an_error() {
    let mut file = File::new(&format!("PRAGMA journal_mode = WAL;{SETUP}")).await;
    // The newest rows are in the WAL alone. The copy stands for a directory without write access:
    // nobody can make the -shm file there.
    file.run("INSERT INTO organizations VALUES ('c', 'New', 'new', NULL, NULL)").await;
    let copy = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        std::fs::copy(file.path(suffix), copy.path().join(format!("app.db{suffix}"))).unwrap();
    }
    std::os::unix::fs::symlink("nowhere", copy.path().join("app.db-shm")).unwrap();
    let source = source(&format!("sqlite://{}", copy.path().join("app.db").display()), items());
    let error = refused(source.snapshot("a").await);
    assert_eq!(error.code(), "source_wal", "{error}");
    assert!(error.hint().contains("-shm"));
    std::fs::remove_file(copy.path().join("app.db-shm")).unwrap();
    assert_eq!(source.organizations().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_database_that_the_app_holds_locked_is_transient() {
    let mut file = File::new(SETUP).await;
    file.run("BEGIN EXCLUSIVE").await;
    let mut config = super::fixture::config(&format!("sqlite://{}", file.path("").display()));
    config.connect_timeout = std::time::Duration::from_millis(400);
    let error = refused(super::fixture::source_with(config, items()).snapshot("a").await);
    assert_eq!(error.code(), "source_locked", "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_newer_schema_is_a_warning_and_every_line_is_checked() {
    let mut file = File::new(SETUP).await;
    let mut definition = items();
    let reads = |names: &str| names.split(' ').map(str::to_owned).collect();
    definition.tables = [
        (
            "items".to_owned(),
            Table {
                reads: reads("id organization_id number price done at words settings day"),
                known: Some(Vec::new()),
                ..Table::default()
            },
        ),
        (
            "organizations".to_owned(),
            Table {
                reads: reads("id name slug"),
                known: Some(reads("created_at deleted_at")),
                is_shared: true,
                ..Table::default()
            },
        ),
    ]
    .into();
    let source = file.source(definition);
    assert!(source.check().await.lines.iter().all(|line| line.result == CheckResult::Ok));
    assert_eq!(source.grants(), "");
    file.run("ALTER TABLE items ADD COLUMN color TEXT").await;
    let mut snapshot = source.snapshot("a").await.unwrap();
    let warnings = snapshot.warnings().await.unwrap();
    assert_eq!((warnings[0].code.as_str(), &warnings[0].ids[..]), ("schema_newer", &["items.color".to_owned()][..]));
    let lines = source.check().await.lines;
    let schema = lines.iter().find(|line| line.name == "schema").unwrap();
    assert_eq!(schema.result, CheckResult::Warning);
}

#[tokio::test]
async fn what_the_definition_does_not_name_is_not_looked_at() {
    // The application's own function and module are registered in its connections, not in ours.
    let file = File::new(&format!(
        "{SETUP} CREATE TABLE old (a); CREATE VIEW report AS SELECT a FROM old; DROP TABLE old;
         CREATE VIEW ranked AS SELECT app_rank(number) AS rank FROM items;
         PRAGMA writable_schema = ON;
         INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
           VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(embedding float[8])');
         PRAGMA writable_schema = OFF;"
    ))
    .await;
    let source = file.source(items());
    let mut snapshot = source.snapshot("a").await.unwrap();
    assert_eq!(read(&mut snapshot, 0).await.unwrap().cells.len(), 2);
    let unknown = snapshot.warnings().await.unwrap().pop().unwrap();
    let names = ["organizations", "vectors"].map(str::to_owned);
    assert_eq!((unknown.code.as_str(), &unknown.ids[..]), ("tables_unknown", &names[..]));
    let mut broken = items();
    broken.tables.insert(
        "report".to_owned(),
        Table { reads: vec!["a".to_owned()], known: Some(Vec::new()), ..Table::default() },
    );
    let error = refused(file.source(broken).snapshot("a").await);
    assert!(error.to_string().contains("cannot read the schema of report"), "{error}");
}

#[tokio::test]
async fn hints_speak_of_a_file() {
    let mut definition = items();
    definition.sections[0].rows = "SELECT id FROM absent WHERE id = $1".into();
    let file = File::new(SETUP).await;
    let mut snapshot = file.source(definition).snapshot("a").await.unwrap();
    let error = refused(read(&mut snapshot, 0).await);
    assert_eq!((error.code(), error.hint().contains("search_path")), ("source_schema", false), "{error}");
    let damaged = file.path("");
    let mut bytes = std::fs::read(&damaged).unwrap();
    // The page of the first table; the first one, with the schema, stays.
    bytes[4096..8192].fill(0x5a);
    std::fs::write(&damaged, bytes).unwrap();
    let error = refused(file.source(items()).organizations().await);
    assert_eq!(error.code(), "source_damaged", "{error}");
    assert!(error.hint().contains("integrity_check"));
}

#[tokio::test]
async fn a_query_that_computes_for_ever_ends_when_it_is_abandoned() {
    let file = File::new(SETUP).await;
    let mut definition = items();
    definition.sections[0].types.clear();
    definition.sections[0].rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                                   SELECT count(*) AS total FROM n WHERE $1 <> ''"
        .into();
    let mut config = super::fixture::config(&format!("sqlite://{}", file.path("").display()));
    config.stall_timeout = std::time::Duration::from_millis(200);
    let source = super::fixture::source_with(config, definition);
    let mut snapshot = source.snapshot("a").await.unwrap();
    assert_eq!(refused(read(&mut snapshot, 0).await).code(), "source_stalled");
    let busy = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        tasks
            .filter(|task| {
                std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("sqlx-sqlite"))
            })
            .count()
    };
    let before = busy();
    snapshot.abandon().await;
    super::fixture::eventually("its thread is gone", || busy() < before).await;
}

/// Steps of SQLite's machine for a second or two, and for ever.
const SLOW: &str =
    "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 2000000) SELECT count(*) FROM c)";
const ENDLESS: &str = "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c)";

#[tokio::test]
async fn no_query_of_a_file_runs_for_ever() {
    let file = File::new(SETUP).await;
    let mut config = super::fixture::config(&format!("sqlite://{}", file.path("").display()));
    config.stall_timeout = std::time::Duration::from_millis(200);
    let source = |definition| super::fixture::source_with(config.clone(), definition);
    let stalled = |error: orgvault_daemon::source::SourceError, act: &str| {
        assert!(error.code() == "source_stalled" && error.to_string().contains(act), "{error}");
    };
    let mut counting = items();
    counting.sections[0].count = format!("SELECT {ENDLESS} + count(*) FROM items WHERE organization_id = $1").into();
    stalled(refused(source(counting).snapshot("a").await.unwrap().counts().await), "count the sections");
    let mut listing = items();
    listing.organization.list = format!("SELECT *, {ENDLESS} AS n FROM organizations").into();
    stalled(refused(source(listing).organizations().await), "list organizations");
}

#[tokio::test]
async fn rows_that_are_sorted_for_long_are_no_stall_and_long_values_are_refused() {
    let file = File::new(SETUP).await;
    let mut config = super::fixture::config(&format!("sqlite://{}", file.path("").display()));
    config.stall_timeout = std::time::Duration::from_millis(100);
    let mut definition = items();
    definition.sections[0].rows =
        format!("SELECT id FROM items WHERE organization_id = $1 ORDER BY {SLOW} + length(id || organization_id), id")
            .into();
    let sorted = super::fixture::source_with(config, definition);
    assert_eq!(read(&mut sorted.snapshot("a").await.unwrap(), 0).await.unwrap().cells.len(), 2);
    let mut definition = items();
    definition.sections[0].rows =
        "SELECT id, hex(zeroblob(40000000)) AS said FROM items WHERE organization_id = $1".into();
    let long = file.source(definition);
    let error = refused(read(&mut long.snapshot("a").await.unwrap(), 0).await);
    assert!(error.code() == "source_value_length" && error.to_string().contains("column said has 80000000"), "{error}");
}
