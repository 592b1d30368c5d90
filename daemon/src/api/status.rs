//! `/v1/status`: the daemon as a whole.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use chrono::TimeDelta;
use orgvault_shared::{
    api::{Export, Role, State as ExportState, Status},
    clock::Timestamp,
};

use super::{App, caller::Caller, health::VERSION, problem::Refusal};
use crate::catalog::{ArchiveFilter, ExportFilter};

/// How far back failures count.
const RECENT: TimeDelta = TimeDelta::days(1);

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Status>, Refusal> {
    status(&app, &caller).await.map(Json)
}

/// The status as `caller` sees it.
pub(super) async fn status(app: &App, caller: &Caller) -> Result<Status, Refusal> {
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
        configured_at: **app.shop.workshop.configured_at.load(),
        // They are about sources and organizations, whichever those are.
        warnings: if caller.is_restricted() { Vec::new() } else { app.shop.workshop.notices.list() },
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
    async fn numbers(&self, caller: &Caller) -> Result<Numbers, Refusal> {
        let since = self.now() - RECENT;
        if caller.is_restricted() {
            return self.counted(caller, since).await;
        }
        let totals = self.catalog().totals().await?;
        let failed = self.catalog().failed_since(since).await?;
        let (pending, running) = self.engine().load();
        let (pending, running) = (pending as u64, running as u64);
        Ok(Numbers { archives: totals.archives, archive_bytes: totals.bytes, pending, running, failed })
    }

    /// One by one, because the totals are those of everybody.
    async fn counted(&self, caller: &Caller, since: Timestamp) -> Result<Numbers, Refusal> {
        let mut archives = self.catalog().archives(&ArchiveFilter::default()).await?;
        archives.retain(|archive| caller.sees(&archive.organization));
        let mut exports = self.catalog().exports(ExportFilter::default()).await?;
        exports.retain(|export| caller.sees(&export.organization));
        let count = |wanted: &dyn Fn(&Export) -> bool| exports.iter().filter(|export| wanted(export)).count() as u64;
        let in_state = |state| count(&|export| export.state == state);
        let is_recent = |export: &Export| export.finished_at.is_some_and(|at| at >= since);
        Ok(Numbers {
            archives: archives.len() as u64,
            archive_bytes: archives.iter().map(|archive| archive.bytes).sum(),
            pending: in_state(ExportState::Pending),
            running: in_state(ExportState::Started),
            failed: count(&|export| export.has_failed() && is_recent(export)),
        })
    }
}
