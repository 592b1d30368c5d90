//! The id by which the marker of the archive directory names this catalog.

use super::{Catalog, CatalogError, failed};

impl Catalog {
    /// Its id.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn id(&self) -> Result<String, CatalogError> {
        sqlx::query_scalar("SELECT id FROM identity").fetch_one(&self.pool).await.map_err(failed("read the id"))
    }

    /// From now on it is the catalog that this id is for.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn take_id(&self, id: &str) -> Result<(), CatalogError> {
        const ACT: &str = "take another id";
        let done = sqlx::query("UPDATE identity SET id = ?").bind(id).execute(&self.pool).await.map_err(failed(ACT))?;
        match done.rows_affected() {
            1 => Ok(()),
            rows => Err(CatalogError::Affected { act: ACT, rows, expected: 1 }),
        }
    }
}
