//! The connections to the catalog, and what must be so before one is used again.

use std::path::Path;

use sqlx::{
    Connection, Executor, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// Begins a transaction that writes. Unlike a plain `BEGIN` it waits for its turn here and not at
/// its first statement, and sqlx refuses it on a connection that it takes to be in one already,
/// where a plain one would quietly become a part of that.
pub(super) const WRITE: &str = "BEGIN IMMEDIATE";

pub(super) async fn connect(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A finished export that a power cut forgets would be exported again; a pending one
        // would be lost: so each commit is on disk.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    SqlitePoolOptions::new()
        .max_connections(4)
        .after_release(|connection, _metadata| Box::pin(is_clean(connection)))
        .connect_with(options)
        .await
}

/// Whether a connection may be used again. After an error (a full disk above all) SQLite may have
/// rolled a transaction back by itself (<https://www.sqlite.org/lang_transaction.html>, section 3). Then
/// the rollback of sqlx fails, so that it counts a transaction that is not there; its next one is a
/// savepoint, and what follows ends in a transaction that nobody commits.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // It comes behind the rollback that a dropped transaction has queued.
    connection.ping().await?;
    if connection.is_in_transaction() {
        tracing::warn!("a connection to the catalog is closed: its last transaction did not end as it should");
        return Ok(false);
    }
    // SQLite itself refuses to begin a transaction inside of another one.
    Ok(connection.execute("BEGIN; ROLLBACK").await.is_ok())
}
