//! How the organizations stand: their newest archives and exports, as the catalog knows them, and
//! the one word for it.

use std::{collections::HashMap, time::Duration};

use orgvault_shared::{
    api::{Archive, ArchiveState, LastArchive, OrganizationKey, State},
    clock::Timestamp,
    config::Freshness,
    gid::Gid,
    health::{ArchiveFacts, Facts, Health},
};

use crate::catalog::{Catalog, CatalogError};

/// What the catalog knows of one source's organizations, by their ids.
#[derive(Debug, Default)]
pub struct Standings {
    archives: HashMap<String, Vec<Archive>>,
    states: HashMap<String, State>,
}

/// How one organization stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The archives of its newest request that has any, newest first.
    pub archives: Vec<Archive>,
    /// The worst state of its newest request's exports.
    pub last_state: Option<State>,
    /// The word for it.
    pub health: Health,
    /// How old the newest archive may be; zero is any age.
    pub max_age: Duration,
}

impl Standing {
    /// Its newest archive.
    #[must_use]
    pub fn last_archive(&self) -> Option<LastArchive> {
        let archive = self.archives.first()?;
        let rows = archive.counts.iter().map(|count| count.rows).sum();
        let Archive { gid, format, exported_at, bytes, .. } = *archive;
        Some(LastArchive { gid, format, exported_at, bytes, rows })
    }
}

impl Standings {
    /// Reads what the catalog knows of a source.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn read(catalog: &Catalog, source: &str) -> Result<Self, CatalogError> {
        Ok(Self { archives: catalog.newest_pairs(source).await?, states: catalog.last_states(source).await? })
    }

    /// Every organization that has an archive, as its newest one names it.
    pub fn organizations(&self) -> impl Iterator<Item = &OrganizationKey> {
        self.archives.values().filter_map(|archives| archives.first()).map(|archive| &archive.organization)
    }

    /// How an organization stands at `now`.
    #[must_use]
    pub fn of(&self, organization: &OrganizationKey, freshness: &Freshness, now: Timestamp) -> Standing {
        let pairs = self.archives.get(&organization.id).map_or(&[][..], Vec::as_slice);
        let request = pairs.first().map(|archive| archive.request);
        let archives: Vec<Archive> = pairs.iter().filter(|archive| Some(archive.request) == request).cloned().collect();
        let (max_age, shrinking) = limits(freshness, organization);
        let facts = Facts {
            last_state: self.states.get(&organization.id).copied(),
            archive: archives.first().map(|newest| ArchiveFacts {
                exported_at: newest.exported_at,
                state: archives
                    .iter()
                    .map(|archive| archive.state)
                    .find(|state| *state != ArchiveState::Present)
                    .unwrap_or(ArchiveState::Present),
            }),
            max_age: (!max_age.is_zero()).then_some(max_age),
            shrunk: archives
                .iter()
                .any(|newer| before(pairs, newer).is_some_and(|older| shrunk(older, newer, shrinking))),
        };
        Standing { health: Health::of(&facts, now), last_state: facts.last_state, archives, max_age }
    }
}

/// The archive of the same format and entity before this one.
fn before<'a>(pairs: &'a [Archive], newer: &Archive) -> Option<&'a Archive> {
    let alike =
        |one: &&Archive| (one.format, &one.entity, one.importable) == (newer.format, &newer.entity, newer.importable);
    let older = |gid: Gid, at: Timestamp| (at, gid) < (newer.exported_at, newer.gid);
    pairs.iter().filter(alike).find(|one| older(one.gid, one.exported_at))
}

/// Whether a section lost more than `percent` of its rows; zero is no limit.
fn shrunk(older: &Archive, newer: &Archive, percent: u32) -> bool {
    let rows_now = |name: &str| newer.counts.iter().find(|count| count.name == name).map_or(0, |count| count.rows);
    let lost_too_many = |name: &str, rows: u64| {
        let lost = rows.saturating_sub(rows_now(name));
        u128::from(lost) * 100 > u128::from(rows) * u128::from(percent)
    };
    percent > 0 && older.counts.iter().any(|count| lost_too_many(&count.name, count.rows))
}

/// The largest age and loss that are allowed to an organization.
fn limits(freshness: &Freshness, organization: &OrganizationKey) -> (Duration, u32) {
    let exception = freshness.exceptions.iter().find(|exception| exception.organizations.name(organization));
    exception.map_or((freshness.max_age, freshness.shrinking), |exception| (exception.max_age, exception.shrinking))
}

#[cfg(test)]
mod tests;
