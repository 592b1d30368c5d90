//! Databases that are down, refuse, or say the wrong thing.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use orgvault_api::CheckResult;

use super::fixture::{ACME, config, definition, granted, read, refused, rytask, source, source_with};
use orgvault_testing::postgres::{Database, PASSWORD, Server};

#[tokio::test]
async fn a_database_that_is_down_says_so_and_comes_back() {
    let server = Server::start();
    let database = server.database();
    database.psql(orgvault_testing::postgres::RYTASK);
    let source = granted(&database);
    source.snapshot(ACME).await.unwrap().finish().await.unwrap();
    server.stop();
    let error = refused(source.snapshot(ACME).await);
    assert_eq!(error.code(), "source_unreachable", "{error}");
    assert!(error.to_string().starts_with("source tracker: cannot connect: "), "{error}");
    assert!(!error.hint().is_empty());
    server.boot();
    // The connection that waited is dead, and a fresh one takes its place.
    source.snapshot(ACME).await.unwrap().finish().await.unwrap();
}

#[tokio::test]
async fn the_server_of_a_foreign_table_that_is_gone_is_not_taken_for_ours() {
    let server = Server::start();
    let database = server.database();
    database.psql(&format!(
        "CREATE EXTENSION postgres_fdw;
         CREATE SERVER gone FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nonexistent', dbname 'x');
         CREATE USER MAPPING FOR postgres SERVER gone OPTIONS (user 'postgres');
         CREATE TABLE here (organization_id uuid, id int PRIMARY KEY);
         INSERT INTO here VALUES ('{ACME}', 1);
         CREATE FOREIGN TABLE afar (organization_id uuid, id int) SERVER gone OPTIONS (table_name 'here');"
    ));
    let rows = |table: &str| format!("SELECT id FROM {table} WHERE organization_id = $1 ORDER BY id");
    let [here, afar] = ["here", "afar"].map(rows);
    let mut definition = definition(&[("here", "here", &here), ("afar", "afar", &afar)]);
    definition.organization.list = "SELECT DISTINCT organization_id AS id, 'A' AS name, '' AS slug FROM here".into();
    let source = source(&database.admin_url(), definition);
    let lines = source.check().await.lines;
    let queries = lines.iter().find(|line| line.name == "queries").unwrap();
    assert!(queries.details.iter().all(|detail| detail.contains("section afar")), "{queries:?}");
    assert!(format!("{queries:?}").contains("could not connect to server \\\"gone\\\""), "{queries:?}");
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let error = snapshot.counts().await.unwrap_err();
    assert_eq!(error.code(), "source_foreign", "{error}");
    assert!(error.hint().contains("foreign table"), "{error}");
    snapshot.abandon().await;
    let coverage = source.coverage(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    let results: Vec<_> = coverage.sections.iter().map(|section| section.result).collect();
    assert_eq!(results, [CheckResult::Ok, CheckResult::Failed], "{coverage:?}");
}

#[tokio::test]
async fn a_wrong_password_user_or_database_is_told_apart_and_the_password_never_shown() {
    let database = Database::rytask();
    let tcp = database.tcp_url();
    let with = |password: &str| tcp.replacen('@', &format!(":{password}@"), 1);
    for (url, code, words) in [
        (with("s3cret-wrong"), "source_login", "password authentication failed"),
        (with("s3cret").replace("reader_", "nobody_"), "source_login", "nobody_"),
        (database.admin_url().replace("test_", "s3cret_"), "source_database", "does not exist"),
        (with("s3cret") + "?sslmode=require", "source_tls", "server does not support TLS"),
        (with("s3cret") + "?sslmode=verify-full", "source_tls", "server does not support TLS"),
    ] {
        let source = source(&url, rytask());
        let error = refused(source.snapshot(ACME).await);
        assert_eq!(error.code(), code, "{error}");
        let shown = format!("{error} {error:?} {}", source.location());
        assert!(shown.contains(words) && shown.contains("tracker"), "{shown}");
        assert!(!shown.contains("s3cret") || code == "source_database", "{shown}");
        let lines = source.check().await.lines;
        assert_eq!(lines[0].name, "reachable");
        assert!(!format!("{lines:?}").contains(":s3cret"), "{lines:?}");
    }
}

#[tokio::test]
async fn a_password_of_the_url_is_used() {
    let database = Database::rytask();
    let password = "pa%3Ass%2Fw%40rd";
    assert_eq!(PASSWORD, "pa:ss/w@rd");
    let url = database.tcp_url().replacen('@', &format!(":{password}@"), 1);
    assert!(source(&url, rytask()).version().await.is_ok());
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = config(&format!("postgres://x@127.0.0.1:{port}/x?sslmode=disable"));
    config.connect_timeout = Duration::from_millis(200);
    let error = refused(source_with(config, rytask()).snapshot(ACME).await);
    assert_eq!(error.code(), "source_unreachable");
    assert!(error.to_string().contains("no answer within 0.2 s"), "{error}");
}

#[tokio::test]
async fn something_that_is_no_postgresql_server_is_no_panic() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        assert!(peer.read(&mut [0; 64]).unwrap() > 0);
        peer.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let source = source(&format!("postgres://x@127.0.0.1:{port}/x?sslmode=disable"), rytask());
    let error = refused(source.snapshot(ACME).await);
    server.join().unwrap();
    assert!(["source_protocol", "source_unreachable"].contains(&error.code()), "{error}");
}

#[tokio::test]
async fn the_statement_limit_is_the_servers() {
    let database = Database::rytask();
    let rows = "SELECT id, pg_sleep(100)::text AS nap FROM time_logs WHERE organization_id = $1";
    let mut config = config(&database.admin_url());
    config.statement_timeout = Duration::from_millis(200);
    let source = source_with(config, definition(&[("naps", "time_logs", rows)]));
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let error = refused(read(&mut snapshot, 0).await);
    assert_eq!(error.code(), "source_timeout");
    assert!(error.to_string().contains("cannot read section naps: canceling statement"), "{error}");
}

#[tokio::test]
async fn a_query_that_fails_in_the_middle_says_what_the_server_said() {
    let database = Database::rytask();
    let rows = "SELECT id, 1 / (1 - number % 5) AS fifth FROM work_items WHERE organization_id = $1 ORDER BY id";
    let source = source(&database.admin_url(), definition(&[("fifths", "work_items", rows)]));
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let error = refused(read(&mut snapshot, 0).await);
    assert_eq!(error.code(), "source_query");
    assert!(error.to_string().contains("section fifths: division by zero (22012)"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_wrong_query_is_refused_when_the_snapshot_is_opened() {
    let database = Database::rytask();
    for (rows, code) in [
        ("SELECT id FROM nowhere WHERE organization_id = $1", "source_schema"),
        ("SELECT nothing FROM time_logs WHERE organization_id = $1", "source_schema"),
        ("SELECT id FROM time_logs WHERE organization_id = $1 AND note = $2", "source_query"),
        ("SELEKT", "source_query"),
        ("SELECT 1; SELECT 2", "source_query"),
        ("SELECT id FROM time_logs WHERE started_at > $1", "source_query"),
    ] {
        let source = source(&database.admin_url(), definition(&[("wrong", "time_logs", rows)]));
        let error = refused(source.snapshot(ACME).await);
        assert_eq!(error.code(), code, "{rows}: {error}");
        assert!(error.to_string().contains("section wrong"), "{error}");
    }
}

/// The login happens in a process of its own, because it needs an environment of its own: this
/// test, started once more.
#[tokio::test]
async fn pgpass_is_honoured() {
    const URL: &str = "ORGVAULT_TEST_PGPASS_URL";
    if let Ok(url) = std::env::var(URL) {
        source(&url, rytask()).version().await.unwrap();
        return;
    }
    let database = Database::rytask();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pgpass");
    std::fs::write(&file, format!("127.0.0.1:*:*:{}:pa\\:ss/w@rd\n", database.role())).unwrap();
    let run = |mode: u32| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "source::faults::pgpass_is_honoured"]);
        child.env("PGPASSFILE", &file).env(URL, database.tcp_url());
        child.output().unwrap()
    };
    let output = run(0o600);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    // As libpq: a file that others may read is not used.
    assert!(!run(0o644).status.success());
}
