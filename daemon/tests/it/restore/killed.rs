//! What happens beside a restore: it is all there afterwards, or nothing of it.

use std::{io::Write as _, process::Command, sync::Arc};

use orgvault_api::RestoreMode;
use orgvault_testing::postgres::{Database, Server};
use tokio_util::task::TaskTracker;

use super::{
    acme,
    fixture::{Archive, Hook, filled, fingerprint, restore, settled, until, without_acme},
};

/// Where a restore waits for a lock that a test holds: while it loads, and while it reads back.
const POINTS: [&str; 2] = [
    "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
       PERFORM pg_advisory_xact_lock_shared(77); RETURN NEW; END$$;
     CREATE TRIGGER wait BEFORE INSERT ON lines FOR EACH ROW EXECUTE FUNCTION wait()",
    "CREATE FUNCTION wait() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
       PERFORM pg_advisory_xact_lock_shared(77); RETURN true; END$$",
];

/// Begins a restore that waits at a point, and does `act` to it.
async fn interrupted(target: &Database, archive: &Arc<Archive>, point: usize, act: impl FnOnce(&Database)) {
    target.psql(&format!("SET ROLE {}; {}", target.role(), POINTS[point]));
    let mut holder = target.session();
    writeln!(holder.stdin.as_mut().unwrap(), "SELECT pg_advisory_lock(77);").unwrap();
    until("the lock is held", || target.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "1");
    let mut restore = restore(target, archive, RestoreMode::InsertOnly);
    if point == 1 {
        let lines = restore.tenant.tables.get_mut(&super::fixture::named("lines")).unwrap();
        lines.condition = Some("org_id = $1 AND wait()".to_owned());
    }
    let task = TaskTracker::new().spawn(async move { restore.apply(None).await.map(drop) });
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orgvault' AND wait_event = 'advisory'";
    let ready = tokio::task::block_in_place(|| {
        until("the restore waits", || task.is_finished() || target.psql(waiting) == "1");
        !task.is_finished()
    });
    assert!(ready, "{:?}", task.await);
    act(target);
    task.abort();
    // The server is gone, or the task is.
    assert!(!matches!(task.await, Ok(Ok(()))));
    drop(holder.stdin.take());
    holder.wait().unwrap();
    tokio::task::block_in_place(|| settled(target));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_has_nothing_of_it() {
    let server = Server::start();
    let archive = acme().await;
    for point in 0..POINTS.len() {
        let target = without_acme(server.database());
        let before = fingerprint(&target);
        interrupted(&target, &archive, point, |target| {
            let pid = target.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'orgvault'");
            assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        })
        .await;
        assert_eq!(fingerprint(&target), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_rows_are_staged_has_nothing_of_it() {
    let server = Server::start();
    let target = without_acme(server.database());
    let before = fingerprint(&target);
    let archive = Archive::of(&filled(Database::new()), "41").await;
    let kill = "COPY (SELECT pid FROM pg_stat_activity WHERE application_name = 'orgvault') TO PROGRAM 'xargs kill -9'";
    let done = meanwhile(&target, archive, RestoreMode::InsertOnly, "tasks", kill).await;
    assert_eq!(done, Err("target_lost".to_owned()));
    tokio::task::block_in_place(|| settled(&target));
    assert_eq!(fingerprint(&target), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_dropped_leaves_nothing() {
    let archive = acme().await;
    for point in 0..POINTS.len() {
        let target = without_acme(Database::new());
        let before = fingerprint(&target);
        interrupted(&target, &archive, point, |_| {}).await;
        assert_eq!(fingerprint(&target), before);
    }
}

/// A restore whose archive does something while it is read.
async fn meanwhile(
    target: &Database,
    archive: Archive,
    mode: RestoreMode,
    at: &'static str,
    sql: &'static str,
) -> Result<(), String> {
    let url = target.admin_url();
    let hook: Hook = Box::new(move |table| {
        if table == at {
            let done =
                Command::new(orgvault_testing::postgres::program("psql")).args(["-X", "-q", "-c", sql, &url]).status();
            // What kills the server loses its own connection too.
            assert!(done.unwrap().success() || sql.contains("kill"), "{sql}");
        }
    });
    let archive = Arc::new(Archive { hook: Some(Arc::new(hook)), ..archive });
    restore(target, &archive, mode).apply(None).await.map(drop).map_err(|error| error.code().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_writes_meanwhile_is_before_or_after_it() {
    let archive = || async { Archive::of(&filled(Database::new()), "41").await };
    let target = filled(Database::new());
    target.psql("UPDATE orgs SET name = 'x' WHERE id = 41");
    // A row that is about to be deleted.
    let update = "UPDATE tasks SET title = 'typed meanwhile' WHERE id = 501";
    let done = meanwhile(&target, archive().await, RestoreMode::Replace, "tasks", update).await;
    assert_eq!(done, Err("target_conflict".to_owned()));
    assert_eq!(target.psql("SELECT title FROM tasks WHERE id = 501"), "typed meanwhile");
    assert_eq!(target.psql("SELECT name FROM orgs WHERE id = 41"), "x");

    // A new row that names one which is about to be deleted.
    let insert = "INSERT INTO lines VALUES (41, 'written meanwhile')";
    let done = meanwhile(&target, archive().await, RestoreMode::Replace, "tasks", insert).await;
    assert_eq!(done, Err("reference_missing".to_owned()));
    assert_eq!(target.psql("SELECT count(*) FROM lines WHERE line = 'written meanwhile'"), "1");
    assert_eq!(target.psql("SELECT name FROM orgs WHERE id = 41"), "x");

    // A value that the archive needs is taken.
    let target = without_acme(Database::new());
    let before = fingerprint(&target);
    let taken = "INSERT INTO orgs (id, name, slug) OVERRIDING SYSTEM VALUE VALUES (50, 'C', 'acme')";
    let done = meanwhile(&target, archive().await, RestoreMode::InsertOnly, "tasks", taken).await;
    assert_eq!(done, Err("unique_held".to_owned()));
    target.psql("DELETE FROM orgs WHERE id = 50");
    assert_eq!(fingerprint(&target), before);
}

#[tokio::test]
async fn one_organization_is_restored_once_at_a_time() {
    let target = filled(Database::new());
    let mut holder = target.session();
    let lock = "SELECT pg_advisory_lock(hashtextextended('orgvault restore 41', 0));";
    writeln!(holder.stdin.as_mut().unwrap(), "{lock}").unwrap();
    until("the lock is held", || {
        target.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "1"
    });
    let error = restore(&target, &acme().await, RestoreMode::Replace).plan().await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("restore_running", true));
    drop(holder.stdin.take());
    holder.wait().unwrap();
}
