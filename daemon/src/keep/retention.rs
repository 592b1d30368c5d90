//! Which archives stay: a pure plan over what is listed.
//!
//! An archive stays if any rule names it; the strongest reason comes first: the last good archive,
//! a pin, the minimum, the `keep_` rules. Rules are applied twice, to the good archives alone and
//! to all of them, so that a damaged one takes no good one's place and still ages as the others do.
//! `max_bytes` deletes nothing that a rule keeps: where it cannot be met, that is a warning.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Datelike, TimeDelta, Timelike};
use chrono_tz::Tz;
use orgvault_api::{ArchiveState, Format, Tenant, Warning, clock::Timestamp, gid::Gid};
use orgvault_config::Retention;

use crate::store::Stored;

/// What is kept together: archives of one organization, format and entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The organization.
    pub tenant: Tenant,
    /// How the archives are written.
    pub format: Format,
    /// For `csv`: the entity.
    pub entity: Option<String>,
    /// Whether they are seeds that lack what the importer does not take.
    pub importable: bool,
}

impl Group {
    /// The group that an archive belongs to.
    #[must_use]
    pub fn of(archive: &Stored) -> Self {
        Self {
            tenant: archive.organization.tenant(),
            format: archive.format,
            entity: archive.entity.clone(),
            importable: archive.importable,
        }
    }
}

/// By what a group is judged.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What is configured for it.
    pub retention: &'a Retention,
    /// Where its days begin.
    pub zone: Tz,
}

/// The decision on one archive.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The archive.
    pub archive: Stored,
    /// Whether it stays.
    pub keep: bool,
    /// Why, for people: `last good archive`, `pinned`, `daily 2026-11-20`, `max_bytes`, …
    pub reasons: Vec<String>,
}

/// What becomes of all archives.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The decisions, by group, newest first.
    pub decisions: Vec<Decision>,
    /// Rules that cannot be met.
    pub warnings: Vec<Warning>,
}

/// What becomes of one group.
#[derive(Debug, Clone, Default)]
pub struct GroupPlan {
    /// Newest first.
    pub decisions: Vec<Decision>,
    /// What cannot be met.
    pub warnings: Vec<Warning>,
    /// The newest archive that is whole, as far as is known, and not newer than the clock.
    pub last_good: Option<Gid>,
}

impl GroupPlan {
    /// The archives that go.
    pub fn dropped(&self) -> impl Iterator<Item = &Stored> {
        self.decisions.iter().filter(|decision| !decision.keep).map(|decision| &decision.archive)
    }
}

/// The archives by group.
#[must_use]
pub fn groups(archives: Vec<Stored>) -> BTreeMap<Group, Vec<Stored>> {
    let mut groups: BTreeMap<Group, Vec<Stored>> = BTreeMap::new();
    for archive in archives {
        groups.entry(Group::of(&archive)).or_default().push(archive);
    }
    groups
}

/// Plans every group by the rules that `rules` gives for it.
#[must_use]
pub fn plan<'r>(archives: Vec<Stored>, now: Timestamp, rules: impl Fn(&Stored) -> Rules<'r>) -> Plan {
    let mut plan = Plan::default();
    for archives in groups(archives).into_values() {
        let Some(rules) = archives.first().map(&rules) else { continue };
        let group = plan_group(archives, now, rules);
        plan.decisions.extend(group.decisions);
        plan.warnings.extend(group.warnings);
    }
    plan
}

/// Plans one group.
#[must_use]
pub fn plan_group(mut archives: Vec<Stored>, now: Timestamp, rules: Rules<'_>) -> GroupPlan {
    archives.sort_by_key(|archive| Reverse((archive.exported_at, archive.gid)));
    let mut reasons: Vec<Vec<String>> = vec![Vec::new(); archives.len()];
    let mut warnings = Vec::new();
    // After the clock was set back, archives lie in the future: they stay, and take nobody's place.
    let past = |index: &usize| archives[*index].exported_at <= now;
    let all: Vec<usize> = (0..archives.len()).filter(past).collect();
    let good: Vec<usize> = all.iter().copied().filter(|&index| is_good(&archives[index])).collect();
    let mut keep = |index: usize, reason: String| reasons[index].push(reason);

    if !rules.retention.has_rule() {
        (0..archives.len()).for_each(|index| keep(index, "no keep rule".to_owned()));
    } else if let Some(&last) = good.first() {
        keep(last, "last good archive".to_owned());
    } else {
        (0..archives.len()).for_each(|index| keep(index, "no good archive in its group".to_owned()));
        warnings.extend(archives.first().map(no_good));
    }
    (0..archives.len()).filter(|index| !past(index)).for_each(|index| keep(index, "newer than the clock".to_owned()));
    (0..archives.len()).filter(|&index| archives[index].pinned).for_each(|index| keep(index, "pinned".to_owned()));
    good.iter().take(rules.retention.minimum as usize).for_each(|&index| keep(index, "minimum".to_owned()));
    let anchor = good.first().map_or(now, |&index| archives[index].exported_at);
    for (index, reason) in
        claims(&archives, &good, anchor, rules).into_iter().chain(claims(&archives, &all, anchor, rules))
    {
        if !reasons[index].contains(&reason) {
            reasons[index].push(reason);
        }
    }

    warnings.extend(too_few(&archives, good.len(), rules.retention));
    warnings.extend(too_large(&archives, &reasons, rules.retention));
    let last_good = good.first().map(|&index| archives[index].gid);
    let decisions = archives.into_iter().zip(reasons).map(|(archive, reasons)| decision(archive, reasons)).collect();
    GroupPlan { decisions, warnings, last_good }
}

fn decision(archive: Stored, mut reasons: Vec<String>) -> Decision {
    let keep = !reasons.is_empty();
    if !keep {
        reasons.push("no rule keeps it".to_owned());
    }
    Decision { archive, keep, reasons }
}

/// Whether an archive is there and whole, as far as the last look and the last verification tell.
fn is_good(archive: &Stored) -> bool {
    archive.state == ArchiveState::Present && archive.verified.as_ref().is_none_or(|verified| verified.ok)
}

/// A part of the calendar, of which the newest archive stays.
type Bucket = (&'static str, u32, fn(&DateTime<Tz>) -> String);

/// What the `keep_` rules name among `indices`, which are the newest first, and why.
fn claims(archives: &[Stored], indices: &[usize], anchor: Timestamp, rules: Rules<'_>) -> Vec<(usize, String)> {
    let Retention { keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_within, .. } =
        rules.retention;
    let mut claims: Vec<(usize, String)> =
        indices.iter().take(*keep_last as usize).map(|&index| (index, "last".to_owned())).collect();
    let buckets: [Bucket; 5] = [
        ("hourly", *keep_hourly, |at| format!("{} {:02}h{}", at.date_naive(), at.hour(), at.format("%:z"))),
        ("daily", *keep_daily, |at| at.date_naive().to_string()),
        ("weekly", *keep_weekly, |at| format!("{}-W{:02}", at.iso_week().year(), at.iso_week().week())),
        ("monthly", *keep_monthly, |at| at.format("%Y-%m").to_string()),
        ("yearly", *keep_yearly, |at| at.year().to_string()),
    ];
    for (rule, most, name) in buckets {
        let mut last = String::new();
        let mut seen = 0;
        for &index in indices {
            let bucket = name(&archives[index].exported_at.with_timezone(&rules.zone));
            if bucket != last && seen < most {
                claims.push((index, format!("{rule} {bucket}")));
                seen += 1;
                last = bucket;
            }
        }
    }
    // A duration that no calendar holds is for ever.
    let oldest = TimeDelta::from_std(*keep_within).ok().and_then(|within| anchor.checked_sub_signed(within));
    if !keep_within.is_zero() {
        let young = indices.iter().filter(|&&index| oldest.is_none_or(|oldest| archives[index].exported_at >= oldest));
        claims.extend(young.map(|&index| (index, "within".to_owned())));
    }
    claims
}

fn no_good(archive: &Stored) -> Warning {
    let message = format!("{} has no good archive, so none is deleted: export it again", named(archive));
    Warning { code: "no_good_archive".to_owned(), message, ids: Vec::new() }
}

/// Early on there are not as many yet: only archives that are damaged or gone make it a warning.
fn too_few(archives: &[Stored], good: usize, retention: &Retention) -> Option<Warning> {
    let minimum = retention.minimum as usize;
    let archive = archives.first().filter(|_| good > 0 && good < minimum && archives.len() > good)?;
    let message = format!("{} has {good} good archives, and minimum asks for {minimum}", named(archive));
    Some(Warning { code: "minimum".to_owned(), message, ids: Vec::new() })
}

fn too_large(archives: &[Stored], reasons: &[Vec<String>], retention: &Retention) -> Option<Warning> {
    let kept = archives.iter().zip(reasons).filter(|(_, reasons)| !reasons.is_empty());
    let bytes: u64 = kept.map(|(archive, _)| archive.bytes).sum();
    let archive = archives.first().filter(|_| retention.max_bytes > 0 && bytes > retention.max_bytes)?;
    let most = retention.max_bytes;
    let message = format!("what the rules keep of {} has {bytes} bytes, and max_bytes is {most}", named(archive));
    Some(Warning { code: "max_bytes".to_owned(), message, ids: Vec::new() })
}

fn named(archive: &Stored) -> String {
    let (organization, format) = (&archive.organization, archive.format);
    let name = if organization.slug.is_empty() { &organization.id } else { &organization.slug };
    let entity = archive.entity.as_ref().map(|entity| format!(" {entity}")).unwrap_or_default();
    format!("{}/{name} ({format}{entity})", organization.source)
}

#[cfg(test)]
mod tests;
