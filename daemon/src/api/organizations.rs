//! `/v1/organizations`: the tenants of the sources, as the databases list them now.

use std::{collections::HashMap, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use chrono::TimeDelta;
use futures_util::future::join_all;
use orgvault_shared::{
    api::{Counts, Organization, OrganizationKey, Organizations, SectionCount, SourceFailure},
    clock::Timestamp,
    units::parse_duration,
};
use serde::Deserialize;

use super::{
    App,
    caller::Caller,
    lookup::{self, Candidate, LookupError},
    problem::Refusal,
    request::{Path, Query},
    sources::wire,
};
use crate::{
    source::{Listed, Source, SourceError},
    standing::Standings,
};

/// In the path: whatever source it is in.
const ANY_SOURCE: &str = "*";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    source: Option<String>,
    /// How many days of results, as a duration: `14d`.
    history: Option<String>,
}

/// What the sources listed, and those that did not answer.
pub(super) struct Listing {
    pub(super) listed: Vec<Listed>,
    pub(super) failures: Vec<SourceFailure>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Organizations>, Refusal> {
    let days = query.history.as_deref().map_or(Ok(0), days)?;
    let Listing { listed, failures } = app.listing(&caller, query.source.as_deref()).await?;
    Ok(Json(Organizations { organizations: app.describe(listed, days).await?, failures }))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path((source, name)): Path<(String, String)>,
) -> Result<Json<Organization>, Refusal> {
    let listed = app.organization(&caller, &source, name).await?;
    let organization = app.describe(vec![listed], 0).await?.pop();
    organization.map(Json).ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "unknown_organization", "it is gone"))
}

/// Counts in one snapshot of the live database. When the client goes away, the snapshot is
/// dropped, and with it its query on the server.
pub(super) async fn counts(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path((source, name)): Path<(String, String)>,
) -> Result<Json<Counts>, Refusal> {
    let organization = app.organization(&caller, &source, name).await?.key;
    let source = app.source(&caller, &organization.source)?;
    let counts = live_counts(&source, &organization.id).await.map_err(|error| wire(&error))?;
    Ok(Json(Counts { organization, counts }))
}

async fn live_counts(source: &Source, organization: &str) -> Result<Vec<SectionCount>, SourceError> {
    let mut snapshot = source.snapshot(organization).await?;
    let counts = snapshot.counts().await?;
    snapshot.finish().await?;
    let sections = &source.definition().sections;
    Ok(sections.iter().zip(counts).map(|(section, rows)| SectionCount { name: section.name.clone(), rows }).collect())
}

impl Candidate for Listed {
    fn key(&self) -> &OrganizationKey {
        &self.key
    }

    fn deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

impl Listing {
    /// The one organization that `name` means. Where none that was listed is meant and a source
    /// did not answer, that is the cause.
    pub(super) fn find(&self, name: &str) -> Result<&Listed, Refusal> {
        lookup::find(&self.listed, name).map_err(|error| match (&error, self.failures.first()) {
            (LookupError::Unknown { .. }, Some(failure)) => failure.error.clone().into(),
            _ => error.into(),
        })
    }
}

impl App {
    /// Asks one source, or all of them at the same time.
    pub(super) async fn listing(&self, caller: &Caller, source: Option<&str>) -> Result<Listing, Refusal> {
        match source {
            Some(name) => Ok(ask(caller, &[self.source(caller, name)?]).await),
            None => Ok(ask(caller, &self.sources(caller)).await),
        }
    }

    /// Asks the sources that any of `names` can be in: a name that begins with a source's is that
    /// source's, so that another one that is down does not delay it.
    pub(super) async fn listing_for(&self, caller: &Caller, names: &[String]) -> Listing {
        let all = self.sources(caller);
        let source_of = |name: &String| {
            let (source, _rest) = name.split_once('/')?;
            all.iter().find(|one| one.name() == source).cloned()
        };
        let Some(mut sources) = names.iter().map(source_of).collect::<Option<Vec<_>>>() else {
            return ask(caller, &all).await;
        };
        sources.sort_by(|left, right| left.name().cmp(right.name()));
        sources.dedup_by(|left, right| left.name() == right.name());
        ask(caller, &sources).await
    }

    /// The organization of a path `{source}/{org}`, where the source may be `*`.
    async fn organization(&self, caller: &Caller, source: &str, name: String) -> Result<Listed, Refusal> {
        let name = if source == ANY_SOURCE { name } else { format!("{}/{name}", self.source(caller, source)?.name()) };
        let names = [name];
        let listing = self.listing_for(caller, &names).await;
        let found = listing.find(&names[0])?.clone();
        caller.is_about(None, &found.key);
        Ok(found)
    }

    /// Adds what the catalog knows, with the results of the last `days` days.
    async fn describe(&self, listed: Vec<Listed>, days: u16) -> Result<Vec<Organization>, Refusal> {
        let (config, now) = (self.config(), self.now());
        let since = midnight(now) - TimeDelta::days(i64::from(days) - 1);
        let mut organizations: Vec<Organization> = Vec::with_capacity(listed.len());
        let upcoming = self.shop.schedules.upcoming().await?;
        for of_source in listed.chunk_by(|left, right| left.key.source == right.key.source) {
            let Some(Listed { key: OrganizationKey { source, .. }, .. }) = of_source.first() else { continue };
            let standings = Standings::read(self.catalog(), source).await?;
            let results = if days > 0 { self.catalog().day_results(source, since).await? } else { HashMap::default() };
            organizations.extend(of_source.iter().map(|one| {
                let standing = standings.of(&one.key, &config.freshness, now);
                let first = since.timestamp().div_euclid(DAY);
                let on = |day| results.get(&(one.key.id.clone(), day)).copied().unwrap_or_default();
                Organization {
                    key: one.key.clone(),
                    created_at: one.created_at,
                    deleted_at: one.deleted_at,
                    last_archive: standing.last_archive(),
                    last_state: standing.last_state,
                    in_all: one.in_all && one.deleted_at.is_none(),
                    health: standing.health,
                    history: (first..first + i64::from(days)).map(on).collect(),
                    next_run: upcoming.of(one),
                }
            }));
        }
        Ok(organizations)
    }
}

/// Seconds of a day in UTC.
const DAY: i64 = 86_400;

/// The most days of results that are given at once.
const MOST_DAYS: u16 = 366;

/// Whole days of a duration such as `14d`.
fn days(text: &str) -> Result<u16, Refusal> {
    let refused = |detail: String| Refusal::new(StatusCode::BAD_REQUEST, "invalid_query", detail);
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
async fn ask(caller: &Caller, sources: &[Arc<Source>]) -> Listing {
    let mut listing = Listing { listed: Vec::new(), failures: Vec::new() };
    let answers = join_all(sources.iter().map(|source| source.organizations())).await;
    for (source, answer) in sources.iter().zip(answers) {
        match answer {
            Ok(listed) => listing.listed.extend(listed.into_iter().filter(|one| caller.sees(&one.key))),
            Err(error) => {
                listing.failures.push(SourceFailure { source: source.name().to_owned(), error: wire(&error) });
            }
        }
    }
    listing
}

impl From<LookupError> for Refusal {
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
