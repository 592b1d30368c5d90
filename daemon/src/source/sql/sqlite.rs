//! SQLite: a file that is opened read-only, one read transaction for each snapshot, rows in the
//! layout of PostgreSQL's binary COPY.

mod coverage;
mod error;
mod full;
mod invariants;
mod organization;
mod snapshot;
mod survey;
mod url;
mod value;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use orgvault_api::CheckLine;
use orgvault_config::SourceConfig;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::time::timeout;

use self::snapshot::Snapshot;
pub(super) use self::{survey::quoted, url::read as file};
use super::{
    Driver, Location, RowsConfig, check, list,
    queries::LIST,
    release::Release,
    schema::{self, Differences, Live, LiveColumn},
    seen::Seen,
};
use crate::{
    product::{Definition, Queries, Table},
    source::{
        coverage::Counted,
        error::{SourceError, SourceFault},
        listing::Listed,
        rows::{Rows, RowsSnapshot},
        survey::Surveyor,
    },
    sql::Dialect,
};

/// SQLite files.
pub(super) const DRIVER: Driver = Driver {
    dialect: Dialect::SQLITE,
    schemes: &["sqlite"],
    locate: |name, url, _tls| match url::read(url.reveal()) {
        Ok(path) => Ok(Box::new(path)),
        Err(words) => Err(SourceError::fault(name, SourceFault::Url, "read the url", words)),
    },
};

#[async_trait]
impl Location for PathBuf {
    fn shown(&self) -> String {
        format!("sqlite://{}", self.display())
    }

    fn connect(self: Box<Self>, source: RowsConfig<'_>) -> Arc<dyn Rows> {
        Arc::new(Sqlite::new(*self, source))
    }

    async fn survey(self: Box<Self>, name: &Arc<str>) -> Result<Box<dyn Surveyor>, SourceError> {
        Ok(Box::new(survey::Survey::open(name, *self).await?))
    }
}

/// SQLite asks this often, in steps of its machine, whether it is to go on.
const STEPS: i32 = 20_000;

/// Every table and view, and whether it is a view. Shadow tables are a part of their virtual table.
const TABLES: &str = "SELECT name, type = 'view' FROM pragma_table_list \
                      WHERE schema = 'main' AND type IN ('table', 'virtual', 'view') \
                      AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

/// One SQLite file.
struct Sqlite {
    name: Arc<str>,
    definition: Arc<Definition>,
    queries: Arc<Queries>,
    strict_schema: bool,
    seen: Arc<Seen>,
    path: PathBuf,
    connect_timeout: Duration,
    first_row_timeout: Duration,
    stall_timeout: Duration,
}

/// A connection inside a read transaction. Dropped, its query is interrupted.
struct Reading {
    connection: SqliteConnection,
    version: String,
    stop: Arc<AtomicBool>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Sqlite {
    fn new(path: PathBuf, source: RowsConfig<'_>) -> Self {
        let RowsConfig { name, config, definition, queries, seen, .. } = source;
        let SourceConfig { strict_schema, connect_timeout, first_row_timeout, stall_timeout, .. } = *config;
        let queries = Arc::new(queries);
        Self { name, definition, queries, strict_schema, seen, path, connect_timeout, first_row_timeout, stall_timeout }
    }

    /// Waits for a query that is answered as a whole. One that takes too long is interrupted when
    /// its transaction is dropped.
    async fn bounded<T>(
        &self,
        act: &str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        match timeout(self.stall_timeout, work).await {
            Ok(done) => done.map_err(|error| self.failed(act, &error)),
            Err(_elapsed) => Err(self.stalled(act, self.stall_timeout)),
        }
    }

    /// Opens the file and begins to read, so that the instant is fixed.
    async fn begin(&self) -> Result<Reading, SourceError> {
        if let Err(error) = tokio::fs::metadata(&self.path).await {
            let words = format!("{}: {error}", self.path.display());
            return Err(self.fault(SourceFault::Unreachable, "open the database", words));
        }
        match timeout(self.connect_timeout, self.open()).await {
            Ok(Ok(reading)) => Ok(reading),
            Ok(Err(error)) => Err(self.not_opened(&error).await),
            Err(_elapsed) => {
                let words = format!("no answer within {} s", self.connect_timeout.as_secs_f64());
                Err(self.fault(SourceFault::Locked, "open the database", words))
            }
        }
    }

    async fn open(&self) -> Result<Reading, sqlx::Error> {
        // Never `immutable`: it would ignore the WAL and other processes' changes.
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .busy_timeout(self.connect_timeout / 2)
            .pragma("query_only", "ON")
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        connection.lock_handle().await?.set_progress_handler(STEPS, move || !stopped.load(Ordering::Relaxed));
        sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
        // Only a read takes the lock that fixes the instant.
        let row = sqlx::raw_sql("SELECT sqlite_version() AS version, (SELECT count(*) FROM sqlite_schema) AS tables")
            .fetch_one(&mut connection)
            .await?;
        let version = format!("SQLite {}", row.try_get::<String, _>("version")?);
        Ok(Reading { connection, version, stop })
    }

    /// A WAL database needs its -shm file, which a reader without write access cannot make; and
    /// a hot journal has to be rolled back by someone who may write.
    async fn not_opened(&self, error: &sqlx::Error) -> SourceError {
        let opened = self.failed("open the database", error);
        if opened.kind() != Some(SourceFault::Unreachable) || !is_wal(&self.path).await {
            return opened;
        }
        let words = format!("it is in WAL mode and its -shm file cannot be used: {opened}");
        self.fault(SourceFault::Wal, "open the database", words)
    }

    /// Compares the tables and views that the definition names with what is there. All others are known by
    /// their names alone: a virtual table of the app's own module can be asked for no more.
    async fn differences(&self, reading: &mut Reading) -> Result<Differences, SourceError> {
        let found: Vec<(String, bool)> = sqlx::query_as(TABLES)
            .fetch_all(&mut reading.connection)
            .await
            .map_err(|error| self.failed("read the schema", &error))?;
        let mut live = Live::default();
        for (name, is_view) in found {
            let named = self.definition.tables.get(&name);
            if named.is_some_and(Table::has_columns) {
                live.columns.extend(self.live_columns(reading, &name).await?);
            }
            match named {
                _ if is_view => {}
                Some(_) => live.tables.push(name),
                None => live.beside.push(name),
            }
        }
        let seen = self.seen.columns(&self.definition, &live.columns).await;
        Ok(schema::compare(&self.definition, &live, &seen))
    }

    /// What of the definition is for the app that is there.
    async fn release(&self, reading: &mut Reading) -> Result<Release, SourceError> {
        let whole = Release::whole(&self.definition, &self.queries);
        if !self.definition.is_for_several_releases() {
            return Ok(whole);
        }
        let differences = self.differences(reading).await?;
        whole.there(&self.name, DRIVER.dialect, &differences)
    }

    /// The organizations, and their rows as the file has them.
    async fn list(
        &self,
        reading: &mut Reading,
        release: &Release,
    ) -> Result<(Vec<Listed>, Vec<SqliteRow>), SourceError> {
        let query = sqlx::raw_sql(AssertSqlSafe(release.queries.list.clone()));
        let rows = self.bounded(LIST, query.fetch_all(&mut reading.connection)).await?;
        let cell = |row: &_, column: &str| organization::cell(row, column);
        let listed = list(&self.name, &self.definition.organization, &rows, cell, |error| self.failed(LIST, error))?;
        Ok((listed, rows))
    }

    async fn live_columns(&self, reading: &mut Reading, table: &str) -> Result<Vec<LiveColumn>, SourceError> {
        let columns = sqlx::query_scalar("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid")
            .bind(table.to_owned())
            .fetch_all(&mut reading.connection)
            .await;
        let columns = columns.map_err(|error| self.failed(&format!("read the schema of {table}"), &error))?;
        let live = |name| LiveColumn { table: table.to_owned(), name, readable: true, filtered: false };
        Ok(columns.into_iter().map(live).collect())
    }
}

#[async_trait]
impl Rows for Sqlite {
    async fn version(&self) -> Result<String, SourceError> {
        self.begin().await.map(|reading| reading.version.clone())
    }

    async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        let mut reading = self.begin().await?;
        let release = self.release(&mut reading).await?;
        self.list(&mut reading, &release).await.map(|(listed, _rows)| listed)
    }

    async fn coverage(&self) -> Result<Counted, SourceError> {
        self.cover().await
    }

    async fn definition(&self) -> Result<Arc<Definition>, SourceError> {
        let mut reading = self.begin().await?;
        Ok(self.release(&mut reading).await?.definition)
    }

    async fn check(&self) -> (Vec<CheckLine>, String) {
        let mut lines = Vec::with_capacity(check::NAMES.len());
        let looked = self.look(&mut lines).await;
        (check::finished(lines, looked), self.grants())
    }

    fn grants(&self) -> String {
        // A file has no roles.
        String::new()
    }

    async fn snapshot(self: Arc<Self>, organization: &str) -> Result<Box<dyn RowsSnapshot>, SourceError> {
        let mut reading = self.begin().await?;
        let differences = self.differences(&mut reading).await?;
        if !differences.missing.is_empty() {
            let words = format!("{}: {}", differences.missing_words(&self.definition), differences.missing.join(", "));
            return Err(self.fault(SourceFault::Schema, "read what the definition reads", words));
        }
        Ok(Box::new(Snapshot::new(self, reading, differences, organization).await?))
    }

    async fn close(&self) {
        // Each snapshot opens the file for itself.
    }
}

/// Bytes 18 and 19 of the header: <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
async fn is_wal(path: &std::path::Path) -> bool {
    use tokio::io::AsyncReadExt as _;
    let mut header = [0; 20];
    let read = async { tokio::fs::File::open(path).await?.read_exact(&mut header).await };
    read.await.is_ok() && header.ends_with(&[2, 2])
}
