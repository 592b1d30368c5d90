//! Runs in the catalog: each is begun, gets its exports source by source, and ends when the last
//! one has.

use orgvault_api::{Export, OrganizationKey, Run, SourceFailure, Warning, clock::Timestamp, gid::Gid};
use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    Catalog, CatalogError,
    exports::{document, from_row, gid, insert, json, parsed},
    failed, from_micros, to_integer, to_micros,
};

/// A source that a run has yet to ask for its organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlisted {
    /// Its name.
    pub source: String,
    /// How often it was asked in vain.
    pub attempts: u32,
    /// Before when it is not asked again.
    pub not_before: Timestamp,
}

/// One try at an export of a run.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The export.
    pub export: Export,
    /// Which try it is, from 1.
    pub number: u32,
    /// Before when it does not start.
    pub not_before: Timestamp,
}

/// A run that is not over.
#[derive(Debug, Clone)]
pub struct OpenRun {
    /// The run.
    pub run: Run,
    /// The sources that it has yet to ask.
    pub unlisted: Vec<Unlisted>,
}

/// A run with its counts; an export that was tried again counts as its last attempt does.
const RUNS: &str = "SELECT runs.*, \
    (SELECT count(*) FROM exports e WHERE e.request = runs.gid AND e.state IN ('pending', 'started')) AS open, \
    (SELECT count(*) FROM exports e WHERE e.request = runs.gid AND e.state = 'finished') AS finished, \
    (SELECT count(*) FROM exports e WHERE e.request = runs.gid AND e.state = 'error' AND NOT EXISTS \
        (SELECT 1 FROM exports later WHERE later.request = e.request AND later.source = e.source \
         AND later.kind = e.kind AND later.organization_id = e.organization_id AND later.format = e.format \
         AND later.entity IS e.entity AND later.attempt > e.attempt)) AS failed \
    FROM runs ";

impl Catalog {
    /// Begins a run, and with `since` says that its schedule is dealt with up to there, both or
    /// none. False where a run of the schedule is open: then nothing is done.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn begin_run(&self, open: &OpenRun, since: Option<Timestamp>) -> Result<bool, CatalogError> {
        const ACT: &str = "begin a run";
        let OpenRun { run, unlisted } = open;
        let mut transaction = self.write(ACT).await?;
        let begun = sqlx::query(
            "INSERT INTO runs (gid, schedule, trigger, due_at, started_at, unlisted, warnings) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (schedule) WHERE finished_at IS NULL DO NOTHING",
        )
        .bind(to_integer(run.gid))
        .bind(&run.schedule)
        .bind(run.trigger.name())
        .bind(to_micros(run.due_at))
        .bind(to_micros(run.started_at))
        .bind(json(unlisted))
        .bind(json(&run.warnings))
        .execute(&mut *transaction)
        .await
        .map_err(failed(ACT))?;
        if begun.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(since) = since {
            sqlx::query("UPDATE schedules SET since = ? WHERE name = ?")
                .bind(to_micros(since))
                .bind(&run.schedule)
                .execute(&mut *transaction)
                .await
                .map_err(failed(ACT))?;
        }
        transaction.commit().await.map_err(failed(ACT))?;
        Ok(true)
    }

    /// A source has answered: its exports join the run, both or none.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn list_source(
        &self,
        open: &OpenRun,
        organizations: u64,
        exports: &[Attempt],
    ) -> Result<(), CatalogError> {
        const ACT: &str = "add the exports of a run";
        let mut transaction = self.write(ACT).await?;
        insert(&mut transaction, &rows(exports)).await.map_err(failed(ACT))?;
        update(&mut transaction, open, organizations).await.map_err(failed(ACT))?;
        transaction.commit().await.map_err(failed(ACT))
    }

    /// Adds exports that are tried again, all or none.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn try_again(&self, exports: &[Attempt]) -> Result<(), CatalogError> {
        const ACT: &str = "add exports that are tried again";
        let mut transaction = self.write(ACT).await?;
        insert(&mut transaction, &rows(exports)).await.map_err(failed(ACT))?;
        transaction.commit().await.map_err(failed(ACT))
    }

    /// The next organizations of a run whose time has come, each with its exports that wait, in
    /// their order: they share a snapshot, so that they wait for the last one of them. What was put
    /// off before the clock was set back does not wait for it.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn waiting(&self, run: Gid, now: Timestamp, limit: u32) -> Result<Vec<Vec<Export>>, CatalogError> {
        const ACT: &str = "list what waits in a run";
        let rows = sqlx::query(
            "WITH next AS (SELECT source, kind, organization_id, min(position) AS place FROM exports \
             WHERE request = ?1 AND state = 'pending' GROUP BY source, kind, organization_id \
             HAVING min(not_before <= ?2 OR created_at > ?2) ORDER BY place LIMIT ?3) \
             SELECT e.* FROM next JOIN exports e ON e.request = ?1 AND e.source = next.source \
             AND e.kind = next.kind AND e.organization_id = next.organization_id AND e.state = 'pending' ORDER BY next.place, e.position",
        )
        .bind(to_integer(run))
        .bind(to_micros(now))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(failed(ACT))?;
        let exports = self.readable(rows.iter().map(from_row))?;
        let same = |left: &Export, right: &Export| left.organization.is(&right.organization.tenant());
        Ok(exports.chunk_by(same).map(<[Export]>::to_vec).collect())
    }

    /// Every try at the exports of one organization in a run, in their order.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn attempts(&self, run: Gid, organization: &OrganizationKey) -> Result<Vec<Attempt>, CatalogError> {
        const ACT: &str = "list the tries of a run";
        let rows = sqlx::query(
            "SELECT * FROM exports WHERE request = ? AND source = ? AND kind = ? AND organization_id = ? ORDER BY position",
        )
        .bind(to_integer(run))
        .bind(&organization.source)
        .bind(&organization.kind)
        .bind(&organization.id)
        .fetch_all(&self.pool)
        .await
        .map_err(failed(ACT))?;
        let attempt = |row: &SqliteRow| {
            let export = from_row(row)?;
            let number = row.try_get("attempt").map_err(failed(ACT))?;
            let not_before = row.try_get::<Option<i64>, _>("not_before").map_err(failed(ACT))?;
            let not_before = not_before.map_or(export.created_at, from_micros);
            Ok(Attempt { export, number, not_before })
        };
        self.readable(rows.iter().map(attempt))
    }

    /// The organizations of a run of which an export failed and was not tried again.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn failed_in(&self, run: Gid) -> Result<Vec<OrganizationKey>, CatalogError> {
        let rows = sqlx::query(
            "SELECT * FROM exports e WHERE request = ?1 AND state = 'error' AND NOT EXISTS \
             (SELECT 1 FROM exports later WHERE later.request = ?1 AND later.source = e.source \
              AND later.kind = e.kind AND later.organization_id = e.organization_id AND later.format = e.format \
              AND later.entity IS e.entity AND later.attempt > e.attempt) \
             GROUP BY source, kind, organization_id",
        )
        .bind(to_integer(run))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list what failed in a run"))?;
        self.readable(rows.iter().map(|row| from_row(row).map(|export| export.organization)))
    }

    /// Keeps which sources a run has yet to ask, and what it says of itself.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn update_run(&self, open: &OpenRun) -> Result<(), CatalogError> {
        const ACT: &str = "update a run";
        let mut connection = self.pool.acquire().await.map_err(failed(ACT))?;
        update(&mut connection, open, 0).await.map_err(failed(ACT))
    }

    /// Ends a run.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn finish_run(&self, run: Gid, at: Timestamp) -> Result<(), CatalogError> {
        sqlx::query("UPDATE runs SET finished_at = ? WHERE gid = ?")
            .bind(to_micros(at))
            .bind(to_integer(run))
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("end a run"))
    }

    /// The runs that are not over.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open_runs(&self) -> Result<Vec<OpenRun>, CatalogError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{RUNS} WHERE finished_at IS NULL ORDER BY gid")))
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the open runs"))?;
        self.readable(rows.iter().map(open))
    }

    /// The newest runs, of one schedule or of all, newest last.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn runs(&self, schedule: Option<&str>, limit: u32) -> Result<Vec<Run>, CatalogError> {
        let of = if schedule.is_some() { "WHERE schedule = ?1 " } else { "" };
        let query = format!("{RUNS} {of}ORDER BY gid DESC LIMIT ?2");
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(schedule)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the runs"))?;
        rows.reverse();
        self.readable(rows.iter().map(run))
    }

    /// One run; none where there is no such gid.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn run(&self, gid: Gid) -> Result<Option<Run>, CatalogError> {
        sqlx::query(sqlx::AssertSqlSafe(format!("{RUNS} WHERE gid = ?")))
            .bind(to_integer(gid))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read a run"))?
            .map(|row| run(&row))
            .transpose()
    }
}

fn rows(attempts: &[Attempt]) -> Vec<(&Export, u32, Option<Timestamp>)> {
    attempts.iter().map(|attempt| (&attempt.export, attempt.number, Some(attempt.not_before))).collect()
}

async fn update(connection: &mut SqliteConnection, open: &OpenRun, organizations: u64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE runs SET unlisted = ?, failures = ?, warnings = ?, organizations = organizations + ? WHERE gid = ?",
    )
    .bind(json(&open.unlisted))
    .bind(json(&open.run.failures))
    .bind(json(&open.run.warnings))
    .bind(organizations.cast_signed())
    .bind(to_integer(open.run.gid))
    .execute(connection)
    .await
    .map(drop)
}

pub(super) fn open(row: &SqliteRow) -> Result<OpenRun, CatalogError> {
    let run = run(row)?;
    let unlisted = stored(row, "unlisted", run.gid)?;
    Ok(OpenRun { run, unlisted })
}

fn run(row: &SqliteRow) -> Result<Run, CatalogError> {
    const ACT: &str = "read a run";
    let plain = || -> Result<Run, sqlx::Error> {
        let count = |column| Ok::<u64, sqlx::Error>(row.try_get::<i64, _>(column)?.cast_unsigned());
        Ok(Run {
            gid: gid(row.try_get("gid")?)?,
            schedule: row.try_get("schedule")?,
            due_at: from_micros(row.try_get("due_at")?),
            started_at: from_micros(row.try_get("started_at")?),
            finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(from_micros),
            trigger: parsed(row.try_get("trigger")?)?,
            organizations: count("organizations")?,
            open: count("open")?,
            finished: count("finished")?,
            failed: count("failed")?,
            failures: Vec::new(),
            warnings: Vec::new(),
        })
    };
    let mut run = plain().map_err(failed(ACT))?;
    run.failures = stored::<SourceFailure>(row, "failures", run.gid)?;
    run.warnings = stored::<Warning>(row, "warnings", run.gid)?;
    Ok(run)
}

fn stored<T: serde::de::DeserializeOwned>(row: &SqliteRow, column: &str, gid: Gid) -> Result<Vec<T>, CatalogError> {
    Ok(document(row, column, to_integer(gid))?.unwrap_or_default())
}
