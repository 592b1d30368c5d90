//! What is left on the server when an export ends early: nothing.

use std::{
    io::{Read as _, Write as _},
    time::Duration,
};

use orgvault_daemon::{
    row::RowSink,
    source::{Snapshot, Source},
};
use tokio::sync::mpsc;

use super::fixture::{
    ACME, config, definition, eventually, granted, read, refused, source, source_with, warm, working,
};
use orgvault_testing::postgres::{Database, Server};

const NAP: &str = "SELECT id, CASE WHEN number > 3 THEN pg_sleep(1000)::text END AS nap FROM work_items \
                   WHERE organization_id = $1 ORDER BY id";
/// A million rows for each of the twelve items: more than any buffer holds.
const MANY: &str = "SELECT w.id, g FROM work_items w, generate_series(1, 1000000) AS g WHERE w.organization_id = $1";

fn sleeper(database: &Database, rows: &str) -> Source {
    let source = source(&database.url(), definition(&[("naps", "work_items", rows)]));
    database.psql(&format!("GRANT SELECT ON work_items TO {}", database.role()));
    source
}

/// Begins to read rows that never end, and gives up after the first block.
async fn leave_in_the_middle(snapshot: &mut Snapshot) {
    let (queue, mut messages) = mpsc::channel(1);
    let sink = RowSink::new(queue);
    tokio::select! {
        _ = snapshot.rows(0, &sink) => unreachable!("the rows never end"),
        () = async { for _ in 0..2 { messages.recv().await.unwrap(); } } => {}
    }
}

#[tokio::test]
async fn a_dropped_snapshot_ends_its_query() {
    let database = Database::rytask();
    for rows in [NAP, MANY] {
        let source = sleeper(&database, rows);
        let mut snapshot = source.snapshot(ACME).await.unwrap();
        let (queue, _messages) = mpsc::channel(9);
        let sink = RowSink::new(queue);
        let reading = tokio::time::timeout(Duration::from_millis(100), snapshot.rows(0, &sink));
        assert!(reading.await.is_err());
        assert_eq!(working(&database), 1);
        drop(snapshot);
        eventually("the query of a dropped snapshot is gone", || working(&database) == 0).await;
    }
}

#[tokio::test]
async fn an_abandoned_snapshot_has_ended_its_query_when_it_returns() {
    let database = Database::rytask();
    let source = sleeper(&database, MANY);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    leave_in_the_middle(&mut snapshot).await;
    assert_eq!(working(&database), 1);
    snapshot.abandon().await;
    // pg_terminate_backend signals; the backend needs a moment.
    eventually("the query of an abandoned snapshot is gone", || working(&database) == 0).await;
}

#[tokio::test]
async fn a_snapshot_dropped_outside_of_the_runtime_ends_its_query() {
    let database = Database::rytask();
    let source = sleeper(&database, MANY);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    leave_in_the_middle(&mut snapshot).await;
    std::thread::spawn(move || drop(snapshot)).join().unwrap();
    eventually("the query is gone", || working(&database) == 0).await;
}

#[tokio::test]
async fn an_opening_that_is_dropped_while_it_waits_for_a_lock_ends_its_query() {
    let database = Database::rytask();
    let source = granted(&database);
    warm(&source, ACME).await;
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let mut locker = database.session();
    let mut input = locker.stdin.take().unwrap();
    input.write_all(b"BEGIN; LOCK TABLE users; SELECT 'locked';\n").unwrap();
    locker.stdout.take().unwrap().read_exact(&mut [0; 7]).unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(200), async {
        snapshot.counts().await.unwrap();
        read(&mut snapshot, 2).await
    });
    assert!(waiting.await.is_err());
    drop(snapshot);
    eventually("the waiting query is gone", || working(&database) == 0).await;
    drop(input);
    locker.wait().unwrap();
}

#[tokio::test]
async fn rows_that_stop_coming_are_a_stall() {
    let database = Database::rytask();
    // The first rows are long enough to be sent before the server naps.
    let rows = NAP.replace("SELECT id", "SELECT repeat('x', 9000), id");
    drop(sleeper(&database, &rows));
    let mut config = config(&database.url());
    config.stall_timeout = Duration::from_millis(300);
    let source = source_with(config, definition(&[("naps", "work_items", &rows)]));
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let error = refused(read(&mut snapshot, 0).await);
    assert_eq!(error.code(), "source_stalled");
    assert!(error.to_string().contains("section naps: nothing came for 0.3 s"), "{error}");
    drop(snapshot);
    eventually("the stalled query is gone", || working(&database) == 0).await;
}

#[tokio::test]
async fn a_writer_that_is_gone_ends_the_query() {
    let database = Database::rytask();
    let source = sleeper(&database, MANY);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let (queue, messages) = mpsc::channel(4);
    drop(messages);
    assert_eq!(refused(snapshot.rows(0, &RowSink::new(queue)).await).code(), "writer_gone");
    let (queue, mut messages) = mpsc::channel(1);
    let leaving = async {
        for _ in 0..3 {
            messages.recv().await.unwrap();
        }
        drop(messages);
    };
    let sink = RowSink::new(queue);
    let (rows, ()) = tokio::join!(snapshot.rows(0, &sink), leaving);
    assert_eq!(refused(rows).code(), "writer_gone");
    drop(snapshot);
    eventually("the query without a reader is gone", || working(&database) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_is_a_lost_source() {
    let server = Server::start();
    let database = server.database();
    database.psql(orgvault_testing::postgres::RYTASK);
    let source = sleeper(&database, MANY);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let (queue, mut messages) = mpsc::channel(1);
    let sink = RowSink::new(queue);
    let restarting = async {
        for _ in 0..3 {
            messages.recv().await.unwrap();
        }
        tokio::task::block_in_place(|| server.restart());
        while messages.recv().await.is_some() {}
    };
    let reading = async {
        let rows = snapshot.rows(0, &sink).await;
        drop(sink);
        rows
    };
    let (rows, ()) = tokio::join!(reading, restarting);
    let error = refused(rows);
    assert_eq!(error.code(), "source_lost", "{error}");
    snapshot.abandon().await;
    source.snapshot(ACME).await.unwrap().finish().await.unwrap();
}

#[tokio::test]
async fn an_administrator_who_ends_the_backend_is_a_lost_source() {
    let database = Database::rytask();
    let source = granted(&database);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", database.role());
    database.psql(&sql);
    let error = refused(snapshot.counts().await);
    assert_eq!(error.code(), "source_lost");
}

#[tokio::test]
async fn a_stop_waits_for_what_ends_queries() {
    let database = Database::rytask();
    let source = sleeper(&database, MANY);
    drop(source);
    let tracker = tokio_util::task::TaskTracker::new();
    let definition = definition(&[("naps", "work_items", MANY)]);
    let source = Source::new(config(&database.url()), definition.into(), tracker.clone()).unwrap();
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    leave_in_the_middle(&mut snapshot).await;
    drop(snapshot);
    assert_eq!(tracker.len(), 1);
    tracker.close();
    tracker.wait().await;
    source.close().await;
    eventually("the query is gone", || working(&database) == 0).await;
}
