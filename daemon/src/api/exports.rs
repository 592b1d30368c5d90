//! `/v1/exports`: the jobs that make archives.

mod log;
mod plan;

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_shared::{
    api::{Export, ExportRequest, Exports, State as ExportState},
    gid::Gid,
};
use serde::Deserialize;

use self::plan::Plan;
pub(super) use self::log::log;
use super::{
    App,
    organizations::Listing,
    peer::Peer,
    problem::Refusal,
    request::{Json as Body, Path, Query},
};
use crate::{
    catalog::ExportFilter,
    export::{CancelError, SubmitError},
    source::Listed,
};

/// How many exports are listed where the request does not say.
const USUAL_LIMIT: u32 = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    state: Option<String>,
    limit: Option<u32>,
    request: Option<Gid>,
}

pub(super) async fn start(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Body(request): Body<ExportRequest>,
) -> Result<(StatusCode, Json<Exports>), Refusal> {
    plan::check(&request)?;
    let Listing { listed, failures } = chosen(&app, &request).await?;
    let plan = Plan { request: &request, requested_by: &peer.user, now: app.now() };
    let definition = |name: &str| app.source(name).map(|source| source.definition().clone());
    let exports = plan.exports(&listed, definition, |at| app.gids.next(at))?;
    app.engine().submit(exports.clone()).await?;
    tracing::info!(user = %peer.user, exports = exports.len(), "exports were asked for");
    Ok((StatusCode::ACCEPTED, Json(Exports { exports, failures })))
}

/// The organizations that are asked for, each once.
async fn chosen(app: &App, request: &ExportRequest) -> Result<Listing, Refusal> {
    if request.all {
        let mut listing = app.listing(request.source.as_deref()).await?;
        if let (true, Some(failure)) = (listing.listed.is_empty(), listing.failures.first()) {
            return Err(failure.error.clone().into());
        }
        listing.listed.retain(|one| one.in_all && (request.deleted || one.deleted_at.is_none()));
        return Ok(listing);
    }
    let listing = app.listing_for(&request.organizations).await;
    let mut listed: Vec<Listed> = Vec::new();
    for name in &request.organizations {
        let found = listing.find(name)?;
        if !listed.iter().any(|one| one.key == found.key) {
            listed.push(found.clone());
        }
    }
    Ok(Listing { listed, failures: Vec::new() })
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Exports>, Refusal> {
    let state = query.state.as_deref().map(str::parse::<ExportState>).transpose();
    let state = state.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "invalid_query", error.to_string()))?;
    // All exports of one request belong together.
    let limit = query.limit.or_else(|| query.request.is_none().then_some(USUAL_LIMIT));
    let exports = app.catalog().exports(ExportFilter { state, request: query.request, limit }).await?;
    Ok(Json(Exports { exports: app.engine().with_progress(exports), failures: Vec::new() }))
}

pub(super) async fn show(State(app): State<Arc<App>>, Path(gid): Path<Gid>) -> Result<Json<Export>, Refusal> {
    let export = app.catalog().export(gid).await?.ok_or_else(|| unknown(gid))?;
    app.engine().with_progress(vec![export]).pop().map(Json).ok_or_else(|| unknown(gid))
}

pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Path(gid): Path<Gid>,
) -> Result<Json<Export>, Refusal> {
    let export = app.engine().cancel(gid).await?;
    tracing::info!(user = %peer.user, %gid, "an export was canceled");
    Ok(Json(export))
}

fn unknown(gid: Gid) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "unknown_export", format!("there is no export {gid}"))
        .hint("`orgvault exports` lists them")
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", error.to_string())
                .hint("ask again when the daemon has started again"),
            SubmitError::Catalog(error) => error.into(),
        }
    }
}

impl From<CancelError> for Refusal {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Unknown(gid) => unknown(gid),
            CancelError::Ended { .. } => Self::new(StatusCode::CONFLICT, "export_ended", error.to_string()),
            CancelError::Catalog(error) => error.into(),
        }
    }
}
