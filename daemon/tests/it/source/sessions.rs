//! What a query leaves behind in its session, and how few sessions there may be.

use std::time::Duration;

use orgvault_api::CheckResult;

use super::fixture::{ACME, config, definition, eventually, granted, read, refused, source, source_with, working};
use orgvault_testing::postgres::Database;

const SETUP: &str = "
    CREATE TABLE t (organization_id int, note text); INSERT INTO t VALUES (1, 'mine'), (1, 'own'), (2, 'theirs');
    CREATE FUNCTION bind(text) RETURNS text LANGUAGE sql
      AS $$ SELECT set_config(substring(current_query() FROM 'orgvault\\.\\w+'), $1, false) $$;
    CREATE FUNCTION unfiltered(text) RETURNS text LANGUAGE sql
      AS $$ SELECT set_config('row_security', 'on', false) || set_config('TimeZone', 'Asia/Kathmandu', false) || $1 $$;
    GRANT SELECT ON t TO PUBLIC";
const PLAIN: &str = "SELECT note FROM t WHERE organization_id = $1";

#[tokio::test]
async fn a_query_cannot_bind_the_next_one_to_another_organization() {
    let database = Database::new();
    database.psql(SETUP);
    let rows =
        "SELECT note, set_config('orgvault.organization', '2', false) AS other FROM t WHERE organization_id = $1";
    let source = source(&database.url(), definition(&[("first", "t", rows), ("second", "t", PLAIN)]));
    for _ in 0..2 {
        let mut snapshot = source.snapshot("1").await.unwrap();
        assert_eq!(snapshot.counts().await.unwrap(), [2, 2]);
        for section in [0, 1] {
            let notes = read(&mut snapshot, section).await.unwrap().text("note");
            assert_eq!(notes, [Some("mine".to_owned()), Some("own".to_owned())]);
        }
        snapshot.confirm().await.unwrap();
        snapshot.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_function_that_changes_the_session_is_an_error_and_its_session_is_not_used_again() {
    let database = Database::new();
    database.psql(SETUP);
    for (call, changed) in [("bind('2')", "the organization"), ("unfiltered(note)", "TimeZone, row_security")] {
        let rows = format!("SELECT note, {call} AS other FROM t WHERE organization_id = $1");
        let source = source(&database.url(), definition(&[("first", "t", &rows), ("second", "t", PLAIN)]));
        for _ in 0..2 {
            let mut snapshot = source.snapshot("1").await.unwrap();
            snapshot.counts().await.unwrap();
            read(&mut snapshot, 0).await.unwrap();
            let error = refused(snapshot.confirm().await);
            assert_eq!(error.code(), "source_settings");
            assert!(
                error.to_string().contains(&format!("changed {changed} for")) && !error.hint().is_empty(),
                "{error}"
            );
            snapshot.finish().await.unwrap();
        }
        let mut snapshot = source.snapshot("1").await.unwrap();
        assert_eq!(read(&mut snapshot, 1).await.unwrap().text("note").len(), 2);
        snapshot.confirm().await.unwrap();
    }
}

#[tokio::test]
async fn a_lock_that_a_query_took_ends_with_its_snapshot() {
    let database = Database::new();
    database.psql(SETUP);
    let rows = "SELECT note, pg_advisory_lock(7)::text AS l FROM t WHERE organization_id = $1";
    let source = source(&database.url(), definition(&[("all", "t", rows)]));
    let mut snapshot = source.snapshot("1").await.unwrap();
    read(&mut snapshot, 0).await.unwrap();
    let held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database() \
                WHERE locktype = 'advisory'";
    assert_eq!(database.psql(held), "1");
    snapshot.finish().await.unwrap();
    assert_eq!(database.psql(held), "0");
}

#[tokio::test]
async fn a_role_that_becomes_another_one_exports_and_ends_its_own_queries() {
    let database = Database::rytask();
    let role = database.role();
    let nap = "SELECT id, CASE WHEN number > 3 \
               THEN set_config('client_connection_check_interval', '0', false) || pg_sleep(1000)::text END AS nap FROM work_items WHERE organization_id = $1";
    let source = source(&database.url(), definition(&[("naps", "work_items", nap)]));
    database.psql(&format!(
        "CREATE ROLE {role}_app NOLOGIN; GRANT {role}_app TO {role}; ALTER ROLE {role} SET role = '{role}_app';
         GRANT SELECT ON work_items, organizations TO {role}_app; REVOKE {role} FROM postgres"
    ));
    assert!(source.version().await.unwrap().starts_with("PostgreSQL "));
    let lines = source.check().await.lines;
    assert!(lines.iter().all(|line| line.result != CheckResult::Failed || line.name == "queries"), "{lines:?}");
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    assert_eq!(snapshot.counts().await.unwrap(), [12]);
    let reading = tokio::time::timeout(Duration::from_millis(200), read(&mut snapshot, 0));
    assert!(reading.await.is_err());
    assert_eq!(working(&database), 1);
    snapshot.abandon().await;
    eventually("the query is gone", || working(&database) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_is_enough() {
    let database = Database::rytask();
    let source = granted(&database);
    database.psql(&format!("ALTER ROLE {} CONNECTION LIMIT 1", database.role()));
    for line in source.check().await.lines {
        assert_eq!(line.result, CheckResult::Ok, "{line:?}");
    }
    let export = async || {
        let mut snapshot = source.snapshot(ACME).await?;
        snapshot.counts().await?;
        read(&mut snapshot, 0).await?;
        snapshot.finish().await
    };
    // The second one waits for the connection of the first.
    let (first, second, third, listed) = tokio::join!(export(), export(), export(), source.organizations());
    assert_eq!((first.is_ok(), second.is_ok(), third.is_ok(), listed.unwrap().len()), (true, true, true, 3));
    for line in source.check().await.lines {
        assert_eq!(line.result, CheckResult::Ok, "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_can_be_dropped_at_once_after_an_export() {
    let database = Database::rytask();
    let source = granted(&database);
    source.snapshot(ACME).await.unwrap().finish().await.unwrap();
    // The server itself waits for five seconds.
    let drop = format!("DROP DATABASE {}", database.name());
    tokio::task::block_in_place(|| database.psql_in("postgres", &drop));
}

#[tokio::test]
async fn rows_that_are_sorted_for_long_are_no_stall() {
    let database = Database::rytask();
    let nap = "SELECT id FROM work_items WHERE organization_id = $1 ORDER BY pg_sleep(0.1)::text, id";
    let mut config = config(&database.admin_url());
    config.stall_timeout = Duration::from_millis(300);
    let sorted = || definition(&[("sorted", "work_items", nap)]);
    let patient = source_with(config.clone(), sorted());
    assert_eq!(read(&mut patient.snapshot(ACME).await.unwrap(), 0).await.unwrap().cells.len(), 12);
    config.first_row_timeout = Duration::from_millis(300);
    let error = refused(read(&mut source_with(config, sorted()).snapshot(ACME).await.unwrap(), 0).await);
    assert!(error.code() == "source_stalled" && error.hint().contains("first_row_timeout"), "{error}");
}

#[tokio::test]
async fn the_advice_for_a_parameter_of_a_strange_type_works() {
    let database = Database::new();
    database.psql(
        "CREATE EXTENSION citext; CREATE TYPE plan AS ENUM ('free', 'paid');
         CREATE TABLE t (organization_id citext, number numeric, plan plan, note text);
         INSERT INTO t VALUES ('Acme', 7.50, 'paid', 'mine'), ('x', 8, 'free', 'theirs')",
    );
    for (column, id) in [("organization_id", "ACME"), ("number", "7.5"), ("plan", "paid")] {
        let with = |parameter: &str| {
            let mut definition =
                definition(&[("all", "t", &format!("SELECT note FROM t WHERE {column} = {parameter}"))]);
            definition.sections[0].count = format!("SELECT count(*) FROM t WHERE {column} = {parameter}").into();
            source(&database.admin_url(), definition)
        };
        let error = refused(with("$1").snapshot(id).await).to_string();
        let advice = error.rsplit('`').nth(1).unwrap().to_owned();
        let source = with(&advice);
        let mut snapshot = source.snapshot(id).await.unwrap();
        assert_eq!(snapshot.counts().await.unwrap(), [1], "{advice}");
        assert_eq!(read(&mut snapshot, 0).await.unwrap().text("note"), [Some("mine".to_owned())], "{advice}");
    }
}
