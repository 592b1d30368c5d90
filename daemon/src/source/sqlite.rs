//! SQLite: a file that is opened read-only, one read transaction for each snapshot, rows in the
//! layout of PostgreSQL's binary COPY.

mod check;
mod snapshot;
mod value;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use orgvault_shared::{api::OrganizationKey, config::SourceConfig};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::time::timeout;

pub(super) use snapshot::Snapshot;

use super::{
    Listed,
    error::{Fault, SourceError},
    instant,
    schema::{self, Differences, LiveColumn},
};
use crate::product::Definition;

/// SQLite asks this often, in steps of its machine, whether it is to go on.
const STEPS: i32 = 20_000;

/// One SQLite file.
pub(super) struct Sqlite {
    name: Arc<str>,
    definition: Arc<Definition>,
    strict_schema: bool,
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
    pub(super) fn new(name: Arc<str>, config: &SourceConfig, definition: Arc<Definition>, path: PathBuf) -> Self {
        let SourceConfig { strict_schema, connect_timeout, first_row_timeout, stall_timeout, .. } = *config;
        Self { name, definition, strict_schema, path, connect_timeout, first_row_timeout, stall_timeout }
    }

    pub(super) async fn version(&self) -> Result<String, SourceError> {
        self.begin().await.map(|reading| reading.version.clone())
    }

    pub(super) async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        let mut reading = self.begin().await?;
        let list = sqlx::raw_sql(AssertSqlSafe(self.definition.organization.list.clone()));
        let rows = self.bounded("list organizations", list.fetch_all(&mut reading.connection)).await?;
        let listed = rows.iter().map(|row| self.listed(row)).collect::<Result<_, _>>();
        listed.map_err(|error| SourceError::from_sqlx(&self.name, "list organizations", &error))
    }

    pub(super) async fn snapshot(self: Arc<Self>, organization: &str) -> Result<Snapshot, SourceError> {
        let mut reading = self.begin().await?;
        let differences = self.differences(&mut reading).await?;
        if !differences.missing.is_empty() {
            let words = format!("{}: {}", differences.missing_words(&self.definition), differences.missing.join(", "));
            return Err(SourceError::fault(&self.name, Fault::Schema, "read what the definition reads", words));
        }
        Snapshot::new(self, reading, differences, organization).await
    }

    /// Waits for a query that is answered as a whole. One that takes too long is interrupted when
    /// its transaction is dropped.
    async fn bounded<T>(
        &self,
        act: &str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        match timeout(self.stall_timeout, work).await {
            Ok(done) => done.map_err(|error| SourceError::from_sqlx(&self.name, act, &error)),
            Err(_elapsed) => Err(SourceError::stalled(&self.name, act, self.stall_timeout)),
        }
    }

    /// Opens the file and begins to read, so that the instant is fixed.
    async fn begin(&self) -> Result<Reading, SourceError> {
        if let Err(error) = tokio::fs::metadata(&self.path).await {
            let words = format!("{}: {error}", self.path.display());
            return Err(SourceError::fault(&self.name, Fault::Unreachable, "open the database", words));
        }
        match timeout(self.connect_timeout, self.open()).await {
            Ok(Ok(reading)) => Ok(reading),
            Ok(Err(error)) => Err(self.not_opened(&error).await),
            Err(_elapsed) => {
                let words = format!("no answer within {} s", self.connect_timeout.as_secs_f64());
                Err(SourceError::fault(&self.name, Fault::Locked, "open the database", words))
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
        let opened = SourceError::from_sqlx(&self.name, "open the database", error);
        if opened.kind() != Some(Fault::Unreachable) || !is_wal(&self.path).await {
            return opened;
        }
        let words = format!("it is in WAL mode and its -shm file cannot be used: {opened}");
        SourceError::fault(&self.name, Fault::Wal, "open the database", words)
    }

    /// Compares the tables that are there with the definition.
    async fn differences(&self, reading: &mut Reading) -> Result<Differences, SourceError> {
        let rows = sqlx::raw_sql(
            "SELECT m.name AS \"table\", p.name AS \"column\" FROM sqlite_schema m, pragma_table_xinfo(m.name) p \
             WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND p.hidden <> 1 \
             ORDER BY m.name, p.cid",
        )
        .fetch_all(&mut reading.connection)
        .await;
        let live = rows.and_then(|rows| rows.iter().map(live_column).collect::<Result<Vec<_>, _>>());
        let live = live.map_err(|error| SourceError::from_sqlx(&self.name, "read the schema", &error))?;
        let mut beside = Vec::new();
        if schema::knows_every_table(&self.definition) {
            let tables = live.iter().map(|column| column.table.clone());
            beside.extend(tables.filter(|table| !self.definition.tables.contains_key(table)));
            beside.dedup();
        }
        Ok(schema::compare(&self.definition, &live, &beside))
    }

    fn listed(&self, row: &SqliteRow) -> Result<Listed, sqlx::Error> {
        let text = |column: &str| row.try_get_unchecked::<Option<String>, _>(column);
        let optional = |column: &str| match text(column) {
            Err(sqlx::Error::ColumnNotFound(_)) => Ok(None),
            other => other,
        };
        Ok(Listed {
            key: OrganizationKey {
                source: self.name.to_string(),
                kind: optional("kind")?.unwrap_or_else(|| self.definition.organization.kind.clone()),
                id: text("id")?.unwrap_or_default(),
                name: text("name")?.unwrap_or_default(),
                slug: text("slug")?.unwrap_or_default(),
            },
            created_at: optional("created_at")?.as_deref().and_then(instant::parse),
            deleted_at: optional("deleted_at")?.as_deref().map(super::deleted_at),
            in_all: optional("in_all")?.is_none_or(|text| text == "1"),
        })
    }
}

fn live_column(row: &SqliteRow) -> Result<LiveColumn, sqlx::Error> {
    let (table, name) = (row.try_get("table")?, row.try_get("column")?);
    Ok(LiveColumn { table, name, readable: true, filtered: false })
}

/// Bytes 18 and 19 of the header: <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
async fn is_wal(path: &std::path::Path) -> bool {
    use tokio::io::AsyncReadExt as _;
    let mut header = [0; 20];
    let read = async { tokio::fs::File::open(path).await?.read_exact(&mut header).await };
    read.await.is_ok() && header.ends_with(&[2, 2])
}
