//! The exports of one organization in one format, as they are written without more: in no entity,
//! not compressed, with nothing left out for an importer.

use orgvault_api::{Export, Format, OrganizationKey};

use super::{Catalog, CatalogError, exports::from_row, failed};

/// Whose exports, in which format.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Whose.
    pub organization: &'a OrganizationKey,
    /// In which.
    pub format: Format,
}

/// The first four parameters are source, organization, kind and format.
macro_rules! of_series {
    ($what:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM exports WHERE source = ?1 AND organization_id = ?2 AND kind = ?3 AND format = ?4 \
             AND entity IS NULL AND gzip = 0 AND importable = 0 ",
            $rest
        )
    };
}

const LIST: &str = "list the exports of an organization";

impl Catalog {
    /// How many there are.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn count_of_series(&self, series: &Series<'_>) -> Result<u64, CatalogError> {
        let OrganizationKey { source, id, kind, .. } = series.organization;
        let query = sqlx::query_scalar::<_, i64>(of_series!("count(*)", ""));
        let query = query.bind(source).bind(id).bind(kind).bind(series.format.name());
        query.fetch_one(&self.pool).await.map(i64::unsigned_abs).map_err(failed(LIST))
    }

    /// At most `most` of them after the newest `skipped`, newest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn page_of_series(
        &self,
        series: &Series<'_>,
        skipped: u64,
        most: u64,
    ) -> Result<Vec<Export>, CatalogError> {
        let OrganizationKey { source, id, kind, .. } = series.organization;
        let query = sqlx::query(of_series!("*", "ORDER BY position DESC LIMIT ?5 OFFSET ?6"));
        let query = query.bind(source).bind(id).bind(kind).bind(series.format.name());
        let rows = query.bind(most.cast_signed()).bind(skipped.cast_signed()).fetch_all(&self.pool).await;
        rows.map_err(failed(LIST))?.iter().map(from_row).collect()
    }

    /// The oldest one that has not ended.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open_of_series(&self, series: &Series<'_>) -> Result<Option<Export>, CatalogError> {
        let OrganizationKey { source, id, kind, .. } = series.organization;
        let query = sqlx::query(of_series!("*", "AND state IN ('pending', 'started') ORDER BY position LIMIT 1"));
        let query = query.bind(source).bind(id).bind(kind).bind(series.format.name());
        let row = query.fetch_optional(&self.pool).await.map_err(failed(LIST))?;
        row.as_ref().map(from_row).transpose()
    }
}
