//! The archive directory is another one, or somebody else's; deletions that a crash cut short, and who
//! deleted what.

use std::{fs, path::PathBuf, time::Duration};

use orgvault_api::{Actor, ArchiveState, AuditEntry, State, clock::Clock, gid::Gid, health::Health};
use orgvault_config::Retention;
use orgvault_daemon::{
    RunError,
    lifecycle::Stop,
    product::Products,
    run,
    store::{ArchiveRef, Key, LocalStore, Store},
};

use super::fixture::{App, archived, export, gids, listed};
use crate::api::fixture::{Daemon, config, organization, problem, until};

const MARKER: &str = ".orgvault.json";

async fn of(app: &App) -> Daemon {
    Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.daemon.rescan = Duration::from_millis(50);
    })
    .await
}

/// The mount point without its disk, which is given back by [`mount`].
fn unmount(daemon: &Daemon) -> PathBuf {
    let mounted = &daemon.config.daemon.archive_dir;
    let away = mounted.with_file_name("away");
    fs::rename(mounted, &away).unwrap();
    fs::create_dir(mounted).unwrap();
    away
}

fn mount(daemon: &Daemon, away: &PathBuf) {
    fs::remove_dir_all(&daemon.config.daemon.archive_dir).unwrap();
    fs::rename(away, &daemon.config.daemon.archive_dir).unwrap();
}

async fn warned(daemon: &Daemon) -> bool {
    let warnings = daemon.client.status().await.unwrap().warnings;
    warnings.iter().any(|warning| warning.code == "wrong_archive_dir")
}

fn is_empty(daemon: &Daemon) -> bool {
    fs::read_dir(&daemon.config.daemon.archive_dir).unwrap().next().is_none()
}

#[tokio::test]
async fn without_its_disk_nothing_is_written_and_nothing_is_lost_and_it_goes_on_when_the_disk_is_back() {
    let app = App::new().await;
    let daemon = of(&app).await;
    let first = archived(&daemon.client).await;
    assert!(daemon.config.daemon.archive_dir.join(MARKER).exists());
    let away = unmount(&daemon);
    let refused = export(&daemon.client).await.error.unwrap();
    assert_eq!(refused.code, "wrong_archive_dir");
    assert!(refused.message.contains(MARKER) && refused.hint.contains("mount the disk"), "{refused:?}");
    until("the status says so", async || warned(&daemon).await).await;
    for refused in [
        problem(daemon.client.apply_retention().await),
        problem(daemon.client.delete_archive(first).await),
        problem(daemon.client.verify(first).await),
        problem(daemon.client.pin(first, true).await),
    ] {
        assert_eq!((refused.status, refused.code.as_str()), (503, "wrong_archive_dir"));
    }
    assert_eq!(daemon.client.organization("tracker/acme").await.unwrap().health, Health::Failed);

    let daemon = daemon.restart().await;
    assert!(warned(&daemon).await, "it starts, and says so");
    assert_eq!(export(&daemon.client).await.error.unwrap().code, "wrong_archive_dir");
    assert!(is_empty(&daemon), "nothing is written below the mount point");
    mount(&daemon, &away);
    until("it is noticed", async || !warned(&daemon).await).await;
    let second = archived(&daemon.client).await;
    let all = listed(&daemon.client).await;
    assert_eq!(all.iter().map(|archive| archive.gid).collect::<Vec<_>>(), [first, second]);
    assert!(all.iter().all(|archive| archive.state == ArchiveState::Present), "{all:?}");
}

#[tokio::test]
async fn a_rebuild_takes_the_directory_as_it_is() {
    let app = App::new().await;
    let daemon = of(&app).await;
    let first = archived(&daemon.client).await;
    let away = unmount(&daemon);
    let rebuilt = daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!((rebuilt.archives, warned(&daemon).await), (0, false));
    let second = archived(&daemon.client).await;
    // The old disk belongs to the same catalog.
    mount(&daemon, &away);
    until("its archives are listed", async || gids(&daemon.client).await.contains(&first)).await;
    let state = daemon.client.archive(second).await.unwrap().state;
    assert_eq!(state, ArchiveState::Missing, "that one is on the other disk");
}

#[tokio::test]
async fn a_new_catalog_takes_the_directory_and_an_old_one_refuses_anothers() {
    let app = App::new().await;
    let daemon = of(&app).await;
    let first = archived(&daemon.client).await;
    let marker = daemon.config.daemon.archive_dir.join(MARKER);
    let before = fs::read_to_string(&marker).unwrap();
    let mut daemon = daemon;
    daemon.stop.soft.cancel();
    daemon.ended().await;
    for file in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let path = daemon.config.daemon.state_dir.join(file);
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    let daemon = daemon.start_again().await;
    until("the archives are listed", async || gids(&daemon.client).await == [first]).await;
    archived(&daemon.client).await;
    assert_eq!(fs::read_to_string(&marker).unwrap(), before, "it is the directory's catalog now");

    let other = of(&app).await;
    archived(&other.client).await;
    let away = unmount(&daemon);
    fs::copy(other.config.daemon.archive_dir.join(MARKER), &marker).unwrap();
    let refused = export(&daemon.client).await.error.unwrap();
    assert!(refused.code == "wrong_archive_dir" && refused.message.contains("another catalog"), "{refused:?}");
    mount(&daemon, &away);
    archived(&daemon.client).await;
}

#[tokio::test]
async fn a_directory_without_a_marker_is_known_by_its_archives() {
    let app = App::new().await;
    let daemon = of(&app).await;
    archived(&daemon.client).await;
    let marker = daemon.config.daemon.archive_dir.join(MARKER);
    fs::remove_file(&marker).unwrap();
    until("the marker is there again", async || marker.exists()).await;
    assert_eq!(export(&daemon.client).await.state, State::Finished);
}

#[tokio::test]
async fn a_second_daemon_is_refused_where_the_directory_was_made_later() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        fs::remove_dir(&config.daemon.archive_dir).unwrap();
    })
    .await;
    archived(&daemon.client).await;
    let directory = tempfile::tempdir().unwrap();
    let mut second = config(directory.path());
    second.daemon.archive_dir.clone_from(&daemon.config.daemon.archive_dir);
    let refused = run(second, Products::embedded().unwrap(), Clock::system(), Stop::default()).await.unwrap_err();
    assert!(matches!(refused, RunError::Lock(_)), "{refused:?}");
    archived(&daemon.client).await;
}

async fn deletions(daemon: &Daemon) -> Vec<AuditEntry> {
    let mut entries = daemon.client.audit(None, None).await.unwrap().entries;
    entries.retain(|entry| entry.act == "archive.delete");
    entries
}

#[tokio::test]
async fn what_a_crash_cut_short_is_deleted_forgotten_and_told_once() {
    let mut daemon = Daemon::start().await;
    let published: Vec<Gid> = (1..=3).map(|gid| daemon.publish(gid, &organization("acme"), 3)).collect();
    daemon.client.rebuild_catalog().await.unwrap();
    let all = listed(&daemon.client).await;
    daemon.stop.soft.cancel();
    daemon.ended().await;
    // As a daemon leaves it that dies after it has decided, and after it has deleted.
    let directory = LocalStore::new(daemon.config.daemon.archive_dir.clone());
    for (archive, done) in all.iter().zip([false, true]) {
        let key = Key::parse_stored(&archive.path).unwrap();
        let deletion = directory.decide_deletion(&ArchiveRef { gid: archive.gid, key }).unwrap();
        if done {
            directory.carry_out(&deletion).unwrap();
        }
    }
    for _start in 0..2 {
        daemon = daemon.start_again().await;
        assert_eq!(gids(&daemon.client).await, [published[2]]);
        let told = deletions(&daemon).await;
        assert_eq!(told.iter().filter_map(|entry| entry.gid).collect::<Vec<_>>(), published[..2]);
        for entry in told {
            assert_eq!(entry.actor, Actor::Daemon { part: "start".to_owned() });
            assert!(entry.organization.unwrap().is(&organization("acme").tenant()));
        }
        daemon.stop.soft.cancel();
        daemon.ended().await;
    }
}

#[tokio::test]
async fn each_deletion_is_in_the_audit_trail_with_who_did_it() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.retention = Retention { keep_last: 1, ..Retention::default() };
    })
    .await;
    let first = archived(&daemon.client).await;
    archived(&daemon.client).await;
    until("retention is told", async || deletions(&daemon).await.len() == 1).await;
    let entry = deletions(&daemon).await.remove(0);
    assert_eq!((entry.gid, &entry.actor), (Some(first), &Actor::Daemon { part: "retention".to_owned() }));
    assert_eq!(entry.organization.unwrap().slug, "acme");

    let acme = daemon.client.organization("tracker/acme").await.unwrap().key;
    daemon.publish(1, &acme, 3);
    daemon.client.rebuild_catalog().await.unwrap();
    let pruned = daemon.client.apply_retention().await.unwrap();
    assert_eq!(pruned.deleted.len(), 1);
    let entry = deletions(&daemon).await.remove(1);
    assert_eq!(entry.gid, Some(pruned.deleted[0]));
    assert!(matches!(entry.actor, Actor::User { .. }), "{entry:?}");
}
