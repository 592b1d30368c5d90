//! What sizes, hashes and counts tell of a file, beside what is expected of it.

use super::{ArchiveFault, Expected, Raw, Section};
use orgvault_api::ArchiveFiles;

/// Faults of one file that are told one by one: the list is kept beside the archive.
const MOST_TOLD: usize = 100;

/// What size and hash tell; `whole` is whether the structure is without a fault.
pub(super) fn of_bytes(raw: &Raw, whole: bool, expected: &Expected<'_>) -> Option<ArchiveFault> {
    let differs = |sha256: &str| expected.sha256.is_some_and(|expected| expected != sha256);
    match expected.bytes {
        // CSV that was cut between two lines looks whole.
        Some(bytes) if raw.bytes < bytes => Some(if whole && expected.format != orgvault_api::Format::Csv {
            ArchiveFault::Replaced { found: raw.bytes, expected: bytes }
        } else {
            ArchiveFault::Truncated { found: raw.bytes, expected: bytes }
        }),
        Some(bytes) if raw.bytes > bytes => Some(match &raw.marked {
            Some(sha256) if differs(sha256) => ArchiveFault::Replaced { found: raw.bytes, expected: bytes },
            _ => ArchiveFault::Trailing { extra: raw.bytes - bytes, expected: bytes },
        }),
        _ if differs(&raw.sha256) => {
            let expected = expected.sha256.unwrap_or_default().to_owned();
            Some(ArchiveFault::Hash { found: raw.sha256.clone(), expected })
        }
        _ => None,
    }
}

/// What number and size of the app's files tell.
pub(super) fn of_files(found: ArchiveFiles, expected: ArchiveFiles) -> Option<ArchiveFault> {
    let differs = (found.count, found.bytes) != (expected.count, expected.bytes);
    differs.then_some(ArchiveFault::Files {
        found: found.count,
        bytes: found.bytes,
        expected: expected.count,
        expected_bytes: expected.bytes,
    })
}

/// What the rows of one section tell; `found` is how many the file has, if any.
pub(super) fn of_section(section: &Section, found: Option<u64>) -> Option<ArchiveFault> {
    let (name, expected) = (section.name.clone(), section.rows);
    match found {
        None => Some(ArchiveFault::NoSection { section: name, expected }),
        Some(found) if found != expected => Some(ArchiveFault::Rows { section: name, found, expected }),
        Some(_) => None,
    }
}

/// The first of the faults, and how many more there are.
pub(super) fn shortened(mut faults: Vec<ArchiveFault>) -> Vec<ArchiveFault> {
    let more = faults.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        faults.truncate(MOST_TOLD);
        faults.push(ArchiveFault::More { more });
    }
    faults
}
