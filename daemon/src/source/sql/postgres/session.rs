//! One connection to a PostgreSQL server, set up so that no setting of the server, the role or
//! the database changes a byte, and that ends its query on the server when it is dropped.

mod settings;

pub(super) use settings::now as settings_now;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Either, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};
use tokio_util::task::TaskTracker;

use super::pool::Lease;
use crate::source::error::{SourceError, SourceFault};

/// PostgreSQL 14+ looks this often whether we are still there while it computes.
const CONNECTION_CHECK: &str = "SELECT pg_catalog.set_config(name, '2s', false) FROM pg_catalog.pg_settings \
                                WHERE name = 'client_connection_check_interval'";

/// How long a query may be over its `statement_timeout` before the server counts as gone.
const STATEMENT_GRACE: Duration = Duration::from_secs(10);

/// How to reach one server. Has no `Debug`: the options hold the password.
pub(super) struct Server {
    /// The source's name.
    pub(super) name: Arc<str>,
    /// Where and as whom.
    pub(super) options: PgConnectOptions,
    /// For a connection, and for a command that takes no time.
    pub(super) connect_timeout: Duration,
    /// For one query; zero is no limit.
    pub(super) statement_timeout: Duration,
    /// From a rows query to its first rows; zero is no limit.
    pub(super) first_row_timeout: Duration,
    /// Between two blocks of rows.
    pub(super) stall_timeout: Duration,
    /// The setting that binds a transaction to an organization. No query can know its name, so
    /// none can bind the transaction to another one.
    pub(super) setting: String,
    /// What a stop has to wait for.
    pub(super) tracker: TaskTracker,
}

impl Server {
    /// For a query as a whole, seen from here: none is no limit.
    fn query_limit(&self) -> Option<Duration> {
        (!self.statement_timeout.is_zero()).then(|| self.statement_timeout + STATEMENT_GRACE)
    }
}

/// What the server said of itself and of this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend {
    /// Its process.
    pub(super) pid: i32,
    /// When it started: with the pid it names one connection for ever.
    started: String,
    /// `15.18`.
    pub(super) version: String,
    /// `150018`.
    pub(super) version_number: u32,
    /// Whether it replays what another server writes.
    pub(super) is_standby: bool,
}

/// The two kinds of transaction that are ever used; both only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    /// All of its queries see one instant.
    Snapshot,
    /// Each query sees the instant at which it has its locks, so that it misses nothing that
    /// was committed while it waited for them.
    Statements,
}

impl Backend {
    /// A standby that ends a connection because of a conflict with its replay says so, but where
    /// it did that between two queries the words are lost with the connection.
    pub(super) fn judge(&self, error: SourceError) -> SourceError {
        match error {
            SourceError::SourceFault { name, fault: SourceFault::Lost, act, words, .. } if self.is_standby => {
                let words = format!("{words} (a standby ends connections that its replay has to wait for)");
                SourceError::fault(&name, SourceFault::Conflict, act, words)
            }
            error => error,
        }
    }
}

/// One of several statements that are run in one round trip.
pub(super) struct Statement<'a> {
    /// What it is for.
    pub(super) act: &'a str,
    pub(super) sql: String,
}

/// One connection. Dropped in the middle of a query, it ends that query on the server.
pub(super) struct Session {
    pub(super) server: Arc<Server>,
    pub(super) connection: PgConnection,
    pub(super) backend: Backend,
    /// Since when nobody uses it.
    pub(super) idle_since: Instant,
    /// A query may be running.
    pub(super) busy: bool,
    /// The settings as the session made them.
    settings: String,
    /// Counts it as one of the pool's while it is in use.
    pub(super) lease: Option<Lease>,
    runtime: Handle,
}

impl Session {
    /// Connects and makes every setting.
    ///
    /// # Errors
    /// When it cannot connect within the limit, or the server is older than 12.
    pub(super) async fn connect(server: &Arc<Server>) -> Result<Self, SourceError> {
        let limit = server.connect_timeout;
        let connecting = async {
            let mut connection = server.options.connect().await?;
            let (backend, settings) = set_up(&mut connection, server.statement_timeout).await?;
            Ok((connection, backend, settings))
        };
        let (connection, backend, settings) = match timeout(limit, connecting).await {
            Ok(connected) => connected.map_err(|error| SourceError::from_connect(&server.name, "connect", &error))?,
            Err(_elapsed) => return Err(no_answer(server, limit)),
        };
        if backend.version_number < 120_000 {
            let words = format!("the server is PostgreSQL {}", backend.version);
            return Err(SourceError::fault(&server.name, SourceFault::Version, "use the server", words));
        }
        Ok(Self {
            server: Arc::clone(server),
            connection,
            backend,
            idle_since: Instant::now(),
            busy: false,
            settings,
            lease: None,
            runtime: Handle::current(),
        })
    }

    /// Runs statements that take no parameters in one round trip; the rows of all, in text form.
    ///
    /// # Errors
    /// When one fails; then the session has to be dropped.
    pub(super) async fn text(&mut self, act: &str, sql: String) -> Result<Vec<PgRow>, SourceError> {
        let limit = self.server.query_limit();
        let work = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection);
        guarded(&self.server, &self.backend, &mut self.busy, || act, limit, work).await
    }

    /// The same, where an error has to say which statement it is of: each is exactly one.
    ///
    /// # Errors
    /// When one fails; the others are not run then.
    pub(super) async fn statements(&mut self, statements: &[Statement<'_>]) -> Result<Vec<PgRow>, SourceError> {
        let sql: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        let limit = self.server.query_limit();
        let done = AtomicUsize::new(0);
        // One may end with a comment.
        let mut results = sqlx::raw_sql(AssertSqlSafe(sql.join("\n;\n"))).fetch_many(&mut self.connection);
        let work = async {
            let mut rows = Vec::new();
            while let Some(result) = results.try_next().await? {
                match result {
                    Either::Right(row) => rows.push(row),
                    Either::Left(_) => {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            Ok(rows)
        };
        let act = || statements.get(done.load(Ordering::Relaxed)).map_or("end a query", |failed| failed.act);
        guarded(&self.server, &self.backend, &mut self.busy, act, limit, work).await
    }

    /// The same for a command that takes no time.
    ///
    /// # Errors
    /// When it fails or takes longer than a connection may.
    pub(super) async fn command(&mut self, act: &str, sql: &'static str) -> Result<Vec<PgRow>, SourceError> {
        let limit = Some(self.server.connect_timeout);
        let work = sqlx::raw_sql(sql).fetch_all(&mut self.connection);
        guarded(&self.server, &self.backend, &mut self.busy, || act, limit, work).await
    }

    /// Waits for `work` on this session's connection.
    ///
    /// # Errors
    /// When it fails or takes longer than a query may.
    pub(super) async fn run<'c, T, W>(
        &'c mut self,
        act: &str,
        work: impl FnOnce(&'c mut PgConnection) -> W,
    ) -> Result<T, SourceError>
    where
        W: Future<Output = Result<T, sqlx::Error>>,
    {
        let limit = self.server.query_limit();
        guarded(&self.server, &self.backend, &mut self.busy, || act, limit, work(&mut self.connection)).await
    }

    /// Starts a transaction of a kind.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn begin(&mut self, kind: Transaction) -> Result<(), SourceError> {
        let sql = match kind {
            Transaction::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Transaction::Statements => "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
        };
        self.command("begin a snapshot", sql).await.map(drop)
    }

    /// Ends the transaction. Gives whether the connection is as it was when it was set up: one
    /// whose settings a query changed is of no more use.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn end(&mut self) -> Result<bool, SourceError> {
        let end = format!("COMMIT; SELECT pg_catalog.pg_advisory_unlock_all(); SELECT {} AS settings", settings_now());
        let rows = self.text("end the snapshot", end).await?;
        let now = rows.last().and_then(|row| row.try_get_unchecked::<String, _>("settings").ok());
        Ok(self.changed_settings(&now.unwrap_or_default()).is_none())
    }

    /// Which settings are others than the session made: `now` is what [`settings_now`] gave.
    pub(super) fn changed_settings(&self, now: &str) -> Option<String> {
        settings::changed(&self.settings, now)
    }

    /// Frees what a long row needed.
    pub(super) fn shrink(&mut self) {
        self.connection.shrink_buffers();
    }

    /// Closes the connection, and ends the query that may still run on the server, before it
    /// returns.
    pub(super) async fn abandon(mut self) {
        let running = std::mem::take(&mut self.busy).then(|| (Arc::clone(&self.server), self.backend.clone()));
        drop(self);
        if let Some((server, backend)) = running {
            terminate(&server, &backend).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.busy {
            let (server, backend) = (Arc::clone(&self.server), self.backend.clone());
            let ending = async move { terminate(&server, &backend).await };
            self.server.tracker.spawn_on(ending, &self.runtime);
        }
    }
}

/// Waits for `work`, remembers whether a query may still run, and says what went wrong.
async fn guarded<'a, T>(
    server: &Server,
    backend: &Backend,
    busy: &mut bool,
    act: impl Fn() -> &'a str,
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SourceError> {
    *busy = true;
    let done = match limit {
        None => work.await,
        Some(limit) => match timeout(limit, work).await {
            Ok(done) => done,
            Err(_elapsed) => return Err(SourceError::stalled(&server.name, act(), limit)),
        },
    };
    // The server's own refusal ends the query; anything else may leave it running.
    *busy = matches!(&done, Err(error) if !matches!(error, sqlx::Error::Database(_)));
    done.map_err(|error| backend.judge(SourceError::from_sqlx(&server.name, act(), &error)))
}

fn no_answer(server: &Server, limit: Duration) -> SourceError {
    let words = format!("no answer within {} s", limit.as_secs_f64());
    SourceError::fault(&server.name, SourceFault::Unreachable, "connect", words)
}

async fn set_up(connection: &mut PgConnection, statement_timeout: Duration) -> Result<(Backend, String), sqlx::Error> {
    let sql = settings::set_up_sql(statement_timeout);
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
    let [.., row, last] = rows.as_slice() else { return Err(sqlx::Error::RowNotFound) };
    let text = |column: &str| row.try_get_unchecked::<String, _>(column);
    let number = |column: &str| text(column)?.parse::<i32>().map_err(|error| sqlx::Error::Decode(error.into()));
    let backend = Backend {
        pid: number("pid")?,
        started: text("started")?,
        version: text("version")?.split(' ').next().unwrap_or_default().to_owned(),
        version_number: number("version_number")?.unsigned_abs(),
        is_standby: text("standby")? == "t",
    };
    let settings = last.try_get_unchecked("settings")?;
    // Some platforms refuse it; then the second connection alone ends queries.
    if let Err(error) = sqlx::raw_sql(CONNECTION_CHECK).execute(&mut *connection).await {
        tracing::debug!(%error, "the server does not notice by itself when a reader is gone");
    }
    Ok((backend, settings))
}

/// Ends a backend through a second connection, so that it does not hold a snapshot for nobody.
async fn terminate(server: &Server, backend: &Backend) {
    const END: &str = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                       WHERE pid = $1 AND backend_start = $2::timestamptz";
    let ending = async {
        let mut connection = server.options.connect().await?;
        // `ALTER ROLE .. SET role` takes the right to see and end what the login role runs.
        sqlx::raw_sql("SET ROLE NONE").execute(&mut connection).await?;
        sqlx::query(END).bind(backend.pid).bind(&backend.started).persistent(false).execute(&mut connection).await?;
        connection.close().await
    };
    match timeout(server.connect_timeout, ending).await {
        Ok(Ok(())) => tracing::info!(source = &*server.name, pid = backend.pid, "ended an abandoned query"),
        Ok(Err(error)) => {
            let error = SourceError::from_connect(&server.name, "end an abandoned query", &error);
            tracing::warn!(pid = backend.pid, %error, "the server has to notice by itself");
        }
        Err(_elapsed) => {
            tracing::warn!(source = &*server.name, pid = backend.pid, "no answer while ending an abandoned query");
        }
    }
}
