//! The terminal is given back, also after a panic: looked at from outside, on a terminal of its
//! own, in a process of its own.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    process::{Command, Stdio},
};

use nix::{
    pty::openpty,
    sys::termios::{LocalFlags, tcgetattr},
};

use crate::console::terminal::TerminalGuard;

/// Run by the test below, on its own terminal.
#[test]
#[ignore = "takes the terminal that it is run on, and panics"]
fn takes_the_terminal_and_panics() {
    let _guard = TerminalGuard::take().unwrap();
    panic!("on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let pty = openpty(None, None).unwrap();
    let stdio = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
    let name = "console::tests::terminal::takes_the_terminal_and_panics";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", name, "--nocapture", "--test-threads=1"]);
    command.stdin(stdio(&pty.slave)).stdout(stdio(&pty.slave)).stderr(stdio(&pty.slave));
    let before = tcgetattr(&pty.slave).unwrap();
    let status = command.status().unwrap();
    assert_eq!(status.code(), Some(101));
    let after = tcgetattr(&pty.slave).unwrap();
    assert_eq!(before.local_flags, after.local_flags);
    assert!(after.local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO));
    drop((command, pty.slave));
    let mut shown = Vec::new();
    // Without a writer the terminal ends with an error.
    File::from(pty.master).read_to_end(&mut shown).unwrap_err();
    let shown = String::from_utf8_lossy(&shown);
    let (taken, left) = (shown.find("\u{1b}[?1049h").unwrap(), shown.find("\u{1b}[?1049l").unwrap());
    assert!(taken < left && left < shown.find("on purpose").unwrap(), "the message comes after the screen: {shown:?}");
    assert!(shown.contains("\u{1b}[?25h"), "the cursor is shown: {shown:?}");
}
