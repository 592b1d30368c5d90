//! What SQLite's errors mean for whoever reads: which fault, and a hint that speaks of a file.

use std::time::Duration;

use super::Sqlite;
use crate::source::error::{SourceError, SourceFault};

impl Sqlite {
    /// A fault while it did `act`.
    pub(super) fn fault(&self, fault: SourceFault, act: impl Into<String>, words: impl Into<String>) -> SourceError {
        SourceError::fault(&self.name, fault, act, words).with_hint(hint(fault))
    }

    /// Nothing came within the limit while it did `act`.
    pub(super) fn stalled(&self, act: &str, limit: Duration) -> SourceError {
        self.fault(SourceFault::Stalled, act, format!("nothing came for {} s", limit.as_secs_f64()))
    }

    /// An error of sqlx while it did `act`.
    pub(super) fn failed(&self, act: &str, error: &sqlx::Error) -> SourceError {
        let (fault, words) = match error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let message = database.message();
                (judge(code.parse().unwrap_or(1), message), format!("{message} ({code})"))
            }
            sqlx::Error::Io(io) => (SourceFault::Lost, io.to_string()),
            other => (SourceFault::Query, other.to_string()),
        };
        self.fault(fault, act, words)
    }
}

/// <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
fn judge(code: u32, message: &str) -> SourceFault {
    match (code & 0xff, code) {
        // READONLY_RECOVERY, _CANTLOCK, _ROLLBACK, _CANTINIT, _DIRECTORY: someone who may write has
        // to come first; IOERR_SHMOPEN, _SHMSIZE, _SHMLOCK, _SHMMAP: the -shm file cannot be used.
        (_, 264 | 520 | 776 | 1288 | 1544 | 4618 | 4874 | 5130 | 5386) => SourceFault::Wal,
        // FULL; CANTOPEN_NOTEMPDIR, IOERR_GETTEMPPATH.
        (13, _) | (_, 270 | 6410) => SourceFault::Temporary,
        // CORRUPT, IOERR_CORRUPTFS.
        (11, _) | (_, 8458) => SourceFault::Damaged,
        // BUSY, LOCKED, PROTOCOL.
        (5 | 6 | 15, _) => SourceFault::Locked,
        // PERM, CANTOPEN, AUTH.
        (3 | 14 | 23, _) => SourceFault::Unreachable,
        (17, _) => SourceFault::Changed,
        (1, _) if message.starts_with("no such table") || message.starts_with("no such column") => SourceFault::Schema,
        // IOERR, READONLY_DBMOVED.
        (10, _) | (_, 1032) => SourceFault::Lost,
        (26, _) => SourceFault::Database,
        _ => SourceFault::Query,
    }
}

/// As [`SourceFault::hint`], where that one speaks of a server.
fn hint(fault: SourceFault) -> &'static str {
    match fault {
        SourceFault::Unreachable => {
            "check that the file is there, and that orgvaultd's user may read it and enter its directories"
        }
        SourceFault::Database => {
            "correct `url` of this source: the file that it names is no SQLite database, or is encrypted"
        }
        SourceFault::Schema => "`orgvault check SOURCE` lists what is missing; is `product` the right one?",
        SourceFault::Lost => {
            "the disk or network that holds the file failed, or the file was replaced: look into the kernel's log, then export again"
        }
        SourceFault::Locked => "another process holds a lock (a migration, a backup?): export again when it is over",
        SourceFault::Stalled => {
            "a query computes for long before it gives a row: give the table an index, or raise `stall_timeout`"
        }
        _ => fault.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_faults() {
        for (codes, fault) in [
            (&[264, 520, 776, 1288, 1544, 4618, 4874, 5130, 5386][..], SourceFault::Wal),
            (&[13, 270, 6410], SourceFault::Temporary),
            (&[11, 267, 523, 779, 8458], SourceFault::Damaged),
            (&[5, 261, 517, 773, 6, 262, 518, 15], SourceFault::Locked),
            (&[14, 526, 782, 1038, 1294, 1550, 3, 23], SourceFault::Unreachable),
            (&[10, 266, 522, 6922, 8714, 1032], SourceFault::Lost),
            (&[17], SourceFault::Changed),
            (&[26], SourceFault::Database),
            (&[1, 8, 18, 769], SourceFault::Query),
        ] {
            for code in codes {
                assert_eq!(judge(*code, ""), fault, "{code}");
            }
        }
        assert_eq!(judge(1, "no such table: items"), SourceFault::Schema);
    }

    #[test]
    fn no_hint_of_a_file_speaks_of_a_server() {
        let faults = [1544, 13, 11, 5, 14, 10, 17, 26, 1].map(|code| judge(code, "no such table: items"));
        for fault in faults.into_iter().chain([SourceFault::Stalled, SourceFault::Query]) {
            let hint = hint(fault);
            for word in ["server", "PostgreSQL", "search_path", "role", "pg_"] {
                assert!(!hint.contains(word), "{fault:?}: {hint}");
            }
            assert!(fault == SourceFault::Query || !hint.is_empty(), "{fault:?}");
        }
    }
}
