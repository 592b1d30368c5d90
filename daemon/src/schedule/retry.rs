//! What is tried again, and when: pure.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use orgvault_api::{Export, State, clock::Timestamp};

use crate::catalog::Attempt;

/// The codes of errors that may be gone when it is tried later. Everything else (a login that is
/// refused, a full disk, data that does not fit) waits for a person.
const TRANSIENT: [&str; 16] = [
    INTERRUPTED,
    "busy",
    "catalog",
    "files_unreachable",
    "job_failed",
    "link_expired",
    "rate_limited",
    "source_busy",
    "source_changed",
    "source_conflict",
    "source_locked",
    "source_lost",
    "source_stalled",
    "source_timeout",
    "source_unreachable",
    "truncated",
];

/// The end of the daemon is no fault of the export, which is tried again at once.
const INTERRUPTED: &str = "interrupted";

/// One that is always being written when the daemon dies may be the reason: so often beyond its
/// retries it is begun again.
const INTERRUPTIONS: u32 = 10;

const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(30);

/// Whether an error may be gone later.
pub(super) fn is_transient(code: &str) -> bool {
    TRANSIENT.contains(&code)
}

/// How long to wait after a failed try: twice as long as after the one before.
pub(super) fn wait(tries: u32) -> TimeDelta {
    let factor = 2_i32.saturating_pow(tries.saturating_sub(1)).min(64);
    (FIRST_WAIT * factor).min(LONGEST_WAIT)
}

/// An export that is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again<'a> {
    pub(super) export: &'a Export,
    pub(super) number: u32,
    pub(super) not_before: Timestamp,
}

/// The last try at each archive of an organization.
pub(super) fn last(attempts: &[Attempt]) -> Vec<&Attempt> {
    let mut last: BTreeMap<_, &Attempt> = BTreeMap::new();
    for attempt in attempts {
        last.insert((attempt.export.format, attempt.export.entity.as_deref()), attempt);
    }
    last.into_values().collect()
}

/// What is tried again of one organization's exports in a run, together with what waits still. None
/// where an archive of it is finished: all formats of a run show one instant, and that one is gone.
pub(super) fn again(attempts: &[Attempt], retries: u32, now: Timestamp) -> Vec<Again<'_>> {
    let last = last(attempts);
    if last.iter().any(|attempt| matches!(attempt.export.state, State::Finished | State::Started)) {
        return Vec::new();
    }
    let again = |attempt: &&'_ Attempt| {
        let code = attempt.export.error.as_ref()?.code.as_str();
        let (limit, wait) = match code {
            INTERRUPTED => (retries + INTERRUPTIONS, TimeDelta::zero()),
            _ => (retries, wait(attempt.number)),
        };
        (is_transient(code) && attempt.number <= limit).then_some((attempt.number + 1, now + wait))
    };
    last.into_iter()
        .filter_map(|attempt| {
            let (number, not_before) = again(&attempt)?;
            Some(Again { export: &attempt.export, number, not_before })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use orgvault_api::{ExportError, Format, OrganizationKey};

    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T02:00:00Z".parse().unwrap()
    }

    fn attempt(number: u32, format: Format, outcome: &str) -> Attempt {
        let [source, kind, id, name, slug] = ["tracker", "organization", "7", "Acme", "acme"].map(str::to_owned);
        let error = ExportError { code: outcome.to_owned(), message: String::new(), hint: String::new() };
        let state = match outcome {
            "finished" => State::Finished,
            "pending" => State::Pending,
            _ => State::Error,
        };
        let export = Export {
            gid: u64::from(number).try_into().unwrap(),
            request: 9.try_into().unwrap(),
            organization: OrganizationKey { source, kind, id, name, slug },
            format,
            entity: None,
            gzip: false,
            importable: false,
            state,
            created_at: now(),
            started_at: None,
            finished_at: None,
            progress: None,
            error: (state == State::Error).then_some(error),
            warnings: Vec::new(),
            counts: Vec::new(),
            bytes: None,
            requested_by: String::new(),
            schedule: Some("nightly".to_owned()),
        };
        Attempt { export, number, not_before: now() }
    }

    /// The numbers of the tries that follow, and the minutes before them.
    fn tries(attempts: &[Attempt], retries: u32) -> Vec<(u32, i64)> {
        let minutes = |again: Again<'_>| (again.number, (again.not_before - now()).num_minutes());
        again(attempts, retries, now()).into_iter().map(minutes).collect()
    }

    #[test]
    fn waits_double_up_to_half_an_hour() {
        let waits = [1, 2, 3, 4, 5, 6, 7, 40].map(|tries| wait(tries).num_minutes());
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn what_may_be_gone_later_is_tried_so_often_and_no_more() {
        let down = |number| attempt(number, Format::Json, "source_unreachable");
        assert_eq!(tries(&[down(1)], 2), [(2, 1)]);
        assert_eq!(tries(&[down(1), down(2)], 2), [(3, 2)]);
        assert_eq!(tries(&[down(1), down(2), down(3)], 2), []);
        assert_eq!(tries(&[down(1)], 0), []);
        for code in ["source_login", "disk_full", "unrepresentable", "count_mismatch", "canceled", "snapshot_lost"] {
            assert_eq!(tries(&[attempt(1, Format::Json, code)], 5), [], "{code}");
        }
    }

    #[test]
    fn what_the_end_of_the_daemon_interrupted_begins_again_at_once() {
        let interrupted = |number| attempt(number, Format::Json, "interrupted");
        assert_eq!(tries(&[interrupted(1)], 0), [(2, 0)]);
        assert_eq!(tries(&[interrupted(10)], 0), [(11, 0)]);
        assert_eq!(tries(&[interrupted(11)], 0), []);
    }

    #[test]
    fn formats_of_one_organization_are_tried_again_together_or_not_at_all() {
        let lost = |format| attempt(1, format, "source_lost");
        assert_eq!(tries(&[lost(Format::Json), lost(Format::Zip)], 5), [(2, 1), (2, 1)]);
        assert_eq!(tries(&[attempt(1, Format::Json, "finished"), lost(Format::Zip)], 5), []);
    }

    #[test]
    fn what_failed_before_the_others_were_begun_joins_them() {
        for (code, wait) in [("source_lost", 1), ("interrupted", 0)] {
            let failed = attempt(1, Format::Json, code);
            assert_eq!(tries(&[failed, attempt(1, Format::Zip, "pending")], 5), [(2, wait)], "{code}");
        }
    }
}
