//! The jobs of apps, in the catalog.

use orgvault_api::{Format, Job, JobState, OrganizationKey, Tenant, clock::Timestamp};
use serde::de::Error as _;
use sqlx::{Row, sqlite::SqliteRow};

use super::{Catalog, CatalogError, exports::json, failed, to_micros};

/// Jobs of an organization that are over are known so many: an app that hands out an older one again is found out.
const KEPT: i64 = 50;

impl Catalog {
    /// Writes down that an app is about to be asked for a job, before it is.
    ///
    /// # Errors
    /// When the catalog cannot be written, or has one of this organization and format that is not over.
    pub async fn request_job(
        &self,
        organization: &OrganizationKey,
        format: Format,
        now: Timestamp,
    ) -> Result<Job, CatalogError> {
        const ACT: &str = "write down a job";
        let OrganizationKey { source, kind, id, .. } = organization;
        let mut job = Job {
            id: 0,
            organization: organization.clone(),
            format,
            state: JobState::Requested,
            remote_id: None,
            remote_state: None,
            requested_at: now,
            polled_at: None,
            note: None,
            export: None,
        };
        let mut transaction = self.write(ACT).await?;
        let done = sqlx::query(
            "INSERT INTO jobs (source, kind, organization_id, format, state, requested_at, document) \
             VALUES (?, ?, ?, ?, ?, ?, '')",
        )
        .bind(source)
        .bind(kind)
        .bind(id)
        .bind(format.name())
        .bind(job.state.name())
        .bind(to_micros(now))
        .execute(&mut *transaction)
        .await
        .map_err(failed(ACT))?;
        let row = done.last_insert_rowid();
        job.id = row.unsigned_abs();
        let document = sqlx::query("UPDATE jobs SET document = ? WHERE id = ?").bind(json(&job)).bind(row);
        document.execute(&mut *transaction).await.map_err(failed(ACT))?;
        sqlx::query(FORGET)
            .bind(source)
            .bind(kind)
            .bind(id)
            .bind(KEPT)
            .execute(&mut *transaction)
            .await
            .map_err(failed(ACT))?;
        transaction.commit().await.map_err(failed(ACT))?;
        Ok(job)
    }

    /// Writes what has changed of a job.
    ///
    /// # Errors
    /// When the catalog cannot be written, or does not know the job.
    pub async fn update_job(&self, job: &Job) -> Result<(), CatalogError> {
        const ACT: &str = "update a job";
        let done = sqlx::query("UPDATE jobs SET state = ?, remote_id = ?, document = ? WHERE id = ?")
            .bind(job.state.name())
            .bind(&job.remote_id)
            .bind(json(job))
            .bind(i64::try_from(job.id).unwrap_or(i64::MAX))
            .execute(&self.pool)
            .await
            .map_err(failed(ACT))?;
        match done.rows_affected() {
            1 => Ok(()),
            rows => Err(CatalogError::Affected { act: ACT, rows, expected: 1 }),
        }
    }

    /// The job of an organization and format that is not over; none where there is none.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open_job(&self, tenant: &Tenant, format: Format) -> Result<Option<Job>, CatalogError> {
        const ACT: &str = "look for a job";
        let Tenant { source, kind, id } = tenant;
        let row = sqlx::query(
            "SELECT id, document FROM jobs WHERE source = ? AND kind = ? AND organization_id = ? AND format = ? \
             AND state <> 'over'",
        )
        .bind(source)
        .bind(kind)
        .bind(id)
        .bind(format.name())
        .fetch_optional(&self.pool)
        .await
        .map_err(failed(ACT))?;
        row.map(|row| read(&row)).transpose()
    }

    /// Every job that is not over, the oldest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open_jobs(&self) -> Result<Vec<Job>, CatalogError> {
        let rows = sqlx::query("SELECT id, document FROM jobs WHERE state <> 'over' ORDER BY id").fetch_all(&self.pool);
        let rows = rows.await.map_err(failed("list the jobs"))?;
        self.readable(rows.iter().map(read))
    }

    /// One job, over or not; none where there is no such number.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn job(&self, id: u64) -> Result<Option<Job>, CatalogError> {
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        let row = sqlx::query("SELECT id, document FROM jobs WHERE id = ?").bind(id).fetch_optional(&self.pool);
        row.await.map_err(failed("read a job"))?.map(|row| read(&row)).transpose()
    }

    /// Whether a job of this organization and format that is over had this id over there.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn had_job(&self, tenant: &Tenant, format: Format, remote_id: &str) -> Result<bool, CatalogError> {
        sqlx::query_scalar::<_, i64>(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE source = ? AND kind = ? AND organization_id = ? AND format = ? \
             AND state = 'over' AND remote_id = ?)",
        )
        .bind(&tenant.source)
        .bind(&tenant.kind)
        .bind(&tenant.id)
        .bind(format.name())
        .bind(remote_id)
        .fetch_one(&self.pool)
        .await
        .map(|found| found == 1)
        .map_err(failed("look for an earlier job"))
    }
}

/// Forgets what is over but for the newest.
const FORGET: &str = "DELETE FROM jobs WHERE state = 'over' AND source = ?1 AND kind = ?2 AND organization_id = ?3 \
    AND id NOT IN (SELECT newest.id FROM jobs AS newest WHERE newest.source = ?1 AND newest.kind = ?2 \
        AND newest.organization_id = ?3 ORDER BY newest.id DESC LIMIT ?4)";

fn read(row: &SqliteRow) -> Result<Job, CatalogError> {
    let document = |cause| CatalogError::Document { gid: row.try_get("id").unwrap_or_default(), cause };
    let text: &str = row.try_get("document").map_err(|cause| document(serde_json::Error::custom(cause)))?;
    serde_json::from_str(text).map_err(document)
}
