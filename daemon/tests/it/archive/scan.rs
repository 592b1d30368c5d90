//! What a scan takes in, and what it only reports.

use std::{fs, os::unix::fs::symlink, path::Path};

use orgvault_api::ArchiveState;
use orgvault_archive::manifest::manifest_path;
use orgvault_daemon::store::{LocalStore, Store};
use serde_json::{Value, json};

use super::{files, organization, publish, scan};

/// Rewrites one key of the manifest of the archive at `path`.
fn change(path: &Path, key: &str, value: Value) {
    let manifest = manifest_path(path);
    let mut document: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    document[key] = value;
    fs::write(&manifest, serde_json::to_vec(&document).unwrap()).unwrap();
}

#[test]
fn a_manifest_that_lies_is_reported_and_not_followed() {
    let other = json!({"source": "tracker", "kind": "organization", "id": "8", "name": "", "slug": "acme"});
    let source = json!({"source": "other", "kind": "organization", "id": "7", "name": "", "slug": "acme"});
    let cases = [
        ("file", json!("../../../../etc/passwd"), "names a file that cannot be its own"),
        ("file", json!("20260131T093000Z-1.json"), "contradicts itself: its gid"),
        ("manifest_version", json!(2), "has version 2 and this orgvault reads up to 1: update orgvault"),
        ("sha256", json!("x"), "contradicts itself: its sha256"),
        ("bytes", json!("many"), "is not what orgvault writes: invalid type"),
        ("organization", other, "says organization 8 of source tracker, whose directory is another one"),
        ("organization", source, "says organization 7 of source other, whose directory is another one"),
        ("gid", json!("1"), "contradicts itself: its gid"),
    ];
    for (key, value, reason) in cases {
        let root = tempfile::tempdir().unwrap();
        let directory = LocalStore::new(root.path().to_owned());
        publish(&directory, &organization("acme", "7"), 1).unwrap();
        let path = publish(&directory, &organization("acme", "7"), 2).unwrap();
        change(&path, key, value.clone());
        let (archives, skipped) = scan(&directory);
        assert_eq!(archives.len(), 1, "{key} {value}");
        assert_eq!(skipped.len(), 1, "{key} {value}: {skipped:?}");
        assert!(skipped[0].contains(reason) && skipped[0].contains("-2.json"), "{skipped:?}");
    }
}

#[test]
fn a_manifest_that_is_no_json_or_a_link_is_reported() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let path = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let manifest = manifest_path(&path);
    let text = fs::read(&manifest).unwrap();
    fs::write(&manifest, "\u{1b}[31m{").unwrap();
    assert_eq!(scan(&directory).1.len(), 1);
    let elsewhere = root.path().join("elsewhere");
    fs::write(&elsewhere, text).unwrap();
    fs::remove_file(&manifest).unwrap();
    symlink(&elsewhere, &manifest).unwrap();
    let (archives, skipped) = scan(&directory);
    assert!(archives.is_empty() && skipped[0].ends_with("it is a link and not a file"), "{skipped:?}");
}

#[test]
fn a_copied_archive_counts_once() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let path = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let copy = root.path().join("tracker/umbrella--7");
    fs::create_dir(&copy).unwrap();
    for file in [path.clone(), manifest_path(&path)] {
        fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
    }
    let (archives, skipped) = scan(&directory);
    assert_eq!(archives.len(), 1);
    assert!(skipped[0].ends_with("the gid 1 is that of an archive that was already found"), "{skipped:?}");
}

#[test]
fn what_is_missing_or_has_another_size_is_listed_as_such() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let paths: Vec<_> =
        (1..=4).map(|number| publish(&directory, &organization("acme", "7"), number).unwrap()).collect();
    fs::remove_file(&paths[1]).unwrap();
    fs::write(&paths[2], "{").unwrap();
    fs::remove_file(&paths[3]).unwrap();
    symlink(&paths[0], &paths[3]).unwrap();
    let (archives, skipped) = scan(&directory);
    let states: Vec<ArchiveState> = archives.iter().map(|archive| archive.condition).collect();
    assert_eq!(states, [ArchiveState::Present, ArchiveState::Missing, ArchiveState::Damaged, ArchiveState::Damaged]);
    assert_eq!(skipped, [""; 0]);
    fs::remove_file(manifest_path(&paths[0])).unwrap();
    let (archives, skipped) = scan(&directory);
    assert_eq!(archives.len(), 3);
    assert!(skipped[0].ends_with("-1.json: the archive has no manifest, so it is not listed"), "{skipped:?}");
}

#[test]
fn a_state_that_cannot_be_used_costs_only_itself() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let path = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let state = orgvault_archive::state::state_path(&path);
    for text in ["", r#"{"state_version":2}"#, r#"{"state_version":1,"gid":"9"}"#] {
        fs::write(&state, text).unwrap();
        let (archives, skipped) = scan(&directory);
        assert_eq!((archives.len(), skipped.len()), (1, 1), "{text}: {skipped:?}");
        assert!(archives[0].state.is_none());
    }
}

#[test]
fn what_is_not_ours_is_neither_read_nor_removed() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    publish(&directory, &organization("acme", "7"), 1).unwrap();
    publish(&LocalStore::new(elsewhere.path().to_owned()), &organization("acme", "9"), 9).unwrap();
    fs::write(elsewhere.path().join("tracker/acme--9/.partial-x"), "").unwrap();
    symlink(elsewhere.path().join("tracker"), root.path().join("linked")).unwrap();
    symlink(elsewhere.path().join("tracker/acme--9"), root.path().join("tracker/acme--9")).unwrap();
    for name in ["lost+found/x--1", "tracker/notes", "tracker/acme--7/sub--1"] {
        fs::create_dir_all(root.path().join(name)).unwrap();
        fs::write(root.path().join(name).join(".partial-x"), "").unwrap();
    }
    for name in ["README", "tracker/README", "tracker/acme--7/README"] {
        fs::write(root.path().join(name), "").unwrap();
    }
    let before = files(root.path());
    assert_eq!(directory.sweep().unwrap().removed.len(), 0);
    assert_eq!(files(root.path()), before);
    let (archives, skipped) = scan(&directory);
    assert_eq!((archives.len(), skipped), (1, vec![]));
    assert!(elsewhere.path().join("tracker/acme--9/.partial-x").exists());
}

#[test]
fn an_archive_directory_that_is_not_there_yet_is_empty() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().join("none"));
    assert_eq!(directory.sweep().unwrap().removed.len(), 0);
    assert_eq!(scan(&directory).0.len(), 0);
}
