//! The one connection of a restore, and its transaction.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _,
    postgres::{PgConnectOptions, PgRow, types::Oid},
};
use tokio::time::timeout;

use super::{
    error::{RestoreError, TargetFault},
    target::Target,
    tenant::{SETTING, Tenant},
};

/// What changes the text of values, which rows a statement sees, or how long it may take. The search path stays as
/// the role has it: triggers and conditions of the app need it.
const SETTINGS: &[(&str, &str)] = &[
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("xmlbinary", "base64"),
    ("xmloption", "content"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("backslash_quote", "safe_encoding"),
    ("transform_null_equals", "off"),
    ("check_function_bodies", "on"),
    ("row_security", "off"),
    ("default_transaction_read_only", "off"),
    ("default_transaction_deferrable", "off"),
    ("client_min_messages", "error"),
    ("jit", "off"),
    ("statement_timeout", "0"),
    ("transaction_timeout", "0"),
    ("idle_in_transaction_session_timeout", "15min"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
    // The server ends what nobody waits for any more.
    ("client_connection_check_interval", "2s"),
];

/// One connection inside the transaction of a restore. Dropped before its end, the server rolls it back.
pub(super) struct Session {
    pub(super) target: Arc<str>,
    pub(super) connection: PgConnection,
}

impl Session {
    /// Connects, makes every setting, begins the transaction, and takes the lock of the organization.
    pub(super) async fn begin(
        target: &Target,
        options: &PgConnectOptions,
        tenant: &Tenant,
    ) -> Result<Self, RestoreError> {
        let mut session = Self::connect(target, options).await?;
        session.set_up(target.lock_timeout).await?;
        session.run("begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE".to_owned()).await?;
        session.run("begin", "SET CONSTRAINTS ALL DEFERRED".to_owned()).await?;
        let query = sqlx::query(
            "SELECT pg_catalog.set_config($2, $1, true), \
             pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('orgvault restore ' || $1, 0))",
        );
        let query = query.bind(&tenant.id).bind(SETTING).persistent(false);
        let locked = query.fetch_one(&mut session.connection).await.and_then(|row| row.try_get::<bool, _>(1));
        if locked.map_err(|error| session.error("lock the organization", &error))? {
            return Ok(session);
        }
        Err(RestoreError::Running { target: Arc::clone(&target.name), organization: tenant.id.clone() })
    }

    async fn connect(target: &Target, options: &PgConnectOptions) -> Result<Self, RestoreError> {
        let name = Arc::clone(&target.name);
        let fault = |fault, words| RestoreError::Target {
            target: Arc::clone(&target.name),
            fault,
            act: "connect".to_owned(),
            words,
        };
        let connected = timeout(target.connect_timeout, options.connect()).await.map_err(|_elapsed| {
            fault(TargetFault::Unreachable, format!("no answer within {} s", target.connect_timeout.as_secs_f64()))
        })?;
        match connected {
            Ok(connection) => Ok(Self { target: name, connection }),
            Err(sqlx::Error::Io(io)) => Err(fault(TargetFault::Unreachable, io.to_string())),
            Err(error) => Err(RestoreError::from_sqlx(&name, "connect", &error)),
        }
    }

    async fn set_up(&mut self, lock_timeout: Duration) -> Result<(), RestoreError> {
        let lock_timeout = format!("('lock_timeout','{}')", lock_timeout.as_millis());
        let values: Vec<String> = SETTINGS.iter().map(|(name, value)| format!("('{name}','{value}')")).collect();
        let sql = format!(
            "SELECT pg_catalog.set_config(v.name, v.value, false) FROM (VALUES {},{lock_timeout}) AS v(name, value) \
             JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name)",
            values.join(","),
        );
        self.run("make the settings", sql).await?;
        let version = self.texts("ask for the version", "SELECT current_setting('server_version_num')".to_owned());
        let number = version.await?.concat();
        if number.parse::<u32>().is_ok_and(|number| number >= 120_000) {
            return Ok(());
        }
        Err(RestoreError::Version { target: Arc::clone(&self.target), version: number })
    }

    /// Runs statements; gives how many rows they wrote.
    pub(super) async fn run(&mut self, act: &str, sql: String) -> Result<u64, RestoreError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.error(act, &error))
    }

    /// The rows of a statement, in text form.
    pub(super) async fn rows(&mut self, act: &str, sql: String) -> Result<Vec<PgRow>, RestoreError> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await;
        rows.map_err(|error| self.error(act, &error))
    }

    /// The first column of a statement's rows; NULL is empty.
    pub(super) async fn texts(&mut self, act: &str, sql: String) -> Result<Vec<String>, RestoreError> {
        let rows = self.rows(act, sql).await?;
        Ok(rows.iter().map(|row| text(row, 0)).collect())
    }

    /// The numbers in the first row of a statement.
    pub(super) async fn numbers<const N: usize>(&mut self, act: &str, sql: String) -> Result<[u64; N], RestoreError> {
        let rows = self.rows(act, sql).await?;
        let number = |column| rows.first().and_then(|row| text(row, column).parse().ok()).unwrap_or_default();
        Ok(std::array::from_fn(number))
    }

    /// What a statement about tables gives as one JSON array, and the array itself.
    pub(super) async fn facts<T: DeserializeOwned>(
        &mut self,
        act: &str,
        sql: &'static str,
        tables: &[u32],
    ) -> Result<(Vec<T>, String), RestoreError> {
        let tables: Vec<Oid> = tables.iter().copied().map(Oid).collect();
        let row = sqlx::query(sql).bind(tables).persistent(false).fetch_one(&mut self.connection).await;
        let json = row.and_then(|row| row.try_get::<String, _>(0)).map_err(|error| self.error(act, &error))?;
        Ok((self.parse(act, &json)?, json))
    }

    /// What the server gave as JSON.
    pub(super) fn parse<T: DeserializeOwned>(&self, act: &str, json: &str) -> Result<Vec<T>, RestoreError> {
        serde_json::from_str(json).map_err(|error| self.error(act, &sqlx::Error::Decode(error.into())))
    }

    /// Does `sql`, and goes back to where it was when the server refuses it: then it gives the server's error.
    pub(super) async fn attempt(&mut self, act: &str, sql: String) -> Result<Result<u64, RestoreError>, RestoreError> {
        self.save().await?;
        let done = self.run(act, sql).await;
        self.end_attempt(done).await
    }

    pub(super) async fn save(&mut self) -> Result<(), RestoreError> {
        self.run("begin a step", "SAVEPOINT orgvault".to_owned()).await.map(drop)
    }

    /// Ends what [`Self::save`] began.
    pub(super) async fn end_attempt<T>(
        &mut self,
        done: Result<T, RestoreError>,
    ) -> Result<Result<T, RestoreError>, RestoreError> {
        let undo = if done.is_ok() { "" } else { "ROLLBACK TO SAVEPOINT orgvault;" };
        self.run("end a step", format!("{undo} RELEASE SAVEPOINT orgvault")).await?;
        Ok(done)
    }

    pub(super) async fn commit(&mut self) -> Result<(), RestoreError> {
        self.run("commit", "COMMIT".to_owned()).await.map(drop)
    }

    pub(super) async fn roll_back(&mut self) -> Result<(), RestoreError> {
        self.run("roll back", "ROLLBACK".to_owned()).await.map(drop)
    }

    /// Nothing depends on whether the server hears it.
    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the connection to the target is gone");
        }
    }

    pub(super) fn error(&self, act: &str, error: &sqlx::Error) -> RestoreError {
        RestoreError::from_sqlx(&self.target, act, error)
    }
}

/// A column of a row in text form; NULL is empty.
pub(super) fn text(row: &PgRow, column: usize) -> String {
    row.try_get_unchecked::<Option<String>, _>(column).ok().flatten().unwrap_or_default()
}
