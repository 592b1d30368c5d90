//! The daemon's own SQLite database: an index of exports and archives. All of its SQL is here
//! and in the files below, and nothing else's.

mod archives;
mod exports;
mod repeats;
mod runs;
mod schedules;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use chrono::DateTime;
use orgvault_shared::clock::Timestamp;
use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use archives::{ArchiveFilter, Totals};
pub use exports::ExportFilter;
pub use repeats::{Repeat, Repeated};
pub use runs::{Attempt, OpenRun, Unlisted};
pub use schedules::Followed;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The open catalog. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    pool: SqlitePool,
    /// Archives are stored by their path below this directory, so that it can be moved.
    archive_dir: PathBuf,
}

/// Why the catalog could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It could not be opened.
    #[error("cannot open the catalog {path}: {cause}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        cause: sqlx::Error,
    },
    /// Its tables could not be brought up to date.
    #[error("cannot bring the catalog {path} up to date: {cause}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        cause: sqlx::migrate::MigrateError,
    },
    /// A query failed.
    #[error("cannot {act} in the catalog: {cause}")]
    Query {
        /// What was tried.
        act: &'static str,
        /// What SQLite says.
        #[source]
        cause: sqlx::Error,
    },
    /// A stored document is not what this version writes.
    #[error("the catalog's row of {gid} cannot be read: {cause}; run `orgvault catalog rebuild`")]
    Document {
        /// Whose row.
        gid: i64,
        /// What is wrong with it.
        #[source]
        cause: serde_json::Error,
    },
    /// A row that had to be there was changed or removed by somebody else.
    #[error("cannot {act} in the catalog: {rows} rows were affected instead of {expected}")]
    Affected {
        /// What was tried.
        act: &'static str,
        /// How many rows were.
        rows: u64,
        /// How many should have been.
        expected: u64,
    },
}

impl Catalog {
    /// Opens `path`, creates it where it is missing and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be opened or was written by a newer version.
    pub async fn open(path: &Path, archive_dir: &Path) -> Result<Self, CatalogError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A finished export that a power cut forgets would be exported again; a pending one
            // would be lost: so each commit is on disk.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|cause| CatalogError::Open { path: path.to_owned(), cause })?;
        MIGRATIONS.run(&pool).await.map_err(|cause| CatalogError::Migrate { path: path.to_owned(), cause })?;
        Ok(Self { pool, archive_dir: archive_dir.to_owned() })
    }

    /// Closes every connection, so that the WAL is folded into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn failed(act: &'static str) -> impl FnOnce(sqlx::Error) -> CatalogError {
    move |cause| CatalogError::Query { act, cause }
}

fn to_micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

fn from_micros(micros: i64) -> Timestamp {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Gids are below 2^53, so they fit SQLite's signed integers.
fn to_integer(gid: orgvault_shared::gid::Gid) -> i64 {
    i64::try_from(gid.get()).unwrap_or(i64::MAX)
}
