//! The one connection of a restore, and its transaction.

use std::{path::Path, sync::Arc};

use futures_util::TryStreamExt as _;
use orgvault_archive::full::{RowHash, RowHasher, sqlite::Stored};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow},
};

use crate::{
    restore::{
        error::{RestoreError, TargetFault},
        finding::MAX_KEYS,
        found::shortened,
        target::Target,
    },
    schema::sqlite::{line, stored},
};

/// One connection. Dropped inside its transaction, it is rolled back.
pub(super) struct Session {
    pub(super) target: Arc<str>,
    /// What tells the file from every other one.
    pub(super) file: String,
    pub(super) connection: SqliteConnection,
}

impl Session {
    /// Opens the file, which has to be there.
    pub(super) async fn open(target: &Target, file: &Path) -> Result<Self, RestoreError> {
        const ACT: &str = "open the file";
        let name = Arc::clone(&target.name);
        let number = super::file::number(file).await;
        let number = number.map_err(|error| RestoreError::Target {
            target: Arc::clone(&name),
            fault: TargetFault::Unreachable,
            act: ACT.to_owned(),
            words: format!("{}: {error}", file.display()),
        })?;
        // The journal's mode and all else that stays is as the app has it.
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .foreign_keys(false)
            // The archive's rows are staged there.
            .pragma("temp_store", "FILE")
            .busy_timeout(target.lock_timeout)
            .disable_statement_logging();
        let connection = options.connect().await.map_err(|error| RestoreError::from_sqlx(&name, ACT, &error))?;
        let mut session = Self { target: name, file: number, connection };
        // Only a statement finds out whether it is a database.
        session.run(ACT, "SELECT count(*) FROM main.sqlite_schema".to_owned()).await?;
        Ok(session)
    }

    /// Runs statements without parameters; gives how many rows the last one wrote.
    pub(super) async fn run(&mut self, act: &str, sql: String) -> Result<u64, RestoreError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.error(act, &error))
    }

    /// Runs a statement about the organization.
    pub(super) async fn run_of(&mut self, act: &str, sql: String, id: &Stored<'_>) -> Result<u64, RestoreError> {
        let query = bind(sqlx::query(AssertSqlSafe(sql)), id);
        let done = query.execute(&mut self.connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.error(act, &error))
    }

    /// The rows of a statement.
    pub(super) async fn rows(&mut self, act: &str, sql: String) -> Result<Vec<SqliteRow>, RestoreError> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await;
        rows.map_err(|error| self.error(act, &error))
    }

    /// The numbers in the first row of a statement; NULL is 0.
    pub(super) async fn numbers<const N: usize>(&mut self, act: &str, sql: String) -> Result<[u64; N], RestoreError> {
        let rows = self.rows(act, sql).await?;
        Ok(std::array::from_fn(|column| number(rows.first(), column)))
    }

    /// The same of a statement about the organization.
    pub(super) async fn number_of(&mut self, act: &str, sql: String, id: &Stored<'_>) -> Result<u64, RestoreError> {
        let query = bind(sqlx::query(AssertSqlSafe(sql)), id);
        let rows = query.fetch_all(&mut self.connection).await.map_err(|error| self.error(act, &error))?;
        Ok(number(rows.first(), 0))
    }

    /// The first column of the first row of a statement about the organization; none where there is none.
    pub(super) async fn text_of(
        &mut self,
        act: &str,
        sql: String,
        id: &Stored<'_>,
    ) -> Result<Option<String>, RestoreError> {
        let query = bind(sqlx::query(AssertSqlSafe(sql)), id);
        let row = query.fetch_optional(&mut self.connection).await.map_err(|error| self.error(act, &error))?;
        Ok(row.map(|row| text(&row, 0)))
    }

    /// How many rows `from` gives, and the first of their keys.
    pub(super) async fn found(&mut self, act: &str, key: &str, from: &str) -> Result<(u64, Vec<String>), RestoreError> {
        let [count] = self.numbers(act, format!("SELECT count(*) FROM {from}")).await?;
        if count == 0 {
            return Ok((0, Vec::new()));
        }
        let rows = self.rows(act, format!("SELECT {key} FROM {from} ORDER BY 1 LIMIT {MAX_KEYS}")).await?;
        Ok((count, rows.iter().map(|row| shortened(text(row, 0))).collect()))
    }

    /// What rows hash to, as an archive has them.
    pub(super) async fn hash(
        &mut self,
        act: &str,
        sql: String,
        id: &Stored<'_>,
    ) -> Result<(u64, RowHash), RestoreError> {
        let target = Arc::clone(&self.target);
        let fault = |error: sqlx::Error| RestoreError::from_sqlx(&target, act, &error);
        let mut rows = bind(sqlx::query(AssertSqlSafe(sql)), id).fetch(&mut self.connection);
        let (mut hasher, mut bytes) = (RowHasher::default(), Vec::new());
        while let Some(row) = rows.try_next().await.map_err(fault)? {
            line(&row, &mut bytes).map_err(fault)?;
            hasher.feed(&bytes);
        }
        Ok(hasher.finish())
    }

    pub(super) async fn commit(&mut self) -> Result<(), RestoreError> {
        self.run("commit", "COMMIT".to_owned()).await.map(drop)
    }

    pub(super) async fn roll_back(&mut self) -> Result<(), RestoreError> {
        self.run("roll back", "ROLLBACK".to_owned()).await.map(drop)
    }

    /// What was staged goes with it.
    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the target's file cannot be closed");
        }
    }

    pub(super) fn error(&self, act: &str, error: &sqlx::Error) -> RestoreError {
        RestoreError::from_sqlx(&self.target, act, error)
    }
}

/// The statement with one more value.
pub(super) fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    value: &Stored<'_>,
) -> Query<'q, Sqlite, SqliteArguments> {
    match value {
        Stored::Null => query.bind(None::<i64>),
        Stored::Integer(number) => query.bind(*number),
        Stored::Real(number) => query.bind(*number),
        Stored::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => query.bind(text.to_owned()),
            // Whoever binds such a one makes a text of it by a cast.
            Err(_) => query.bind(bytes.to_vec()),
        },
        Stored::Blob(bytes) => query.bind(bytes.to_vec()),
    }
}

fn number(row: Option<&SqliteRow>, column: usize) -> u64 {
    let number = row.and_then(|row| row.try_get_unchecked::<Option<i64>, _>(column).ok().flatten());
    number.and_then(|number| number.try_into().ok()).unwrap_or_default()
}

/// A column of a row for people; NULL is empty.
pub(super) fn text(row: &SqliteRow, column: usize) -> String {
    match stored(row, column) {
        Ok(Stored::Text(bytes) | Stored::Blob(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Stored::Integer(number)) => number.to_string(),
        Ok(Stored::Real(number)) => number.to_string(),
        Ok(Stored::Null) | Err(_) => String::new(),
    }
}
