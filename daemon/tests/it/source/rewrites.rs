//! Statements that snapshots do not see as they ought to: what a snapshot that is older reads is
//! what was there before, or `source_changed`, and never less.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Child,
};

use orgvault_daemon::{
    product::Definition,
    source::{Snapshot, Source, SourceError},
};

use super::fixture::{definition, eventually, read, source, warm};
use orgvault_testing::postgres::Database;

const SETUP: &str = "
    CREATE TABLE parts (organization_id int, n int, day int, note text) PARTITION BY RANGE (day);
    CREATE TABLE p25 PARTITION OF parts FOR VALUES FROM (25) TO (26);
    CREATE TABLE p26 PARTITION OF parts FOR VALUES FROM (26) TO (27);
    INSERT INTO parts SELECT 1, n, 25 + n % 2, 'old' FROM generate_series(1, 400) AS n;
    CREATE TABLE spare (organization_id int, n int, day int, note text);
    INSERT INTO spare SELECT 1, n, 25, 'spare' FROM generate_series(1, 7) AS n;
    CREATE TABLE family (organization_id int, n int, note text);
    INSERT INTO family SELECT 1, n, 'own' FROM generate_series(1, 5) AS n;
    CREATE TABLE child () INHERITS (family);
    INSERT INTO child SELECT 1, n, 'child' FROM generate_series(6, 20) AS n;
    CREATE TABLE stray (organization_id int, n int, note text);
    INSERT INTO stray SELECT 1, n, 'stray' FROM generate_series(21, 30) AS n;
    CREATE TABLE base (organization_id int, n int, note text);
    INSERT INTO base SELECT 1, n, 'x' FROM generate_series(1, 30) AS n;
    CREATE VIEW shown AS SELECT organization_id, n, note FROM base WHERE note <> 'y';
    CREATE VIEW outer_shown AS SELECT * FROM shown;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM base;
    CREATE TABLE logs (organization_id int, n int);
    INSERT INTO logs SELECT 1, n FROM generate_series(1, 9) AS n;
    CREATE TABLE names (n int, note text);
    INSERT INTO names SELECT n, 'name ' || n FROM generate_series(1, 9) AS n;
    CREATE FUNCTION name_of(int) RETURNS text STABLE LANGUAGE plpgsql
      AS $$ BEGIN RETURN (SELECT note FROM names WHERE n = $1); END $$;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;";

const PARTS: (&str, &str) = ("parts", "SELECT n, note FROM parts WHERE organization_id = $1 ORDER BY n");
const FAMILY: (&str, &str) = ("family", "SELECT n, note FROM family WHERE organization_id = $1 ORDER BY n");
const SHOWN: (&str, &str) = ("outer_shown", "SELECT n, note FROM outer_shown WHERE organization_id = $1 ORDER BY n");
const KEPT: (&str, &str) = ("kept", "SELECT n, note FROM kept WHERE organization_id = $1 ORDER BY n");
const BASE: (&str, &str) = ("base", "SELECT n, note FROM base WHERE organization_id = $1 ORDER BY n");
const JOINED: (&str, &str) =
    ("logs", "SELECT l.n, a.note FROM logs l LEFT JOIN names a USING (n) WHERE l.organization_id = $1 ORDER BY l.n");
const CALLED: (&str, &str) = ("logs", "SELECT n, name_of(n) AS note FROM logs WHERE organization_id = $1 ORDER BY n");

/// A section, and what another transaction does to what it reads.
const CASES: [((&str, &str), &str); 21] = [
    (PARTS, "TRUNCATE p25; INSERT INTO p25 SELECT 1, n, 25, 'new' FROM generate_series(1, 13) AS n"),
    (PARTS, "TRUNCATE parts; INSERT INTO parts SELECT 1, n, 25, 'new' FROM generate_series(1, 400) AS n"),
    (PARTS, "ALTER TABLE parts DETACH PARTITION p25"),
    (PARTS, "DROP TABLE p25"),
    (
        PARTS,
        "ALTER TABLE parts DETACH PARTITION p25; ALTER TABLE parts ATTACH PARTITION spare FOR VALUES FROM (25) TO (26)",
    ),
    (
        PARTS,
        "ALTER TABLE p25 RENAME TO p25_old; ALTER TABLE parts DETACH PARTITION p25_old;
         CREATE TABLE p25 PARTITION OF parts FOR VALUES FROM (25) TO (26); INSERT INTO p25 SELECT * FROM p25_old",
    ),
    (PARTS, "ALTER TABLE parts ALTER note TYPE varchar(99) USING upper(note)"),
    (FAMILY, "TRUNCATE child; INSERT INTO child VALUES (1, 6, 'new')"),
    (FAMILY, "DROP TABLE child"),
    (FAMILY, "ALTER TABLE child NO INHERIT family"),
    (FAMILY, "ALTER TABLE child NO INHERIT family; ALTER TABLE stray INHERIT family"),
    (SHOWN, "TRUNCATE base; INSERT INTO base VALUES (1, 1, 'x')"),
    (
        SHOWN,
        "CREATE TABLE other AS SELECT * FROM base; CREATE OR REPLACE VIEW shown AS SELECT organization_id, n, note FROM other",
    ),
    (
        SHOWN,
        "UPDATE base SET note = 'y'; CREATE OR REPLACE VIEW shown AS SELECT organization_id, n, note FROM base WHERE note = 'y'",
    ),
    (
        SHOWN,
        "DROP VIEW outer_shown; CREATE TABLE outer_shown AS SELECT * FROM base; GRANT SELECT ON outer_shown TO PUBLIC",
    ),
    (KEPT, "REFRESH MATERIALIZED VIEW kept"),
    (
        BASE,
        "ALTER TABLE base RENAME TO base_old; CREATE TABLE base AS SELECT * FROM base_old; GRANT SELECT ON base TO PUBLIC",
    ),
    (BASE, "ALTER TABLE base RENAME note TO former; ALTER TABLE base ADD note text; UPDATE base SET note = former"),
    (JOINED, "TRUNCATE names; INSERT INTO names VALUES (1, 'new')"),
    (JOINED, "DROP TABLE names; CREATE TABLE names (n int, note text); GRANT SELECT ON names TO PUBLIC"),
    (CALLED, "TRUNCATE names; INSERT INTO names VALUES (1, 'new')"),
];

fn one((table, rows): (&str, &str)) -> Definition {
    definition(&[("all", table, rows)])
}

/// A transaction that has done its work, and holds its locks until it commits.
struct Migration(Child);

impl Migration {
    fn begin(database: &Database, sql: &str) -> Self {
        let mut session = database.session();
        let begin = format!("BEGIN;\n{sql};\nSELECT 'ready';\n");
        session.stdin.as_mut().unwrap().write_all(begin.as_bytes()).unwrap();
        let mut output = BufReader::new(session.stdout.as_mut().unwrap()).lines();
        assert!(output.any(|line| line.unwrap() == "ready"), "{sql}");
        Self(session)
    }

    fn commit(mut self) {
        self.0.stdin.take().unwrap().write_all(b"COMMIT;\n").unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

type Cells = Vec<Vec<Option<Vec<u8>>>>;

/// Everything that an export does with a snapshot.
async fn export(snapshot: &mut Snapshot) -> Result<Cells, SourceError> {
    let counts = snapshot.counts().await?;
    let rows = read(snapshot, 0).await?;
    snapshot.confirm().await?;
    assert_eq!(counts, [rows.cells.len() as u64]);
    Ok(rows.cells)
}

async fn exported(source: &Source) -> Cells {
    let mut snapshot = source.snapshot("1").await.unwrap();
    let cells = export(&mut snapshot).await.unwrap();
    snapshot.finish().await.unwrap();
    cells
}

fn judge(sql: &str, before: &Cells, found: Result<Cells, SourceError>) {
    match found {
        Ok(cells) => assert!(cells == *before, "{sql}: {} rows instead of {}", cells.len(), before.len()),
        Err(error) => assert!(error.code() == "source_changed" && error.is_transient(), "{sql}: {error}"),
    }
}

#[tokio::test]
async fn a_transaction_that_holds_its_locks_when_the_snapshot_opens_takes_no_row_away() {
    for (section, sql) in CASES {
        let database = Database::new();
        database.psql(SETUP);
        let source = source(&database.url(), one(section));
        let before = exported(&source).await;
        let migration = Migration::begin(&database, sql);
        let mut snapshot = source.snapshot("1").await.unwrap();
        let waiting = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event_type = 'Lock'",
            database.role()
        );
        let committing = async {
            eventually("the export waits for the lock", || database.psql(&waiting) == "1").await;
            tokio::task::yield_now().await;
            migration.commit();
        };
        let (found, ()) = tokio::join!(export(&mut snapshot), committing);
        judge(sql, &before, found);
        drop(snapshot);
        // The next one shows what is there now, as a fresh look does.
        let fresh = self::source(&database.url(), one(section));
        assert_eq!(exported(&source).await, exported(&fresh).await, "{sql}");
    }
}

#[tokio::test]
async fn what_is_committed_between_the_instant_and_the_first_lock_takes_no_row_away() {
    for (section, sql) in CASES {
        let database = Database::new();
        database.psql(SETUP);
        let source = source(&database.url(), one(section));
        let before = exported(&source).await;
        let mut snapshot = source.snapshot("1").await.unwrap();
        database.psql(sql);
        judge(sql, &before, export(&mut snapshot).await);
    }
}

#[tokio::test]
async fn a_list_that_waits_for_a_lock_misses_no_organization() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE firms (id int, name text, slug text); INSERT INTO firms SELECT n, n, n FROM generate_series(1, 9) AS n;
         GRANT SELECT ON firms TO PUBLIC",
    );
    let mut definition = one(("firms", "SELECT id FROM firms WHERE id = $1"));
    definition.organization.list = "SELECT id, name, slug FROM firms ORDER BY id".into();
    let source = source(&database.url(), definition);
    let migration =
        Migration::begin(&database, "TRUNCATE firms; INSERT INTO firms SELECT n, n, n FROM generate_series(1, 8) AS n");
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let committing = async {
        eventually("the list waits for the lock", || database.psql(waiting) == "1").await;
        migration.commit();
    };
    let (listed, ()) = tokio::join!(source.organizations(), committing);
    assert_eq!(listed.unwrap().len(), 8);
}

#[tokio::test]
async fn a_partition_that_is_attached_in_mid_export_is_a_change() {
    let database = Database::new();
    database.psql(SETUP);
    let source = source(&database.url(), one(PARTS));
    warm(&source, "1").await;
    let mut snapshot = source.snapshot("1").await.unwrap();
    snapshot.counts().await.unwrap();
    database.psql("UPDATE spare SET day = 27; ALTER TABLE parts ATTACH PARTITION spare FOR VALUES FROM (27) TO (28)");
    read(&mut snapshot, 0).await.unwrap();
    let error = snapshot.confirm().await.unwrap_err();
    assert!(error.code() == "source_changed" && error.to_string().contains("spare"), "{error}");
}

/// None of it takes a lock that a reader has, so an export of hours must not fail for it.
#[tokio::test]
async fn what_does_not_change_the_rows_is_no_change() {
    let database = Database::new();
    database.psql(SETUP);
    database.psql("CREATE TABLE free (organization_id int, n int, day int, note text)");
    for section in [PARTS, FAMILY, SHOWN, JOINED, CALLED] {
        let source = source(&database.url(), one(section));
        let before = exported(&source).await;
        let mut snapshot = source.snapshot("1").await.unwrap();
        snapshot.counts().await.unwrap();
        database.psql(
            "GRANT INSERT ON parts, p25, family, child, base, names, shown TO PUBLIC; ANALYZE; VACUUM p25, child, base;
             CREATE INDEX ON parts (n); CREATE INDEX ON child (n); CREATE INDEX ON base (n); CREATE INDEX ON names (n);
             COMMENT ON TABLE base IS 'x'; INSERT INTO parts VALUES (1, 1, 25, 'new'); DELETE FROM child;
             UPDATE base SET note = 'y'; DELETE FROM names; ALTER TABLE child ALTER note SET STATISTICS 7;
             ALTER TABLE parts ATTACH PARTITION free FOR VALUES FROM (99) TO (100)",
        );
        let rows = read(&mut snapshot, 0).await.unwrap();
        snapshot.confirm().await.unwrap();
        assert_eq!(rows.cells, before, "{section:?}");
        snapshot.finish().await.unwrap();
        database.psql(
            "ALTER TABLE parts DETACH PARTITION free; UPDATE base SET note = 'x'; DELETE FROM parts WHERE note = 'new';
             INSERT INTO names SELECT n, 'name ' || n FROM generate_series(1, 9) AS n;
             INSERT INTO child SELECT 1, n, 'child' FROM generate_series(6, 20) AS n",
        );
    }
}

/// A parent that is read without its children, and partitions that no query needs, are as good
/// as any other table.
#[tokio::test]
async fn a_parent_alone_and_partitions_left_out_are_read() {
    let database = Database::new();
    database.psql(SETUP);
    for (table, rows, expected) in [
        ("ONLY family", "SELECT n FROM ONLY family WHERE organization_id = $1", 5),
        ("p26", "SELECT n FROM parts WHERE organization_id = $1 AND day = 26", 200),
    ] {
        let source = source(&database.url(), {
            let mut definition = definition(&[("all", table, rows)]);
            definition.tables =
                definition.tables.into_iter().map(|(name, it)| (name.replace("ONLY ", ""), it)).collect();
            definition
        });
        assert_eq!(exported(&source).await.len(), expected);
        assert_eq!(exported(&source).await.len(), expected);
    }
}
