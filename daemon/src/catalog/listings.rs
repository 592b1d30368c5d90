//! What the sources listed last, in the catalog.

use orgvault_api::{OrganizationKey, clock::Timestamp};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{Catalog, CatalogError, failed, from_micros, to_micros};
use crate::source::Listed;

/// SQLite takes 32,766 parameters in a statement; an organization needs 9.
const ROWS_PER_INSERT: usize = 2000;

/// What a source listed, and when.
#[derive(Debug, Clone)]
pub struct Listing {
    /// When.
    pub at: Timestamp,
    /// Its organizations, in its order.
    pub organizations: Vec<Listed>,
}

impl Catalog {
    /// Keeps what a source listed at `at`, instead of what it listed before. Without organizations
    /// they are the same as before.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_listing(
        &self,
        source: &str,
        organizations: Option<&[Listed]>,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        const ACT: &str = "keep what a source listed";
        let mut transaction = self.write(ACT).await?;
        sqlx::query("INSERT OR REPLACE INTO listings (source, at) VALUES (?, ?)")
            .bind(source)
            .bind(to_micros(at))
            .execute(&mut *transaction)
            .await
            .map_err(failed(ACT))?;
        if let Some(organizations) = organizations {
            replace(&mut transaction, source, organizations).await.map_err(failed(ACT))?;
        }
        transaction.commit().await.map_err(failed(ACT))
    }

    /// The kinds of the organizations that a source listed when it was asked last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn listed_kinds(&self, source: &str) -> Result<Vec<String>, CatalogError> {
        let query = sqlx::query_scalar("SELECT DISTINCT kind FROM listed WHERE source = ?").bind(source);
        query.fetch_all(&self.pool).await.map_err(failed("read what a source listed"))
    }

    /// The kinds of the organizations with this id that a source listed when it was asked last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn listed_kinds_of(&self, source: &str, id: &str) -> Result<Vec<String>, CatalogError> {
        let query = sqlx::query_scalar("SELECT DISTINCT kind FROM listed WHERE source = ? AND id = ?");
        query.bind(source).bind(id).fetch_all(&self.pool).await.map_err(failed("read what a source listed"))
    }

    /// The sources and ids that stand for organizations of more than one kind.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn ids_of_several_kinds(&self) -> Result<Vec<(String, String)>, CatalogError> {
        let query = sqlx::query_as("SELECT source, id FROM listed GROUP BY source, id HAVING count(DISTINCT kind) > 1");
        query.fetch_all(&self.pool).await.map_err(failed("read what the sources listed"))
    }

    /// What a source listed when it was asked last; none where it never answered.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn listing(&self, source: &str) -> Result<Option<Listing>, CatalogError> {
        const ACT: &str = "read what a source listed";
        let rows = sqlx::query(
            "SELECT * FROM listings LEFT JOIN listed USING (source) WHERE listings.source = ? ORDER BY place",
        )
        .bind(source)
        .fetch_all(&self.pool)
        .await
        .map_err(failed(ACT))?;
        let Some(first) = rows.first() else { return Ok(None) };
        let at = from_micros(first.try_get("at").map_err(failed(ACT))?);
        let organizations = self.readable(rows.iter().map(|row| listed(row).map_err(failed(ACT))))?;
        Ok(Some(Listing { at, organizations: organizations.into_iter().flatten().collect() }))
    }
}

async fn replace(connection: &mut SqliteConnection, source: &str, organizations: &[Listed]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM listed WHERE source = ?").bind(source).execute(&mut *connection).await?;
    let places: Vec<(i64, &Listed)> = (0..).zip(organizations).collect();
    for chunk in places.chunks(ROWS_PER_INSERT) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO listed (source, place, kind, id, name, slug, created_at, deleted_at, in_all) ",
        );
        insert.push_values(chunk, |mut row, (place, Listed { key, created_at, deleted_at, in_all, .. })| {
            row.push_bind(source)
                .push_bind(*place)
                .push_bind(&key.kind)
                .push_bind(&key.id)
                .push_bind(&key.name)
                .push_bind(&key.slug)
                .push_bind(created_at.map(to_micros))
                .push_bind(deleted_at.map(to_micros))
                .push_bind(*in_all);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// None where the source listed nothing at all.
fn listed(row: &SqliteRow) -> Result<Option<Listed>, sqlx::Error> {
    let Some(id) = row.try_get("id")? else { return Ok(None) };
    let [source, kind, name, slug] = ["source", "kind", "name", "slug"].map(|column| row.try_get(column));
    let key = OrganizationKey { source: source?, kind: kind?, id, name: name?, slug: slug? };
    Ok(Some(Listed {
        created_at: row.try_get::<Option<i64>, _>("created_at")?.map(from_micros),
        deleted_at: row.try_get::<Option<i64>, _>("deleted_at")?.map(from_micros),
        in_all: row.try_get("in_all")?,
        ..Listed::known(key)
    }))
}
