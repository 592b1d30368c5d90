//! The real binary on a pseudo-terminal: keys go in, and what a terminal would show comes out.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZero,
    os::{
        fd::OwnedFd,
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    fcntl::OFlag,
    pty::{grantpt, posix_openpt, ptsname_r, unlockpt},
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
    slave: Option<File>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl OnScreen {
    /// Starts it on a terminal of this many columns and rows.
    pub(crate) fn start(mut command: Command, (columns, rows): (u16, u16)) -> Self {
        let (master, slave) = terminal((columns, rows));
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("TZ", "UTC").process_group(0);
        on_terminal(&mut command, &slave);
        let child = command.spawn().unwrap();
        drop(command);
        let terminal = vt100::Parser::new(some(rows), some(columns), 0);
        let seen = Arc::new((Mutex::new(Seen { terminal, bytes: 0, ended: false }), Condvar::new()));
        let keys = master;
        let (output, told) = (keys.try_clone().unwrap(), Arc::clone(&seen));
        let reader = Some(std::thread::spawn(move || read(output, &told)));
        Self { child, keys: Some(keys), slave: Some(slave), seen, reader }
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
        let (found, contents) = (wanted(seen.terminal.screen()), seen.terminal.screen().contents());
        drop(seen);
        assert!(found, "waited for {what}, and saw:\n{contents}");
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

    /// Waits until the process is stopped, as `ps` shows it.
    #[track_caller]
    pub(crate) fn stops(&self) {
        let start = Instant::now();
        loop {
            let told = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
            if told.rsplit(") ").next().unwrap().starts_with('T') {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "it goes on:\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        set_size(self.slave.as_ref().unwrap(), columns, rows);
        self.seen.0.lock().unwrap().terminal.screen_mut().set_size(some(rows), some(columns));
        self.signal(Signal::SIGWINCH);
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it goes on:\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    /// Whether the terminal is as a shell wants it: its own screen, cursor and line modes.
    #[track_caller]
    pub(crate) fn is_given_back(&self) {
        self.until("the shell's screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        let wanted = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG;
        let start = Instant::now();
        // They follow the screen a moment later.
        while !tcgetattr(self.slave.as_ref().unwrap()).unwrap().local_flags.contains(wanted) {
            assert!(start.elapsed() < DEADLINE, "the line modes are still the console's");
            std::thread::yield_now();
        }
    }
}

impl Drop for OnScreen {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
        (self.slave, self.keys) = (None, None);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }
}

/// A pseudo-terminal of this many columns and rows, whose ends no program inherits that is started meanwhile.
pub(crate) fn terminal((columns, rows): (u16, u16)) -> (File, File) {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname_r(&master).unwrap();
    let slave = File::options().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name).unwrap();
    set_size(&slave, columns, rows);
    (File::from(OwnedFd::from(master)), slave)
}

/// The program reads from the terminal and writes to it.
pub(crate) fn on_terminal(command: &mut Command, slave: &File) {
    let stdio = || Stdio::from(slave.try_clone().unwrap());
    command.stdin(stdio()).stdout(stdio()).stderr(stdio());
}

fn set_size(slave: &File, columns: u16, rows: u16) {
    let mut stty = Command::new("stty");
    stty.args(["cols", &columns.to_string(), "rows", &rows.to_string()]).stdin(slave.try_clone().unwrap());
    assert!(stty.status().unwrap().success());
}

fn some(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

fn read(mut output: File, seen: &(Mutex<Seen>, Condvar)) {
    let mut bytes = [0; 4096];
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
