//! A RyTask-shaped SQLite database of three organizations, the same each time.

use std::path::Path;

use sqlx::{
    Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

const SCHEMA: &str = include_str!("schema.sql");
const DATA: &str = include_str!("data.sql");

/// Makes the database at `path`, which must not be there.
///
/// # Errors
/// When it cannot be written.
pub(crate) async fn create(path: &Path) -> Result<(), sqlx::Error> {
    // Nothing is lost with it: a power cut may take it.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    for script in ["BEGIN", SCHEMA, DATA, "COMMIT"] {
        sqlx::raw_sql(script).execute(&mut connection).await?;
    }
    connection.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn has_three_organizations_and_every_odd_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rytask.sqlite");
        create(&path).await.unwrap();
        let options = SqliteConnectOptions::new().filename(&path).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        for (query, expected) in [
            ("SELECT count(*) FROM organizations WHERE deleted_at IS NULL", 3),
            ("SELECT count(*) FROM work_items WHERE organization_id = '00000001-0001-4000-8000-000000000000'", 20_000),
            ("SELECT count(*) FROM work_items WHERE deleted_at IS NOT NULL AND organization_id LIKE '00000003-%'", 3),
            ("SELECT count(DISTINCT title LIKE '=%') FROM work_items WHERE organization_id LIKE '00000003-%'", 2),
            ("SELECT count(*) FROM work_items WHERE instr(title, char(27)) AND organization_id LIKE '00000003-%'", 5),
            ("SELECT count(*) FROM time_logs WHERE typeof(billable) <> 'integer'", 0),
            ("SELECT count(*) FROM work_items w LEFT JOIN projects p ON p.id = w.project_id WHERE p.id IS NULL", 0),
            ("SELECT count(*) FROM memberships m LEFT JOIN users u ON u.id = m.user_id WHERE u.id IS NULL", 0),
        ] {
            let count: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
            assert_eq!(count, expected, "{query}");
        }
    }
}
