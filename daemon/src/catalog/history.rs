//! What has ended is kept for a time only.

use orgvault_api::clock::Timestamp;
use sqlx::SqliteConnection;

use super::{Catalog, CatalogError, failed, to_micros};

/// Exports that are looked at in one transaction: nobody who writes waits long for it.
const BATCH: i64 = 500;

const ACT: &str = "forget the history";

/// How far the forgetting has come: an export's end and position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    reached: (i64, i64),
    /// How many exports were forgotten so far.
    pub exports: u64,
}

/// A batch of what ended before an instant, in the order in which it did.
pub(super) const ENDED: &str = "SELECT finished_at, position FROM exports \
    WHERE (finished_at, position) > (?1, ?2) AND finished_at < ?3 ORDER BY finished_at, position LIMIT ?4";

/// The newest request of an organization that was not canceled says how it is, an archive has its export beside it, and a
/// run that is still told of counts all of its own.
pub(super) const FORGET: &str = "DELETE FROM exports WHERE position IN (\
    SELECT old.position FROM exports AS old WHERE (old.finished_at, old.position) > (?1, ?2) \
    AND (old.finished_at, old.position) <= (?3, ?4) AND old.state IN ('finished', 'error') \
    AND NOT EXISTS (SELECT 1 FROM archives WHERE archives.gid = old.gid) \
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.gid = old.request) \
    AND old.request <> (SELECT newest.request FROM exports AS newest WHERE newest.source = old.source \
        AND newest.kind = old.kind AND newest.organization_id = old.organization_id ORDER BY newest.position DESC LIMIT 1) \
    AND old.request IS NOT (SELECT counted.request FROM exports AS counted WHERE counted.source = old.source \
        AND counted.kind = old.kind AND counted.organization_id = old.organization_id AND counted.error_code IS NOT 'canceled' \
        ORDER BY counted.position DESC LIMIT 1))";

/// The newest run of a schedule says how that is.
pub(super) const FORGET_RUNS: &str = "DELETE FROM runs WHERE finished_at < ?1 \
    AND gid < (SELECT max(newer.gid) FROM runs AS newer WHERE newer.schedule = runs.schedule)";

impl Catalog {
    /// Forgets runs that ended before an instant, but for the newest of each schedule; gives how many.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn forget_runs(&self, before: Timestamp) -> Result<u64, CatalogError> {
        let done = sqlx::query(FORGET_RUNS).bind(to_micros(before)).execute(&self.pool).await.map_err(failed(ACT))?;
        Ok(done.rows_affected())
    }

    /// Forgets a batch of the exports that ended before an instant, and have neither an archive nor
    /// a run any more, nor are an organization's newest. Gives how far it came; none at the end.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn forget_exports(
        &self,
        before: Timestamp,
        forgotten: Forgotten,
    ) -> Result<Option<Forgotten>, CatalogError> {
        let mut transaction = self.write(ACT).await?;
        let next = forget(&mut transaction, before, forgotten).await.map_err(failed(ACT))?;
        transaction.commit().await.map_err(failed(ACT))?;
        Ok(next)
    }
}

async fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
    forgotten: Forgotten,
) -> Result<Option<Forgotten>, sqlx::Error> {
    let (ended, position) = forgotten.reached;
    let batch: Vec<(i64, i64)> = sqlx::query_as(ENDED)
        .bind(ended)
        .bind(position)
        .bind(to_micros(before))
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
    let Some(&reached) = batch.last() else { return Ok(None) };
    let done =
        sqlx::query(FORGET).bind(ended).bind(position).bind(reached.0).bind(reached.1).execute(connection).await?;
    Ok(Some(Forgotten { reached, exports: forgotten.exports + done.rows_affected() }))
}
