//! Which archives are drilled: of each organization the newest that can be.

use std::collections::BTreeMap;

use orgvault_api::{ArchiveState, ExportError, Format, OrganizationKey, Sample, Tenant};

use crate::{restorer::BEFORE_RESTORE, store::Stored};

/// Of each organization of a source the newest `full` archive that is there, by the names of the organizations.
#[must_use]
pub fn newest(archives: Vec<Stored>) -> BTreeMap<Tenant, Stored> {
    let mut newest: BTreeMap<Tenant, Stored> = BTreeMap::new();
    let is_of_source = |archive: &Stored| archive.warnings.iter().all(|warning| warning.code != BEFORE_RESTORE);
    for archive in archives.into_iter().filter(|archive| can_be(archive) && is_of_source(archive)) {
        let at = |archive: &Stored| (archive.exported_at, archive.gid);
        let tenant = archive.organization.tenant();
        if newest.get(&tenant).is_none_or(|known| at(known) < at(&archive)) {
            newest.insert(tenant, archive);
        }
    }
    newest
}

/// Whether an archive can be put back.
#[must_use]
pub fn can_be(archive: &Stored) -> bool {
    archive.format == Format::Full && archive.state != ArchiveState::Missing
}

/// Those whose day it is.
pub fn on_day(sample: Option<Sample>, day: i64) -> impl Fn(&Tenant) -> bool {
    move |tenant| sample.is_none_or(|sample| sample.takes(tenant, day))
}

/// Why an organization is passed over.
#[must_use]
pub fn no_archive(organization: &OrganizationKey) -> ExportError {
    let name = organization.tenant();
    ExportError {
        code: "no_full_archive".to_owned(),
        message: format!("{name} has no archive of format full, and only such can be put back whole"),
        hint: format!("make one: `orgvault export {name} --format full`"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use orgvault_api::{Archive, clock::Timestamp};

    use super::*;
    use crate::store::fixture;

    #[test]
    fn the_newest_full_archive_that_is_there_is_taken() {
        let archive = |gid: u64, hours: i64, format, state| {
            let at = Timestamp::UNIX_EPOCH + TimeDelta::hours(hours);
            fixture::stored(Archive { format, state, ..fixture::archive(gid, at) })
        };
        let all = vec![
            archive(1, 1, Format::Full, ArchiveState::Present),
            archive(2, 3, Format::Full, ArchiveState::Damaged),
            archive(3, 4, Format::Full, ArchiveState::Missing),
            archive(4, 5, Format::Json, ArchiveState::Present),
            archive(5, 2, Format::Full, ArchiveState::Present),
        ];
        let gids: Vec<u64> = newest(all).values().map(|archive| archive.gid.get()).collect();
        assert_eq!(gids, [2], "one that is said to be damaged is tried: that is what a drill is for");
    }
}
