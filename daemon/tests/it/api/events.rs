//! The stream of events.

use orgvault_shared::api::Event;

use super::fixture::{Daemon, organization, soon};

#[tokio::test]
async fn a_snapshot_comes_first_then_changes() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 3);
    daemon.client.rebuild_catalog().await.unwrap();
    let mut events = daemon.client.events(None).await.unwrap();
    let first = soon("a snapshot", events.next()).await.unwrap();
    assert_eq!(first, Some(Event::Snapshot { exports: Vec::new() }));
    daemon.client.verify(gid).await.unwrap();
    match soon("a change", events.next()).await.unwrap() {
        Some(Event::Archive { gid: changed, organization }) => {
            assert_eq!((changed, organization.slug.as_str()), (gid, "acme"));
        }
        other => panic!("{other:?}"),
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
    assert_eq!(soon("the end of the stream", events.next()).await.unwrap(), None);
    assert!(!socket.exists(), "the socket is left");
    drop(silent);
}
