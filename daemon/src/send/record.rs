//! What the records of earlier sends mean.

use orgvault_api::{SendRecord, SendState, clock::Timestamp};

use super::outcome::Outcome;

/// The newest record of `target` for which "again" has to be said. Only what was refused is
/// known to have left nothing there.
pub(super) fn left_something<'a>(records: &'a [SendRecord], target: &str) -> Option<&'a SendRecord> {
    records.iter().rev().find(|record| record.target == target && record.state != SendState::Refused)
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
