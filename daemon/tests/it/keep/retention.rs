//! Retention and pins.

use std::{fs, path::Path};

use orgvault_api::{ArchiveState, State};
use orgvault_config::Retention;

use super::fixture::{App, archived, export, flip, gids, listed};
use crate::api::fixture::{Daemon, organization, problem, until};

fn keep_last(keep_last: u32) -> Retention {
    Retention { keep_last, ..Retention::default() }
}

/// A daemon with archives 1, 2 and 3 of one organization, oldest first.
async fn three(retention: Retention) -> Daemon {
    let daemon = Daemon::start_with(|config| config.retention = retention).await;
    for gid in 1..=3 {
        daemon.publish(gid, &organization("acme"), gid);
    }
    daemon.client.rebuild_catalog().await.unwrap();
    daemon
}

#[tokio::test]
async fn the_plan_says_why_and_deletes_nothing_and_applying_it_deletes_what_it_drops() {
    let daemon = three(keep_last(2)).await;
    let before = listed(&daemon.client).await;
    let plan = daemon.client.retention_plan().await.unwrap();
    let said: Vec<String> = plan.decisions.iter().map(|one| format!("{} {:?}", one.keep, one.reasons)).collect();
    assert_eq!(said, ["true [\"last good archive\", \"last\"]", "true [\"last\"]", "false [\"no rule keeps it\"]"]);
    assert_eq!(gids(&daemon.client).await.len(), 3);

    let pruned = daemon.client.apply_retention().await.unwrap();
    assert_eq!((pruned.deleted.as_slice(), pruned.bytes), ([before[0].gid].as_slice(), before[0].bytes));
    assert_eq!(gids(&daemon.client).await, [before[1].gid, before[2].gid]);
    assert!(!Path::new(&before[0].path).exists() && Path::new(&before[1].path).exists());
    assert!(daemon.client.apply_retention().await.unwrap().deleted.is_empty());
}

#[tokio::test]
async fn without_a_keep_rule_nothing_is_ever_deleted() {
    let daemon = three(Retention { max_bytes: 1, ..Retention::default() }).await;
    assert_eq!(daemon.client.retention_plan().await.unwrap().warnings[0].code, "max_bytes");
    assert!(daemon.client.apply_retention().await.unwrap().deleted.is_empty());
}

#[tokio::test]
async fn a_pin_keeps_an_archive_from_every_deletion_and_outlives_the_catalog() {
    let daemon = three(keep_last(1)).await;
    let first = gids(&daemon.client).await[0];
    assert!(daemon.client.pin(first, true).await.unwrap().pinned);
    let refused = problem(daemon.client.delete_archive(first).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "archive_pinned"));
    assert!(refused.hint.contains(&format!("orgvault unpin {first}")), "{refused:?}");
    // Neither a verification nor a rebuild of the catalog forgets it.
    assert!(daemon.client.verify(first).await.unwrap().ok);
    daemon.client.rebuild_catalog().await.unwrap();
    assert!(daemon.client.archive(first).await.unwrap().pinned);
    assert!(daemon.client.archive(first).await.unwrap().verified.unwrap().ok, "nor does the pin the verification");
    assert_eq!(daemon.client.apply_retention().await.unwrap().deleted.len(), 1);
    assert!(!daemon.client.pin(first, false).await.unwrap().pinned);
    assert_eq!(daemon.client.apply_retention().await.unwrap().deleted, [first]);
    assert_eq!(problem(daemon.client.pin(first, true).await).code, "unknown_archive");
}

#[tokio::test]
async fn each_success_prunes_its_group_and_a_failure_prunes_nothing() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.sources[0].retention = Some(keep_last(2));
    })
    .await;
    // Of an organization that is gone from the source: never pruned by itself.
    for gid in 1..=3 {
        daemon.publish(gid, &organization("gone"), 1);
    }
    daemon.client.rebuild_catalog().await.unwrap();
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(archived(&daemon.client).await);
    }
    until("the third export's archive is pruned", async || gids(&daemon.client).await.len() == 5).await;
    let left = gids(&daemon.client).await;
    assert_eq!(left[3..], made[2..], "the last two, and those of the organization that is gone");
    app.break_it().await;
    let failed = export(&daemon.client).await;
    assert_eq!(failed.state, State::Error);
    assert_eq!(gids(&daemon.client).await.len(), 5);
    assert_eq!(daemon.client.apply_retention().await.unwrap().deleted.len(), 1, "asked for, it is pruned");
}

#[tokio::test]
async fn a_newest_archive_that_is_damaged_is_found_before_anything_goes() {
    let daemon = three(keep_last(1)).await;
    let [first, second, third] = <[_; 3]>::try_from(listed(&daemon.client).await).unwrap();
    // A stat sees no difference.
    flip(&third.path);
    let pruned = daemon.client.apply_retention().await.unwrap();
    assert_eq!(pruned.deleted, [first.gid]);
    assert_eq!(gids(&daemon.client).await, [second.gid, third.gid]);
    assert_eq!(daemon.client.archive(third.gid).await.unwrap().state, ArchiveState::Damaged);
    assert!(daemon.client.verify(second.gid).await.unwrap().ok);
}

#[tokio::test]
async fn where_every_archive_is_damaged_none_is_deleted() {
    let daemon = three(keep_last(1)).await;
    let all = listed(&daemon.client).await;
    flip(&all[2].path);
    flip(&all[1].path);
    fs::write(&all[0].path, "{").unwrap();
    assert!(daemon.client.apply_retention().await.unwrap().deleted.is_empty());
    let plan = daemon.client.retention_plan().await.unwrap();
    assert!(plan.decisions.iter().all(|decision| decision.keep));
    assert_eq!(plan.warnings[0].code, "no_good_archive");
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_while_exports_run_leaves_the_newest_and_a_catalog_that_is_true() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.retention = keep_last(1);
    })
    .await;
    let exporting = async {
        let mut newest = archived(&daemon.client).await;
        for _ in 0..6 {
            newest = archived(&daemon.client).await;
        }
        newest
    };
    let pruning = async {
        loop {
            assert_eq!(daemon.client.apply_retention().await.unwrap().failures, Vec::<String>::new());
        }
    };
    let newest = tokio::select! {
        newest = exporting => newest,
        never = pruning => never,
    };
    daemon.client.apply_retention().await.unwrap();
    assert_eq!(gids(&daemon.client).await, [newest]);
    assert!(daemon.client.verify(newest).await.unwrap().ok);
    let rebuilt = daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!((rebuilt.archives, rebuilt.skipped.len()), (1, 0), "{rebuilt:?}");
}

#[tokio::test]
async fn below_the_floor_an_export_is_refused_with_both_numbers_and_pruning_goes_on() {
    let app = App::new().await;
    let floor = 1 << 60;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.daemon.min_free = floor;
        config.retention = keep_last(1);
    })
    .await;
    for gid in 1..=2 {
        daemon.publish(gid, &organization("acme"), gid);
    }
    daemon.client.rebuild_catalog().await.unwrap();
    let refused = export(&daemon.client).await.error.unwrap();
    assert_eq!(refused.code, "disk_full");
    let numbers = format!("at least {floor} bytes needed, ");
    assert!(refused.message.contains(&numbers) && refused.message.ends_with(" free"), "{}", refused.message);
    assert_eq!(daemon.client.apply_retention().await.unwrap().deleted.len(), 1);
}
