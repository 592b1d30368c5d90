//! Retention: what the plan drops is deleted, but never before the archive that stays as the last
//! good one was read again.

use std::{collections::HashSet, sync::Arc};

use chrono_tz::Tz;
use orgvault_api::{Archive, Pruned, RetentionDecision, RetentionPlan, gid::Gid};
use orgvault_config::{Config, Retention, ScheduleConfig};
use tokio_util::sync::CancellationToken;

use super::{
    KeepError, blocking,
    delete::remove,
    guard,
    retention::{self, Decision, Group, GroupPlan, Rules},
    stat, verify,
};
use crate::{audit::Origin, catalog::ArchiveFilter, context::Context, store::Stored};

/// What retention would keep and drop now, of every group.
///
/// # Errors
/// When the catalog cannot be read.
pub async fn plan(shop: &Arc<Context>) -> Result<RetentionPlan, KeepError> {
    let archives = listed(shop, ArchiveFilter::default()).await?;
    let config = shop.config();
    let plan = retention::plan(archives, shop.clock.now(), |archive| rules(&config, archive));
    let shown = |Decision { archive, keep, reasons }| {
        let archive = Stored::shown(archive, shop.archives.as_ref());
        RetentionDecision { archive, keep, reasons }
    };
    Ok(RetentionPlan { decisions: plan.decisions.into_iter().map(shown).collect(), warnings: plan.warnings })
}

/// Deletes what [`plan`] drops, group by group.
///
/// # Errors
/// When the catalog cannot be read, or the archive directory is not its own; what one group refuses is
/// a failure of the result.
pub async fn prune(shop: &Arc<Context>, by: &Origin) -> Result<Pruned, KeepError> {
    shop.reserve.spend();
    guard(shop).await?;
    let mut pruned = Pruned::default();
    for group in retention::groups(shop.catalog.archives(&ArchiveFilter::default()).await?).into_keys() {
        if let Err(error) = prune_group(shop, &group, by, &mut HashSet::new(), &mut pruned).await {
            pruned.failures.push(format!("{}: {error}", group.tenant));
        }
    }
    Ok(pruned)
}

/// Prunes the group of an archive that was just published, and so read back; says in the log what
/// went, as nobody waits for the answer.
pub async fn prune_after(shop: &Arc<Context>, archive: &Stored) {
    let mut pruned = Pruned::default();
    let mut trusted = HashSet::from([archive.gid]);
    let by = Origin::daemon("retention", "retention");
    if let Err(error) = prune_group(shop, &Group::of(archive), &by, &mut trusted, &mut pruned).await {
        pruned.failures.push(error.to_string());
    }
    for failure in &pruned.failures {
        tracing::error!(gid = %archive.gid, "retention could not delete: {failure}");
    }
}

/// Deletes what the plan of one group drops, once its last good archive is known to be whole:
/// `trusted` are those that were read since they were planned. Where there is no keep rule at all,
/// nothing is looked at.
async fn prune_group(
    shop: &Arc<Context>,
    group: &Group,
    by: &Origin,
    trusted: &mut HashSet<Gid>,
    pruned: &mut Pruned,
) -> Result<(), KeepError> {
    if !has_rule(&shop.config()) {
        return Ok(());
    }
    loop {
        let storing = shop.storing.lock().await;
        let plan = plan_of(shop, group).await?;
        // A disk that was taken away looks like one without archives.
        guard(shop).await?;
        let dropped: Vec<Stored> = plan.dropped().cloned().collect();
        let Some(last) = plan.last_good.filter(|_| !dropped.is_empty()) else { return Ok(()) };
        if trusted.contains(&last) {
            for archive in dropped {
                delete_one(shop, &archive, by, pruned).await;
            }
            return Ok(());
        }
        drop(storing);
        // A fault is in the catalog then, and the next plan has another last good one.
        let archive = super::known(shop, last).await?;
        verify(shop, archive, CancellationToken::new()).await?;
        trusted.insert(last);
    }
}

async fn delete_one(shop: &Arc<Context>, archive: &Stored, by: &Origin, pruned: &mut Pruned) {
    match remove(shop, archive, by).await {
        Ok(()) => {
            let source = &archive.organization.source;
            tracing::info!(gid = %archive.gid, source, archive = %archive.key(), "retention deleted an archive");
            pruned.deleted.push(archive.gid);
            pruned.bytes += archive.bytes;
        }
        Err(error) => pruned.failures.push(error.to_string()),
    }
}

async fn plan_of(shop: &Arc<Context>, group: &Group) -> Result<GroupPlan, KeepError> {
    let filter = ArchiveFilter { tenant: Some(group.tenant.clone()) };
    let mut archives = listed(shop, filter).await?;
    archives.retain(|archive| Group::of(archive) == *group);
    let config = shop.config();
    let Some(rules) = archives.first().map(|archive| rules(&config, archive)) else { return Ok(GroupPlan::default()) };
    Ok(retention::plan_group(archives, shop.clock.now(), rules))
}

async fn listed(shop: &Context, filter: ArchiveFilter) -> Result<Vec<Stored>, KeepError> {
    let archives = shop.catalog.archives(&filter).await?;
    let store = Arc::clone(&shop.archives);
    blocking(move || Ok(archives.into_iter().map(|archive| stat(store.as_ref(), archive)).collect())).await
}

fn has_rule(config: &Config) -> bool {
    let schedules = config.schedules.iter().filter_map(|schedule| schedule.retention.as_ref());
    let sources = config.sources.iter().filter_map(|source| source.retention.as_ref());
    schedules.chain(sources).chain([&config.retention]).any(Retention::has_rule)
}

/// The rules of the first schedule that makes such archives, else of their source, else those of
/// all; days are those of the schedule's zone.
fn rules<'a>(config: &'a Config, archive: &Archive) -> Rules<'a> {
    let organization = &archive.organization;
    let makes = |schedule: &&ScheduleConfig| {
        let formats = &schedule.formats;
        schedule.covers(organization) && (formats.is_empty() || formats.contains(&archive.format))
    };
    let schedule = config.schedules.iter().find(makes);
    let source = config.sources.iter().find(|source| source.name == organization.source);
    let own = schedule.and_then(|schedule| schedule.retention.as_ref());
    let retention = own.or(source.and_then(|source| source.retention.as_ref())).unwrap_or(&config.retention);
    Rules { retention, zone: schedule.map_or(Tz::UTC, |schedule| schedule.calendar.zone()) }
}
