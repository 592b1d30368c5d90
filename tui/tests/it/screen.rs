//! The real binary on a pseudo-terminal: keys go in, and what a terminal would show comes out.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZero,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    pty::{Winsize, openpty},
    sys::{
        signal::{Signal, kill},
        termios::{LocalFlags, tcgetattr},
    },
    unistd::Pid,
};

/// No test waits longer for something that has to happen.
const DEADLINE: Duration = Duration::from_mins(1);

struct Seen {
    terminal: vt100::Parser,
    bytes: usize,
    ended: bool,
}

/// A program on a terminal of its own.
pub(crate) struct OnScreen {
    child: Child,
    keys: Option<File>,
    slave: Option<OwnedFd>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl OnScreen {
    /// Starts it on a terminal of this many columns and rows.
    pub(crate) fn start(mut command: Command, (columns, rows): (u16, u16)) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let stdio = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("TZ", "UTC").process_group(0);
        command.stdin(stdio(&pty.slave)).stdout(stdio(&pty.slave)).stderr(stdio(&pty.slave));
        let child = command.spawn().unwrap();
        drop(command);
        let terminal = vt100::Parser::new(some(rows), some(columns), 0);
        let seen = Arc::new((Mutex::new(Seen { terminal, bytes: 0, ended: false }), Condvar::new()));
        let keys = File::from(pty.master);
        let (output, told) = (keys.try_clone().unwrap(), Arc::clone(&seen));
        let reader = Some(std::thread::spawn(move || read(output, &told)));
        Self { child, keys: Some(keys), slave: Some(pty.slave), seen, reader }
    }

    /// Types bytes as a terminal sends them.
    pub(crate) fn press(&self, keys: &str) {
        self.keys.as_ref().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn screen(&self) -> String {
        self.seen.0.lock().unwrap().terminal.screen().contents()
    }

    /// Waits until the screen is as `wanted` says.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let seen = self.seen.0.lock().unwrap();
        let missing = |seen: &mut Seen| !wanted(seen.terminal.screen()) && !seen.ended;
        let (seen, _) = self.seen.1.wait_timeout_while(seen, DEADLINE, missing).unwrap();
        let screen = seen.terminal.screen();
        assert!(wanted(screen), "waited for {what}, and saw:\n{}", screen.contents());
    }

    /// Waits until all of `parts` are on the screen.
    #[track_caller]
    pub(crate) fn shows(&self, parts: &[&str]) {
        self.until(&format!("{parts:?}"), |screen| {
            let contents = screen.contents();
            parts.iter().all(|part| contents.contains(part))
        });
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// The state of the process, as `ps` shows it.
    pub(crate) fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let slave = self.slave.as_ref().unwrap().try_clone().unwrap();
        let mut stty = Command::new("stty");
        stty.args(["cols", &columns.to_string(), "rows", &rows.to_string()]).stdin(Stdio::from(slave));
        assert!(stty.status().unwrap().success());
        self.seen.0.lock().unwrap().terminal.screen_mut().set_size(some(rows), some(columns));
        self.signal(Signal::SIGWINCH);
    }

    /// The terminal goes away.
    pub(crate) fn close(&mut self) {
        self.slave = None;
        self.keys = None;
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::yield_now();
        }
        self.child.kill().unwrap();
        panic!("it goes on:\n{}", self.screen());
    }

    /// Whether the terminal is as a shell wants it: its own screen, cursor and line modes.
    #[track_caller]
    pub(crate) fn is_given_back(&self) {
        self.until("the shell's screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        let modes = tcgetattr(self.slave.as_ref().unwrap()).unwrap();
        assert!(modes.local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG));
    }
}

impl Drop for OnScreen {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
        self.close();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }
}

fn some(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

fn read(mut output: File, seen: &(Mutex<Seen>, Condvar)) {
    let mut bytes = [0; 1 << 16];
    loop {
        let read = output.read(&mut bytes).unwrap_or(0);
        let mut now = seen.0.lock().unwrap();
        now.terminal.process(&bytes[..read]);
        now.bytes += read;
        now.ended = read == 0;
        seen.1.notify_all();
        if read == 0 {
            return;
        }
    }
}
