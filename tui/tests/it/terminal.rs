//! What differs on a terminal: colours, the bar, and what is not written there.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    pty::{Winsize, openpty},
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use orgvault_api::Archives;

use crate::{
    fixtures::{archive, change, exports, failed, pending, snapshot, started},
    orgvault::command,
    stub::{Reply, Stub},
};

const DEADLINE: Duration = Duration::from_secs(20);

/// A command with a pseudo-terminal as standard output and error.
struct OnTerminal {
    child: Child,
    screen: File,
    shown: String,
}

impl OnTerminal {
    fn start(mut command: Command) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let stdio = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let child = command.env("TERM", "xterm").stdout(stdio(&pty.slave)).stderr(stdio(&pty.slave)).spawn().unwrap();
        // Without its last writer the terminal ends; until then reading it waits.
        drop((command, pty.slave));
        Self { child, screen: pty.master.into(), shown: String::new() }
    }

    /// Reads until everything of `parts` was shown; false where the command ended before, or
    /// goes on to show other things.
    fn shows(&mut self, parts: &[&str]) -> bool {
        let (mut shown, mut bytes) = (Vec::new(), [0; 4096]);
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            match self.screen.read(&mut bytes) {
                Ok(0) => return false,
                Ok(read) => shown.extend_from_slice(&bytes[..read]),
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(nix::libc::EIO));
                    return false;
                }
            }
            self.shown = String::from_utf8_lossy(&shown).into_owned();
            if !parts.is_empty() && parts.iter().all(|part| self.shown.contains(part)) {
                return true;
            }
        }
        false
    }
}

/// Runs it to its end; gives the exit code and all that was shown.
fn on_terminal(command: Command) -> (Option<i32>, String) {
    let mut running = OnTerminal::start(command);
    assert!(!running.shows(&[]));
    (running.child.wait().unwrap().code(), running.shown)
}

fn archives() -> Stub {
    Stub::start([("GET /v1/archives", Reply::json(&Archives { archives: vec![archive(7, "acme")], next: None }))])
}

#[test]
fn words_are_coloured_and_no_color_ends_that() {
    let stub = archives();
    let (code, shown) = on_terminal(command(&stub.socket(), &["archives"]));
    assert!(code == Some(0) && shown.contains("\u{1b}[32mpresent\u{1b}[0m"), "{shown:?}");
    let mut plain = command(&stub.socket(), &["archives"]);
    plain.env("NO_COLOR", "1");
    for command in [plain, command(&stub.socket(), &["archives", "--no-color"])] {
        let (code, shown) = on_terminal(command);
        assert!(code == Some(0) && shown.contains("present") && !shown.contains('\u{1b}'), "{shown:?}");
    }
}

fn exporting() -> Stub {
    Stub::start([
        ("POST /v1/exports", Reply::json(&exports([pending(7, "acme")])).status(202)),
        (
            "GET /v1/events?request=1000",
            Reply::events(&[snapshot([pending(7, "acme")]), change(started(7, "acme"))]).then_hang(),
        ),
        ("DELETE /v1/exports/7", Reply::json(&failed(7, "acme", "canceled"))),
    ])
}

#[test]
fn waiting_shows_a_bar_with_rows_rate_and_eta() {
    let stub = exporting();
    let mut running = OnTerminal::start(command(&stub.socket(), &["export", "acme", "--wait"]));
    let parts = ["tracker/acme workItems", "1,200 of 41,210 rows", "rows/s", "ETA", "3%"];
    assert!(running.shows(&parts), "{:?}", running.shown);
    kill(Pid::from_raw(running.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert!(!running.shows(&[]));
    assert_eq!(running.child.wait().unwrap().code(), Some(130), "{:?}", running.shown);
    assert!(running.shown.contains("cancelled 7"), "{:?}", running.shown);
}

#[test]
fn compressed_bytes_are_not_written_to_a_terminal() {
    let stub = exporting();
    for kind in [&["--gzip"][..], &["--format", "zip"]] {
        let args = [&["export", "acme", "--out", "-"], kind].concat();
        let (code, shown) = on_terminal(command(&stub.socket(), &args));
        assert_eq!(code, Some(2), "{shown:?}");
        assert!(shown.contains("will not write compressed bytes to a terminal"), "{shown:?}");
    }
    assert_eq!(stub.asked(), [""; 0]);
}

#[test]
fn a_tar_file_is_not_written_to_a_terminal() {
    let stub = Stub::start([]);
    for args in [&["evidence", "7"][..], &["evidence", "7", "--out", "-"]] {
        let (code, shown) = on_terminal(command(&stub.socket(), args));
        assert!(code == Some(2) && shown.contains("will not write a tar file to a terminal"), "{shown:?}");
    }
    assert_eq!(stub.asked(), [""; 0]);
}
