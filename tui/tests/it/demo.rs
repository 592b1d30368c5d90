//! `orgvault demo`.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::{fs::symlink, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
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

/// Starts it and waits for the socket: it says where that is when the daemon listens.
fn start(folder: &Path) -> (Child, PathBuf) {
    let mut child = command(Path::new("/nonexistent"), &["demo"])
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let mut sockets = lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("orgvaultd runs on it, its socket: ").map(PathBuf::from));
    let socket = sockets.next().unwrap();
    (child, socket)
}

#[test]
fn ctrl_c_stops_it_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, socket) = start(folder.path());
    assert!(socket.starts_with(folder.path()), "{}", socket.display());
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_daemon_does_not_outlive_a_console_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, socket) = start(folder.path());
    UnixStream::connect(&socket).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while UnixStream::connect(&socket).is_ok() {
        assert!(Instant::now() < deadline, "the daemon still listens on {}", socket.display());
        std::thread::yield_now();
    }
}

#[test]
fn an_orgvaultd_that_is_missing_or_another_one_is_named() {
    // Hard links, which cannot lead out of the file system of the binary.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let console = folder.path().join("orgvault");
    fs::hard_link(env!("CARGO_BIN_EXE_orgvault"), &console).unwrap();
    let run = || {
        let output = Command::new(&console).arg("demo").env_clear().stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run();
    let place = format!("the demo runs orgvaultd, which is neither in {} nor in PATH", folder.path().display());
    assert!(code == Some(1) && said.contains(&place) && said.contains("side by side"), "{said}");

    let daemon = folder.path().join("orgvaultd");
    symlink("/bin/true", &daemon).unwrap();
    let (code, said) = run();
    let other = format!("{} says that it is \"true (", daemon.display());
    assert!(code == Some(1) && said.contains(&other), "{said}");
    assert!(said.contains(concat!("and this is orgvault ", env!("CARGO_PKG_VERSION"))), "{said}");
}
