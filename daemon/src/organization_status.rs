//! How the organizations stand: their newest archives and exports, as the catalog knows them, and
//! the one word for it.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use orgvault_api::{
    Archive, ArchiveState, LastArchive, OrganizationKey, SectionCount, State, Tenant,
    clock::Timestamp,
    gid::Gid,
    health::{ArchiveFacts, DrillFacts, Facts, Health, Reason, Shrunk},
};
use orgvault_config::{Config, Exception, Freshness};
use orgvault_products::preflight;

use crate::{
    catalog::{Catalog, CatalogError, Drilled, LastExport, Listing},
    source::{Listed, ListingFault},
    store::Stored,
};

/// What the catalog knows of one source's organizations.
#[derive(Debug, Default)]
pub struct OrganizationStatuses {
    archives: HashMap<Tenant, Vec<Stored>>,
    exports: HashMap<Tenant, LastExport>,
    drills: HashMap<Tenant, Drilled>,
    listing: Option<Listing>,
}

/// An organization that a source lists, or that has archives.
#[derive(Debug, Clone)]
pub struct Member {
    /// As it is listed; one that is gone as its newest archive has it.
    pub listed: Listed,
    /// Whether the source listed others and not it.
    pub gone: bool,
    /// When it was listed last, where that is not now.
    pub listed_at: Option<Timestamp>,
}

/// How one organization stands.
#[derive(Debug, Clone, Default)]
pub struct OrganizationStatus {
    /// The archives of its newest request that has any, newest first.
    pub archives: Vec<Stored>,
    /// The worst state of its newest request's exports.
    pub last_state: Option<State>,
    /// Whether it is to be exported by itself.
    pub covered: bool,
    /// The word for it.
    pub health: Health,
    /// Why it is not ok.
    pub reason: Option<Reason>,
    /// How old the newest archive may be; zero is any age.
    pub max_age: Duration,
    /// What its drills say.
    pub drilled: Drilled,
}

impl OrganizationStatus {
    /// Its newest archive.
    #[must_use]
    pub fn last_archive(&self) -> Option<LastArchive> {
        let archive = self.archives.first()?;
        let rows = archive.counts.iter().map(|count| count.rows).sum();
        let Archive { gid, format, exported_at, bytes, .. } = **archive;
        Some(LastArchive { gid, format, exported_at, bytes, rows })
    }

    /// Whether its health counts.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.health.is_judged(self.covered)
    }
}

impl Member {
    /// One that its source lists now.
    #[must_use]
    pub fn listed(listed: Listed) -> Self {
        Self { listed, gone: false, listed_at: None }
    }
}

impl OrganizationStatuses {
    /// Reads what the catalog knows of a source's organizations that have an archive.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn read(catalog: &Catalog, source: &str) -> Result<Self, CatalogError> {
        Ok(Self {
            archives: catalog.newest_pairs(source).await?,
            exports: catalog.last_exports(source).await?,
            drills: catalog.drilled(source).await?,
            listing: catalog.listing(source).await?,
        })
    }

    /// Every organization, where the source lists these now.
    #[must_use]
    pub fn among(&self, listed: Vec<Listed>) -> Vec<Member> {
        let gone = self.unlisted(&listed);
        listed.into_iter().map(Member::listed).chain(gone).collect()
    }

    /// Every organization as it was known last, for a source that is not asked or does not answer.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let Some(Listing { at, organizations }) = &self.listing else {
            return self.unlisted(&[]).into_iter().map(|member| Member { gone: false, ..member }).collect();
        };
        let listed = |one: &Listed| Member { listed_at: Some(*at), ..Member::listed(one.clone()) };
        organizations.iter().map(listed).chain(self.unlisted(organizations)).collect()
    }

    /// Those that have archives and are not among `listed`, by their names.
    fn unlisted(&self, listed: &[Listed]) -> Vec<Member> {
        let there: HashSet<Tenant> = listed.iter().map(|one| one.key.tenant()).collect();
        let gone = self.archives.iter().filter(|(tenant, _)| !there.contains(tenant));
        let mut gone: Vec<&Stored> = gone.filter_map(|(_, archives)| archives.first()).collect();
        gone.sort_by_key(|newest| {
            let OrganizationKey { slug, kind, id, .. } = &newest.organization;
            (slug, id, kind)
        });
        let member = |newest: &Stored| {
            let key = newest.organization.clone();
            let listed = Listed::known(key);
            Member { listed, gone: true, listed_at: Some(newest.exported_at) }
        };
        gone.into_iter().map(member).collect()
    }

    /// How an organization stands at `now`.
    #[must_use]
    pub fn of(&self, member: &Member, config: &Config, now: Timestamp) -> OrganizationStatus {
        let organization = &member.listed.key;
        let tenant = organization.tenant();
        let pairs = self.archives.get(&tenant).map_or(&[][..], Vec::as_slice);
        let last = self.exports.get(&tenant);
        let Limits { max_age, max_unproven, shrinking } = limits(&config.freshness, organization);
        let drilled = self.drills.get(&tenant).cloned().unwrap_or_default();
        let archives = newest_request(pairs, |_| true);
        let facts = Facts {
            last_state: last.map(|last| last.state),
            failure: last.and_then(|last| Some((last.gid, last.error.clone()?))),
            archive: archive_facts(pairs, &archives),
            max_age: (!max_age.is_zero()).then_some(max_age),
            shrunk: archives.iter().find_map(|newer| shrunk(before(pairs, newer)?, newer, shrinking)),
            gone: member.gone,
            refusal: member.listed.refusal.as_ref().map(ListingFault::to_wire),
            drills: DrillFacts {
                conclusive: drilled.conclusive.clone(),
                proven_at: drilled.passed.as_ref().map(|passed| passed.at),
                max_unproven: (!max_unproven.is_zero()).then_some(max_unproven),
            },
        };
        let health = Health::of(&facts, now);
        OrganizationStatus {
            archives: archives.into_iter().cloned().collect(),
            last_state: facts.last_state,
            covered: is_covered(config, &member.listed),
            health,
            reason: Reason::of(health, &facts, now),
            max_age,
            drilled,
        }
    }
}

/// Whether an organization is to be exported by itself. Where nothing is scheduled here, something
/// else asks for exports: of all that `--all` takes, as far as is known.
fn is_covered(config: &Config, listed: &Listed) -> bool {
    let schedules = &config.schedules;
    let by_itself = listed.in_all && listed.deleted_at.is_none();
    by_itself && (schedules.is_empty() || schedules.iter().any(|schedule| listed.is_taken_by(schedule)))
}

/// Those of the newest request that has any such.
fn newest_request(pairs: &[Stored], such: impl Fn(&Stored) -> bool) -> Vec<&Stored> {
    let request = pairs.iter().find(|archive| such(archive)).map(|archive| archive.request);
    pairs.iter().filter(|archive| Some(archive.request) == request).collect()
}

/// What counts of the newest archives. Whether the app's importer would refuse one is asked of the
/// newest ones that are made for it.
fn archive_facts(pairs: &[Stored], archives: &[&Stored]) -> Option<ArchiveFacts> {
    let newest = archives.first()?;
    let faulty = archives.iter().find(|archive| archive.state != ArchiveState::Present);
    let for_importer = newest_request(pairs, |archive| preflight::has_importer(archive.format));
    let refused =
        for_importer.into_iter().find(|archive| archive.warnings.iter().any(orgvault_api::preflight::refuses));
    Some(ArchiveFacts {
        gid: faulty.copied().or(refused).unwrap_or(newest).gid,
        exported_at: newest.exported_at,
        state: faulty.map_or(ArchiveState::Present, |archive| archive.state),
        refused: refused.is_some(),
    })
}

/// The archive of the same format and entity before this one.
fn before<'a>(pairs: &'a [Stored], newer: &Stored) -> Option<&'a Stored> {
    let alike =
        |one: &&Stored| (one.format, &one.entity, one.importable) == (newer.format, &newer.entity, newer.importable);
    let older = |gid: Gid, at: Timestamp| (at, gid) < (newer.exported_at, newer.gid);
    pairs.iter().filter(alike).find(|one| older(one.gid, one.exported_at))
}

/// The first section that lost more than `percent` of its rows; zero is no limit.
fn shrunk(older: &Stored, newer: &Stored, percent: u32) -> Option<Shrunk> {
    let rows_now = |name: &str| newer.counts.iter().find(|count| count.name == name).map_or(0, |count| count.rows);
    let lost_too_many = |shrunk: &Shrunk| {
        let lost = shrunk.before.saturating_sub(shrunk.now);
        percent > 0 && u128::from(lost) * 100 > u128::from(shrunk.before) * u128::from(percent)
    };
    let pair = |count: &SectionCount| {
        let (section, before) = (count.name.clone(), count.rows);
        Shrunk { now: rows_now(&section), section, before }
    };
    older.counts.iter().map(pair).find(lost_too_many)
}

/// What is asked of one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    max_age: Duration,
    max_unproven: Duration,
    shrinking: u32,
}

/// The largest ages and loss that are allowed to an organization.
fn limits(freshness: &Freshness, organization: &OrganizationKey) -> Limits {
    let exception = freshness.exceptions.iter().find(|exception| exception.organizations.name(organization));
    if let Some(&Exception { max_age, max_unproven, shrinking, .. }) = exception {
        return Limits { max_age, max_unproven, shrinking };
    }
    let &Freshness { max_age, max_unproven, shrinking, .. } = freshness;
    Limits { max_age, max_unproven, shrinking }
}

#[cfg(test)]
mod tests;
