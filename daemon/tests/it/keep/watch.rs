//! What happens to archives behind the daemon's back.

use std::{
    fs::{self, OpenOptions},
    time::Duration,
};

use orgvault_api::{ArchiveState, gid::Gid, health::Health};
use orgvault_archive::manifest::manifest_path;

use super::fixture::{App, archived, flip, gids, listed};
use crate::api::fixture::{Daemon, organization, until};

/// A daemon that watches, with archives 1, 2 and 3 of one organization.
async fn watching() -> Daemon {
    let daemon = Daemon::start_with(|config| config.daemon.watch = true).await;
    for gid in 1..=3 {
        daemon.publish(gid, &organization("acme"), 10 * gid);
    }
    until("they are listed and read", async || {
        let all = listed(&daemon.client).await;
        all.len() == 3 && all.iter().all(|archive| archive.verified.is_some())
    })
    .await;
    daemon
}

async fn until_it_is(daemon: &Daemon, gid: Gid, state: ArchiveState) {
    until("its state is known", async || daemon.client.archive(gid).await.unwrap().state == state).await;
}

#[tokio::test]
async fn archives_that_are_copied_in_are_listed_and_read() {
    let daemon = watching().await;
    assert!(listed(&daemon.client).await.iter().all(|archive| archive.verified.as_ref().unwrap().ok));
    // One that is damaged already.
    let other = tempfile::tempdir().unwrap();
    let from = daemon.config.daemon.archive_dir.join("tracker/acme--id-acme");
    let name = fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).find(|path| {
        path.extension().is_some_and(|extension| extension == "json")
            && !path.to_string_lossy().contains("manifest")
            && !path.to_string_lossy().contains("state")
    });
    let archive = name.unwrap();
    let manifest = manifest_path(&archive);
    let gid: Gid = archive.file_stem().unwrap().to_str().unwrap().split_once('-').unwrap().1.parse().unwrap();
    let away = [&archive, &manifest].map(|path| (path.clone(), other.path().join(path.file_name().unwrap())));
    for (path, copy) in &away {
        fs::copy(path, copy).unwrap();
    }
    daemon.client.delete_archive(gid).await.unwrap();
    flip(&away[0].1);
    for (path, copy) in &away {
        fs::copy(copy, path).unwrap();
    }
    until("it is listed again", async || gids(&daemon.client).await.contains(&gid)).await;
    until_it_is(&daemon, gid, ArchiveState::Damaged).await;
}

#[tokio::test]
async fn what_is_deleted_truncated_or_changed_is_noticed() {
    let daemon = watching().await;
    let [gone, short, changed] = <[_; 3]>::try_from(listed(&daemon.client).await).unwrap();
    fs::remove_file(&gone.path).unwrap();
    until_it_is(&daemon, gone.gid, ArchiveState::Missing).await;
    OpenOptions::new().write(true).open(&short.path).unwrap().set_len(short.bytes / 2).unwrap();
    until_it_is(&daemon, short.gid, ArchiveState::Damaged).await;
    flip(&changed.path);
    until("the flipped bit is found", async || {
        daemon.client.archive(changed.gid).await.unwrap().verified.is_some_and(|verified| !verified.ok)
    })
    .await;
}

#[tokio::test]
async fn a_manifest_that_was_edited_to_name_another_file_is_not_followed() {
    let daemon = watching().await;
    let archive = listed(&daemon.client).await.remove(0);
    let manifest = manifest_path(archive.path.as_ref());
    let text = fs::read_to_string(&manifest).unwrap();
    let own = std::path::Path::new(&archive.path).file_name().unwrap().to_str().unwrap();
    fs::write(&manifest, text.replace(own, "/etc/passwd")).unwrap();
    until_it_is(&daemon, archive.gid, ArchiveState::Damaged).await;
    let found = daemon.client.verify(archive.gid).await.unwrap();
    assert!(!found.ok && found.faults[0].contains("names a file that cannot be its own"), "{found:?}");
    let warnings = daemon.client.status().await.unwrap().warnings;
    let skipped = warnings.iter().find(|warning| warning.code == "archives_skipped").unwrap();
    assert!(skipped.message.contains("cannot be its own"), "{skipped:?}");
    let shown = daemon.client.archive(archive.gid).await.unwrap();
    assert_eq!(shown.path, archive.path, "the catalog names the archive's own file");
    fs::write(&manifest, &text).unwrap();
    until("the warning is settled with its cause", async || {
        let warnings = daemon.client.status().await.unwrap().warnings;
        warnings.iter().all(|warning| warning.code != "archives_skipped")
    })
    .await;
}

#[tokio::test]
async fn without_a_watch_the_start_and_each_rescan_find_it() {
    let daemon = Daemon::start_with(|config| config.daemon.rescan = Duration::from_millis(50)).await;
    let first = daemon.publish(1, &organization("acme"), 3);
    until("the rescan lists it", async || gids(&daemon.client).await == [first]).await;
    let archive = listed(&daemon.client).await.remove(0);
    fs::remove_file(&archive.path).unwrap();
    until_it_is(&daemon, first, ArchiveState::Missing).await;
    let second = daemon.publish(2, &organization("acme"), 3);
    until("it is listed", async || gids(&daemon.client).await.len() == 2).await;
    fs::remove_file(manifest_path(listed(&daemon.client).await[1].path.as_ref())).unwrap();
    until("its entry says what is gone", async || {
        listed(&daemon.client).await.len() == 2
            && daemon.client.verify(second).await.unwrap().faults == ["its manifest is gone"]
    })
    .await;
    let daemon = daemon.restart().await;
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(gids(&daemon.client).await, [first], "a rebuild forgets what has no manifest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_while_archives_are_published_drops_none() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    let exporting = async {
        let mut made = Vec::new();
        for _ in 0..8 {
            made.push(archived(&daemon.client).await);
        }
        made
    };
    let rebuilding = async {
        loop {
            daemon.client.rebuild_catalog().await.unwrap();
        }
    };
    let made = tokio::select! {
        made = exporting => made,
        never = rebuilding => never,
    };
    assert_eq!(gids(&daemon.client).await, made);
}

#[tokio::test]
async fn scrubbing_finds_what_nobody_touched() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.scrub.every = Duration::from_millis(50);
        config.scrub.budget = 1;
    })
    .await;
    archived(&daemon.client).await;
    let newest = archived(&daemon.client).await;
    flip(listed(&daemon.client).await[1].path.as_str());
    until_it_is(&daemon, newest, ArchiveState::Damaged).await;
    let organization = daemon.client.organization("tracker/acme").await.unwrap();
    assert_eq!(organization.health, Health::Damaged);
    until("each archive's turn comes", async || {
        listed(&daemon.client).await.iter().all(|archive| archive.verified.is_some())
    })
    .await;
}
