//! `orgvaultd demo DIRECTORY`, which `orgvault demo` runs: the daemon on a made-up database, for as
//! long as its caller lives.

mod database;

use std::{
    io,
    path::{Path, PathBuf},
};

use chrono_tz::Tz;
use nix::unistd::{User, geteuid};
use orgvault_api::{DemoReady, clock::Clock};
use orgvault_config::{
    Access, Config, Daemon, ScheduleConfig, SecretUrl, SourceConfig,
    calendar::{Calendar, CalendarError},
    checked_toml::Problems,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::UnixListener,
};

use crate::{
    RunError,
    lifecycle::Stop,
    lock::{LockError, StateLock},
    product::Products,
    run_on,
};

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database cannot be made.
    #[error("cannot make {path}: {cause}")]
    Database {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        cause: sqlx::Error,
    },
    /// The socket cannot be opened.
    #[error("cannot listen on {socket}: {cause}")]
    Listen {
        /// Which file.
        socket: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The caller does not hear where it is, or cannot be listened to.
    #[error("cannot talk to the caller: {cause}")]
    Caller {
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The definitions that are built in cannot be read.
    #[error(transparent)]
    Products(#[from] Problems),
    /// The schedule that is built in cannot be read.
    #[error(transparent)]
    Schedule(#[from] CalendarError),
    /// The directory cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The daemon cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Makes the database in `folder`, which must be empty, opens a socket there, calls `ready` when
/// somebody may connect to it, and runs the daemon until `caller` ends: a caller that is killed is
/// outlived by nothing.
///
/// # Errors
/// When the daemon cannot start or ends by itself.
pub async fn run(
    folder: &Path,
    clock: Clock,
    ready: impl FnOnce(&DemoReady) -> io::Result<()>,
    caller: impl AsyncRead + Unpin,
) -> Result<(), DemoError> {
    let path = folder.join("rytask.sqlite");
    database::create(&path).await.map_err(|cause| DemoError::Database { path: path.clone(), cause })?;
    let config = config(folder, &path)?;
    let socket = config.daemon.socket.clone();
    let _lock = StateLock::acquire(&config.daemon.state_dir)?;
    let products = Products::embedded()?;
    let listener = UnixListener::bind(&socket).map_err(|cause| DemoError::Listen { socket: socket.clone(), cause })?;
    let schedule = NIGHTLY.to_owned();
    ready(&DemoReady { database: path, socket, schedule }).map_err(|cause| DemoError::Caller { cause })?;
    let stop = Stop::default();
    let daemon = Box::pin(run_on(&listener, config, products, clock, stop.clone()));
    let end = async {
        let heard = end_of(caller).await;
        stop.soft.cancel();
        stop.deadline.cancel();
        heard
    };
    tokio::pin!(end);
    tokio::pin!(daemon);
    tokio::select! {
        ran = &mut daemon => Ok(ran?),
        heard = &mut end => {
            daemon.await?;
            heard.map_err(|cause| DemoError::Caller { cause })
        }
    }
}

/// Reads until there is no more.
async fn end_of(mut caller: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut heard = [0; 64];
    while caller.read(&mut heard).await? > 0 {}
    Ok(())
}

/// The schedule of the demo's daemon.
const NIGHTLY: &str = "nightly";

fn config(folder: &Path, database: &Path) -> Result<Config, CalendarError> {
    let url = format!("sqlite://{}", database.display());
    // So that there is something to see of schedules: every night at half past two.
    let calendar = Calendar::new("30 2 * * *", Tz::UTC)?;
    Ok(Config {
        daemon: Daemon {
            socket: folder.join("orgvaultd.sock"),
            state_dir: folder.join("state"),
            archive_dir: folder.join("archives"),
            products_dir: folder.join("products"),
            ..Daemon::default()
        },
        access: Access { owners: vec![user()], ..Access::default() },
        sources: vec![SourceConfig::new("demo".to_owned(), "rytask".to_owned(), SecretUrl::new(url))],
        schedules: vec![ScheduleConfig::new(NIGHTLY.to_owned(), calendar)],
        ..Config::default()
    })
}

/// How `[access]` names the user of this process: by digits where the machine has no name for it.
fn user() -> String {
    let uid = geteuid();
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
