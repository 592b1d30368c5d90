//! Telling the hooks of organizations whose newest archive has become too old: once for each.

use std::{collections::HashSet, sync::Arc, time::Duration};

use orgvault_shared::{
    api::OrganizationKey, clock::Timestamp, config::Freshness, gid::Gid, health::Health, units::format_duration,
};
use tokio_util::sync::CancellationToken;

use super::{Standing, Standings};
use crate::{
    catalog::CatalogError,
    export::Workshop,
    hook::{Hooks, Notice},
};

/// How often is looked, at the least; a shorter `max_age` is looked at more often.
const LEAST: Duration = Duration::from_mins(5);
const MOST: Duration = Duration::from_millis(50);

/// Raises `stale` until the stop.
pub async fn raise_stale(shop: Arc<Workshop>, hooks: Hooks, end: CancellationToken) {
    let mut told = HashSet::new();
    loop {
        let freshness = shop.config().freshness.clone();
        // After a start the schedules catch up first.
        tokio::select! {
            () = tokio::time::sleep(pause(&freshness)) => {}
            () = end.cancelled() => return,
        }
        if let Err(error) = look(&shop, &hooks, &mut told).await {
            tracing::error!("cannot look for archives that are too old: {error}");
        }
    }
}

fn pause(freshness: &Freshness) -> Duration {
    let ages = freshness.exceptions.iter().map(|exception| exception.max_age).chain([freshness.max_age]);
    ages.filter(|age| !age.is_zero()).min().unwrap_or(LEAST).clamp(MOST, LEAST)
}

async fn look(shop: &Workshop, hooks: &Hooks, told: &mut HashSet<Gid>) -> Result<(), CatalogError> {
    let (config, now) = (shop.config(), shop.clock.now());
    let mut stale = HashSet::new();
    for source in &config.sources {
        let standings = Standings::read(&shop.catalog, &source.name).await?;
        for organization in standings.organizations() {
            let standing = standings.of(organization, &config.freshness, now);
            let Some(newest) = standing.archives.first().filter(|_| standing.health == Health::Stale) else { continue };
            stale.insert(newest.gid);
            if !told.contains(&newest.gid) {
                hooks.fire(notice(organization, &standing, now));
            }
        }
    }
    // What is not stale any more is told again when it is.
    *told = stale;
    Ok(())
}

fn notice(organization: &OrganizationKey, standing: &Standing, now: Timestamp) -> Notice {
    let newest = standing.archives.first().map_or(now, |archive| archive.exported_at);
    let age = (now - newest).to_std().unwrap_or_default();
    let (age, allowed) = (format_duration(age), format_duration(standing.max_age));
    Notice::stale(organization, &format!("its newest archive is {age} old, and {allowed} are allowed"))
}
