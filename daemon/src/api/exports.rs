//! `/v1/exports`: the jobs that make archives.

mod log;
mod plan;

use std::{collections::BTreeMap, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{Export, ExportRequest, Exports, SourceFailure, State as ExportState, gid::Gid};
use serde::Deserialize;

pub(super) use self::log::log;
use self::plan::ExportPlanner;
use super::{
    ApiError, App,
    caller::Caller,
    discretion::Discreet,
    organizations::Listing,
    page::Paging,
    request::{Json as Body, Path, Query},
};
use crate::{
    catalog::ExportFilter,
    export::{CancelError, SubmitError},
    product::Definition,
    source::Listed,
};

/// How many exports are listed where the request does not say.
const USUAL_LIMIT: u32 = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    state: Option<String>,
    limit: Option<u32>,
    request: Option<Gid>,
    before: Option<Gid>,
    after: Option<Gid>,
}

pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<ExportRequest>,
) -> Result<(StatusCode, Json<Exports>), ApiError> {
    plan::check(&request)?;
    let Listing { listed, failures } = chosen(&app, &caller, &request).await?;
    let exports = app.submit(&caller, &request, &listed).await?;
    Ok((StatusCode::ACCEPTED, Json(Exports { exports, failures, ..Exports::default() })))
}

/// The organizations that are asked for, each once.
async fn chosen(app: &App, caller: &Caller, request: &ExportRequest) -> Result<Listing, ApiError> {
    if request.all {
        let mut listing = app.listing(caller, request.source.as_deref()).await?;
        if let (true, Some(failure)) = (listing.listed.is_empty(), listing.failures.first()) {
            return Err(failure.error.clone().into());
        }
        listing.listed.retain(|one| one.in_all && (request.deleted || one.deleted_at.is_none()));
        return Ok(without_refused(listing));
    }
    let listing = app.listing_for(caller, &request.organizations).await;
    let mut listed: Vec<Listed> = Vec::new();
    for name in &request.organizations {
        let found = listing.find(name)?;
        if !listed.iter().any(|one| one.key.is(&found.key.tenant())) {
            listed.push(found.clone());
        }
    }
    Ok(Listing { listed, failures: Vec::new() })
}

/// Each organization that is refused is a failure, and stops no other.
fn without_refused(listing: Listing) -> Listing {
    let Listing { listed, mut failures } = listing;
    let (refused, listed): (Vec<Listed>, Vec<Listed>) = listed.into_iter().partition(|one| one.refusal.is_some());
    failures.extend(refused.into_iter().filter_map(|Listed { key, refusal, .. }| {
        let (source, error) = (key.source.clone(), refusal?.to_wire());
        Some(SourceFailure { source, organization: Some(key), error })
    }));
    Listing { listed, failures }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Exports>, ApiError> {
    let state = query.state.as_deref().map(str::parse::<ExportState>).transpose();
    let state = state.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", error.to_string()))?;
    // All exports of one request belong together.
    let limit = query.limit.or_else(|| query.request.is_none().then_some(USUAL_LIMIT));
    let paging = Paging::new(query.before, query.after, limit)?;
    let filter = ExportFilter { state, request: query.request, tenants: caller.tenants(), page: paging.page() };
    let (exports, next) = app.catalog().export_page(filter).await?;
    let exports = app.engine().with_progress(exports).shown_to(&caller);
    Ok(Json(Exports { exports, next, failures: Vec::new() }))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Export>, ApiError> {
    app.export(&caller, gid).await.map(|export| Json(export.shown_to(&caller)))
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Export>, ApiError> {
    app.export(&caller, gid).await?;
    let export = app.engine().cancel(gid).await?;
    tracing::info!(user = caller.name(), %gid, "an export was canceled");
    Ok(Json(export))
}

impl App {
    /// Plans the exports that are asked for of these organizations, and takes them in. What is
    /// asked for again under the same key is what was made before.
    pub(crate) async fn submit(
        &self,
        caller: &Caller,
        request: &ExportRequest,
        organizations: &[Listed],
    ) -> Result<Vec<Export>, ApiError> {
        if let Some(fault) = organizations.iter().find_map(|one| one.refusal.as_ref()) {
            return Err(fault.into());
        }
        let plan = ExportPlanner { request, requested_by: &caller.name(), now: self.now() };
        let definitions = self.definitions_now(caller, organizations).await?;
        let exports = plan.exports(organizations, &definitions, |at| self.engine().gid(at))?;
        let asked = || {
            // Not their names: one that was renamed meanwhile is still asked for again.
            let tenants: Vec<_> = organizations.iter().map(|one| one.key.tenant()).collect();
            serde_json::to_string(&(request, tenants)).map_err(|error| ApiError::fault("internal", &error))
        };
        let exports = self.engine().submit(exports, caller.repeat(asked)?).await?;
        tracing::info!(user = caller.name(), exports = exports.len(), "exports were asked for");
        Ok(exports)
    }

    /// The definitions of the organizations' sources, as the releases of their apps have them now.
    async fn definitions_now(
        &self,
        caller: &Caller,
        organizations: &[Listed],
    ) -> Result<BTreeMap<String, Arc<Definition>>, ApiError> {
        let mut definitions = BTreeMap::new();
        for Listed { key, .. } in organizations {
            if !definitions.contains_key(&key.source) {
                let definition = self.source(caller, &key.source)?.definition_now().await;
                definitions.insert(key.source.clone(), definition);
            }
        }
        Ok(definitions)
    }

    /// The export of this gid as it is now, if the caller may know of it.
    pub(crate) async fn export(&self, caller: &Caller, gid: Gid) -> Result<Export, ApiError> {
        let export = self.catalog().export(gid).await?.filter(|export| caller.sees(&export.organization));
        let export = self.engine().with_progress(export.into_iter().collect()).pop().ok_or_else(|| unknown(gid))?;
        caller.is_about(Some(gid), &export.organization);
        Ok(export)
    }
}

fn unknown(gid: Gid) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "unknown_export", format!("there is no export {gid}"))
        .hint("`orgvault exports` lists them")
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", error.to_string())
                .hint("ask again when the daemon has started again"),
            SubmitError::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", error.to_string())
                    .hint("draw a fresh key for each request, and keep it for its repetitions")
            }
            SubmitError::Catalog(error) => error.into(),
            SubmitError::Task { .. } => Self::fault("internal", &error),
        }
    }
}

impl From<CancelError> for ApiError {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Unknown(gid) => unknown(gid),
            CancelError::Ended { .. } => Self::new(StatusCode::CONFLICT, "export_ended", error.to_string()),
            CancelError::Catalog(error) => error.into(),
        }
    }
}
