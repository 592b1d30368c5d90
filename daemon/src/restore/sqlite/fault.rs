//! What SQLite's codes mean.

use crate::restore::error::TargetFault;

impl TargetFault {
    /// What a code of SQLite means; the low byte is the primary one. <https://www.sqlite.org/rescode.html>
    pub(in crate::restore) fn of_sqlite(code: u32) -> Self {
        match (code & 0xff, code) {
            // BUSY_SNAPSHOT.
            (_, 517) => Self::Conflict,
            (5 | 6 | 15, _) => Self::Locked,
            (3 | 8 | 23, _) => Self::Privilege,
            (10, _) => Self::Lost,
            (13, _) => Self::Full,
            (11 | 14 | 26, _) => Self::Unreachable,
            // CONSTRAINT_FOREIGNKEY, _TRIGGER, _PRIMARYKEY, _UNIQUE, _ROWID.
            (_, 787) => Self::Reference,
            (_, 1811) => Self::Raised,
            (_, 1555 | 2067 | 2579) => Self::Unique,
            (18..=20, _) => Self::Value,
            (1 | 17, _) => Self::Schema,
            _ => Self::Query,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_faults() {
        for (code, fault) in [
            (5, TargetFault::Locked),
            (261, TargetFault::Locked),
            (517, TargetFault::Conflict),
            (8, TargetFault::Privilege),
            (13, TargetFault::Full),
            (14, TargetFault::Unreachable),
            (26, TargetFault::Unreachable),
            (787, TargetFault::Reference),
            (1811, TargetFault::Raised),
            (2067, TargetFault::Unique),
            (275, TargetFault::Value),
            (1, TargetFault::Schema),
            (266, TargetFault::Lost),
            (21, TargetFault::Query),
        ] {
            assert_eq!(TargetFault::of_sqlite(code), fault, "{code}");
        }
    }
}
