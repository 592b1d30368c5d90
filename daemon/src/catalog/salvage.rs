//! What is taken over from a damaged catalog: whole tables, as far as SQLite can still read them.
//! The archives are not among them, because their directory knows better.

use std::path::Path;

use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};

/// Runs before their exports, so that no export of a run that is gone would wait for ever.
const TABLES: [&str; 7] = ["schedules", "runs", "exports", "repeats", "jobs", "drills", "drill_schedules"];

/// Copies what can be read in the database at `aside`; what cannot is said in the log.
pub(super) async fn salvage(pool: &SqlitePool, aside: &Path) {
    if let Err(error) = copy_all(pool, aside).await {
        tracing::warn!(path = %aside.display(), "nothing can be read of the damaged catalog: {error}");
    }
}

async fn copy_all(pool: &SqlitePool, aside: &Path) -> Result<(), sqlx::Error> {
    // Closed in the end, so that no connection of the pool knows the damaged one.
    let mut connection = pool.acquire().await?.detach();
    sqlx::query("ATTACH ? AS damaged").bind(aside.to_string_lossy()).execute(&mut connection).await?;
    for table in TABLES {
        match copy(&mut connection, table).await {
            Ok(rows) => tracing::info!(table, rows, "taken over from the damaged catalog"),
            Err(error) if table == "runs" => {
                tracing::error!("the runs of the damaged catalog cannot be read, nor what belongs to them: {error}");
                break;
            }
            Err(error) => tracing::error!(table, "cannot be read in the damaged catalog: {error}"),
        }
    }
    sqlx::Connection::close(connection).await
}

/// Copies the columns that both know: an earlier version may have written the damaged one.
async fn copy(connection: &mut SqliteConnection, table: &str) -> Result<u64, sqlx::Error> {
    let columns: String = sqlx::query_scalar(
        "SELECT coalesce(group_concat(name), 'rowid') FROM pragma_table_info(?1) \
         WHERE name IN (SELECT name FROM pragma_table_info(?1, 'damaged'))",
    )
    .bind(table)
    .fetch_one(&mut *connection)
    .await?;
    let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM damaged.{table}");
    Ok(sqlx::query(AssertSqlSafe(copy)).execute(connection).await?.rows_affected())
}
