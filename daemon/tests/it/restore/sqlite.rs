//! Restores into SQLite files.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use orgvault_api::{RestoreMode, RestorePlan};
use orgvault_archive::{ArchiveReader, full::FullArchive};
use orgvault_daemon::{
    product,
    restore::{ArchivedFull, Restore, RestoreError, Target, Tenant},
    source::Source,
};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::codes;
use crate::{
    full::{
        fixture::{Made, full, team},
        sqlite::{DEFINITION, LEDGER, TABLES, ledger, rows},
    },
    source::sqlite::File,
};

/// The app's tables without a row, as its migrations make them.
async fn empty() -> File {
    let tables = LEDGER
        .lines()
        .filter(|line| !line.starts_with("INSERT") && !line.starts_with("  (7") && !line.starts_with("  (9"));
    File::new(&tables.collect::<Vec<_>>().join("\n")).await
}

/// The same with the other company alone.
async fn without_acme() -> File {
    let (mut file, _source) = ledger("").await;
    let tables = ["logs", "settings", "entries", "members"].map(|it| format!("DELETE FROM {it} WHERE company_id = 7;"));
    file.run(&format!(
        "{}DELETE FROM companies WHERE id = 7; DELETE FROM people WHERE handle <> 'eve'",
        tables.concat()
    ))
    .await;
    file
}

fn source(file: &File) -> Source {
    file.source(product::parse(DEFINITION, Path::new("ledger.toml")).unwrap())
}

/// An archive of the first company.
async fn acme(change: &str) -> Made {
    let (_file, source) = ledger(change).await;
    full(&source, &team(7)).await.unwrap()
}

fn restore(path: PathBuf, archive: &Path, mode: RestoreMode) -> Restore {
    let opened = FullArchive::open(ArchiveReader::in_place(archive).unwrap()).unwrap();
    let archived = ArchivedFull::new(opened, "a".repeat(64));
    let definition = product::parse(DEFINITION, Path::new("ledger.toml")).unwrap();
    let tenant = Tenant::of(&definition, &archived, "7");
    let mut target = Target::file("test", path);
    target.lock_timeout = Duration::from_millis(200);
    Restore { target, rows: Arc::new(archived), tenant, mode, renewal: None }
}

fn into(file: &File, archive: &Made, mode: RestoreMode) -> Restore {
    restore(file.path(""), &archive.path, mode)
}

/// Every row of every table, with its storage classes.
async fn all(connection: &mut SqliteConnection) -> Vec<String> {
    let mut found = Vec::new();
    for table in TABLES.iter().chain(&["audit", "sqlite_sequence"]) {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(&mut *connection).await;
        // A change of the test may have taken the table away.
        for row in rows.unwrap_or_default() {
            let cells = (0..row.len()).map(|at| format!("{:?}", row.get_unchecked::<Option<Vec<u8>>, _>(at)));
            found.push(format!("{table} {}", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    found.sort();
    found
}

async fn plan(file: &File, archive: &Made, mode: RestoreMode) -> RestorePlan {
    into(file, archive, mode).plan().await.unwrap()
}

/// What a plan finds that blocks, after the target was changed so; nothing of it may be written.
async fn blocked(target: &mut File, change: &str, archive: &Made, mode: RestoreMode) -> Vec<String> {
    target.run(change).await;
    let before = all(target.connection()).await;
    let plan = plan(target, archive, mode).await;
    let error = into(target, archive, mode).apply(None).await.err();
    assert_eq!(error.map(|error| error.code()), Some("plan_blocked"), "{plan:#?}");
    assert_eq!(all(target.connection()).await, before);
    codes(&plan).into_iter().filter(|code| code.starts_with('!')).collect()
}

#[tokio::test]
async fn a_company_goes_into_empty_tables_and_comes_out_byte_for_byte() {
    let (mut target, made) = (empty().await, acme("").await);
    let before = all(target.connection()).await;
    let planned = plan(&target, &made, RestoreMode::Scratch).await;
    assert!(planned.possible && !planned.identical, "{planned:#?}");
    assert_eq!(all(target.connection()).await, before, "a plan writes nothing");
    assert_eq!(plan(&target, &made, RestoreMode::Scratch).await.id, planned.id);
    let group = |table: &str| planned.tables.iter().find(|it| it.table == table).unwrap().group;
    assert_eq!(group("main.companies"), group("main.members"), "they name each other");

    let done = into(&target, &made, RestoreMode::Scratch).apply(Some(&planned.id)).await.unwrap();
    assert_eq!((done.inserted, done.deleted, done.identical), (20, 0, false));
    let again = full(&source(&target), &team(7)).await.unwrap();
    assert_eq!(again.bytes(), made.bytes());
    // The app's next company has a number of its own.
    let sequences: Vec<_> = done.sequences.iter().map(|it| (it.sequence.as_str(), it.from, it.to)).collect();
    assert_eq!(sequences, [("sqlite_sequence of main.companies", None, 7)]);
    target.run("INSERT INTO companies (name, slug, owner_id) VALUES ('C', 'c', 71)").await;
    let next: i64 = sqlx::query_scalar("SELECT max(id) FROM companies").fetch_one(target.connection()).await.unwrap();
    assert_eq!(next, 8);
}

#[tokio::test]
async fn beside_another_company_nobody_else_changes_and_twice_is_identical() {
    let (mut target, made) = (without_acme().await, acme("").await);
    target.run("UPDATE people SET height = 3 WHERE handle = 'eve'; INSERT INTO people VALUES ('ada', 9, NULL)").await;
    let before = all(target.connection()).await;
    let planned = plan(&target, &made, RestoreMode::InsertOnly).await;
    assert_eq!(codes(&planned), ["trigger", "trigger", "shared_differs", "shared_missing"]);
    let done = into(&target, &made, RestoreMode::InsertOnly).apply(Some(&planned.id)).await.unwrap();
    assert_eq!((done.inserted, done.deleted), (19, 0));
    let after = all(target.connection()).await;
    assert!(before.iter().all(|row| after.contains(row)), "what was there is there");
    let twice = into(&target, &made, RestoreMode::InsertOnly).apply(None).await.unwrap();
    assert!(twice.identical && twice.inserted == 0, "{twice:#?}");
    assert_eq!(all(target.connection()).await, after);
    let error = into(&target, &made, RestoreMode::InsertOnly).apply(Some(&planned.id)).await.unwrap_err();
    assert_eq!(error.code(), "plan_changed");
}

#[tokio::test]
async fn replaced_rows_are_those_of_the_archive_and_newer_ones_go() {
    let (mut target, _) = ledger("").await;
    let made = acme("").await;
    target
        .run(
            "UPDATE entries SET memo = 'changed', amount = 'x' WHERE company_id = 7 AND number = 1;
             DELETE FROM settings WHERE company_id = 7 AND key = 'a';
             INSERT INTO settings VALUES (7, 'new', 5); INSERT INTO logs VALUES (7, 'newer');
             UPDATE companies SET owner_id = 72 WHERE id = 7",
        )
        .await;
    let other = "SELECT count(*) FROM entries WHERE company_id = 9 AND memo = 'of Bolt'";
    assert_eq!(blocked(&mut target, "", &made, RestoreMode::InsertOnly).await, ["!row_differs", "!row_differs"]);
    let planned = plan(&target, &made, RestoreMode::Replace).await;
    let found = codes(&planned);
    assert!(found.contains(&"row_differs".to_owned()) && found.contains(&"only_here".to_owned()), "{found:?}");
    let differing = planned.findings.iter().find(|it| it.code == "row_differs" && it.table == "main.entries").unwrap();
    assert_eq!(differing.keys, ["7, 1"]);
    let done = into(&target, &made, RestoreMode::Replace).apply(Some(&planned.id)).await.unwrap();
    assert_eq!((done.inserted, done.deleted), (18, 19));
    let again = full(&source(&target), &team(7)).await.unwrap();
    assert_eq!(again.bytes(), made.bytes());
    let others: i64 = sqlx::query_scalar(other).fetch_one(target.connection()).await.unwrap();
    assert_eq!(others, 1);
}

#[tokio::test]
async fn what_speaks_against_it_is_found_and_nothing_is_written() {
    let made = acme("").await;
    for (change, mode, found) in [
        ("DROP TABLE logs", RestoreMode::InsertOnly, "!table_missing"),
        ("DROP TABLE logs; CREATE VIEW logs AS SELECT 1 AS company_id", RestoreMode::InsertOnly, "!not_a_table"),
        ("ALTER TABLE settings RENAME COLUMN value TO was", RestoreMode::InsertOnly, "!column_missing"),
        ("ALTER TABLE members RENAME COLUMN company_id TO firm_id", RestoreMode::InsertOnly, "!condition_refused"),
        (
            "DROP TABLE logs; CREATE TABLE logs (company_id INTEGER, line, level NOT NULL)",
            RestoreMode::InsertOnly,
            "!column_without_value",
        ),
        (
            "DROP TABLE logs; CREATE TABLE logs (company_id INTEGER, line TEXT)",
            RestoreMode::InsertOnly,
            "!value_changed",
        ),
        (
            "DROP TABLE logs; CREATE TABLE logs (company_id INTEGER, line NOT NULL)",
            RestoreMode::InsertOnly,
            "!not_null",
        ),
        (
            "DROP TABLE logs; CREATE TABLE logs (company_id INTEGER, line INT) STRICT",
            RestoreMode::InsertOnly,
            "!value_refused",
        ),
        (
            "DROP TABLE logs; CREATE TABLE logs (company_id INTEGER, line CHECK (line IS NOT 'b'))",
            RestoreMode::InsertOnly,
            "!check",
        ),
        ("INSERT INTO members VALUES (71, 9, 'x@example.org', NULL)", RestoreMode::InsertOnly, "!id_held"),
        ("INSERT INTO members VALUES (99, 9, 'ADA@EXAMPLE.ORG', NULL)", RestoreMode::InsertOnly, "!unique_held"),
        ("INSERT INTO companies VALUES (99, 'x', 'ACME', 91)", RestoreMode::InsertOnly, "!unique_held"),
        ("INSERT INTO settings VALUES (7, 'a', 1)", RestoreMode::Scratch, "!tenant_present"),
    ] {
        let mut target = without_acme().await;
        let codes = blocked(&mut target, change, &made, mode).await;
        assert!(codes.contains(&found.to_owned()), "{change}: {codes:?}");
    }
}

#[tokio::test]
async fn rows_that_name_nothing_and_rows_that_would_be_reached_are_found() {
    let dangling = acme("UPDATE entries SET member_id = 55 WHERE company_id = 7 AND number = 1;").await;
    let mut target = without_acme().await;
    assert_eq!(blocked(&mut target, "", &dangling, RestoreMode::InsertOnly).await, ["!reference_missing"]);
    let others = acme("UPDATE entries SET member_id = 91 WHERE company_id = 7 AND number = 1;").await;
    let codes = blocked(&mut target, "DELETE FROM members", &others, RestoreMode::InsertOnly).await;
    assert_eq!(codes, ["!others_missing"]);
    let made = acme("").await;
    for (table, found) in [("ON DELETE CASCADE", "!cascade_reach"), ("ON DELETE RESTRICT", "!still_referenced")] {
        let (mut target, _) = ledger("").await;
        let change = format!(
            "CREATE TABLE badges (id, member_id REFERENCES members {table}); INSERT INTO badges VALUES (1, 72), (2, 91)"
        );
        assert_eq!(blocked(&mut target, &change, &made, RestoreMode::Replace).await, [found]);
    }
    // What comes back under the same key is no loss to those that name it.
    let (mut target, _) = ledger("").await;
    target.run("CREATE TABLE badges (id, member_id REFERENCES members); INSERT INTO badges VALUES (1, 72)").await;
    assert!(plan(&target, &made, RestoreMode::Replace).await.possible);
    let gone = acme("DELETE FROM entries WHERE member_id = 72; DELETE FROM members WHERE id = 72;").await;
    assert_eq!(blocked(&mut target, "", &gone, RestoreMode::Replace).await, ["!still_referenced"]);
}

#[tokio::test]
async fn a_trigger_that_writes_ends_it_and_nothing_stays() {
    for (change, code) in [
        ("UPDATE logs SET line = 'change' WHERE company_id = 7 AND line = 'b';", "other_rows_changed"),
        ("UPDATE entries SET memo = 'tell' WHERE company_id = 7 AND number = 1;", "other_rows_changed"),
    ] {
        let (mut target, made) = (without_acme().await, acme(change).await);
        let before = all(target.connection()).await;
        let error = into(&target, &made, RestoreMode::InsertOnly).apply(None).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(all(target.connection()).await, before);
    }
    for (trigger, code) in [
        ("BEFORE INSERT ON settings BEGIN SELECT raise(ABORT, 'not today'); END", "refused_by_trigger"),
        // It takes the place of the row, so that as many are written as planned.
        (
            "BEFORE INSERT ON settings WHEN new.key = 'a' BEGIN INSERT INTO audit (what) VALUES ('x'); SELECT raise(IGNORE); END",
            "other_rows_changed",
        ),
    ] {
        let (mut target, made) = (without_acme().await, acme("").await);
        target.run(&format!("CREATE TRIGGER mean {trigger}")).await;
        let before = all(target.connection()).await;
        let error = into(&target, &made, RestoreMode::InsertOnly).apply(None).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(all(target.connection()).await, before);
    }
}

#[tokio::test]
async fn a_row_of_somebody_else_in_the_archive_is_found_by_the_proof() {
    let made = acme("").await;
    let mut target = without_acme().await;
    let mut forged = into(&target, &made, RestoreMode::InsertOnly);
    let settings = forged.tenant.tables.iter_mut().find(|(name, _)| name.name == "settings").unwrap().1;
    settings.condition = Some("company_id = $1 AND key <> 'a'".to_owned());
    let before = all(target.connection()).await;
    let mut error = forged.apply(None).await.unwrap_err();
    assert_eq!(error.code(), "rows_differ", "{error}");
    let RestoreError::Proof { table, key, .. } = &mut error else { panic!("{error}") };
    assert_eq!((table.as_str(), key.as_str()), ("main.settings", "7, a"));
    assert_eq!(all(target.connection()).await, before);
}

#[tokio::test]
async fn a_key_that_gives_way_takes_nobodys_row() {
    let made = acme("").await;
    let mut target = without_acme().await;
    target
        .run(
            "DROP TABLE settings; CREATE TABLE settings (company_id INT, key TEXT, value ANY UNIQUE ON CONFLICT REPLACE, \
             PRIMARY KEY (company_id, key)) STRICT, WITHOUT ROWID; INSERT INTO settings VALUES (9, 'x', 1)",
        )
        .await;
    let found = blocked(&mut target, "", &made, RestoreMode::InsertOnly).await;
    assert_eq!(found, ["!value_refused"], "two of the archive's are the same number");
    let one = acme("DELETE FROM settings WHERE key <> 'a';").await;
    assert_eq!(blocked(&mut target, "", &one, RestoreMode::InsertOnly).await, ["!unique_held"]);
}

#[tokio::test]
async fn a_file_that_is_not_there_locked_or_none_is_told() {
    let (mut target, made) = (without_acme().await, acme("").await);
    let missing = restore(target.path(".none"), &made.path, RestoreMode::Scratch).plan().await.unwrap_err();
    assert_eq!(missing.code(), "target_unreachable", "{missing}");
    assert!(!target.path(".none").exists());
    std::fs::write(target.path(".text"), "no database at all, and long enough to be read as one").unwrap();
    let none = restore(target.path(".text"), &made.path, RestoreMode::Scratch).plan().await.unwrap_err();
    assert_eq!(none.code(), "target_unreachable", "{none}");
    target.run("BEGIN IMMEDIATE").await;
    let locked = into(&target, &made, RestoreMode::InsertOnly).apply(None).await.unwrap_err();
    assert_eq!((locked.code(), locked.is_transient()), ("target_locked", true), "{locked}");
    assert!(plan(&target, &made, RestoreMode::InsertOnly).await.possible, "to plan it nobody is waited for");
    target.run("COMMIT").await;
}

#[tokio::test]
async fn an_archive_goes_into_its_own_kind_of_database_alone() {
    let made = acme("").await;
    let target = without_acme().await;
    let postgres = Arc::new(super::fixture::Archive::of(&super::filled(super::Database::new()), "41").await);
    let mut wrong = into(&target, &made, RestoreMode::Scratch);
    wrong.rows = postgres;
    let error = wrong.plan().await.unwrap_err();
    assert_eq!(error.code(), "target_kind");
    assert!(error.to_string().contains("is SQLite, and the archive is of PostgreSQL"), "{error}");
    let database = super::app(super::Database::new());
    let mut other = into(&target, &made, RestoreMode::Scratch);
    let options = std::str::FromStr::from_str(&database.url()).unwrap();
    other.target = Target::new("test", options);
    assert_eq!(other.apply(None).await.unwrap_err().code(), "target_kind");
}

/// What a process is told that restores again and again until it is killed.
const CHILD: &str = "ORGVAULT_TEST_RESTORES_INTO";

#[tokio::test]
async fn a_restore_that_is_killed_is_there_as_a_whole_or_not_at_all() {
    if let Ok(paths) = std::env::var(CHILD) {
        let (file, archive) = paths.split_once('|').unwrap();
        loop {
            std::io::stdout().write_all(b"now\n").unwrap();
            restore(file.into(), Path::new(archive), RestoreMode::Replace).apply(None).await.unwrap();
        }
    }
    let made = acme("").await;
    let (mut target, _) = ledger("PRAGMA journal_mode = DELETE;").await;
    let before = all(target.connection()).await;
    for point in 0..20 {
        // Newer rows, so that there is something to do each time.
        target.run("UPDATE settings SET value = 'newer' WHERE company_id = 7; UPDATE logs SET line = 3 WHERE company_id = 7").await;
        let newer = all(target.connection()).await;
        let name = "restore::sqlite::a_restore_that_is_killed_is_there_as_a_whole_or_not_at_all";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, format!("{}|{}", target.path("").display(), made.path.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        assert!(lines.any(|line| line.unwrap().ends_with("now")));
        std::thread::sleep(Duration::from_millis(point * 3));
        child.kill().unwrap();
        child.wait().unwrap();
        let after = all(target.connection()).await;
        assert!(after == before || after == newer, "after {point}: {after:#?}");
        let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(target.connection()).await.unwrap();
        assert_eq!(whole, "ok");
    }
    into(&target, &made, RestoreMode::Replace).apply(None).await.unwrap();
    assert_eq!(all(target.connection()).await, before);
    assert!(!rows(target.connection(), "settings").await.is_empty());
}
