//! What is read from PostgreSQL, and as whom.

use orgvault_daemon::row::{ColumnType, Element};

use super::fixture::{ACME, BUECHER, Rows, definition, granted, read, refused, rytask, source};
use orgvault_testing::postgres::{Database, Server};

#[tokio::test]
async fn every_section_of_rytask_is_read_with_exactly_the_grants() {
    let database = Database::rytask();
    let source = granted(&database);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let counts = snapshot.counts().await.unwrap();
    assert_eq!(snapshot.warnings().await.unwrap(), []);
    for (index, section) in source.definition().sections.iter().enumerate() {
        let rows = read(&mut snapshot, index).await.unwrap();
        assert_eq!(rows.cells.len() as u64, counts[index], "{}", section.name);
        assert!(rows.cells.iter().all(|row| row.len() == rows.columns.len()));
    }
    assert_eq!(counts.iter().sum::<u64>(), 1 + 1 + 2 + 1 + 1 + 2 + 12 + 2 + 15);
    snapshot.finish().await.unwrap();
    let mut other = source.snapshot(BUECHER).await.unwrap();
    assert_eq!(other.counts().await.unwrap().iter().sum::<u64>(), 1 + 1 + 1 + 1 + 1 + 5);
    other.finish().await.unwrap();
    source.close().await;
}

#[tokio::test]
async fn organizations_are_listed_with_the_soft_deleted() {
    let database = Database::rytask();
    let source = granted(&database);
    let listed = source.organizations().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|it| it.key.name.as_str()).collect();
    assert_eq!(names, ["Acme", "Bücher & Söhne 🚀", "Closed"]);
    assert_eq!(listed[0].created_at.unwrap().to_rfc3339(), "2026-01-02T03:04:05.678901+00:00");
    assert_eq!(listed[0].deleted_at, None);
    assert_eq!(listed[2].deleted_at.unwrap().to_rfc3339(), "2026-03-01T12:00:00+00:00");
    assert!(listed.iter().all(|it| it.in_all && it.key.source == "tracker" && it.key.kind == "organization"));
    assert_eq!((listed[0].key.id.as_str(), listed[0].key.slug.as_str()), (ACME, "acme"));
    assert!(source.version().await.unwrap().starts_with("PostgreSQL 1"));
}

const TYPES: &str = "
    CREATE EXTENSION ltree; CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN short AS varchar(9);
    CREATE TABLE kinds (organization_id uuid, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric,
      t text, v varchar, c char(3), e mood, d short, ci citext, l ltree, u uuid, ts timestamp, tz timestamptz, da date,
      j json, jb jsonb, words text, at text[], ai int[], au uuid[]);
    INSERT INTO kinds VALUES ('00000000-0000-7000-8000-00000000000a', true, -2, 4, 8, 0.5, -0.25, 12.50, 'ü', 'v', 'c',
      'sad', 'dom', 'CI', 'a.b', '01010101-0101-0101-0101-010101010101', '2000-01-01 00:00:01', '2000-01-01 02:00+02',
      '2000-01-02', '{ \"a\":1}', '{ \"a\":1}', 'x y', '{p,q}', '{1,NULL}', '{}');
    INSERT INTO kinds (organization_id) VALUES ('00000000-0000-7000-8000-00000000000a');";

fn kinds() -> Vec<(&'static str, ColumnType, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("b", ColumnType::Bool, vec![1]),
        ("i2", ColumnType::Int, (-2_i16).to_be_bytes().to_vec()),
        ("i4", ColumnType::Int, 4_i32.to_be_bytes().to_vec()),
        ("i8", ColumnType::Int, 8_i64.to_be_bytes().to_vec()),
        ("f4", ColumnType::Float, 0.5_f32.to_be_bytes().to_vec()),
        ("f8", ColumnType::Float, (-0.25_f64).to_be_bytes().to_vec()),
        ("n", ColumnType::Numeric, vec![0, 2, 0, 0, 0, 0, 0, 2, 0, 12, 0x13, 0x88]),
        ("t", ColumnType::Text, text("ü")),
        ("v", ColumnType::Text, text("v")),
        ("c", ColumnType::Text, text("c  ")),
        ("e", ColumnType::Text, text("sad")),
        ("d", ColumnType::Text, text("dom")),
        ("ci", ColumnType::Text, text("CI")),
        ("l", ColumnType::Text, text("a.b")),
        ("u", ColumnType::Uuid, vec![1; 16]),
        ("ts", ColumnType::Timestamp, 1_000_000_i64.to_be_bytes().to_vec()),
        ("tz", ColumnType::Timestamp, 0_i64.to_be_bytes().to_vec()),
        ("da", ColumnType::Date, 1_i32.to_be_bytes().to_vec()),
        ("j", ColumnType::Json, text("{ \"a\":1}")),
        ("jb", ColumnType::Json, text("{\"a\": 1}")),
        ("words", ColumnType::List, text("x y")),
    ]
}

#[tokio::test]
async fn every_type_that_a_format_can_write_arrives_in_its_layout() {
    let database = Database::new();
    database.psql(TYPES);
    let mut definition = definition(&[("kinds", "kinds", "SELECT * FROM kinds WHERE organization_id = $1 ORDER BY b")]);
    definition.sections[0].types.insert("words".to_owned(), orgvault_daemon::product::DeclaredType::List);
    let source = source(&database.admin_url(), definition);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let Rows { columns, cells, .. } = read(&mut snapshot, 0).await.unwrap();
    for (name, kind, cell) in kinds() {
        let at = columns.iter().position(|column| column.name == name).unwrap();
        assert_eq!(
            (columns[at].kind, cells[0][at].as_ref(), cells[1][at].as_ref()),
            (kind, Some(&cell), None),
            "{name}"
        );
    }
    let arrays: Vec<ColumnType> = columns[columns.len() - 3..].iter().map(|column| column.kind).collect();
    let expected = [Element::Text, Element::Int, Element::Uuid].map(ColumnType::Array);
    assert_eq!(arrays, expected);
    assert_eq!(snapshot.columns(0).await.unwrap().to_vec(), columns);
}

#[tokio::test]
async fn no_setting_of_the_server_the_role_or_the_database_changes_a_byte() {
    let database = Database::rytask();
    let section = (
        "logs",
        "time_logs",
        "SELECT id, started_at, started_at::text AS shown, (ended_at - started_at)::text AS \
        worked, (1.0::float8 / 3)::text AS third, '\\x00ff'::bytea::text AS bytes, 'a\\b' AS slash, \
        to_char(12.5, 'L9D9') AS money, to_char(started_at, 'TMMonth') AS month, \
         current_setting('statement_timeout') AS time_limit FROM time_logs \
        WHERE organization_id = $1 ORDER BY id",
    );
    let source = || source(&database.admin_url(), definition(&[section]));
    let mut snapshot = source().snapshot(ACME).await.unwrap();
    let plain = read(&mut snapshot, 0).await.unwrap();
    assert_eq!(plain.text("shown")[0].as_deref(), Some("2026-01-07 08:00:00+00"));
    assert_eq!(plain.text("third")[0].as_deref(), Some("0.3333333333333333"));
    for setting in [
        "TimeZone = 'Asia/Kathmandu'",
        "DateStyle = 'German, DMY'",
        "IntervalStyle = 'sql_standard'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "client_encoding = 'LATIN1'",
        "standard_conforming_strings = off",
        "statement_timeout = '9s'",
        "lc_numeric = 'C.UTF-8'",
        "default_transaction_isolation = 'serializable'",
        "row_security = on",
        "transform_null_equals = on",
    ] {
        database.psql(&format!("ALTER ROLE postgres IN DATABASE {} SET {setting}", database.name()));
    }
    let mut snapshot = source().snapshot(ACME).await.unwrap();
    assert_eq!(read(&mut snapshot, 0).await.unwrap(), plain);
}

#[tokio::test]
async fn an_id_is_only_ever_a_value() {
    let database = Database::rytask();
    let hostile = "'; DROP TABLE time_logs; --";
    let source = granted(&database);
    for known in [false, true] {
        for id in [hostile, "", "a\0b", "{}", "1", "00000000-0000-7000-8000-00000000000g"] {
            let error = refused(source.snapshot(id).await);
            assert_eq!(error.code(), "organization_id", "{id:?} {known}");
        }
        source.snapshot(ACME).await.unwrap().finish().await.unwrap();
    }
    assert_eq!(database.psql("SELECT count(*) FROM time_logs"), "20");
}

#[tokio::test]
async fn text_ids_are_bound_and_never_pasted() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE notes (organization_id text, note text);
         INSERT INTO notes VALUES ($$'; DROP TABLE notes; --$$, 'mine'), ('x', 'theirs'), ('', 'empty');",
    );
    let rows = "SELECT note, '$1' AS literal, $q$ $1 $q$ AS quoted, E'\\'$1' AS escaped /* $1 */ FROM notes -- $1
        WHERE organization_id = $1;";
    let source = source(&database.admin_url(), definition(&[("notes", "notes", rows)]));
    for (id, note) in [("'; DROP TABLE notes; --", "mine"), ("x", "theirs"), ("", "empty")] {
        let mut snapshot = source.snapshot(id).await.unwrap();
        assert_eq!(snapshot.counts().await.unwrap(), [1]);
        let rows = read(&mut snapshot, 0).await.unwrap();
        assert_eq!(rows.text("note"), [Some(note.to_owned())]);
        assert_eq!(rows.text("literal"), [Some("$1".to_owned())]);
        assert_eq!(rows.text("quoted"), [Some(" $1 ".to_owned())]);
        assert_eq!(rows.text("escaped"), [Some("'$1".to_owned())]);
        snapshot.finish().await.unwrap();
    }
    assert_eq!(refused(source.snapshot("a\0b").await).code(), "organization_id");
}

#[tokio::test]
async fn rows_come_in_blocks_of_whole_rows_however_long_they_are() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE long (organization_id int, note text);
         INSERT INTO long SELECT 7, repeat('ü', 1000) FROM generate_series(1, 1000);
         INSERT INTO long VALUES (7, repeat('x', 50000000)), (7, NULL), (8, 'other');",
    );
    let rows = "SELECT note FROM long WHERE organization_id = $1 ORDER BY length(note)";
    let source = source(&database.admin_url(), definition(&[("long", "long", rows)]));
    let mut snapshot = source.snapshot("7").await.unwrap();
    let rows = read(&mut snapshot, 0).await.unwrap();
    assert_eq!(rows.cells.len(), 1002);
    // 2 MB of short rows in blocks of 256 KiB, then the long one, then NULL.
    assert_eq!(rows.blocks, 9);
    assert_eq!(rows.cells[1000][0].as_ref().unwrap().len(), 50_000_000);
    assert_eq!(rows.cells[1001][0], None);
    assert_eq!(refused(source.snapshot("07").await).code(), "organization_id");
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::start();
    let database = server.database();
    database.psql("CREATE TABLE t (organization_id uuid)");
    let rows = "SELECT * FROM t WHERE organization_id = $1";
    let source = source(&database.admin_url(), definition(&[("t", "t", rows)]));
    let before = server.log().matches("connection authorized").count();
    for _ in 0..5 {
        let mut snapshot = source.snapshot(ACME).await.unwrap();
        snapshot.counts().await.unwrap();
        read(&mut snapshot, 0).await.unwrap();
        snapshot.finish().await.unwrap();
        source.organizations().await.unwrap_err();
    }
    let connected = || server.log().matches("connection authorized").count() - before;
    // A refused query costs its connection, a good one none.
    assert_eq!(connected(), 5);
    for _ in 0..5 {
        source.snapshot(ACME).await.unwrap().finish().await.unwrap();
    }
    assert_eq!(connected(), 6);
    source.close().await;
}

#[tokio::test]
async fn a_definition_of_rytask_needs_no_right_beyond_its_grants() {
    let database = Database::rytask();
    let source = source(&database.url(), rytask());
    assert_eq!(refused(source.snapshot(ACME).await).code(), "source_privilege");
    database.psql(&source.grants());
    source.snapshot(ACME).await.unwrap();
    let granted = database.psql(&format!(
        "SELECT count(*) FROM information_schema.column_privileges WHERE grantee = '{}' AND column_name = 'password_hash'",
        database.role()
    ));
    assert_eq!(granted, "0");
}

#[tokio::test]
async fn a_value_that_no_archive_can_hold_is_refused_by_name_and_so_are_endless_words() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE long (organization_id int, note text); INSERT INTO long VALUES (1, repeat('x', 70000000));
         CREATE FUNCTION shout() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE '%', repeat('ü', 5000000); END $$",
    );
    for (column, code, words) in [
        ("note", "source_value_length", "read section long: a value of column said has 70000000 bytes"),
        ("shout()", "source_query", "üüü…"),
    ] {
        let rows = format!("SELECT {column} AS said FROM long WHERE organization_id = $1");
        let source = source(&database.admin_url(), definition(&[("long", "long", &rows)]));
        let error = refused(read(&mut source.snapshot("1").await.unwrap(), 0).await);
        assert_eq!(error.code(), code);
        let text = error.to_string();
        assert!(text.contains(words) && text.len() < 9_000, "{} bytes", text.len());
    }
}
