//! Disks that are full and directories that cannot be written.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc};

use nix::sys::signal::{SigSet, Signal};
use orgvault_daemon::store::{LocalStore, Step, Store, StoreError};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CapabilitySet, CapabilitySets, set_capabilities},
};

use super::{files, organization, publish, sha256sum};

const STEP: &str = "ORGVAULT_TEST_FULL_AFTER";

/// From `step` on no file of this process may grow: what a full disk does, for any user.
fn full_after(root: &Path, step: Step) -> LocalStore {
    let mut ignored = SigSet::empty();
    ignored.add(Signal::SIGXFSZ);
    ignored.thread_block().unwrap();
    LocalStore::new(root.to_owned()).observed_by(Arc::new(move |taken| {
        if taken == step {
            let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
            setrlimit(Resource::Fsize, Rlimit { current: Some(0), maximum }).unwrap();
        }
    }))
}

/// What the process with the full disk does; by itself it does nothing.
#[test]
fn fills_up() {
    let Ok(step) = env::var(STEP) else { return };
    let step = Step::PUBLISHING.into_iter().find(|known| format!("{known:?}") == step).unwrap();
    let root = tempfile::tempdir().unwrap();
    let before = LocalStore::new(root.path().to_owned());
    let earlier = publish(&before, &organization("acme", "7"), 1).unwrap();
    let files_before = files(root.path());

    let result = publish(&full_after(root.path(), step), &organization("acme", "7"), 2);
    match (step, result) {
        (Step::Created | Step::Sealed | Step::ManifestWritten, Err(error)) => {
            let StoreError::DiskFull { path, needed, free, .. } = &error else { panic!("{step:?}: {error:?}") };
            assert!(path.starts_with(root.path()) && *needed > 0 && *free > 0, "{error:?}");
            assert_eq!(error.code(), "disk_full");
            assert!(error.to_string().contains(" bytes needed, "), "{error}");
            assert_eq!(files(root.path()), files_before, "{step:?}");
        }
        // From here on there are only names to change.
        (_, Ok(_)) => assert_eq!(files(root.path()).len(), files_before.len() + 2, "{step:?}"),
        (_, Err(error)) => panic!("{step:?}: {error:?}"),
    }
    assert_eq!(sha256sum(earlier.parent().unwrap()), files(root.path()).len() - 3);
}

#[test]
fn a_full_disk_leaves_nothing_at_any_step() {
    for step in Step::PUBLISHING {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "archive::faults::fills_up", "--nocapture"])
            .env(STEP, format!("{step:?}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{step:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn too_little_room_is_said_before_the_export() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().join("archives"));
    directory.check(1).unwrap();
    let error = directory.check(u64::MAX).unwrap_err();
    assert!(matches!(&error, StoreError::DiskFull { needed: u64::MAX, free, .. } if *free > 0), "{error:?}");
    assert_eq!(error.code(), "disk_full");
    assert!(!error.hint().is_empty());
}

/// Runs `work` as somebody whom the modes of files bind, also where the tests run as root.
fn without_privileges<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let none = CapabilitySet::empty();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    publish(&directory, &organization("acme", "7"), 1).unwrap();
    for (locked, id) in [("", "7"), ("tracker", "8"), ("tracker/acme--7", "7")] {
        let locked = root.path().join(locked);
        let mode = fs::metadata(&locked).unwrap().permissions();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
        let at_root = locked == root.path();
        let error = without_privileges(|| {
            if at_root { directory.check(0) } else { publish(&directory, &organization("acme", id), 2).map(drop) }
        });
        fs::set_permissions(&locked, mode).unwrap();
        let error = error.unwrap_err();
        let StoreError::NotWritable { path, .. } = &error else { panic!("{error:?}") };
        assert!(path.starts_with(&locked), "{error}");
        assert_eq!(error.code(), "archive_dir");
        assert!(error.hint().contains("ReadWritePaths="));
    }
    assert_eq!(sha256sum(&root.path().join("tracker/acme--7")), 2);
}

#[test]
fn a_file_where_a_directory_should_be_is_named() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    fs::write(root.path().join("tracker"), "").unwrap();
    let error = publish(&directory, &organization("acme", "7"), 1).unwrap_err();
    assert!(error.to_string().contains("/tracker: "), "{error}");
    assert_eq!(error.code(), "archive_write");
}

#[test]
fn an_organization_directory_that_is_a_link_is_not_followed() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    fs::create_dir(root.path().join("tracker")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("tracker/acme--7")).unwrap();
    assert!(publish(&directory, &organization("acme", "7"), 1).is_err());
    assert_eq!(files(elsewhere.path()), [""; 0]);
}
