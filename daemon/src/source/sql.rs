//! Sources that are SQL databases: one folder for each kind, and its row in [`DRIVERS`]. What all of
//! them say in the same words lies beside the folders.

mod check;
mod columns;
mod files;
mod full;
mod postgres;
mod queries;
mod question;
mod release;
mod schema;
mod seen;
mod sqlite;
mod stall;
mod tables;
mod tallies;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use orgvault_config::{SecretUrl, SourceConfig, Tls};
use sqlx::{Column, postgres::PgConnectOptions};
use tokio_util::task::TaskTracker;

use self::seen::Seen;
use super::{
    error::{SourceError, SourceFault},
    listing::{self, Cell, Listed},
    rows::Rows,
    survey::Surveyor,
};
use crate::{
    product::{Definition, OrganizationQuery, Queries},
    sql::Dialect,
};

/// Every kind of database that a source may be.
const DRIVERS: [Driver; 2] = [postgres::DRIVER, sqlite::DRIVER];

/// How a kind of database is found and read.
struct Driver {
    /// The words that a definition has for it.
    dialect: Dialect,
    /// The schemes of its URLs, the usual one first.
    schemes: &'static [&'static str],
    /// Reads a URL; opens nothing.
    locate: Locate,
}

/// Reads the URL of the source with this name, which has to ask for so much TLS.
type Locate = fn(&Arc<str>, &SecretUrl, Tls) -> Result<Box<dyn Location>, SourceError>;

/// A database that a URL names. Has no `Debug`: it may hold a password.
#[async_trait]
trait Location: Send {
    /// Where it is, without secrets: `postgres://db.example/rytask`.
    fn shown(&self) -> String;

    /// Gets ready to connect when it is first asked.
    fn connect(self: Box<Self>, source: RowsConfig<'_>) -> Arc<dyn Rows>;

    /// Connects, and begins to read; `name` is for errors.
    async fn survey(self: Box<Self>, name: &Arc<str>) -> Result<Box<dyn Surveyor>, SourceError>;
}

/// What a database is read by.
struct RowsConfig<'p> {
    /// The source's name.
    name: Arc<str>,
    config: &'p SourceConfig,
    definition: Arc<Definition>,
    /// Those of the definition, in the database's own words.
    queries: Queries,
    /// What it had when the definition was first used on it.
    seen: Arc<Seen>,
    /// Where queries that are abandoned are ended.
    tracker: TaskTracker,
}

/// Where a source is, without secrets, and what reads it. Opens nothing. Without a state directory, what it
/// had is forgotten with it.
///
/// # Errors
/// When the URL is none or asks for less TLS than the configuration allows, or the definition has no
/// words for such a database.
pub(super) fn connect(
    name: &Arc<str>,
    config: &SourceConfig,
    definition: &Arc<Definition>,
    state_dir: Option<&Path>,
    tracker: TaskTracker,
) -> Result<(String, Arc<dyn Rows>), SourceError> {
    let (driver, location) = locate(name, &config.url, config.tls)?;
    let queries = queries(name, driver.dialect, definition)?;
    let seen = Arc::new(state_dir.map_or_else(Seen::default, |state_dir| Seen::of(state_dir, name)));
    let (name, definition) = (Arc::clone(name), Arc::clone(definition));
    Ok((location.shown(), location.connect(RowsConfig { name, config, definition, queries, seen, tracker })))
}

/// What kind of database a URL names, where it is, without secrets, and what looks at it as a whole.
///
/// # Errors
/// When the URL is none or asks for less TLS than `tls`, or the database cannot be reached.
pub(super) async fn survey(
    name: &Arc<str>,
    url: &SecretUrl,
    tls: Tls,
) -> Result<(Dialect, String, Box<dyn Surveyor>), SourceError> {
    let (driver, location) = locate(name, url, tls)?;
    let shown = location.shown();
    Ok((driver.dialect, shown, location.survey(name).await?))
}

/// How to connect to a PostgreSQL database that is no source.
///
/// # Errors
/// When the URL is none, of another database, or asks for less TLS than `tls`.
pub(super) fn postgres_options(name: &Arc<str>, url: &SecretUrl, tls: Tls) -> Result<PgConnectOptions, SourceError> {
    postgres::options(name, url, tls)
}

/// The file of an SQLite database that is no source.
///
/// # Errors
/// When the URL is none, or of another database.
pub(super) fn sqlite_file(name: &Arc<str>, url: &SecretUrl) -> Result<PathBuf, SourceError> {
    let words = match url.reveal() {
        url if url.contains('?') => Err("a file that is written has a url without parameters".to_owned()),
        url if url.starts_with("sqlite:") => sqlite::file(url),
        _ => Err("it has to start with sqlite://".to_owned()),
    };
    words.map_err(|words| SourceError::fault(name, SourceFault::Url, "read the url", words))
}

/// A name as the SQL of a database writes it.
pub(super) fn quoted(name: &str, dialect: Dialect) -> Cow<'_, str> {
    if dialect == Dialect::SQLITE { sqlite::quoted(name) } else { postgres::identifier::quoted(name) }
}

/// Refuses what [`connect`] refuses; of a definition that is not known, nothing.
pub(super) fn accepts(
    name: &Arc<str>,
    config: &SourceConfig,
    definition: Option<&Definition>,
) -> Result<(), SourceError> {
    let (driver, _) = locate(name, &config.url, config.tls)?;
    definition.map_or(Ok(()), |definition| queries(name, driver.dialect, definition).map(drop))
}

/// The database that a URL names, by its scheme.
fn locate(name: &Arc<str>, url: &SecretUrl, tls: Tls) -> Result<(&'static Driver, Box<dyn Location>), SourceError> {
    let scheme = url.reveal().split_once(':').map(|(scheme, _)| scheme);
    let driver = DRIVERS.iter().find(|driver| scheme.is_some_and(|scheme| driver.schemes.contains(&scheme)));
    let Some(driver) = driver else {
        let usual: Vec<String> =
            DRIVERS.iter().filter_map(|it| it.schemes.first()).map(|scheme| format!("{scheme}://")).collect();
        let words = format!("it has to start with {}", usual.join(" or "));
        return Err(SourceError::fault(name, SourceFault::Url, "read the url", words));
    };
    Ok((driver, (driver.locate)(name, url, tls)?))
}

/// The organizations of these rows of a definition's `list`; a column that they do not have is NULL.
fn list<R: sqlx::Row>(
    source: &Arc<str>,
    query: &OrganizationQuery,
    rows: &[R],
    cell: impl Fn(&R, &str) -> Result<Cell, sqlx::Error>,
    failed: impl Fn(&sqlx::Error) -> SourceError,
) -> Result<Vec<Listed>, SourceError> {
    if let Some(first) = rows.first() {
        columns::of_list(source, first.columns().iter().map(Column::name))?;
    }
    let or_null = |row: &R, column: &str| match cell(row, column) {
        Err(sqlx::Error::ColumnNotFound(_)) => Ok(Cell::Null),
        other => other,
    };
    let rows: Result<Vec<_>, _> = rows.iter().map(|row| listing::Row::read(|column| or_null(row, column))).collect();
    Ok(listing::organizations(source, query, &rows.map_err(|error| failed(&error))?))
}

fn queries(name: &Arc<str>, dialect: Dialect, definition: &Definition) -> Result<Queries, SourceError> {
    let unspoken = |unspoken: crate::product::Unspoken| {
        SourceError::fault(name, SourceFault::Dialect, "use its definition", unspoken.to_string())
    };
    definition.queries(dialect).map_err(unspoken)
}
