//! The stream of events.

use std::collections::HashSet;

use orgvault_api::{Event, ExportRequest, State, gid::Gid};

use super::fixture::{Daemon, organization, soon};
use crate::keep::fixture::App;

#[tokio::test]
async fn a_snapshot_comes_first_then_changes() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 3);
    daemon.client.rebuild_catalog().await.unwrap();
    let mut events = daemon.client.events(None).await.unwrap();
    let first = soon("a snapshot", events.next()).await.unwrap();
    assert!(matches!(&first, Some(Event::Snapshot { exports }) if exports.is_empty()), "{first:?}");
    daemon.client.verify(gid).await.unwrap();
    match soon("a change", events.next()).await.unwrap() {
        Some(Event::Archive { gid: changed, organization }) => {
            assert_eq!((changed, organization.slug.as_str()), (gid, "acme"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_of_thousands_cuts_off_nobody_who_reads() {
    let app = App::new().await;
    app.run(
        "INSERT INTO organizations (id, name, slug, created_at, updated_at, settings) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
         SELECT printf('00000000-0000-7000-9000-%012d', i), 'Many', 'many-' || i, created_at, updated_at, settings \
         FROM n, (SELECT * FROM organizations LIMIT 1)",
    )
    .await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        // Each fails as soon as its turn comes.
        config.daemon.min_free = u64::MAX;
    })
    .await;
    let mut events = daemon.client.events(None).await.unwrap();
    let snapshot = soon("a snapshot", events.next()).await.unwrap();
    assert!(matches!(&snapshot, Some(Event::Snapshot { exports }) if exports.is_empty()), "{snapshot:?}");
    let request = ExportRequest { all: true, ..ExportRequest::default() };
    let asked = daemon.client.start_exports(&request).await.unwrap().exports;
    assert!(asked.len() > 2000, "{}", asked.len());
    let mut open: HashSet<Gid> = asked.iter().map(|export| export.gid).collect();
    // All that is open is told, and what changes after that.
    let mut changes = 0;
    while !open.is_empty() || changes < 10 {
        match soon("an event", events.next()).await.unwrap().expect("the stream goes on") {
            Event::Snapshot { exports } => {
                let told: HashSet<Gid> = exports.iter().map(|export| export.gid).collect();
                // What it lacks has ended: that is asked for.
                for gid in open.iter().filter(|gid| !told.contains(gid)) {
                    assert!(daemon.client.export(*gid).await.unwrap().state.is_final());
                }
                open.clear();
            }
            Event::Export { export } => {
                open.remove(&export.gid);
                changes += usize::from(export.state != State::Pending);
            }
            Event::Archive { .. } => {}
        }
    }
}

#[tokio::test]
async fn a_stop_ends_streams_and_waits_for_no_idle_connection() {
    let daemon = Daemon::start().await;
    let mut events = daemon.client.events(None).await.unwrap();
    soon("a snapshot", events.next()).await.unwrap();
    let silent = daemon.connect().await;
    let socket = daemon.config.daemon.socket.clone();
    let started = std::time::Instant::now();
    daemon.stop().await;
    assert!(started.elapsed() < std::time::Duration::from_secs(4), "it waited {:?}", started.elapsed());
    assert!(soon("the end of the stream", events.next()).await.unwrap().is_none());
    assert!(!socket.exists(), "the socket is left");
    drop(silent);
}
