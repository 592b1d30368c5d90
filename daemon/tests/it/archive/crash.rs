//! `kill -9` at each step of publishing and deleting: the test runs itself once more as the daemon
//! that dies.

use std::{
    env,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use orgvault_archive::verify;
use orgvault_daemon::store::{LocalStore, Step, Store};
use rustix::process::{Signal, getpid, kill_process};

use super::{at, files, organization, publish, scan, sha256sum};

const ROOT: &str = "ORGVAULT_TEST_ROOT";
const STEP: &str = "ORGVAULT_TEST_STEP";
const EARLIER: u64 = 1;
const DYING: u64 = 2;

/// A directory whose owner dies in `step`.
fn cancel_requested(root: PathBuf, step: String) -> LocalStore {
    LocalStore::new(root).observed_by(Arc::new(move |taken: Step| {
        if format!("{taken:?}") == step {
            kill_process(getpid(), Signal::KILL).unwrap();
            loop {
                std::thread::park();
            }
        }
    }))
}

/// What the process that dies does; by itself it does nothing.
#[test]
fn dies() {
    let (Some(root), Ok(step)) = (env::var_os(ROOT), env::var(STEP)) else { return };
    let directory = cancel_requested(root.into(), step);
    let path = publish(&directory, &organization("acme", "7"), DYING).unwrap();
    directory.delete(&at(&path)).unwrap();
}

/// An archive of the same organization, then one whose publishing or deleting ends in `step`.
fn die_in(step: Step) -> (tempfile::TempDir, LocalStore) {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    publish(&directory, &organization("acme", "7"), EARLIER).unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "archive::crash::dies"])
        .env(ROOT, root.path())
        .env(STEP, format!("{step:?}"))
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(9), "{step:?}: {}", String::from_utf8_lossy(&output.stdout));
    (root, directory)
}

/// The gids that a scan lists, each whole.
fn listed(directory: &LocalStore) -> Vec<u64> {
    let (archives, skipped) = scan(directory);
    assert_eq!(skipped, [""; 0]);
    for archive in &archives {
        assert!(verify(directory.locate(&archive.archive.key).as_ref(), Some(&archive.manifest)).unwrap().ok());
    }
    archives.iter().map(|archive| archive.manifest.gid.get()).collect()
}

/// After a restart there is nothing but `gids`.
fn assert_clean(root: &Path, directory: &LocalStore, gids: &[u64], step: Step) {
    assert_eq!(listed(directory), gids, "{step:?}");
    let archives = files(root).len() - 3;
    assert_eq!(archives, 2 * gids.len(), "{step:?}: {:?}", files(root));
    assert_eq!(sha256sum(&root.join("tracker/acme--7")), 2 * gids.len(), "{step:?}");
    let second = directory.sweep().unwrap();
    assert!(second.removed.is_empty() && second.deletions.is_empty(), "a second sweep finds nothing: {second:?}");
}

#[test]
fn killed_while_publishing() {
    for step in Step::PUBLISHING {
        let (root, directory) = die_in(step);
        let whole = matches!(step, Step::ManifestRenamed | Step::SumsRenamed | Step::Published);
        let (archives, _) = scan(&directory);
        assert_eq!(archives.len(), if whole { 2 } else { 1 }, "{step:?}: nothing half-done is listed before the sweep");
        let removed = directory.sweep().unwrap().removed;
        assert_eq!(removed.is_empty(), matches!(step, Step::SumsRenamed | Step::Published), "{step:?}: {removed:?}");
        assert_clean(root.path(), &directory, if whole { &[EARLIER, DYING] } else { &[EARLIER] }, step);
        if !whole {
            publish(&directory, &organization("acme", "7"), DYING).unwrap();
            assert_clean(root.path(), &directory, &[EARLIER, DYING], step);
        }
    }
}

#[test]
fn killed_while_deleting() {
    for step in Step::DELETING {
        let (root, directory) = die_in(step);
        let (archives, _) = scan(&directory);
        assert_eq!(archives.len(), 1, "{step:?}: a deletion that was begun is done");
        let swept = directory.sweep().unwrap();
        let decided: Vec<u64> = swept.deletions.iter().map(|deletion| deletion.gid().get()).collect();
        assert_eq!(decided, if step == Step::Deleted { vec![] } else { vec![DYING] }, "{step:?}");
        for deletion in &swept.deletions {
            assert!(deletion.organization.as_ref().unwrap().is(&organization("acme", "7").tenant()));
            directory.end_deletion(deletion).unwrap();
        }
        assert_clean(root.path(), &directory, &[EARLIER], step);
    }
}
