//! A clock with hands, and RyTask databases with many small organizations.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use orgvault_api::{
    Run,
    clock::{Clock, Timestamp},
};
use orgvault_config::{Config, ScheduleConfig, SecretUrl, SourceConfig, calendar::Calendar};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use crate::api::fixture::{Daemon, until};

const SCHEMA: &str = include_str!("../../../src/demo/schema.sql");

/// A clock that stands still until it is set.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(super) fn at(time: &str) -> Self {
        let hands = Self(Arc::default());
        hands.set(time);
        hands
    }

    pub(crate) fn set(&self, time: &str) {
        self.0.store(at(time).timestamp_micros(), Ordering::SeqCst);
    }

    pub(super) fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::from_fn(move || Timestamp::from_timestamp_micros(hands.0.load(Ordering::SeqCst)).unwrap())
    }
}

pub(super) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// Makes a database with organizations `org-0001`, `org-0002`, ….
pub(super) async fn database(path: &Path, organizations: u32) {
    run_sql(path, SCHEMA).await;
    add(path, 1, organizations).await;
}

/// Adds organizations with the numbers `from` to `to`.
pub(super) async fn add(path: &Path, from: u32, to: u32) {
    run_sql(
        path,
        &format!(
            "WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}) \
             INSERT INTO organizations SELECT printf('00000000-0000-4000-8000-%012d', i), printf('Org %d', i), \
             printf('org-%04d', i), '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00', '{{}}', NULL FROM n;"
        ),
    )
    .await;
}

pub(super) async fn run_sql(path: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(super) fn source(name: &str, path: &Path) -> SourceConfig {
    let url = SecretUrl::new(format!("sqlite://{}", path.display()));
    SourceConfig::new(name.to_owned(), "rytask".to_owned(), url)
}

/// Each night at two, in UTC.
pub(super) fn nightly() -> ScheduleConfig {
    ScheduleConfig::new("nightly".to_owned(), Calendar::new("0 2 * * *", chrono_tz::Tz::UTC).unwrap())
}

/// A daemon with one source of `organizations`, whose clock shows noon of 2026-01-01.
pub(crate) struct Night {
    pub(crate) daemon: Daemon,
    pub(crate) hands: Hands,
    pub(super) database: PathBuf,
    _files: tempfile::TempDir,
}

impl Night {
    pub(crate) async fn new(organizations: u32, change: impl FnOnce(&mut Config)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("rytask.sqlite");
        database(&path, organizations).await;
        let hands = Hands::at("2026-01-01T12:00:00Z");
        let daemon = Daemon::start_at(hands.clock(), |config| {
            config.sources = vec![source("tracker", &path)];
            config.schedules = vec![nightly()];
            change(config);
        })
        .await;
        // Its socket is there before it follows the schedules, and it answers after.
        daemon.client.health().await.unwrap();
        Self { daemon, hands, database: path, _files: files }
    }

    /// Stops its daemon, and starts another one on the same configuration.
    pub(crate) async fn restart(self) -> Self {
        Self { daemon: self.daemon.restart().await, ..self }
    }

    /// The runs of a schedule.
    pub(crate) async fn runs(&self, schedule: &str) -> Vec<Run> {
        self.daemon.client.runs(Some(schedule), None).await.unwrap().runs
    }

    /// Waits until the schedule has so many runs and the last one is over; gives that one.
    pub(crate) async fn run(&self, schedule: &str, count: usize) -> Run {
        let mut last = None;
        until(&format!("run {count} of {schedule} ends"), async || {
            let runs = self.runs(schedule).await;
            last = runs.last().filter(|run| runs.len() >= count && run.finished_at.is_some()).cloned();
            assert!(runs.len() <= count, "{runs:?}");
            last.is_some()
        })
        .await;
        last.unwrap()
    }

    /// How often the open run has asked its source in vain.
    pub(super) async fn tries(&self) -> i64 {
        let catalog = SqliteConnectOptions::new().filename(self.daemon.config.daemon.state_dir.join("catalog.sqlite"));
        let mut connection = catalog.connect().await.unwrap();
        let query = "SELECT unlisted ->> '$[0].attempts' FROM runs WHERE finished_at IS NULL";
        sqlx::query_scalar::<_, Option<i64>>(query).fetch_one(&mut connection).await.unwrap().unwrap_or(0)
    }

    /// Waits until the schedules have looked at the clock and found nothing to do.
    pub(super) async fn looked(&self) {
        self.daemon.client.run_due().await.unwrap();
    }
}
