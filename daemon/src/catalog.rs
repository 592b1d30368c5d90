//! The daemon's own SQLite database: an index of exports and archives. All of its SQL is here
//! and in the files below, and nothing else's.

mod archives;
mod coverage;
mod drills;
mod exports;
mod file;
mod history;
mod identity;
mod jobs;
mod listings;
mod migrations;
mod newest;
mod page;
mod pool;
mod repair;
mod repeats;
mod runs;
mod salvage;
mod schedules;
mod series;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::DateTime;
use orgvault_api::clock::Timestamp;
use sqlx::{
    Connection, Sqlite, SqliteConnection, SqlitePool, Transaction, migrate::MigrateError, sqlite::SqliteConnectOptions,
};

use crate::notices::Notices;

pub use archives::{ArchiveFilter, ArchiveQuery, Totals};
pub use coverage::LastCoverage;
pub use drills::Drilled;
pub use exports::{ExportFilter, LastExport};
pub use history::Forgotten;
pub use listings::Listing;
pub use page::{Page, PagePosition, Tenants};
pub use repair::Mend;
pub use repeats::{Repeat, Repeated};
pub use runs::{Attempt, OpenRun, Unlisted};
pub use schedules::Followed;
pub use series::Series;

/// The open catalog. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    pool: SqlitePool,
    /// Where it is said what is wrong with it.
    notices: Notices,
    /// Whether it was damaged, and made anew when it was opened.
    made_anew: bool,
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
    /// Its file could not be made, protected, or set aside.
    #[error("cannot {act} {path}: {cause}")]
    File {
        /// What was tried.
        act: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
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

impl CatalogError {
    /// Whether the file itself is damaged, which no second try mends.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Open { cause, .. }
            | Self::Query { cause, .. }
            | Self::Migrate {
                cause: MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _), ..
            } => is_damage(cause),
            _ => false,
        }
    }

    /// Whether what was to be written is the cause, so that no second try helps: a row that is not
    /// there, or a rule of the tables.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Query { cause, .. } => {
                cause.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
            }
            Self::Affected { .. } | Self::Document { .. } => true,
            _ => false,
        }
    }
}

/// Result codes of SQLite (<https://www.sqlite.org/rescode.html>).
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_NOTADB: u32 = 26;

fn is_damage(cause: &sqlx::Error) -> bool {
    matches!(primary_code(cause), Some(SQLITE_CORRUPT | SQLITE_NOTADB))
}

/// The low byte of an extended result code.
fn primary_code(cause: &sqlx::Error) -> Option<u32> {
    let code: u32 = cause.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

impl Catalog {
    /// Opens `path`, creates it where it is missing and brings its tables up to date. A file that is
    /// damaged is set aside under another name; then [`Catalog::was_made_anew`].
    ///
    /// # Errors
    /// When the file cannot be opened or was written by a newer version.
    pub async fn open(path: &Path) -> Result<Self, CatalogError> {
        let failed = |act| move |cause| CatalogError::File { act, path: path.to_owned(), cause };
        file::protect(path).map_err(failed("open"))?;
        let mut aside = None;
        if let Some(damage) = damage(path).await {
            let name = file::set_aside(path).map_err(failed("set the damaged catalog aside:"))?;
            tracing::error!(path = %path.display(), aside = %name.display(), "the catalog is damaged: {damage}");
            file::protect(path).map_err(failed("make"))?;
            aside = Some(name);
        }
        let opening = |cause| CatalogError::Open { path: path.to_owned(), cause };
        let pool = pool::connect(path).await.map_err(opening)?;
        migrations::migrations()
            .run(&pool)
            .await
            .map_err(|cause| CatalogError::Migrate { path: path.to_owned(), cause })?;
        if let Some(aside) = &aside {
            salvage::salvage(&pool, aside).await;
        }
        let notices = Notices::default();
        notices.set("catalog_damaged", told(&file::aside(path)));
        Ok(Self { pool, notices, made_anew: aside.is_some() })
    }

    /// Whether the file was damaged when it was opened, so that this one was empty: the archives are
    /// to be listed from their directory.
    #[must_use]
    pub fn was_made_anew(&self) -> bool {
        self.made_anew
    }

    /// What the admin ought to know of the catalog, and of the rest of the daemon.
    pub(crate) fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Begins a transaction that writes.
    async fn write(&self, act: &'static str) -> Result<Transaction<'static, Sqlite>, CatalogError> {
        self.pool.begin_with(pool::WRITE).await.map_err(failed(act))
    }

    /// Closes every connection, so that the WAL is folded into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// What is wrong with the file, where it is damaged. Every connection to it is closed again.
async fn damage(path: &Path) -> Option<String> {
    let is_empty = fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0);
    if is_empty {
        return None;
    }
    let mut connection = match SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await {
        Ok(connection) => connection,
        Err(cause) => return is_damage(&cause).then(|| cause.to_string()),
    };
    let checked = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut connection).await;
    if let Err(cause) = connection.close().await {
        tracing::debug!("the connection that looked at the catalog did not close: {cause}");
    }
    match checked {
        Ok(found) => (found != "ok").then_some(found),
        Err(cause) => is_damage(&cause).then(|| cause.to_string()),
    }
}

/// What is said as long as damaged catalogs lie there.
fn told(aside: &[PathBuf]) -> Option<String> {
    let last = aside.last()?.display();
    Some(format!(
        "the catalog was damaged, and was made anew from the archive directory and what could be read of it: the \
         damaged one is {last}; see whether the schedules and the latest runs are as they should be, then remove it"
    ))
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
fn to_integer(gid: orgvault_api::gid::Gid) -> i64 {
    i64::try_from(gid.get()).unwrap_or(i64::MAX)
}
