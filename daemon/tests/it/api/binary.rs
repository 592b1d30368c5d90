//! The real `orgvaultd`: arguments, exit codes, signals, memory.

use std::{
    fs,
    io::Write,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use orgvault_api::client::Client;
use tempfile::TempDir;

use super::fixture::{DEADLINE, until, user};

fn orgvaultd() -> Command {
    Command::new(env!("CARGO_BIN_EXE_orgvaultd"))
}

pub(crate) fn configured(more: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let base = directory.path().display();
    let file = directory.path().join("config.toml");
    let text = format!(
        "[daemon]\nsocket = \"{base}/socket\"\nstate_dir = \"{base}/state\"\narchive_dir = \"{base}/archives\"\n\
         products_dir = \"{base}/products\"\n{more}\n[access]\nowners = [\"{}\"]\n",
        user()
    );
    fs::write(&file, text).unwrap();
    fs::create_dir(directory.path().join("archives")).unwrap();
    (directory, file)
}

fn check(file: &Path) -> Output {
    orgvaultd().arg("check-config").arg("--config").arg(file).output().unwrap()
}

/// A running daemon; it is killed if a test forgets it.
pub(crate) struct Running {
    child: Child,
    pub(crate) directory: TempDir,
}

impl Running {
    pub(crate) async fn start(more: &str) -> Self {
        Self::start_in("", more).await
    }

    /// As [`Running::start`], after a command of a shell, such as a limit.
    pub(crate) async fn start_in(before: &str, more: &str) -> Self {
        let (directory, file) = configured(more);
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{before}\nexec \"$@\""), "sh"]).arg(orgvaultd().get_program());
        let child = command.arg("--config").arg(&file).stderr(log).stdout(Stdio::null()).spawn().unwrap();
        let running = Self { child, directory };
        let client = running.client();
        until("the daemon answers", async || client.health().await.is_ok()).await;
        running
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.socket())
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// Kills it with SIGKILL, and starts another one on its configuration.
    pub(crate) async fn kill_and_start_again(&mut self) {
        self.kill().await;
        self.start_again().await;
    }

    /// Kills it with SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.exit_code().await, None);
    }

    /// Starts another one on the configuration of one that has ended.
    pub(crate) async fn start_again(&mut self) {
        let config = self.directory.path().join("config.toml");
        self.child = orgvaultd().arg("--config").arg(config).stderr(Stdio::null()).spawn().unwrap();
        let client = self.client();
        until("the next one answers", async || client.health().await.is_ok()).await;
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    async fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        until("the daemon ends", async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap().code()
    }

    /// The processor time that it has used, of all its threads.
    pub(crate) fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let time = |task: fs::DirEntry| {
            let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
        };
        Duration::from_nanos(tasks.map(|task| time(task.unwrap())).sum())
    }

    /// The files that it has open.
    pub(crate) fn open_files(&self) -> Vec<PathBuf> {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        // One that is closed in between has no name any more.
        descriptors.filter_map(|one| fs::read_link(one.unwrap().path()).ok()).collect()
    }

    /// The most memory it ever used, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn check_config_says_ok_or_all_that_is_wrong() {
    let (_directory, file) = configured("");
    let output = check(&file);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(said.starts_with(&format!("{}: ok, 0 sources\n", file.display())), "{said}");

    let (_directory, file) = configured("wrkers = 2\nstop_timeout = \"soon\"");
    let output = check(&file);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("wrkers") && said.contains("stop_timeout"), "{said}");
    let output = orgvaultd().arg("--config").arg(&file).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(2), said));
}

#[test]
fn check_config_prints_what_the_unit_has_to_be_told() {
    let (directory, file) = configured("");
    let (archives, state) = (directory.path().join("archives"), directory.path().join("state"));
    let said = String::from_utf8(check(&file).stdout).unwrap();
    let lines = format!("[Service]\nReadWritePaths={} {}\n", archives.display(), state.display());
    assert!(said.contains("systemctl edit orgvaultd") && said.contains(&lines), "{said}");

    let usual = "[daemon]\nproducts_dir = \"/nonexistent\"\n[metrics]\ntextfile = \"/var/lib/orgvault/x.prom\"\n";
    fs::write(&file, usual).unwrap();
    assert_eq!(String::from_utf8(check(&file).stdout).unwrap(), format!("{}: ok, 0 sources\n", file.display()));
    fs::write(&file, usual.replace("/var/lib/orgvault/x", "/srv/50%/x")).unwrap();
    assert!(String::from_utf8(check(&file).stdout).unwrap().contains("ReadWritePaths=/srv/50%%\n"));
}

#[test]
fn arguments_are_checked_and_the_version_is_told() {
    let output = orgvaultd().arg("--version").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), concat!("orgvaultd ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(orgvaultd().arg("--confg").output().unwrap().status.code(), Some(2));
    let output = orgvaultd().args(["--config", "/nowhere/config.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/config.toml"));
}

#[tokio::test]
async fn sigterm_and_sigint_end_it_cleanly() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut running = Running::start("log_format = \"json\"").await;
        running.signal(signal);
        assert_eq!(running.exit_code().await, Some(0), "{}", running.log());
        assert!(!running.socket().exists());
        for line in running.log().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[tokio::test]
async fn what_sigkill_leaves_does_not_hinder_the_next_start() {
    let mut running = Running::start("").await;
    running.kill_and_start_again().await;
}

#[tokio::test]
async fn a_second_daemon_fails_and_says_who_holds_the_state_directory() {
    let running = Running::start("").await;
    let output = orgvaultd().arg("--config").arg(running.directory.path().join("config.toml")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("process {} (orgvaultd)", running.child.id())), "{said}");
}

#[tokio::test]
async fn a_daemon_with_a_state_of_its_own_leaves_the_archives_of_another_alone() {
    let running = Running::start("").await;
    let config = running.directory.path().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let (state, socket) = (running.directory.path().join("state"), running.socket());
    let other = text.replace(state.to_str().unwrap(), running.directory.path().join("other").to_str().unwrap());
    assert_ne!(other, text);
    let other = other.replace(socket.to_str().unwrap(), running.directory.path().join("other.sock").to_str().unwrap());
    std::fs::write(running.directory.path().join("other.toml"), other).unwrap();
    let output = orgvaultd().arg("--config").arg(running.directory.path().join("other.toml")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("another daemon writes to"), "{said}");
}

/// Sends until the daemon closes the connection, as far as it takes it.
fn flood(socket: &Path, head: &str, bytes: usize) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let chunk = vec![b'x'; 1024 * 1024];
    let mut sent = stream.write_all(head.as_bytes());
    let mut left = bytes;
    while sent.is_ok() && left > 0 {
        sent = stream.write_all(&chunk);
        left = left.saturating_sub(chunk.len());
    }
}

#[tokio::test]
async fn memory_stays_flat_whatever_is_sent_and_whoever_does_not_read() {
    let running = Running::start("").await;
    let client = running.client();
    let socket = running.socket();
    client.status().await.unwrap();
    let before = running.peak();
    let hundred = 100 * 1024 * 1024;
    let json = "Host: x\r\nContent-Type: application/json\r\n";
    let heads = [
        format!("POST /v1/exports HTTP/1.1\r\n{json}Content-Length: {hundred}\r\n\r\n"),
        format!("POST /v1/exports HTTP/1.1\r\n{json}Transfer-Encoding: chunked\r\n\r\n{hundred:x}\r\n"),
        format!("GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: {hundred}\r\n\r\n"),
        "GET /v1/status HTTP/1.1\r\nX: ".to_owned(),
        String::new(),
        // Answers that pile up: requests without reading.
        "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200_000),
    ];
    let started = Instant::now();
    for head in heads {
        let socket = socket.clone();
        tokio::task::spawn_blocking(move || flood(&socket, &head, hundred)).await.unwrap();
    }
    assert!(started.elapsed() < DEADLINE);
    client.status().await.unwrap();
    let grown = running.peak() - before;
    assert!(grown < 8 * 1024, "it grew by {grown} KiB");
}
