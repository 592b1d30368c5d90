//! `/v1/status`: the daemon as a whole.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use chrono::TimeDelta;
use orgvault_api::{Role, State as ExportState, Status};

use super::{ApiError, App, caller::Caller, health::VERSION};

/// How far back failures count.
const RECENT: TimeDelta = TimeDelta::days(1);

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Status>, ApiError> {
    status(&app, &caller).await.map(Json)
}

/// The status as `caller` sees it.
pub(super) async fn status(app: &App, caller: &Caller) -> Result<Status, ApiError> {
    let Numbers { archives, archive_bytes, pending, running, failed } = app.numbers(caller).await?;
    Ok(Status {
        version: VERSION.to_owned(),
        pid: std::process::id(),
        started_at: app.started_at,
        role: caller.role.unwrap_or(Role::Viewer),
        sources: app.sources(caller).len() as u64,
        archives,
        archive_bytes,
        archive_dir: app.config().daemon.archive_dir.display().to_string(),
        pending,
        running,
        failed,
        configured_at: **app.context.configured_at.load(),
        // They are about sources and organizations, whichever those are.
        warnings: if caller.is_restricted() { Vec::new() } else { app.context.notices.list() },
    })
}

/// What there is of what a caller may know of.
struct Numbers {
    archives: u64,
    archive_bytes: u64,
    pending: u64,
    running: u64,
    failed: u64,
}

impl App {
    async fn numbers(&self, caller: &Caller) -> Result<Numbers, ApiError> {
        let (catalog, tenants) = (self.catalog(), caller.tenants());
        let totals = catalog.totals(&tenants).await?;
        let (pending, running) = if caller.is_restricted() {
            // The engine's numbers are those of everybody.
            let pending = catalog.count_in(ExportState::Pending, &tenants).await?;
            (pending, catalog.count_in(ExportState::Started, &tenants).await?)
        } else {
            let (pending, running) = self.engine().load();
            (pending as u64, running as u64)
        };
        let failed = catalog.failed_since(self.now() - RECENT, &tenants).await?;
        Ok(Numbers { archives: totals.archives, archive_bytes: totals.bytes, pending, running, failed })
    }
}
