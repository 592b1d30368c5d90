//! `/v1/organizations`: the tenants of the sources, as the databases list them now, or where they do
//! not answer as they listed them last.

use std::{collections::HashMap, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use chrono::TimeDelta;
use futures_util::future::join_all;
use orgvault_api::{
    Counts, Organization, OrganizationKey, Organizations, SectionCount, SourceFailure, clock::Timestamp,
    units::parse_duration,
};
use serde::Deserialize;

use super::{
    ApiError, App,
    caller::Caller,
    lookup::{self, Candidate, LookupError},
    request::{Path, Query},
    sources::wire,
};
use crate::{
    organization_status::{Member, OrganizationStatuses},
    source::{Listed, ListingFault, Source, SourceError},
};

/// In the path: whatever source it is in.
const ANY_SOURCE: &str = "*";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    source: Option<String>,
    /// How many days of results, as a duration: `14d`.
    history: Option<String>,
}

/// What the sources listed, and those that did not answer.
pub(crate) struct Listing {
    pub(crate) listed: Vec<Listed>,
    pub(crate) failures: Vec<SourceFailure>,
}

/// What is known of one source's organizations.
struct Known {
    statuses: OrganizationStatuses,
    members: Vec<Member>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Organizations>, ApiError> {
    let days = query.history.as_deref().map_or(Ok(0), days)?;
    let sources = app.asked(&caller, query.source.as_deref())?;
    let listing = ask(&app, &caller, &sources).await;
    let mut organizations = Vec::with_capacity(listing.listed.len());
    for source in &sources {
        let known = app.known(&caller, source.name(), &listing).await?;
        organizations.extend(app.describe(source.name(), &known.statuses, &known.members, days).await?);
    }
    Ok(Json(Organizations { organizations, failures: listing.failures }))
}

/// What the catalog knows of an organization stays true when its source does not answer, or does not
/// list it any more.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path((source, name)): Path<(String, String)>,
) -> Result<Json<Organization>, ApiError> {
    let names = [app.full_name(&caller, &source, name)?];
    let sources = app.sources_for(&caller, &names);
    let listing = ask(&app, &caller, &sources).await;
    let mut all = Vec::with_capacity(sources.len());
    for source in &sources {
        all.push(app.known(&caller, source.name(), &listing).await?);
    }
    let members: Vec<Member> = all.iter().flat_map(|known| known.members.clone()).collect();
    let (gone, listed): (Vec<Member>, Vec<Member>) = members.into_iter().partition(|member| member.gone);
    let found = lookup::find(&listed, &names[0]).or_else(|error| match error {
        // One that took over the name of one that is gone is meant by it.
        LookupError::Unknown { .. } => lookup::find(&gone, &names[0]).map_err(|_gone| error),
        error => Err(error),
    });
    let member = found.map_err(|error| listing.refusal(error))?.clone();
    caller.is_about(None, &member.listed.key);
    let tenant = member.listed.key.tenant();
    let of_it = |known: &&Known| known.members.iter().any(|one| one.listed.key.is(&tenant));
    let source = member.listed.key.source.clone();
    let described = match all.iter().find(of_it) {
        Some(known) => app.describe(&source, &known.statuses, &[member], 0).await?.pop(),
        None => None,
    };
    described.map(Json).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "unknown_organization", "it is gone"))
}

/// Counts in one snapshot of the live database. When the client goes away, the snapshot is
/// dropped, and with it its query on the server.
pub(crate) async fn counts(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path((source, name)): Path<(String, String)>,
) -> Result<Json<Counts>, ApiError> {
    let organization = app.organization(&caller, &source, name).await?.key;
    let source = app.source(&caller, &organization.source)?;
    let counts = live_counts(&source, &organization.id).await.map_err(|error| wire(&error))?;
    Ok(Json(Counts { organization, counts }))
}

async fn live_counts(source: &Source, organization: &str) -> Result<Vec<SectionCount>, SourceError> {
    let mut snapshot = source.snapshot(organization).await?;
    let counts = snapshot.counts().await?;
    let definition = Arc::clone(snapshot.definition());
    snapshot.finish().await?;
    Ok(definition
        .sections
        .iter()
        .zip(counts)
        .map(|(section, rows)| SectionCount { name: section.name.clone(), rows })
        .collect())
}

impl Candidate for Listed {
    fn key(&self) -> &OrganizationKey {
        &self.key
    }

    fn deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

impl Candidate for Member {
    fn key(&self) -> &OrganizationKey {
        &self.listed.key
    }

    fn deleted(&self) -> bool {
        self.listed.deleted_at.is_some()
    }
}

impl Listing {
    /// The one organization that `name` means.
    pub(crate) fn find(&self, name: &str) -> Result<&Listed, ApiError> {
        lookup::find(&self.listed, name).map_err(|error| self.refusal(error))
    }

    /// Where none that was listed is meant and a source did not answer, that is the cause.
    fn refusal(&self, error: LookupError) -> ApiError {
        match (&error, self.failures.first()) {
            (LookupError::Unknown { .. }, Some(failure)) => failure.error.clone().into(),
            _ => error.into(),
        }
    }

    /// Whether the source answered.
    fn has(&self, source: &str) -> bool {
        self.failures.iter().all(|failure| failure.source != source)
    }
}

impl App {
    /// Asks one source, or all of them at the same time.
    pub(crate) async fn listing(&self, caller: &Caller, source: Option<&str>) -> Result<Listing, ApiError> {
        Ok(ask(self, caller, &self.asked(caller, source)?).await)
    }

    /// Asks the sources that any of `names` can be in.
    pub(crate) async fn listing_for(&self, caller: &Caller, names: &[String]) -> Listing {
        ask(self, caller, &self.sources_for(caller, names)).await
    }

    /// The organizations that are there, as all sources list them now. One that does not answer is taken
    /// as it listed them last, and is a failure only where it never did.
    pub(crate) async fn listing_now_or_last(&self, caller: &Caller) -> Result<Listing, ApiError> {
        let listing = self.listing(caller, None).await?;
        let mut found = Listing { listed: Vec::new(), failures: Vec::new() };
        for source in self.sources(caller) {
            let known = self.known(caller, source.name(), &listing).await?;
            let there = known.members.into_iter().filter(|member| !member.gone).map(|member| member.listed);
            let before = found.listed.len();
            found.listed.extend(there);
            let is_unknown = found.listed.len() == before;
            let failed = listing.failures.iter().find(|failure| failure.source == source.name());
            found.failures.extend(failed.filter(|_| is_unknown).cloned());
        }
        Ok(found)
    }

    /// The source of this name, or all of them.
    fn asked(&self, caller: &Caller, source: Option<&str>) -> Result<Vec<Arc<Source>>, ApiError> {
        source.map_or_else(|| Ok(self.sources(caller)), |name| Ok(vec![self.source(caller, name)?]))
    }

    /// The sources that any of `names` can be in: a name that begins with a source's is that
    /// source's, so that another one that is down does not delay it.
    fn sources_for(&self, caller: &Caller, names: &[String]) -> Vec<Arc<Source>> {
        let all = self.sources(caller);
        let source_of = |name: &String| {
            let (source, _rest) = name.split_once('/')?;
            all.iter().find(|one| one.name() == source).cloned()
        };
        let Some(mut sources) = names.iter().map(source_of).collect::<Option<Vec<_>>>() else { return all };
        sources.sort_by(|left, right| left.name().cmp(right.name()));
        sources.dedup_by(|left, right| left.name() == right.name());
        sources
    }

    /// The name that a path `{source}/{org}` means, where the source may be `*`.
    fn full_name(&self, caller: &Caller, source: &str, name: String) -> Result<String, ApiError> {
        if source == ANY_SOURCE { Ok(name) } else { Ok(format!("{}/{name}", self.source(caller, source)?.name())) }
    }

    /// What is known of a source's organizations, as far as the caller may know of them: of one that
    /// did not answer what it listed last.
    async fn known(&self, caller: &Caller, source: &str, listing: &Listing) -> Result<Known, ApiError> {
        let statuses = OrganizationStatuses::read(self.catalog(), source).await?;
        let listed = || listing.listed.iter().filter(|one| one.key.source == source).cloned().collect();
        let mut members = if listing.has(source) { statuses.among(listed()) } else { statuses.members() };
        members.retain(|member| caller.sees(&member.listed.key));
        Ok(Known { statuses, members })
    }

    /// The organization of a path `{source}/{org}`.
    async fn organization(&self, caller: &Caller, source: &str, name: String) -> Result<Listed, ApiError> {
        let names = [self.full_name(caller, source, name)?];
        let listing = self.listing_for(caller, &names).await;
        let found = listing.find(&names[0])?.clone();
        caller.is_about(None, &found.key);
        Ok(found)
    }

    /// Says how organizations of one source stand, with the results of the last `days` days.
    async fn describe(
        &self,
        source: &str,
        statuses: &OrganizationStatuses,
        members: &[Member],
        days: u16,
    ) -> Result<Vec<Organization>, ApiError> {
        let (config, now) = (self.config(), self.now());
        let since = midnight(now) - TimeDelta::days(i64::from(days) - 1);
        let upcoming = self.schedules.upcoming().await?;
        let results = if days > 0 { self.catalog().day_results(source, since).await? } else { HashMap::default() };
        let describe = |member: &Member| {
            let listed_at = member.listed_at;
            let Listed { key, created_at, deleted_at, in_all, refusal, .. } = member.listed.clone();
            let status = statuses.of(member, &config, now);
            let first = since.timestamp().div_euclid(DAY);
            let on = |day| results.get(&(key.tenant(), day)).copied().unwrap_or_default();
            Organization {
                created_at,
                deleted_at,
                last_archive: status.last_archive(),
                last_state: status.last_state,
                in_all: in_all && deleted_at.is_none(),
                covered: status.covered,
                listed_at,
                health: status.health,
                reason: status.reason,
                history: (first..first + i64::from(days)).map(on).collect(),
                refusal: refusal.as_ref().map(ListingFault::to_wire),
                next_run: upcoming.of(&member.listed).filter(|_| !member.gone),
                key,
            }
        };
        Ok(members.iter().map(describe).collect())
    }
}

/// Seconds of a day in UTC.
const DAY: i64 = 86_400;

/// The most days of results that are given at once.
const MOST_DAYS: u16 = 366;

/// Whole days of a duration such as `14d`.
fn days(text: &str) -> Result<u16, ApiError> {
    let refused = |detail: String| ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", detail);
    let duration = parse_duration(text).map_err(|error| refused(format!("history: {error}")))?;
    let days = duration.as_secs().div_ceil(DAY.cast_unsigned());
    u16::try_from(days)
        .ok()
        .filter(|days| (1..=MOST_DAYS).contains(days))
        .ok_or_else(|| refused(format!("history: {text:?} is not between 1d and {MOST_DAYS}d")))
}

/// When the day of `now` began in UTC.
fn midnight(now: Timestamp) -> Timestamp {
    now - TimeDelta::seconds(now.timestamp().rem_euclid(DAY))
        - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()))
}

/// What the sources list of what the caller may know of.
async fn ask(app: &App, caller: &Caller, sources: &[Arc<Source>]) -> Listing {
    let mut listing = Listing { listed: Vec::new(), failures: Vec::new() };
    let answers = join_all(sources.iter().map(|source| app.context.list(source))).await;
    for (source, answer) in sources.iter().zip(answers) {
        match answer {
            Ok(listed) => listing.listed.extend(listed.into_iter().filter(|one| caller.sees(&one.key))),
            Err(error) => {
                let (source, organization, error) = (source.name().to_owned(), None, wire(&error));
                listing.failures.push(SourceFailure { source, organization, error });
            }
        }
    }
    listing
}

impl From<&ListingFault> for ApiError {
    /// The app's database says something of it that no archive can follow.
    fn from(fault: &ListingFault) -> Self {
        Self::new(StatusCode::CONFLICT, fault.code(), fault.to_string()).hint(fault.hint())
    }
}

impl From<LookupError> for ApiError {
    fn from(error: LookupError) -> Self {
        match &error {
            LookupError::Unknown { close, .. } => {
                let hint = if close.is_empty() {
                    "`orgvault orgs` lists them".to_owned()
                } else {
                    format!("did you mean {}?", close.join(" or "))
                };
                Self::new(StatusCode::NOT_FOUND, "unknown_organization", error.to_string()).hint(hint)
            }
            LookupError::Deleted { .. } => {
                Self::new(StatusCode::NOT_FOUND, "deleted_organization", error.to_string()).hint("name it by its id")
            }
            LookupError::Ambiguous { .. } => {
                Self::new(StatusCode::CONFLICT, "ambiguous_organization", error.to_string())
                    .hint("name one of them as it stands there")
            }
        }
    }
}
