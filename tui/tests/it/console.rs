//! The console: the real binary on a terminal, with the real daemon behind it.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Stdio,
};

use nix::sys::signal::Signal;
use orgvault_api::{Organizations, Role, Status};

use crate::{
    daemon::Daemon,
    fixtures::{at, change, pending, snapshot, started},
    orgvault::{alone, command},
    screen::{OnScreen, on_terminal, terminal},
    stub::{Reply, Stub},
};

const SIZE: (u16, u16) = (100, 30);
const DOWN: &str = "\u{1b}[B";

fn console(daemon: &Daemon) -> OnScreen {
    OnScreen::start(command(&daemon.path("sock"), &[]), SIZE)
}

#[test]
fn from_start_to_quit() {
    let daemon = Daemon::start();
    let mut console = console(&daemon);
    console.shows(&["organizations 4", "never", "acme", "odd-texts", "✓ owner"]);
    console.press("/acm");
    console.shows(&["1 of 4 /acm"]);
    console.press("\r");
    console.press("e");
    console.shows(&["Export tracker/acme as", "[x] the product's default, json", "[ ] csv"]);
    assert!(!console.screen().contains("seed"), "a format that the product does not have");
    console.press("\r");
    console.shows(&["asked for tracker/acme"]);
    console.press("2");
    console.shows(&["tracker/acme json", "finished"]);
    console.until("the end of the export", |screen| screen.contents().contains("51,069 rows"));
    console.press("1");
    console.shows(&["51,069", "✓ ok"]);
    console.press("/acm\r\rL");
    console.shows(&["counts, live", "20,000                                  20,000"]);
    // The section `workItems`, and of its rows the third one.
    console.press("\t");
    console.press(&DOWN.repeat(6));
    console.press("\r");
    console.shows(&["row 1 of 20,000", "AX-1"]);
    console.press("jj\r");
    console.shows(&["row 3", "priority"]);
    console.press("q:row 12,345\r");
    console.shows(&["row 12,345 of 20,000", "00000001-0008-4000-8000-000000003038"]);
    console.press("/#19999\r");
    console.shows(&["rows with \"#19999\"", "end of the section", "00000001-0008-4000-8000-000000004e1f"]);
    console.press("qqq");
    assert_eq!(console.ended().code(), Some(0));
    console.is_given_back();
}

#[test]
fn a_daemon_that_goes_away_and_comes_back() {
    let mut daemon = Daemon::start();
    let mut console = console(&daemon);
    console.shows(&["acme", "✓ owner"]);
    daemon.stop();
    console.shows(&["no connection for", "cannot reach orgvaultd", "acme", "✗ not connected"]);
    console.press("e");
    console.shows(&["orgvaultd does not answer"]);
    console.press("2");
    console.shows(&["exports 0"]);
    fs::remove_file(daemon.path("sock")).unwrap();
    daemon.restart();
    console.shows(&["✓ owner"]);
    console.until("no banner", |screen| !screen.contents().contains("no connection"));
    console.press("\u{3}");
    assert_eq!(console.ended().code(), Some(0));
    console.is_given_back();
}

#[test]
fn absent_at_the_start() {
    let mut console = OnScreen::start(command(Path::new("/nonexistent/sock"), &[]), SIZE);
    console.shows(&["no connection for", "No such file or directory"]);
    console.press("?");
    console.shows(&["keys that work here", "quit, from anywhere", "filter: /text"]);
    console.press("\u{1b}");
    console.until("no help", |screen| !screen.contents().contains("keys that work here"));
    console.press("q");
    assert_eq!(console.ended().code(), Some(0));
    console.is_given_back();
}

#[test]
fn signals_end_it_and_give_the_terminal_back() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        let mut console = OnScreen::start(command(Path::new("/nonexistent/sock"), &[]), SIZE);
        console.shows(&["orgvault", "no connection"]);
        console.signal(signal);
        assert_eq!(console.ended().code(), Some(code), "{signal}");
        console.is_given_back();
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let (mut terminal, slave) = terminal(SIZE);
    let mut command = command(Path::new("/nonexistent/sock"), &[]);
    on_terminal(command.env("TERM", "xterm"), &slave);
    let mut child = command.spawn().unwrap();
    drop((command, slave));
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("connection") {
        let mut bytes = [0; 4096];
        let read = terminal.read(&mut bytes).unwrap();
        shown.extend_from_slice(&bytes[..read]);
    }
    drop(terminal);
    // Not the leader of a session, it gets no SIGHUP: it finds out by itself.
    assert_eq!(child.wait().unwrap().code(), Some(129));
}

#[test]
fn it_stops_and_goes_on() {
    let mut console = OnScreen::start(command(Path::new("/nonexistent/sock"), &[]), SIZE);
    console.shows(&["no connection"]);
    console.press("\u{1a}");
    console.is_given_back();
    console.stops();
    console.signal(Signal::SIGCONT);
    console.until("its own screen", |screen| screen.alternate_screen() && screen.contents().contains("no connection"));
    console.press("q");
    assert_eq!(console.ended().code(), Some(0));
    console.is_given_back();
}

#[test]
fn a_storm_of_sizes_ends_with_the_last_one() {
    let mut console = OnScreen::start(command(Path::new("/nonexistent/sock"), &[]), SIZE);
    console.shows(&["no connection"]);
    for round in 0..20 {
        console.resize(61 + round, 16 + round / 2);
    }
    console.resize(20, 5);
    console.shows(&["60x15", "has 20x5"]);
    console.resize(120, 40);
    console.until("the whole screen", |screen| {
        let contents = screen.contents();
        contents.contains("no connection") && contents.lines().count() == 40
    });
    console.press("q");
    assert_eq!(console.ended().code(), Some(0));
}

fn crowd() -> Stub {
    let status = Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: 1,
        started_at: at(0),
        role: Role::Admin,
        sources: 1,
        archives: 0,
        archive_bytes: 0,
        archive_dir: String::new(),
        pending: 0,
        running: 0,
        failed: 0,
        configured_at: at(0),
        warnings: Vec::new(),
    };
    let mut storm = vec![snapshot([pending(7, "acme")])];
    storm.extend((0..20_000).map(|number| change(started(7 + number % 50, "acme"))));
    Stub::start([
        ("GET /v1/status", Reply::json(&status)),
        ("GET /v1/organizations?history=14d", Reply::json(&Organizations::default())),
        ("GET /v1/events", Reply::events(&storm).then_hang()),
    ])
}

#[test]
fn keys_work_in_a_storm_of_events() {
    let stub = crowd();
    let mut console = OnScreen::start(command(&stub.socket(), &[]), SIZE);
    console.shows(&["✓ admin"]);
    console.press("2");
    console.shows(&["exports", "tracker/acme"]);
    console.press("q");
    console.shows(&["organizations 0"]);
    console.press("q");
    assert_eq!(console.ended().code(), Some(0));
}

#[test]
fn without_colours_nothing_is_coloured() {
    let daemon = Daemon::start();
    let mut plain = command(&daemon.path("sock"), &["--ascii"]);
    plain.env("NO_COLOR", "1");
    let mut console = OnScreen::start(plain, (80, 24));
    console.shows(&["o never", "+ owner"]);
    console.until("no colour", |screen| {
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        let mut coloured = cells.filter_map(|(row, column)| screen.cell(row, column));
        coloured.all(|cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default)
    });
    console.press("q");
    assert_eq!(console.ended().code(), Some(0));
}

#[test]
fn the_demo_opens_it_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(Path::new("/nonexistent"), &["demo"]);
    demo.env("TMPDIR", folder.path());
    let mut console = OnScreen::start(demo, SIZE);
    console.shows(&["organizations 3", "acme", "globex"]);
    console.press("3");
    console.shows(&["nightly", "✓ 3 finished", "30 2 * * *"]);
    console.press("qq");
    assert_eq!(console.ended().code(), Some(0));
    console.is_given_back();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn line_by_line() {
    let daemon = Daemon::start();
    let run = |args: &[&str], typed: &str| {
        let mut child =
            command(&daemon.path("sock"), args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run(&["--plain"], "1\n3\nacme\n4\n5\n1\n9\n6\nnonsense\nq\n");
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "you are owner",
        "1 tracker/acme, Acme Corporation: ",
        "tracker/acme json: finished, 51,069 rows",
        "  workItems 20,000",
        "9 is not in the menu",
        "not done: `nonsense` is no gid",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains('\u{1b}') && !said.contains('─'), "{said}");
    let (code, said) = run(&["--plain", "--read-only"], "3\n");
    assert!(code == Some(0) && said.contains("--read-only"), "{said}");
    assert_eq!(alone(&["--plain"]).code, Some(4));
}

/// A program in `folder`.
fn script(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A stand-in for `ssh` that stays on this machine.
fn ssh(folder: &Path) -> std::path::PathBuf {
    let programs = Path::new(env!("CARGO_BIN_EXE_orgvault")).parent().unwrap();
    let text = format!(
        "#!/bin/sh\necho \"$@\" >> {folder}/calls\n[ \"$1\" = -O ] && exit 0\nwhile [ \"$1\" != -- ]; do shift; done\n\
         shift 2\nPATH={programs}:$PATH exec sh -c \"$*\"\n",
        folder = folder.display(),
        programs = programs.display()
    );
    script(folder, "ssh", &text)
}

/// A stand-in for the `ssh` to a machine that has no orgvault: it forwards sockets.
fn forwarding(folder: &Path) -> std::path::PathBuf {
    let text = "#!/bin/sh\n[ \"$1\" = -O ] && exit 0\n\
        while [ \"$1\" != -- ]; do [ \"$1\" = -L ] && forward=$2; shift; done\n\
        [ -n \"$forward\" ] || exit 127\nln -s \"${forward#*:}\" \"${forward%%:*}\"\nexec cat\n";
    script(folder, "forwarding", text)
}

/// A command and the console find what the daemon has through this `ssh`.
fn works_through(ssh: &Path) {
    let daemon = Daemon::start();
    let over = |args: &[&str]| {
        let mut command = command(&daemon.path("sock"), &[&["--host", "ada@backup"], args].concat());
        command.env("ORGVAULT_SSH", ssh).env("PATH", "/usr/bin:/bin");
        command
    };
    let listed = over(&["orgs"]).output().unwrap();
    let shown = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.status.success() && shown.contains("tracker/acme"), "{shown}");
    let mut console = OnScreen::start(over(&[]), SIZE);
    console.shows(&["orgvault ada@backup", "organizations 4"]);
    console.press("q");
    assert_eq!(console.ended().code(), Some(0));
}

#[test]
fn over_ssh() {
    let folder = tempfile::tempdir().unwrap();
    works_through(&ssh(folder.path()));
    let calls = fs::read_to_string(folder.path().join("calls")).unwrap();
    assert!(calls.lines().any(|call| call.contains("-- ada@backup orgvault --socket")), "{calls}");
    assert!(calls.lines().last().unwrap().starts_with("-O exit"), "the login is ended: {calls}");
}

#[test]
fn over_ssh_to_a_machine_without_orgvault() {
    let folder = tempfile::tempdir().unwrap();
    works_through(&forwarding(folder.path()));
}

#[test]
fn a_machine_that_cannot_be_reached_is_4_and_no_option() {
    let folder = tempfile::tempdir().unwrap();
    let mut gone = command(&folder.path().join("none"), &["--host", "ada@backup", "orgs"]);
    let ran = gone.env("ORGVAULT_SSH", ssh(folder.path())).env("PATH", "/usr/bin:/bin").output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(
        ran.status.code() == Some(4) && said.contains("cannot reach orgvaultd on ada@backup through ssh"),
        "{said}"
    );
    assert_eq!(alone(&["--host=-oProxyCommand=x", "orgs"]).code, Some(2));
}
