//! `orgvault demo`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use serde_json::Value;

use crate::orgvault::{alone, command};

#[test]
fn three_are_exported_and_verified_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(Path::new("/nonexistent"), &["demo"]).env("TMPDIR", folder.path()).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{shown}");
    assert_eq!(shown.lines().last(), Some("demo: 3 exported, 3 verified"));
    for part in ["demo/acme", "demo/globex", "demo/odd-texts", "20,000", " MiB", "archives/demo/acme--"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_kept_is_the_same_each_time_and_needs_no_daemon() {
    let sections = || {
        let folder = tempfile::tempdir().unwrap();
        let output =
            command(Path::new("/nonexistent"), &["demo", "--keep", "--json"]).env("TMPDIR", folder.path()).output();
        let shown: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        assert_eq!((&shown["kept"], &shown["verified"]), (&true.into(), &3.into()));
        let path = shown["archives"][2]["path"].as_str().unwrap();
        assert_eq!(alone(&["verify", path]).code, Some(0));
        let found: Value =
            serde_json::from_str(&alone(&["rows", path, "workItems", "--search", "\"click\") #5", "--json"]).ok())
                .unwrap();
        assert_eq!(found["rows"][0]["title"], "=HYPERLINK(\"http://example.invalid\",\"click\") #5");
        let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        document["exportedAt"].take();
        document
    };
    assert_eq!(sections(), sections());
}

#[test]
fn ctrl_c_stops_it_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(Path::new("/nonexistent"), &["demo"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It prints this line when the database is there and the daemon starts.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("orgvaultd runs in this process")));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
