//! The daemon in this process, on a directory of its own.

use std::{future::Future, path::Path};

use chrono_tz::Tz;
use nix::unistd::{User, geteuid};
use orgvault_api::clock::Clock;
use orgvault_config::{Access, Config, Daemon, ScheduleConfig, SecretUrl, SourceConfig, calendar::Calendar};
use orgvault_daemon::{
    RunError,
    lifecycle::{StateLock, Stop},
    product::Products,
    run_on,
};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;

/// The schedule of the demo's daemon.
pub(crate) const NIGHTLY: &str = "nightly";

/// Runs the daemon with the database as its one source, does `work`, and stops it.
///
/// # Errors
/// When the daemon cannot start or ends early, or with what `work` fails with.
pub(crate) async fn with_daemon<T>(
    folder: &Path,
    database: &Path,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let config = config(folder, database);
    let socket = config.daemon.socket.clone();
    let products = Products::embedded().map_err(|error| failed(&error))?;
    let _lock = StateLock::acquire(&config.daemon.state_dir)
        .map_err(|error| Failure::caused("demo", "cannot use the temporary directory", &error))?;
    let act = format!("cannot listen on {}", socket.display());
    let listener = UnixListener::bind(&socket).map_err(|error| Failure::caused("demo", act, &error))?;
    let (stop, ended) = (Stop::default(), CancellationToken::new());
    let daemon = async {
        let ran = Box::pin(run_on(&listener, config, products, Clock::system(), stop.clone())).await;
        ended.cancel();
        ran
    };
    let work = async {
        let done = tokio::select! {
            done = work => Some(done),
            () = ended.cancelled() => None,
        };
        stop.soft.cancel();
        stop.deadline.cancel();
        done
    };
    match tokio::join!(daemon, work) {
        (Err(error), _) => Err(failed_to_run(&error)),
        (Ok(()), Some(done)) => done,
        (Ok(()), None) => Err(Failure::new(crate::exit::Exit::Failed, "demo", "the daemon ended early")),
    }
}

fn config(folder: &Path, database: &Path) -> Config {
    let url = format!("sqlite://{}", database.display());
    Config {
        daemon: Daemon {
            socket: folder.join("orgvaultd.sock"),
            state_dir: folder.join("state"),
            archive_dir: folder.join("archives"),
            products_dir: folder.join("products"),
            ..Daemon::default()
        },
        access: Access { owners: vec![user()], ..Access::default() },
        sources: vec![SourceConfig::new("demo".to_owned(), "rytask".to_owned(), SecretUrl::new(url))],
        schedules: nightly().into_iter().collect(),
        ..Config::default()
    }
}

/// So that there is something to see of schedules: every night at half past two.
fn nightly() -> Option<ScheduleConfig> {
    let calendar = Calendar::new("30 2 * * *", Tz::UTC).ok()?;
    Some(ScheduleConfig::new(NIGHTLY.to_owned(), calendar))
}

/// How `[access]` names the user of this process: by digits where the machine has no name for it.
fn user() -> String {
    let uid = geteuid();
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused("demo", "cannot read the product definitions", error)
}

fn failed_to_run(error: &RunError) -> Failure {
    Failure::caused("demo", "the daemon cannot run", error)
}
