//! What apps mean by a value that has more than one usual spelling.

use chrono::{DateTime, NaiveTime, Utc};
use orgvault_api::clock::Timestamp;

use super::instant;

/// Yes or no, as PostgreSQL, SQLite and the apps on them spell it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match &*whole(text.trim()).to_ascii_lowercase() {
        "1" | "t" | "true" | "y" | "yes" | "on" => Some(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// When something was deleted, as far as a value says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    /// It is not.
    Not,
    /// It is, since then.
    Since(Timestamp),
}

/// Whether a text of `deleted_at` says that something is deleted; none where it says neither. What
/// is deleted at a time that cannot be shown (infinity, BC) is deleted all the same: since 1970.
pub(super) fn deletion(text: &str) -> Option<Deletion> {
    let text = text.trim();
    if text.is_empty() || text.starts_with("0000-00-00") || boolean(text) == Some(false) {
        return Some(Deletion::Not);
    }
    let since = instant::parse(text)
        .or_else(|| instant::day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc()))
        .or_else(|| since_1970(whole(text)))
        .or_else(|| (boolean(text) == Some(true) || is_like_a_time(text)).then_some(DateTime::UNIX_EPOCH));
    since.map(Deletion::Since)
}

/// `1` of `1.000`.
fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => number,
    }
}

/// A count of seconds, milliseconds or microseconds, by its size.
fn since_1970(text: &str) -> Option<DateTime<Utc>> {
    let seconds = text.split_once('.').map_or(text, |(seconds, _fraction)| seconds);
    let is_count = !seconds.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let count = seconds.parse::<i64>().ok().filter(|_| is_count)?;
    if count < 100_000_000_000 {
        DateTime::from_timestamp(count, 0)
    } else if count < 100_000_000_000_000 {
        DateTime::from_timestamp_millis(count)
    } else {
        DateTime::from_timestamp_micros(count)
    }
}

fn is_like_a_time(text: &str) -> bool {
    let date = text.strip_suffix(" BC").unwrap_or(text);
    let begins = date.bytes().take_while(u8::is_ascii_digit).count() >= 4;
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b'+' | b' ' | b'T' | b'Z');
    text.trim_start_matches('-') == "infinity" || (begins && date.contains('-') && date.bytes().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_usual_spellings_of_a_flag_are_read() {
        for yes in ["1", "t", "T", "true", "TRUE", "yes", "y", "on", "1.0", " 1 "] {
            assert_eq!(boolean(yes), Some(true), "{yes}");
        }
        for no in ["0", "f", "false", "False", "no", "n", "off", "0.00"] {
            assert_eq!(boolean(no), Some(false), "{no}");
        }
        for neither in ["", "2", "-1", "maybe", "1.5", "1.", "null", "10"] {
            assert_eq!(boolean(neither), None, "{neither}");
        }
    }

    #[test]
    fn a_deletion_is_read_by_its_meaning() {
        for not in ["", " ", "0", "0.0", "f", "false", "0000-00-00", "0000-00-00 00:00:00"] {
            assert_eq!(deletion(not), Some(Deletion::Not), "{not}");
        }
        for (text, since) in [
            ("2026-01-31 09:30:00", "2026-01-31T09:30:00+00:00"),
            ("2026-01-31T09:30:00.5Z", "2026-01-31T09:30:00.500+00:00"),
            ("2026-01-31", "2026-01-31T00:00:00+00:00"),
            ("1769851800", "2026-01-31T09:30:00+00:00"),
            ("1769851800.25", "2026-01-31T09:30:00+00:00"),
            ("1769851800500", "2026-01-31T09:30:00.500+00:00"),
            ("1769851800500000", "2026-01-31T09:30:00.500+00:00"),
            ("t", "1970-01-01T00:00:00+00:00"),
            ("1", "1970-01-01T00:00:01+00:00"),
            ("infinity", "1970-01-01T00:00:00+00:00"),
            ("-infinity", "1970-01-01T00:00:00+00:00"),
            ("10000-01-01 00:00:00+00", "1970-01-01T00:00:00+00:00"),
            ("0044-03-15 00:00:00+00 BC", "1970-01-01T00:00:00+00:00"),
        ] {
            let Some(Deletion::Since(at)) = deletion(text) else { panic!("{text}") };
            assert_eq!(at.to_rfc3339(), since, "{text}");
        }
        for neither in ["yesterday", "maybe", "-1", "NULL", "2026", "x2026-01-01"] {
            let is_count = neither == "2026";
            assert_eq!(deletion(neither).is_some(), is_count, "{neither}");
        }
    }
}
