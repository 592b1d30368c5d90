//! The real `orgvaultd` under a service manager that speaks the notify protocol, and with a socket
//! that it was handed.

use std::{
    fs,
    io::ErrorKind,
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixDatagram, UnixListener},
        },
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use orgvault_api::{ExportRequest, State, client::Client, gid::Gid};
use tempfile::TempDir;

use crate::{
    api::fixture::{DEADLINE, until, user},
    export::{Held, rytask},
    keep::fixture::{App, archived, export, gids},
};

/// A directory with a configuration.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new(daemon: &str, more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let place = Self { directory };
        place.configure(daemon, more);
        place
    }

    fn configure(&self, daemon: &str, more: &str) {
        let at = self.directory.path().display();
        let text = format!(
            "[daemon]\nsocket = \"{at}/run/socket\"\nstate_dir = \"{at}/state\"\narchive_dir = \"{at}/archives\"\n\
             products_dir = \"{at}/products\"\nwatch = false\n{daemon}\n[access]\nowners = [\"{}\"]\n{more}",
            user()
        );
        fs::write(self.file("config.toml"), text).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn client(&self) -> Client {
        Client::new(self.file("run/socket"))
    }

    fn orgvaultd(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgvaultd"));
        command.arg("--config").arg(self.file("config.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(self.file("log")).unwrap());
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap()
    }
}

/// A process that is killed if a test forgets it.
struct Running(Child);

impl Running {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    async fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        until("the daemon ends", async || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The service manager's end of the notify protocol.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(place: &Place) -> Self {
        let path = place.file("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { socket, path }
    }

    /// The next message; none where none comes for `patience`.
    fn hear(&self, patience: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let mut buffer = [0; 4096];
        match self.socket.recv(&mut buffer) {
            Ok(length) => Some(String::from_utf8(buffer[..length].to_vec()).unwrap()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            // By the signal that a child has stopped.
            Err(error) if error.kind() == ErrorKind::Interrupted => self.hear(patience),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for a message that begins so.
    fn wait_for(&self, begin: &str) -> String {
        self.hear_of(&[begin], DEADLINE)
    }

    /// Waits for a message that begins in one of these ways.
    fn hear_of(&self, begins: &[&str], patience: Duration) -> String {
        let started = Instant::now();
        while started.elapsed() < patience {
            let begins_so = |message: &String| begins.iter().any(|begin| message.starts_with(begin));
            if let Some(message) = self.hear(patience).filter(begins_so) {
                return message;
            }
        }
        panic!("none of {begins:?} came");
    }
}

#[tokio::test]
async fn it_tells_ready_reload_watchdog_and_stop() {
    let place = Place::new("", "");
    let manager = Manager::new(&place);
    let mut command = place.orgvaultd();
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "200000");
    let mut running = Running(command.spawn().unwrap());
    let first = [DEADLINE; 2].map(|patience| manager.hear_of(&["READY=1", "STATUS="], patience));
    assert!(first.contains(&"READY=1\n".to_owned()) && first.contains(&"STATUS=no exports\n".to_owned()), "{first:?}");
    // Ready means that it answers at the first try.
    place.client().status().await.unwrap();
    for _ in 0..3 {
        manager.wait_for("WATCHDOG=1");
    }

    place.configure("workers = 0", "");
    running.signal(Signal::SIGHUP);
    let reloading = manager.wait_for("RELOADING=1");
    let at = reloading.lines().nth(1).and_then(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(at.parse::<u64>().unwrap() > 0);
    manager.wait_for("READY=1");
    let warnings = place.client().status().await.unwrap().warnings;
    assert!(warnings[0].message.contains("daemon.workers: is 0"), "{warnings:?}");

    running.signal(Signal::SIGTERM);
    manager.wait_for("STOPPING=1");
    assert_eq!(running.exit_code().await, Some(0), "{}", place.log());
}

#[tokio::test]
async fn its_status_says_what_is_due_next() {
    let place =
        Place::new("", "[[schedule]]\nname = \"nightly\"\ncron = \"0 2 * * *\"\ntimezone = \"Asia/Kathmandu\"\n");
    let manager = Manager::new(&place);
    let mut command = place.orgvaultd();
    let _running = Running(command.env("NOTIFY_SOCKET", &manager.path).spawn().unwrap());
    manager.wait_for("STATUS=no exports, nightly at 02:00\n");
}

#[tokio::test]
async fn one_that_hangs_feeds_no_watchdog() {
    let place = Place::new("", "");
    let manager = Manager::new(&place);
    let mut command = place.orgvaultd();
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "100000");
    let running = Running(command.spawn().unwrap());
    manager.wait_for("WATCHDOG=1");
    running.signal(Signal::SIGSTOP);
    // What it had sent before may still be on its way.
    while manager.hear(Duration::from_millis(20)).is_some() {}
    assert_eq!(manager.hear(Duration::from_millis(400)), None, "systemd would restart it");
    running.signal(Signal::SIGCONT);
    manager.wait_for("WATCHDOG=1");
}

/// Starts the daemon with `listener` as the socket that its manager hands over.
fn activated(place: &Place, listener: &UnixListener) -> Running {
    let mut command = Command::new("sh");
    let daemon = place.orgvaultd();
    command
        .args(["-c", "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"", "sh"])
        .arg(daemon.get_program())
        .args(daemon.get_args())
        .stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())))
        .stdout(Stdio::null())
        .stderr(fs::File::create(place.file("log")).unwrap());
    Running(command.spawn().unwrap())
}

#[tokio::test]
async fn a_socket_that_was_handed_over_is_used_and_never_removed() {
    let place = Place::new("", "");
    fs::create_dir(place.file("run")).unwrap();
    let listener = UnixListener::bind(place.file("run/socket")).unwrap();
    for _ in 0..2 {
        // Who asks before the daemon is there waits, and is answered.
        let client = place.client();
        let asked = tokio_util::task::TaskTracker::new().spawn(async move { client.status().await });
        let mut running = activated(&place, &listener);
        let status = tokio::time::timeout(DEADLINE, asked).await.unwrap().unwrap().unwrap();
        assert_eq!(status.pid, running.0.id());
        running.signal(Signal::SIGTERM);
        assert_eq!(running.exit_code().await, Some(0), "{}", place.log());
        assert!(place.file("run/socket").exists(), "its file is the manager's");
    }
}

#[tokio::test]
async fn that_the_managers_socket_is_gone_is_told() {
    let place = Place::new("", "");
    fs::create_dir(place.file("run")).unwrap();
    let listener = UnixListener::bind(place.file("run/socket")).unwrap();
    let _running = activated(&place, &listener);
    place.client().status().await.unwrap();
    fs::rename(place.file("run/socket"), place.file("run/aside")).unwrap();
    let client = Client::new(place.file("run/aside"));
    let mut told = Vec::new();
    until("the status says so", async || {
        told = client.status().await.unwrap().warnings;
        !told.is_empty()
    })
    .await;
    assert!(told[0].code == "socket" && told[0].message.contains("orgvaultd.socket"), "{told:?}");
    assert!(!place.file("run/socket").exists(), "its file is the manager's");
}

/// A daemon whose one export is held up.
async fn exporting(place: &Place) -> (Running, Gid) {
    let running = Running(place.orgvaultd().spawn().unwrap());
    let client = place.client();
    until("the daemon answers", async || client.health().await.is_ok()).await;
    let request = ExportRequest { organizations: vec!["acme".to_owned()], ..ExportRequest::default() };
    let gid = client.start_exports(&request).await.unwrap().exports[0].gid;
    until("it has started", async || client.export(gid).await.unwrap().state == State::Started).await;
    (running, gid)
}

async fn ends_with(place: &Place, gid: Gid, code: &str) {
    let _again = Running(place.orgvaultd().spawn().unwrap());
    let client = place.client();
    until("the next one answers", async || client.health().await.is_ok()).await;
    assert_eq!(client.export(gid).await.unwrap().error.unwrap().code, code);
    let left = walk(&place.file("archives"));
    assert!(left.is_empty(), "{left:?}");
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_during_an_export_is_clean_within_the_deadline() {
    let (database, source) = rytask();
    let tracker = format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"{}\"\n", source.url.reveal());
    let place = Place::new("stop_timeout = \"200ms\"", &tracker);
    let held = Held::new(&database);
    let (mut running, gid) = exporting(&place).await;
    running.signal(Signal::SIGTERM);
    assert_eq!(running.exit_code().await, Some(0), "{}", place.log());
    drop(held);
    ends_with(&place, gid, "interrupted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_stops_at_once_and_the_next_start_cleans_up() {
    let (database, source) = rytask();
    let tracker = format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"{}\"\n", source.url.reveal());
    let place = Place::new("stop_timeout = \"1h\"", &tracker);
    let held = Held::new(&database);
    let (mut running, gid) = exporting(&place).await;
    running.signal(Signal::SIGTERM);
    until("the first is a soft stop", async || place.log().contains("running exports may finish")).await;
    running.signal(Signal::SIGTERM);
    assert_eq!(running.exit_code().await, Some(0), "{}", place.log());
    drop(held);
    ends_with(&place, gid, "interrupted").await;
}

#[tokio::test]
async fn a_disk_that_fills_up_during_an_export_fails_it_clean_and_pruning_goes_on() {
    let app = App::new().await;
    let tracker =
        format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite://{}\"\n", app.file().display());
    let place = Place::new("", &format!("{tracker}[retention]\nkeep_last = 1\n"));
    // No file of this process may have more than 8 MiB, which the system says as it says a full disk.
    let daemon = place.orgvaultd();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -f 16384; exec \"$@\"", "sh"])
        .arg(daemon.get_program())
        .args(daemon.get_args())
        .stderr(fs::File::create(place.file("log")).unwrap());
    let _running = Running(command.spawn().unwrap());
    let client = place.client();
    until("the daemon answers", async || client.health().await.is_ok()).await;
    let first = archived(&client).await;
    let many = "INSERT INTO labels (id, organization_id, workspace_id, name, color, created_at, updated_at) \
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) \
        SELECT printf('%08x-000f-4000-8000-%012x', 1, i), id, id, 'made up to fill the disk ' || printf('%0200d', i), '#ffffff', created_at, created_at \
        FROM n, organizations WHERE slug = 'acme'";
    app.run(many).await;
    let failed = export(&client).await.error.unwrap();
    assert_eq!(failed.code, "disk_full", "{failed:?}");
    assert!(failed.message.contains("may not become so large") && failed.hint.contains("LimitFSIZE="), "{failed:?}");
    let left = walk(&place.file("archives"));
    assert!(left.iter().all(|path| !path.to_string_lossy().contains(".partial")), "{left:?}");
    app.run("DELETE FROM labels WHERE name LIKE 'made up%'").await;
    let second = archived(&client).await;
    until("the first is pruned", async || gids(&client).await == [second]).await;
    assert_ne!(first, second);
}

#[tokio::test]
async fn only_the_daemon_reads_its_catalog_and_its_group_the_archives_whatever_the_umask_is() {
    let app = App::new().await;
    let tracker =
        format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite://{}\"\n", app.file().display());
    for umask in ["000", "077"] {
        let place = Place::new("", &tracker);
        let daemon = place.orgvaultd();
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"])
            .arg(daemon.get_program())
            .args(daemon.get_args())
            .stderr(fs::File::create(place.file("log")).unwrap());
        let _running = Running(command.spawn().unwrap());
        let client = place.client();
        until("the daemon answers", async || client.health().await.is_ok()).await;
        let gid = archived(&client).await;
        client.pin(gid, true).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
            assert_eq!(mode(&place.file("state").join(name)), 0o600, "{name} with umask {umask}");
        }
        let files = walk(&place.file("archives"));
        assert_eq!(files.len(), 5, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o640, "{} with umask {umask}", file.display());
            assert_eq!(mode(file.parent().unwrap()), 0o750, "{} with umask {umask}", file.display());
        }
    }
}

#[tokio::test]
async fn an_earlier_catalog_that_others_may_read_is_taken_from_them() {
    let place = Place::new("", "");
    let catalog = place.file("state/catalog.sqlite");
    for _start in 0..2 {
        let mut running = Running(place.orgvaultd().spawn().unwrap());
        let client = place.client();
        until("the daemon answers", async || client.health().await.is_ok()).await;
        assert_eq!(fs::metadata(&catalog).unwrap().permissions().mode() & 0o777, 0o600);
        running.signal(Signal::SIGTERM);
        assert_eq!(running.exit_code().await, Some(0), "{}", place.log());
        fs::set_permissions(&catalog, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

#[tokio::test]
async fn a_relative_path_of_the_configuration_is_watched_and_the_log_begins_with_what_works_where() {
    let place = Place::new("", "");
    let watching = fs::read_to_string(place.file("config.toml")).unwrap().replace("watch = false", "watch = true");
    fs::write(place.file("config.toml"), &watching).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgvaultd"));
    command.args(["--config", "config.toml"]).current_dir(place.directory.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(place.file("log")).unwrap());
    let _running = Running(command.spawn().unwrap());
    let client = place.client();
    until("the daemon answers", async || client.health().await.is_ok()).await;
    let source = "[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite:///nonexistent\"\n";
    // Saved again and again, because the watch may not be there yet.
    until("what is saved is in force", async || {
        fs::write(place.file("config.toml"), format!("{watching}{source}")).unwrap();
        client.status().await.unwrap().sources == 1
    })
    .await;
    let log = place.log();
    let first = log.lines().next().unwrap();
    let at = place.directory.path().display();
    for said in [env!("CARGO_PKG_VERSION"), &format!("{at}/run/socket"), &format!("{at}/archives"), "sources="] {
        assert!(first.contains(said), "{said}: {first}");
    }
    let second = log.lines().nth(1).unwrap_or_default();
    assert!(!second.contains("read again"), "{log}");
}

#[test]
fn installing_puts_everything_where_systemd_finds_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let to = tempfile::tempdir().unwrap();
    let built = tempfile::tempdir().unwrap();
    for program in ["orgvaultd", "orgvault"] {
        fs::copy(env!("CARGO_BIN_EXE_orgvaultd"), built.path().join(program)).unwrap();
    }
    let install = || {
        let mut make = Command::new("make");
        make.arg("-s").arg("-C").arg(root).arg("install-files").arg("PREFIX=/usr/local");
        make.arg(format!("BIN={}", built.path().display())).arg(format!("DESTDIR={}", to.path().display()));
        assert!(make.status().unwrap().success());
    };
    install();
    let read = |path: &str| fs::read_to_string(to.path().join(path)).unwrap();
    assert!(read("usr/lib/systemd/system/orgvaultd.service").contains("ExecStart=/usr/local/bin/orgvaultd --config"));
    for path in [
        "usr/lib/systemd/system/orgvaultd.socket",
        "usr/lib/sysusers.d/orgvault.conf",
        "usr/lib/tmpfiles.d/orgvault.conf",
    ] {
        assert!(!read(path).is_empty());
    }
    assert!(to.path().join("usr/local/bin/orgvault").exists());
    // What an admin wrote outlives the next installation.
    fs::write(to.path().join("etc/orgvault/config.toml"), "mine").unwrap();
    install();
    assert_eq!(read("etc/orgvault/config.toml"), "mine");
}
