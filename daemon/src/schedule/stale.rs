//! Tells hooks of organizations whose newest archive becomes older than `[freshness]` allows.

use std::collections::HashSet;

use chrono::TimeDelta;
use orgvault_api::{OrganizationKey, Tenant, clock::Timestamp, health::Health};
use orgvault_config::{Config, HookEvent};

use super::{runner::Schedules, turn::Turn};
use crate::{catalog::CatalogError, hook::Notice, organization_status::OrganizationStatuses};

/// How often it is looked at, and only if a hook wants to know.
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// Who is stale and was told of; each is told once, and again when it was well in between.
#[derive(Debug, Default)]
pub(super) struct Stale {
    turn: Turn,
    told: HashSet<Tenant>,
}

impl Stale {
    /// Looks at every organization that has an archive, if the time has come.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub(super) async fn look(&mut self, schedules: &Schedules) -> Result<(), CatalogError> {
        let config = schedules.0.config.borrow().clone();
        let now = schedules.now();
        if !self.turn.has_come(HookEvent::Stale, EVERY, &config, now) {
            return Ok(());
        }
        let stale = stale(schedules, &config, now).await?;
        for (organization, exported_at) in &stale {
            if !self.told.contains(&organization.tenant()) {
                let at = exported_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                let message = format!("its newest archive is of {at}, which is older than max_age allows");
                schedules.0.hooks.fire(Notice::stale(organization, &message));
            }
        }
        self.told = stale.iter().map(|(organization, _)| organization.tenant()).collect();
        Ok(())
    }
}

/// The organizations that are stale, and of when their newest archives are.
async fn stale(
    schedules: &Schedules,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<(OrganizationKey, Timestamp)>, CatalogError> {
    let mut stale = Vec::new();
    for source in &config.sources {
        let statuses = OrganizationStatuses::read(schedules.catalog(), &source.name).await?;
        for member in statuses.members() {
            let status = statuses.of(&member, config, now);
            let stale_since = status.last_archive().filter(|_| status.is_judged());
            if let (Health::Stale, Some(last)) = (status.health, stale_since) {
                stale.push((member.listed.key, last.exported_at));
            }
        }
    }
    Ok(stale)
}
