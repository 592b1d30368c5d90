//! One connection to a PostgreSQL server, set up so that no setting of the server, the role or
//! the database changes a byte, and that ends its query on the server when it is dropped.

use std::{fmt::Write as _, future::Future, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};
use tokio_util::task::TaskTracker;

use crate::source::error::{Fault, SourceError};

/// What the session sets for itself. The first four rows of each kind change bytes, the rest
/// keeps a reader from waiting, from burning CPU on plans, and from staying when we are gone.
const SETTINGS: &[(&str, &str)] = &[
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("xmlbinary", "base64"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("gin_fuzzy_search_limit", "0"),
    ("row_security", "off"),
    ("default_transaction_read_only", "on"),
    ("default_transaction_deferrable", "off"),
    ("application_name", "orgvault"),
    ("client_min_messages", "error"),
    ("jit", "off"),
    ("lock_timeout", "30s"),
    // A writer that waits for its disk is idle in between; one that was stopped must not hold
    // the snapshot for ever.
    ("idle_in_transaction_session_timeout", "15min"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
];

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
    /// Between two blocks of rows.
    pub(super) stall_timeout: Duration,
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
            let backend = set_up(&mut connection, server.statement_timeout).await?;
            Ok((connection, backend))
        };
        let (connection, backend) = match timeout(limit, connecting).await {
            Ok(connected) => connected.map_err(|error| SourceError::from_connect(&server.name, "connect", &error))?,
            Err(_elapsed) => return Err(no_answer(server, limit)),
        };
        if backend.version_number < 120_000 {
            let words = format!("the server is PostgreSQL {}", backend.version);
            return Err(SourceError::fault(&server.name, Fault::Version, "use the server", words));
        }
        Ok(Self {
            server: Arc::clone(server),
            connection,
            backend,
            idle_since: Instant::now(),
            busy: false,
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
        guarded(&self.server, &mut self.busy, act, limit, work).await
    }

    /// The same for a command that takes no time.
    ///
    /// # Errors
    /// When it fails or takes longer than a connection may.
    pub(super) async fn command(&mut self, act: &str, sql: &'static str) -> Result<Vec<PgRow>, SourceError> {
        let limit = Some(self.server.connect_timeout);
        let work = sqlx::raw_sql(sql).fetch_all(&mut self.connection);
        guarded(&self.server, &mut self.busy, act, limit, work).await
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
        guarded(&self.server, &mut self.busy, act, limit, work(&mut self.connection)).await
    }

    /// Starts the one kind of transaction that is ever used.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn begin(&mut self) -> Result<(), SourceError> {
        self.command("begin a snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map(drop)
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
async fn guarded<T>(
    server: &Server,
    busy: &mut bool,
    act: &str,
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SourceError> {
    *busy = true;
    let done = match limit {
        None => work.await,
        Some(limit) => match timeout(limit, work).await {
            Ok(done) => done,
            Err(_elapsed) => return Err(SourceError::stalled(&server.name, act, limit)),
        },
    };
    // The server's own refusal ends the query; anything else may leave it running.
    *busy = matches!(&done, Err(error) if !matches!(error, sqlx::Error::Database(_)));
    done.map_err(|error| SourceError::from_sqlx(&server.name, act, &error))
}

fn no_answer(server: &Server, limit: Duration) -> SourceError {
    let words = format!("no answer within {} s", limit.as_secs_f64());
    SourceError::fault(&server.name, Fault::Unreachable, "connect", words)
}

async fn set_up(connection: &mut PgConnection, statement_timeout: Duration) -> Result<Backend, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(set_up_sql(statement_timeout))).fetch_all(&mut *connection).await?;
    let row = rows.last().ok_or(sqlx::Error::RowNotFound)?;
    let text = |column: &str| row.try_get_unchecked::<String, _>(column);
    let number = |column: &str| text(column)?.parse::<i32>().map_err(|error| sqlx::Error::Decode(error.into()));
    let backend = Backend {
        pid: number("pid")?,
        started: text("started")?,
        version: text("version")?.split(' ').next().unwrap_or_default().to_owned(),
        version_number: number("version_number")?.unsigned_abs(),
    };
    // Some platforms refuse it; then the second connection alone ends queries.
    if let Err(error) = sqlx::raw_sql(CONNECTION_CHECK).execute(&mut *connection).await {
        tracing::debug!(%error, "the server does not notice by itself when a reader is gone");
    }
    Ok(backend)
}

/// One statement for the settings that this server knows, one for what it says of itself.
fn set_up_sql(statement_timeout: Duration) -> String {
    let mut sql = "SELECT pg_catalog.set_config(v.name, v.value, false) FROM (VALUES ".to_owned();
    for (name, value) in SETTINGS {
        write_row(&mut sql, name, value);
    }
    write_row(&mut sql, "statement_timeout", &statement_timeout.as_millis().to_string());
    sql.truncate(sql.len() - 1);
    sql.push_str(
        ") AS v(name, value) JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name);
         SELECT pid::text AS pid, backend_start::text AS started, pg_catalog.current_setting('server_version') AS \
         version, pg_catalog.current_setting('server_version_num') AS version_number
         FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()",
    );
    sql
}

fn write_row(sql: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    write!(sql, "('{name}','{value}'),").unwrap_or_default();
}

/// Ends a backend through a second connection, so that it does not hold a snapshot for nobody.
async fn terminate(server: &Server, backend: &Backend) {
    const END: &str = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                       WHERE pid = $1 AND backend_start = $2::timestamptz";
    let ending = async {
        let mut connection = server.options.connect().await?;
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
