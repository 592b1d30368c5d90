//! Throw-away PostgreSQL servers: one for the whole process, and more for tests that restart theirs or need
//! a standby.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

/// A database of RyTask, with two organizations.
pub const RYTASK: &str = include_str!("rytask.sql");
/// A database of solidtime, with two organizations.
pub const SOLIDTIME: &str = include_str!("solidtime.sql");
/// A database of TruePPM, with programs and projects.
pub const TRUEPPM: &str = include_str!("trueppm.sql");
/// The password of every role that [`Server::database`] makes.
pub const PASSWORD: &str = "pa:ss/w@rd";

/// A running server: a Unix socket for anyone without a password, loopback with one. It is
/// stopped and removed when it is dropped, and also when the test process ends in any way.
#[derive(Debug)]
pub struct Server {
    directory: PathBuf,
    port: u16,
    watchdog: Child,
}

/// A fresh database with a role that may log in and read nothing.
#[derive(Debug)]
pub struct Database {
    socket: PathBuf,
    port: u16,
    name: String,
    role: String,
}

static NAMES: AtomicUsize = AtomicUsize::new(1);

impl Server {
    /// The one server that the tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server of one's own.
    pub fn start() -> Self {
        let mut server = Self::prepare();
        let initdb = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"];
        run("initdb", &[&["--username=postgres", "--no-sync", "-D", &server.data()], &initdb[..]].concat());
        server.configure(
            "fsync = off\nfull_page_writes = off\nshared_buffers = 32MB\n\
             max_connections = 200\nlisten_addresses = '127.0.0.1'\nautovacuum = off\nlog_connections = on\n",
        );
        server.boot_anywhere();
        server
    }

    /// A hot standby of this server, which streams from it.
    pub fn standby(&self) -> Self {
        let mut standby = Self::prepare();
        let socket = self.socket_path();
        let port = self.port.to_string();
        run(
            "pg_basebackup",
            &["-h", &socket, "-p", &port, "-U", "postgres", "-D", &standby.data(), "-R", "--no-sync", "-c", "fast"],
        );
        standby.boot_anywhere();
        standby
    }

    /// A fresh database and a fresh role.
    pub fn database(&self) -> Database {
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        let database = Database {
            socket: self.directory.clone(),
            port: self.port,
            name: format!("test_{number}"),
            role: format!("reader_{number}"),
        };
        let (name, role) = (&database.name, &database.role);
        database.psql_in("postgres", &format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"));
        database.psql_in("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        database
    }

    /// Appends to the configuration; takes effect with the next start or reload.
    pub fn configure(&self, lines: &str) {
        self.append("postgresql.conf", lines);
    }

    /// Puts lines before the access rules.
    pub fn allow(&self, rules: &str) {
        let file = self.directory.join("data/pg_hba.conf");
        let old = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{rules}\n{old}")).unwrap();
    }

    /// Reads the configuration anew.
    pub fn reload(&self) {
        run("pg_ctl", &["reload", "-D", &self.data()]);
    }

    /// Ends every connection at once and starts anew.
    pub fn restart(&self) {
        self.stop();
        self.boot();
    }

    /// Ends every connection at once.
    pub fn stop(&self) {
        run("pg_ctl", &["stop", "-w", "-m", "immediate", "-D", &self.data()]);
    }

    /// Kills it with SIGKILL, and starts it anew once all its processes are gone.
    pub fn kill(&self) {
        let file = self.directory.join("data/postmaster.pid");
        let text = fs::read_to_string(&file).unwrap();
        let server = text.lines().next().unwrap();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", server]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        assert!(Command::new("kill").args(["-9", server]).status().unwrap().success());
        let limit = Instant::now() + Duration::from_secs(20);
        let is_there = |pid: &str| Path::new("/proc").join(pid).join("cwd").read_link().is_ok();
        while children.split_whitespace().chain([server]).any(is_there) {
            assert!(Instant::now() < limit, "a server that was killed is still there");
            sleep(Duration::from_millis(10));
        }
        // Until somebody has waited for it, its id is taken, and the next one would believe that it runs.
        let socket = self.directory.join(format!(".s.PGSQL.{}.lock", self.port));
        for file in [file, socket] {
            fs::remove_file(file).unwrap();
        }
        self.boot();
    }

    /// Starts a server that was stopped, on its old port.
    pub fn boot(&self) {
        assert!(self.try_boot(), "the server does not start: {}", self.log());
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its socket, its data (`data`) and its log.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap()
    }

    /// The same database as seen by this server: for a standby.
    pub fn see(&self, database: &Database) -> Database {
        Database {
            socket: self.directory.clone(),
            port: self.port,
            name: database.name.clone(),
            role: database.role.clone(),
        }
    }

    /// Gives a file to the account that the server runs as, readable by it alone.
    pub fn own(file: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = account() {
            chown(file, Some(user), Some(group)).unwrap();
        }
    }

    /// A directory and a watchdog that stops the server and removes the directory as soon as
    /// its standard input closes, which it does when this process ends.
    fn prepare() -> Self {
        let directory = tempfile::Builder::new().prefix("orgvault-pg-").tempdir().unwrap().keep();
        let data = directory.join("data");
        fs::create_dir(&data).unwrap();
        for path in [&directory, &data] {
            if let Some((user, group)) = account() {
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let script = "read -r _; \"$0\" stop -w -m immediate -D \"$1/data\"; cd / && rm -rf \"$1\"";
        let mut watchdog = command(Path::new("/bin/sh"));
        watchdog.args(["-c", script]).arg(program("pg_ctl")).arg(&directory);
        watchdog.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let watchdog = watchdog.spawn().unwrap();
        Self { directory, port: 0, watchdog }
    }

    fn data(&self) -> String {
        self.directory.join("data").to_str().unwrap().to_owned()
    }

    fn socket_path(&self) -> String {
        self.directory.to_str().unwrap().to_owned()
    }

    fn append(&self, file: &str, lines: &str) {
        let path = self.directory.join("data").join(file);
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    /// Whether the server came up; another process may have taken its port meanwhile.
    fn try_boot(&self) -> bool {
        let log = self.directory.join("log");
        let options = format!("-c unix_socket_directories={} -p {}", self.socket_path(), self.port);
        let mut start = command(&program("pg_ctl"));
        start.args(["start", "-w", "-o", &options, "-D", &self.data(), "-l"]).arg(log);
        // The server keeps the output open: it must not be a pipe that someone waits for.
        start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    /// The first start, on a port that is free.
    fn boot_anywhere(&mut self) {
        let mut tries = 0..5;
        let booted = tries.any(|_| {
            self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            self.try_boot()
        });
        assert!(booted, "the server does not start: {}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().unwrap();
    }
}

impl Database {
    /// A fresh database on the shared server.
    pub fn new() -> Self {
        Server::shared().database()
    }

    /// One on the shared server with RyTask's tables and the rows of `rytask.sql`.
    pub fn rytask() -> Self {
        let database = Self::new();
        database.psql(RYTASK);
        database
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role that [`Database::url`] logs in as.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// For the role without privileges, through the Unix socket.
    pub fn url(&self) -> String {
        self.url_as(&self.role)
    }

    /// For the superuser.
    pub fn admin_url(&self) -> String {
        self.url_as("postgres")
    }

    /// For some other role, through the Unix socket.
    pub fn url_as(&self, role: &str) -> String {
        format!("postgres:///{}?host={}&port={}&user={role}", self.name, self.socket.display(), self.port)
    }

    /// For the role through loopback, without its password.
    pub fn tcp_url(&self) -> String {
        format!("postgres://{}@127.0.0.1:{}/{}", self.role, self.port, self.name)
    }

    /// Runs statements as the superuser; what they printed, unaligned.
    pub fn psql(&self, sql: &str) -> String {
        self.psql_in(&self.name, sql)
    }

    /// A `psql` of the superuser that reads statements from its standard input, for a session
    /// that has to stay open.
    pub fn session(&self) -> Child {
        let mut psql = self.psql_command(&self.name);
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// The same in another database of the server.
    pub fn psql_in(&self, database: &str, sql: &str) -> String {
        let mut psql = self.psql_command(database);
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let sql = sql.to_owned();
        let feeder = std::thread::spawn(move || input.write_all(sql.as_bytes()));
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "psql failed: {}", said(&output));
        feeder.join().unwrap().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn psql_command(&self, database: &str) -> Command {
        let mut psql = Command::new(program("psql"));
        // A statement that waits for the test itself fails instead of hanging, and one whose
        // session was killed ends with it.
        psql.env("PGOPTIONS", "-c lock_timeout=20s -c client_connection_check_interval=100ms");
        psql.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]);
        psql.arg(&self.socket).args(["-p", &self.port.to_string(), "-f", "-"]);
        psql
    }
}

fn run(name: &str, arguments: &[&str]) {
    let output = command(&program(name)).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{name} failed: {}", said(&output));
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A command as an account that the server accepts: it refuses root.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env_remove("PGOPTIONS").env("LC_ALL", "C.UTF-8");
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    command
}

/// For root: `postgres`, else `nobody`.
fn account() -> Option<(u32, u32)> {
    static ACCOUNT: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *ACCOUNT.get_or_init(|| {
        use std::os::unix::fs::MetadataExt as _;
        let me = fs::metadata("/proc/self").unwrap().uid();
        let accounts = fs::read_to_string("/etc/passwd").unwrap();
        let named = |name: &str| {
            let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2).map(|number| number.parse::<u32>().unwrap());
            Some((numbers.next()?, numbers.next()?))
        };
        (me == 0).then(|| named("postgres").or_else(|| named("nobody")).unwrap())
    })
}

/// A program of the newest server that is installed.
pub fn program(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut directories: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
        directories.sort_by_key(|path| path.parent().and_then(|it| it.file_name()?.to_str()?.parse::<u32>().ok()));
        // What the user put into the path comes first: the last one is taken.
        directories.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        directories
            .into_iter()
            .rfind(|path| ["initdb", "pg_ctl", "psql", "pg_basebackup"].iter().all(|it| path.join(it).exists()))
            .expect("these tests start their own PostgreSQL servers: install them (Debian: apt-get install postgresql)")
    });
    directory.join(name)
}
