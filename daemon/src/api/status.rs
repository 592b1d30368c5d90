//! `/v1/status`: the daemon as a whole.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use chrono::TimeDelta;
use orgvault_shared::api::{Role, Status};

use super::{App, health::VERSION, peer::Peer, problem::Refusal};

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
) -> Result<Json<Status>, Refusal> {
    status(&app, &peer).await.map(Json)
}

/// The status as `peer` sees it.
pub(super) async fn status(app: &App, peer: &Peer) -> Result<Status, Refusal> {
    let totals = app.catalog().totals().await?;
    let failed = app.catalog().failed_since(app.now() - TimeDelta::days(1)).await?;
    let (pending, running) = app.engine().load();
    let config = app.config();
    Ok(Status {
        version: VERSION.to_owned(),
        pid: std::process::id(),
        started_at: app.started_at,
        role: peer.role.unwrap_or(Role::Viewer),
        sources: config.sources.len() as u64,
        archives: totals.archives,
        archive_bytes: totals.bytes,
        archive_dir: config.daemon.archive_dir.display().to_string(),
        pending: pending as u64,
        running: running as u64,
        failed,
        configured_at: **app.shop.workshop.configured_at.load(),
        warnings: app.shop.workshop.notices.list(),
    })
}
