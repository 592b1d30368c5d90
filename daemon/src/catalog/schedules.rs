//! What the catalog keeps of each schedule.

use std::collections::HashMap;

use orgvault_api::clock::Timestamp;
use sqlx::{Row, sqlite::SqliteRow};

use super::{Catalog, CatalogError, failed, from_micros, to_micros};

/// How far a schedule was followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Its cron expression and time zone.
    pub calendar: String,
    /// What was due up to here is dealt with; none while it is off or paused.
    pub since: Option<Timestamp>,
    /// Whether an admin paused it.
    pub paused: bool,
}

impl Catalog {
    /// Every schedule that was ever seen, by name.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn schedules(&self) -> Result<HashMap<String, Followed>, CatalogError> {
        const ACT: &str = "list the schedules";
        let rows = sqlx::query("SELECT * FROM schedules").fetch_all(&self.pool).await.map_err(failed(ACT))?;
        let all = self.readable(rows.iter().map(|row| read(row).map_err(failed(ACT))))?;
        Ok(all.into_iter().collect())
    }

    /// Keeps how far a schedule was followed.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_schedule(&self, name: &str, followed: &Followed) -> Result<(), CatalogError> {
        sqlx::query("INSERT OR REPLACE INTO schedules (name, calendar, since, paused) VALUES (?, ?, ?, ?)")
            .bind(name)
            .bind(&followed.calendar)
            .bind(followed.since.map(to_micros))
            .bind(followed.paused)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("keep how far a schedule was followed"))
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<(String, Followed), sqlx::Error> {
    let since = row.try_get::<Option<i64>, _>("since")?.map(from_micros);
    let followed = Followed { calendar: row.try_get("calendar")?, since, paused: row.try_get("paused")? };
    Ok((row.try_get("name")?, followed))
}
