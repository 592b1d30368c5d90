//! What the records of earlier sends mean.

use orgvault_api::{SendRecord, SendState, clock::Timestamp};
use orgvault_archive::naming::hex;
use sha2::{Digest, Sha256};

use super::outcome::Outcome;

/// The newest record of `target` for which "again" has to be said. Only what was refused is
/// known to have left nothing there.
pub(super) fn left_something<'a>(records: &'a [SendRecord], target: &str) -> Option<&'a SendRecord> {
    records.iter().rev().find(|record| record.target == target && record.state != SendState::Refused)
}

/// How a send begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beginning<'r> {
    /// As one of its own.
    New,
    /// It goes on with this one.
    GoesOn(&'r SendRecord),
    /// Not at all, because of this one: "again" is to be said.
    Not(&'r SendRecord),
}

/// How a send to `target` begins after these.
pub(super) fn beginning<'r>(records: &'r [SendRecord], target: &str, again: bool) -> Beginning<'r> {
    match left_something(records, target) {
        None => Beginning::New,
        Some(_) if again => Beginning::New,
        Some(before) if before.goes_on() => Beginning::GoesOn(before),
        Some(before) => Beginning::Not(before),
    }
}

/// By what a target knows a new send again: the same for the same archive and target, until one has ended.
pub(super) fn key(sha256: &str, target: &str, address: &str, earlier: &[SendRecord]) -> String {
    let ended = earlier.iter().filter(|record| record.target == target).count();
    let text = format!("orgvault send 1\n{sha256}\n{target}\n{address}\n{ended}\n");
    format!("orgvault-{}", hex(&Sha256::digest(text)))
}

/// Ends the records of sends that nobody carries on: those of a daemon that was killed.
pub(super) fn settle(records: &mut [SendRecord], at: Timestamp, goes_on: impl Fn(&str) -> bool) {
    for record in records.iter_mut().filter(|record| record.state == SendState::Sending) {
        if !goes_on(&record.target) {
            interrupted().end(record, at);
            // When it ended nobody knows either.
            record.ended_at = None;
        }
    }
}

/// The record of the send that began then.
pub(super) fn begun<'a>(
    records: &'a mut [SendRecord],
    target: &str,
    started_at: Timestamp,
) -> Option<&'a mut SendRecord> {
    records.iter_mut().rev().find(|record| record.target == target && record.started_at == started_at)
}

/// The daemon ended before the target did.
pub(super) fn interrupted() -> Outcome {
    Outcome::unknown("interrupted", "the daemon was stopped while it was sending".to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use orgvault_api::{SendJob, SendParts};

    use super::*;

    fn record(target: &str, state: SendState) -> SendRecord {
        SendRecord {
            target: target.to_owned(),
            state,
            by: "ada".to_owned(),
            started_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            error: None,
            report: Vec::new(),
            job: None,
            parts: None,
        }
    }

    #[test]
    fn what_the_target_can_tell_of_goes_on_and_again_begins_anew() {
        let job = SendJob { key: "k".to_owned(), replace: false, replaces: None, id: None, makes: None };
        let parts = |taken, unknown| Some(SendParts { all: 3, taken, unknown, rows: 10 });
        let unknown = SendRecord { job: Some(job), ..record("a", SendState::Unknown) };
        let taken = SendRecord { parts: parts(1, false), ..record("a", SendState::Unknown) };
        for before in [&unknown, &taken] {
            let records = [before.clone(), record("a", SendState::Refused)];
            assert_eq!(beginning(&records, "a", false), Beginning::GoesOn(&records[0]));
            assert_eq!(beginning(&records, "a", true), Beginning::New);
            assert_eq!(beginning(&records, "b", false), Beginning::New);
        }
        let others = [
            record("a", SendState::Unknown),
            SendRecord { state: SendState::Sent, ..unknown },
            SendRecord { parts: parts(1, true), ..record("a", SendState::Unknown) },
            SendRecord { parts: parts(0, false), ..record("a", SendState::Unknown) },
        ];
        for before in others {
            let records = [before];
            assert_eq!(beginning(&records, "a", false), Beginning::Not(&records[0]));
        }
    }

    #[test]
    fn again_is_needed_for_all_but_what_was_refused() {
        let states = [SendState::Sending, SendState::Sent, SendState::Refused, SendState::Unknown];
        for state in states {
            let records = [record("a", state), record("a", SendState::Refused), record("b", SendState::Sent)];
            assert_eq!(left_something(&records, "a").is_some(), state != SendState::Refused, "{state:?}");
            assert!(left_something(&records, "c").is_none());
        }
    }

    #[test]
    fn a_key_is_of_one_archive_and_one_target_and_a_new_one_after_each_end() {
        let first = key("ab", "a", "https://a", &[]);
        assert_eq!(first, key("ab", "a", "https://a", &[record("b", SendState::Sent)]));
        let ended = [record("a", SendState::Refused)];
        let others = [
            key("ac", "a", "https://a", &[]),
            key("ab", "b", "https://a", &[]),
            key("ab", "a", "https://b", &[]),
            key("ab", "a", "https://a", &ended),
        ];
        assert!(others.iter().all(|other| *other != first && other.len() == first.len()), "{others:?}");
    }

    #[test]
    fn what_nobody_carries_on_is_unknown() {
        let mut records =
            [record("a", SendState::Sending), record("b", SendState::Sending), record("b", SendState::Sent)];
        settle(&mut records, DateTime::UNIX_EPOCH, |target| target == "a");
        assert_eq!(
            records.each_ref().map(|record| record.state),
            [SendState::Sending, SendState::Unknown, SendState::Sent]
        );
        assert_eq!(records[1].error.as_ref().unwrap().code, "interrupted");
    }
}
