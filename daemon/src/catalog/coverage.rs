//! What the last look at each source's coverage found, in the catalog.

use orgvault_api::clock::Timestamp;
use sqlx::{Row, sqlite::SqliteRow};

use super::{Catalog, CatalogError, failed, from_micros, to_micros};

/// What a look at a source found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCoverage {
    /// Which source.
    pub source: String,
    /// When.
    pub at: Timestamp,
    /// How many sections were looked at; none where the look failed.
    pub sections: u32,
    /// How many of these were not as meant.
    pub failed: u32,
    /// What was not, in a sentence.
    pub message: Option<String>,
}

impl LastCoverage {
    /// What an admin is told of it: none where all was as meant.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let Self { source, message, .. } = self;
        Some(format!("coverage of {source}: {}; `orgvault check {source} --coverage` says more", message.as_ref()?))
    }
}

impl Catalog {
    /// Keeps what a look found, instead of what the one before found.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_coverage(&self, last: &LastCoverage) -> Result<(), CatalogError> {
        const ACT: &str = "keep what a look at the coverage found";
        let mut transaction = self.write(ACT).await?;
        sqlx::query("INSERT OR REPLACE INTO coverage (source, at, sections, failed, message) VALUES (?, ?, ?, ?, ?)")
            .bind(&last.source)
            .bind(to_micros(last.at))
            .bind(last.sections)
            .bind(last.failed)
            .bind(&last.message)
            .execute(&mut *transaction)
            .await
            .map_err(failed(ACT))?;
        transaction.commit().await.map_err(failed(ACT))
    }

    /// What the last look at each source found, by their names.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn coverages(&self) -> Result<Vec<LastCoverage>, CatalogError> {
        const ACT: &str = "read what the looks at the coverage found";
        let rows = sqlx::query("SELECT * FROM coverage ORDER BY source").fetch_all(&self.pool).await;
        let last = |row: &SqliteRow| {
            Ok(LastCoverage {
                source: row.try_get("source")?,
                at: from_micros(row.try_get("at")?),
                sections: row.try_get("sections")?,
                failed: row.try_get("failed")?,
                message: row.try_get("message")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(last).collect()).map_err(failed(ACT))
    }
}
