//! What happened to each export, in memory: enough for the admin who looks at one that failed
//! just now. The daemon's own log has the rest.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use orgvault_api::{LogLine, LogLines, clock::Timestamp, gid::Gid};

/// Lines that are kept of one export.
const LINES: usize = 200;
/// Exports of which lines are kept.
const EXPORTS: usize = 500;

/// The newest lines of the newest exports.
#[derive(Debug, Default)]
pub(super) struct ExportLog(Mutex<BTreeMap<Gid, VecDeque<LogLine>>>);

impl ExportLog {
    /// Adds a line; the oldest ones give way.
    pub(super) fn note(&self, gid: Gid, at: Timestamp, level: &str, message: impl Into<String>) {
        let mut exports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = exports.entry(gid).or_default();
        lines.push_back(LogLine { at, level: level.to_owned(), message: message.into() });
        if lines.len() > LINES {
            lines.pop_front();
        }
        if exports.len() > EXPORTS {
            exports.pop_first();
        }
    }

    /// The lines of one export, newest last; none of one that is not known here any more.
    pub(super) fn of(&self, gid: Gid) -> LogLines {
        let exports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        LogLines { lines: exports.get(&gid).into_iter().flatten().cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_lines_of_the_newest_exports() {
        let (log, at) = (ExportLog::default(), chrono::DateTime::UNIX_EPOCH);
        let gid = |number: u64| Gid::try_from(number).unwrap();
        for line in 0..=LINES {
            log.note(gid(1), at, "info", line.to_string());
        }
        let lines = log.of(gid(1)).lines;
        assert_eq!((lines.len(), lines[0].message.as_str()), (LINES, "1"));
        for number in 2..=EXPORTS as u64 + 1 {
            log.note(gid(number), at, "info", "started");
        }
        assert!(log.of(gid(1)).lines.is_empty());
        assert_eq!(log.of(gid(2)).lines.len(), 1);
    }
}
