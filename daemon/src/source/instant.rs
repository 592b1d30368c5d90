//! Instants and dates in the text forms of SQL, as PostgreSQL's binary values count them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// 2000-01-01 in Unix time.
const EPOCH_SECONDS: i64 = 946_684_800;
/// 2000-01-01 counted from the first day of the year 1.
const EPOCH_DAYS: i32 = 730_120;

/// `YYYY-MM-DD HH:MM:SS`, with `T` too, with up to six digits of a second's fraction, and with a
/// zone (`Z`, `+00`, `+02:00`) or without one, which is UTC then.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at_checked(zone_at)?;
    let fraction = time.split_once('.').map_or("0", |(_, fraction)| fraction);
    if !(1..=6).contains(&fraction.len()) || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f").ok()?;
    let local = NaiveDateTime::new(day(date)?, time).and_utc();
    local.checked_sub_signed(chrono::TimeDelta::seconds(offset(zone)?))
}

/// Microseconds since 2000-01-01.
pub(super) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros() - EPOCH_SECONDS * 1_000_000
}

/// `YYYY-MM-DD` as days since 2000-01-01.
pub(super) fn days(text: &str) -> Option<i32> {
    use chrono::Datelike as _;
    day(text).map(|day| day.num_days_from_ce() - EPOCH_DAYS)
}

/// chrono alone would take `2026-1-2` and blanks.
fn day(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|day| is_plain && day.format("%Y-%m-%d").to_string() == text)
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(0),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return None,
    };
    let two = |text: &str| match text.as_bytes() {
        [first @ b'0'..=b'9', second @ b'0'..=b'9'] => Some(i64::from(first - b'0') * 10 + i64::from(second - b'0')),
        _ => None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (two(hours)?, two(minutes)?),
        None => (two(digits)?, 0),
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_that_databases_print() {
        for (text, expected) in [
            ("2000-01-01 00:00:00", 0),
            ("2000-01-01T00:00:00Z", 0),
            ("2000-01-01 00:00:01.5+00", 1_500_000),
            ("2000-01-01 02:00:00.000001+02:00", 1),
            ("1999-12-31 23:59:59.999999-00", -1),
            ("1999-12-31T18:30:00-05:30", 0),
        ] {
            assert_eq!(parse(text).map(micros), Some(expected), "{text}");
        }
        assert_eq!(days("2000-01-01"), Some(0));
        assert_eq!(days("1999-12-31"), Some(-1));
        assert_eq!(days("9999-12-31"), Some(2_921_939));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "now",
            "2000-01-01",
            "2000-1-01 00:00:00",
            "2000-01-01 00:00",
            "2000-01-01 25:00:00",
            "2000-01-01 00:00:00.1234567",
            "2000-01-01 00:00:00.",
            "2000-01-01 00:00:00 UTC",
            "2000-02-30 00:00:00",
            "2000-01-01 00:00:00+2",
            "2000-01-01 00:00:00+99",
            "infinity",
            " 2000-01-01 00:00:00",
            "2000-01-01 00:00:00Z ",
            "946684800",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["2000-1-1", "2000-01-32", "20000101", " 2000-01-01", "2000-01-01 ", "infinity"] {
            assert_eq!(days(text), None, "{text}");
        }
    }
}
