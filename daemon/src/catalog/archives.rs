//! Archives in the catalog.

use std::{collections::HashMap, path::Path};

use orgvault_shared::{api::Archive, gid::Gid};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{Catalog, CatalogError, exports::json, failed, to_integer, to_micros};

/// Which archives to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveFilter {
    /// Only of this source.
    pub source: Option<String>,
    /// Only of the organization with this id.
    pub organization: Option<String>,
}

/// All archives together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub archives: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Catalog {
    /// Adds an archive, or replaces what is known of it.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_archive(&self, archive: &Archive) -> Result<(), CatalogError> {
        const ACT: &str = "add an archive";
        let mut connection = self.pool.acquire().await.map_err(failed(ACT))?;
        self.put(&mut connection, archive).await.map_err(failed(ACT))
    }

    pub(super) async fn put(&self, connection: &mut SqliteConnection, archive: &Archive) -> Result<(), sqlx::Error> {
        let mut stored = archive.clone();
        if let Ok(relative) = Path::new(&archive.path).strip_prefix(&self.archive_dir) {
            stored.path = relative.to_string_lossy().into_owned();
        }
        let place = Path::new(&stored.path).parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        sqlx::query("INSERT OR REPLACE INTO archives VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(to_integer(archive.gid))
            .bind(&archive.organization.source)
            .bind(&archive.organization.id)
            .bind(to_micros(archive.exported_at))
            .bind(archive.bytes.cast_signed())
            .bind(json(&stored))
            .bind(place)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Forgets one archive; whether there was one.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn forget_archive(&self, gid: Gid) -> Result<bool, CatalogError> {
        let done = sqlx::query("DELETE FROM archives WHERE gid = ?")
            .bind(to_integer(gid))
            .execute(&self.pool)
            .await
            .map_err(failed("forget an archive"))?;
        Ok(done.rows_affected() == 1)
    }

    /// One archive; none where there is no such gid.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archive(&self, gid: Gid) -> Result<Option<Archive>, CatalogError> {
        sqlx::query("SELECT gid, document FROM archives WHERE gid = ?")
            .bind(to_integer(gid))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read an archive"))?
            .map(|row| self.read(&row))
            .transpose()
    }

    /// The archives that match, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archives(&self, filter: &ArchiveFilter) -> Result<Vec<Archive>, CatalogError> {
        let rows = sqlx::query(
            "SELECT gid, document FROM archives WHERE (?1 IS NULL OR source = ?1) \
             AND (?2 IS NULL OR organization_id = ?2) ORDER BY exported_at, gid",
        )
        .bind(&filter.source)
        .bind(&filter.organization)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list archives"))?;
        self.readable(rows.iter().map(|row| self.read(row)))
    }

    /// The archives in one directory, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn archives_in(&self, directory: &Path) -> Result<Vec<Archive>, CatalogError> {
        let place = directory.strip_prefix(&self.archive_dir).unwrap_or(directory);
        let rows = sqlx::query("SELECT gid, document FROM archives WHERE place = ? ORDER BY exported_at, gid")
            .bind(place.to_string_lossy())
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the archives of a directory"))?;
        self.readable(rows.iter().map(|row| self.read(row)))
    }

    /// The newest archive of each organization, format and entity of a source and the one before
    /// it, by organization id, newest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn newest_pairs(&self, source: &str) -> Result<HashMap<String, Vec<Archive>>, CatalogError> {
        let rows = sqlx::query(
            "SELECT gid, document FROM archives JOIN (SELECT gid, row_number() OVER (PARTITION BY organization_id, \
             format, entity, importable ORDER BY exported_at DESC, gid DESC) AS nth FROM archives WHERE source = ?1) USING (gid) \
             WHERE nth <= 2 ORDER BY exported_at DESC, gid DESC",
        )
        .bind(source)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the newest archives"))?;
        let mut pairs: HashMap<String, Vec<Archive>> = HashMap::new();
        for archive in self.readable(rows.iter().map(|row| self.read(row)))? {
            pairs.entry(archive.organization.id.clone()).or_default().push(archive);
        }
        Ok(pairs)
    }

    /// All archives together.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn totals(&self) -> Result<Totals, CatalogError> {
        let (archives, bytes): (i64, i64) = sqlx::query_as("SELECT count(*), coalesce(sum(bytes), 0) FROM archives")
            .fetch_one(&self.pool)
            .await
            .map_err(failed("count archives"))?;
        Ok(Totals { archives: archives.cast_unsigned(), bytes: bytes.cast_unsigned() })
    }

    pub(super) fn read(&self, row: &SqliteRow) -> Result<Archive, CatalogError> {
        const ACT: &str = "read an archive";
        let gid: i64 = row.try_get("gid").map_err(failed(ACT))?;
        let document: &str = row.try_get("document").map_err(failed(ACT))?;
        let mut archive: Archive =
            serde_json::from_str(document).map_err(|cause| CatalogError::Document { gid, cause })?;
        archive.path = self.archive_dir.join(&archive.path).to_string_lossy().into_owned();
        Ok(archive)
    }
}
