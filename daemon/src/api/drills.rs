//! `/v1/drills`: archives that are put back into a scratch database, compared, and thrown away.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{Drill, DrillRequest, Drills, DrillsAsked, OrganizationKey, SkippedDrill, Tenant, gid::Gid};
use serde::Deserialize;

use super::{
    ApiError, App,
    caller::Caller,
    discretion::Discreet,
    lookup,
    request::{Json as Body, Path, Query},
};
use crate::{
    catalog::ArchiveFilter,
    drill::{DrillsError, can_be, newest, no_archive, on_day},
    store::Stored,
};

/// What is listed where nobody says how many.
const USUAL_LIMIT: u32 = 100;
const MOST: u32 = 1000;
const SECONDS_OF_A_DAY: i64 = 86_400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    archive: Option<Gid>,
    limit: Option<u32>,
}

/// Who is asked for is drilled in the order of the request, all others by their names.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<DrillRequest>,
) -> Result<(StatusCode, Json<DrillsAsked>), ApiError> {
    check(&app, &caller, &request)?;
    let mut archives = Vec::new();
    for gid in &request.archives {
        archives.push(drillable(app.archive(&caller, *gid).await?)?);
    }
    let mut newest = newest(app.catalog().archives(&ArchiveFilter::default()).await?);
    newest.retain(|_, archive| caller.sees(&archive.organization));
    let mut skipped = Vec::new();
    if request.all || request.sample.is_some() {
        let takes = on_day(request.sample, app.now().timestamp().div_euclid(SECONDS_OF_A_DAY));
        archives.extend(newest.into_iter().filter(|(tenant, _)| takes(tenant)).map(|(_, archive)| archive));
    } else {
        named(&app, &caller, &request, &newest, &mut archives, &mut skipped).await?;
    }
    let against = request.against.as_deref();
    let drills = app.drills.ask(archives, against, &caller.name()).await?;
    tracing::info!(user = caller.name(), drills = drills.len(), "drills were asked for");
    Ok((StatusCode::ACCEPTED, Json(DrillsAsked { drills, skipped })))
}

async fn named(
    app: &App,
    caller: &Caller,
    request: &DrillRequest,
    newest: &BTreeMap<Tenant, Stored>,
    archives: &mut Vec<Stored>,
    skipped: &mut Vec<SkippedDrill>,
) -> Result<(), ApiError> {
    if request.organizations.is_empty() {
        return Ok(());
    }
    let listing = app.listing_for(caller, &request.organizations).await;
    for name in &request.organizations {
        let organization = match listing.find(name) {
            Ok(listed) => &listed.key,
            // One that is gone in the app has archives still.
            Err(error) => archived(newest, name).ok_or(error)?,
        };
        match newest.get(&organization.tenant()) {
            Some(archive) => archives.push(archive.clone()),
            None => skipped.push(SkippedDrill { organization: organization.clone(), reason: no_archive(organization) }),
        }
    }
    Ok(())
}

/// The only organization with a `full` archive that is called so.
fn archived<'n>(newest: &'n BTreeMap<Tenant, Stored>, name: &str) -> Option<&'n OrganizationKey> {
    let mut called = newest.values().map(|archive| &archive.organization).filter(|key| lookup::is_called(key, name));
    called.next().filter(|_| called.next().is_none())
}

fn check(app: &App, caller: &Caller, request: &DrillRequest) -> Result<(), ApiError> {
    let invalid = |detail: &str, hint: &str| {
        Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", detail.to_owned()).hint(hint))
    };
    let single = !request.organizations.is_empty() || !request.archives.is_empty();
    let many = request.all || request.sample.is_some();
    match (single, many) {
        (false, false) => return invalid("nothing is named that is to be drilled", "name organizations, or `all`"),
        (true, true) => return invalid("some are named beside all of them", "name organizations, or ask for all"),
        _ => {}
    }
    let Some(against) = &request.against else { return Ok(()) };
    app.source(caller, against).map(drop)
}

fn drillable(archive: Stored) -> Result<Stored, ApiError> {
    if can_be(&archive) {
        return Ok(archive);
    }
    let reason = no_archive(&archive.organization);
    let detail = format!("archive {} of format {} cannot be put back whole", archive.gid, archive.format);
    Err(ApiError::new(StatusCode::CONFLICT, "not_drillable", detail).hint(reason.hint))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Drills>, ApiError> {
    let limit = query.limit.unwrap_or(USUAL_LIMIT).min(MOST);
    let mut drills = app.catalog().drills(query.archive, MOST).await?;
    drills.retain(|drill| caller.sees(&drill.organization));
    drills.truncate(limit as usize);
    Ok(Json(Drills { at: app.now(), drills: drills.shown_to(&caller) }))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Drill>, ApiError> {
    app.drill(&caller, gid).await.map(|drill| Json(drill.shown_to(&caller)))
}

/// One that goes on ends soon after the answer: its verdict is `inconclusive`, its code `canceled`.
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Json<Drill>, ApiError> {
    app.drill(&caller, gid).await?;
    let drill = app.drills.cancel(gid).await?;
    tracing::info!(user = caller.name(), %gid, "a drill was canceled");
    Ok(Json(drill))
}

impl App {
    async fn drill(&self, caller: &Caller, gid: Gid) -> Result<Drill, ApiError> {
        let drill = self.catalog().drill(gid).await?.filter(|drill| caller.sees(&drill.organization));
        let drill = drill.ok_or(DrillsError::Unknown(gid))?;
        caller.is_about(Some(drill.archive), &drill.organization);
        Ok(drill)
    }
}

impl From<DrillsError> for ApiError {
    fn from(error: DrillsError) -> Self {
        let said = error.to_string();
        match error {
            DrillsError::Unknown(_) => {
                Self::new(StatusCode::NOT_FOUND, "unknown_drill", said).hint("`orgvault drills` lists them")
            }
            DrillsError::Ended(_) => Self::new(StatusCode::CONFLICT, "drill_ended", said),
            DrillsError::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", said),
            DrillsError::Catalog(error) => error.into(),
        }
    }
}
