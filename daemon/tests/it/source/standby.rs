//! Hot standbys: readable, and their conflicts can be told apart.

use super::fixture::{ACME, definition, eventually, granted, read, refused, rytask, source};
use orgvault_testing::postgres::Server;

#[tokio::test]
async fn a_standby_is_read_and_its_recovery_conflict_is_transient() {
    let primary = Server::start();
    let database = primary.database();
    database.psql(orgvault_testing::postgres::RYTASK);
    granted(&database);
    let standby = primary.standby();
    standby.configure("max_standby_streaming_delay = 100ms\nhot_standby_feedback = off\n");
    standby.reload();
    let mirror = standby.see(&database);

    let whole = source(&mirror.url(), rytask());
    let mut snapshot = whole.snapshot(ACME).await.unwrap();
    assert_eq!(snapshot.counts().await.unwrap().iter().sum::<u64>(), 37);
    snapshot.finish().await.unwrap();
    let lines = whole.check().await.lines;
    let line = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
    assert!(line("version").message.ends_with("a hot standby"), "{lines:?}");
    assert!(line("read_only").message.contains("standby"), "{lines:?}");

    let rows =
        "SELECT id, CASE WHEN number = 12 THEN pg_sleep(30)::text END FROM work_items WHERE organization_id = $1";
    let slow = source(&mirror.admin_url(), definition(&[("slow", "work_items", rows)]));
    let mut snapshot = slow.snapshot(ACME).await.unwrap();
    snapshot.counts().await.unwrap();
    // Dead rows that the standby's snapshot still sees are removed on the primary.
    database.psql("DELETE FROM work_items; VACUUM work_items");
    let error = refused(read(&mut snapshot, 0).await);
    assert_eq!(error.code(), "source_conflict", "{error}");
    assert!(error.is_transient() && error.to_string().contains("conflict with recovery"), "{error}");
    snapshot.abandon().await;
    let gone = || mirror.psql("SELECT count(*) FROM work_items") == "0";
    eventually("the standby replays on", gone).await;
    slow.snapshot(ACME).await.unwrap().finish().await.unwrap();

    // Between two queries the standby ends the connection itself.
    let rows = "SELECT id FROM time_logs WHERE organization_id = $1";
    let idle = source(&mirror.admin_url(), definition(&[("logs", "time_logs", rows)]));
    let mut snapshot = idle.snapshot(ACME).await.unwrap();
    snapshot.counts().await.unwrap();
    database.psql("DELETE FROM time_logs; VACUUM time_logs");
    let ended = || mirror.psql("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'") == "0";
    eventually("the standby ends the connection", ended).await;
    let error = refused(read(&mut snapshot, 0).await);
    assert!(error.code() == "source_conflict" && error.is_transient(), "{error}");
    let mut again = idle.snapshot(ACME).await.unwrap();
    assert_eq!(again.counts().await.unwrap(), [0]);
}
