//! Starts a scratch server: initdb, postgres on a socket that nobody else can open, a database of a plain role.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use orgvault_config::SecretUrl;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::TaskTracker;

use super::{Reached, ScratchError, Wanted, connect, home::Home, programs};
use crate::program::{self, ProgramError, Service};

/// Owns the scratch database, and may do nothing beyond it.
const OWNER: &str = "orgvault_drill";
const SUPERUSER: &str = "postgres";
const DATABASE: &str = "drill";
/// How often a server is asked whether it is there.
const AGAIN: Duration = Duration::from_millis(20);
/// What a program printed last is kept so far.
const KEPT: usize = 8 * 1024;

/// What makes it fast, and keeps it to itself. What is lost with the machine is of no use to anybody.
const SETTINGS: [&str; 14] = [
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "archive_mode=off",
    "max_wal_size=1GB",
    "shared_buffers=64MB",
    "maintenance_work_mem=128MB",
    "max_connections=40",
    // Files of the data directory, so that none is left elsewhere.
    "dynamic_shared_memory_type=mmap",
    "autovacuum=off",
    "logging_collector=off",
];

/// Starts the server of a home, and makes the database on it.
pub(super) async fn start(home: &Home, wanted: &Wanted, tracker: &TaskTracker) -> Result<Reached, ScratchError> {
    let programs = programs::find(wanted.config.bin_dir.as_deref())?;
    let limit = wanted.config.start_timeout;
    let deadline = Instant::now() + limit;
    initdb(home, &programs, wanted).await?;
    let heard = run(home, &programs, tracker)?;
    let superuser = options(home, SUPERUSER, SUPERUSER);
    let mut connection = ready(&superuser, &heard, deadline, limit).await?;
    let reached = make(home, &mut connection, &wanted.encoding).await?;
    super::given::close(connection).await;
    Ok(reached)
}

async fn initdb(home: &Home, programs: &Path, wanted: &Wanted) -> Result<(), ScratchError> {
    const INITDB: &str = "initdb";
    let mut command = command(home, &programs.join(INITDB));
    command.args(["--username", SUPERUSER, "--auth=trust", "--no-sync", "--no-instructions"]);
    command.args(["--encoding=UTF8", "--locale=C.UTF-8", "-D"]).arg(home.data());
    let mut output = Tail::default();
    let ran = program::run(command, wanted.config.start_timeout, |bytes| output.hear(bytes)).await;
    match ran {
        Ok(status) if status.success() => Ok(()),
        Ok(_failed) => Err(ScratchError::program(INITDB, &output.text())),
        Err(ProgramError::Limit) => Err(ScratchError::Slow { program: INITDB, limit: wanted.config.start_timeout }),
        Err(error) => Err(ScratchError::program(INITDB, &error.to_string())),
    }
}

/// Starts it, and hears what it prints until it ends.
fn run(home: &Home, programs: &Path, tracker: &TaskTracker) -> Result<Heard, ScratchError> {
    let mut command = command(home, &programs.join("postgres"));
    command.arg("-D").arg(home.data()).arg("-k").arg(home.sockets());
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    let service = Service::start(command).map_err(|error| ScratchError::program("postgres", &error.to_string()))?;
    let heard = Heard::default();
    let hearing = heard.clone();
    tracker.spawn(async move {
        service.hear(|bytes| hearing.change(|heard| heard.output.hear(bytes))).await;
        hearing.change(|heard| heard.ended = true);
    });
    Ok(heard)
}

fn command(home: &Home, program: &Path) -> tokio::process::Command {
    let mut command = program::command(&program.to_string_lossy());
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    if let Some(account) = home.account() {
        account.runs(&mut command);
    }
    command
}

/// Waits until it takes connections, has ended, or its time is over.
async fn ready(
    options: &PgConnectOptions,
    heard: &Heard,
    deadline: Instant,
    limit: Duration,
) -> Result<PgConnection, ScratchError> {
    let slow = ScratchError::Slow { program: "postgres", limit };
    loop {
        match timeout_at(deadline, connect(options, "connect to the scratch server")).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(_not_yet)) if heard.is_over() => return Err(ScratchError::program("postgres", &heard.text())),
            Ok(Err(_not_yet)) => sleep(AGAIN).await,
            Err(_late) => return Err(slow),
        }
    }
}

/// A plain role that sees all rows, and its database.
async fn make(home: &Home, connection: &mut PgConnection, encoding: &str) -> Result<Reached, ScratchError> {
    let locale = if encoding == "UTF8" { "C.UTF-8" } else { "C" };
    let encoding: String = encoding.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '_').collect();
    let make = format!(
        "CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0 ENCODING '{encoding}' \
         LC_COLLATE '{locale}' LC_CTYPE '{locale}'"
    );
    run_sql(connection, "make the role of a drill", format!("CREATE ROLE {OWNER} LOGIN BYPASSRLS")).await?;
    run_sql(connection, "make a scratch database", make).await?;
    let version = version(connection).await?;
    let owner_url = url(home.sockets());
    let [superuser, owner] = [SUPERUSER, OWNER].map(|role| options(home, role, DATABASE));
    Ok(Reached { superuser, owner, owner_url, version })
}

/// What the server calls itself.
pub(super) async fn version(connection: &mut PgConnection) -> Result<String, ScratchError> {
    const ACT: &str = "ask the scratch server for its version";
    let version = sqlx::query_scalar::<_, String>("SELECT pg_catalog.current_setting('server_version')");
    let version = version.fetch_one(connection).await.map_err(|cause| ScratchError::database(ACT, cause))?;
    let number = version.split_whitespace().next().unwrap_or_default();
    Ok(format!("PostgreSQL {number}"))
}

/// One statement.
pub(super) async fn run_sql(
    connection: &mut PgConnection,
    act: &'static str,
    statement: String,
) -> Result<(), ScratchError> {
    let done = connection.execute(AssertSqlSafe(statement)).await;
    done.map(drop).map_err(|cause| ScratchError::database(act, cause))
}

fn options(home: &Home, role: &str, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(home.sockets())
        .port(5432)
        .username(role)
        .database(database)
        .application_name("orgvault")
        .extra_float_digits(None)
        .disable_statement_logging()
}

fn url(sockets: &Path) -> SecretUrl {
    let text = sockets.to_string_lossy();
    let directory = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
    SecretUrl::new(format!("postgres:///{DATABASE}?host={directory}&port=5432&user={OWNER}"))
}

/// What a program printed last.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn hear(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(KEPT);
        self.0.drain(..over);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// What a server that runs has printed, and whether it still does.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<HeardState>>);

#[derive(Debug, Default)]
struct HeardState {
    output: Tail,
    ended: bool,
}

impl Heard {
    fn change(&self, change: impl FnOnce(&mut HeardState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ended
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).output.text()
    }
}
