//! `/v1/jobs`: what the apps of sources that are export APIs make for exports of ours.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{Export, Job, JobState, Jobs, State as ExportState};

use super::{ApiError, App, caller::Caller, request::Path};
use crate::catalog::{CatalogError, ExportFilter};

/// Those that are not over.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Jobs>, ApiError> {
    let exports = app.started_exports().await?;
    let jobs = app.catalog().open_jobs().await?.into_iter().filter(|job| caller.sees(&job.organization));
    Ok(Json(Jobs { at: app.now(), jobs: jobs.map(|job| with_export(job, &exports)).collect() }))
}

/// The next export asks the app for a new one. One that an export waits for now is that export's.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Json<Job>, ApiError> {
    let open = app.catalog().job(id).await?.filter(|job| job.state != JobState::Over);
    let job = open.ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "unknown_job", format!("there is no job {id} that is not over"))
            .hint("`orgvault jobs` lists them")
    })?;
    caller.is_about(None, &job.organization);
    let mut job = with_export(job, &app.started_exports().await?);
    if let Some(gid) = job.export {
        let detail = format!("export {gid} waits for job {id}");
        return Err(ApiError::new(StatusCode::CONFLICT, "job_in_use", detail)
            .hint(format!("cancel the export first: `orgvault cancel {gid}`")));
    }
    job.state = JobState::Over;
    job.note = Some(format!("forgotten by {}", caller.name()));
    app.catalog().update_job(&job).await?;
    tracing::info!(user = caller.name(), job = id, remote_id = job.remote_id, "a job was forgotten");
    Ok(Json(job))
}

impl App {
    async fn started_exports(&self) -> Result<Vec<Export>, CatalogError> {
        let started = ExportFilter { state: Some(ExportState::Started), ..ExportFilter::default() };
        Ok(self.engine().with_progress(self.catalog().exports(started).await?))
    }
}

/// The same with the export that waits for it, and with what that waits for where nothing else is noted.
fn with_export(job: Job, exports: &[Export]) -> Job {
    let Some(export) = exports.iter().find(|export| job.is_for(export)) else { return job };
    let waits = export.progress.as_ref().and_then(|progress| progress.job.as_ref()?.waits.clone());
    Job { export: Some(export.gid), note: job.note.or(waits.map(|what| format!("waits for {what}"))), ..job }
}
