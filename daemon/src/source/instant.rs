//! Instants and dates in the text forms of SQL, as PostgreSQL's binary values count them.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};

/// 2000-01-01 in Unix time.
const EPOCH_SECONDS: i64 = 946_684_800;
/// 2000-01-01 counted from the first day of the year 1.
const EPOCH_DAYS: i32 = 730_120;

/// `YYYY-MM-DD HH:MM[:SS]`, with `T` too, with up to nine digits of a second's fraction, which are
/// cut to six, and with a zone (`Z`, `+00`, `+02:00`, as Go prints it ` +0200 CEST`) or without one,
/// which is UTC then.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let zone_at = time.find(['Z', '+', '-', ' ']).unwrap_or(time.len());
    let (time, zone) = time.split_at_checked(zone_at)?;
    let local = NaiveDateTime::new(day(date)?, time_of_day(time)?).and_utc();
    local.checked_sub_signed(chrono::TimeDelta::seconds(offset(zone)?))
}

/// To the microsecond, as databases count.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let (plain, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !(1..=9).contains(&fraction.len()) || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let micros: u32 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let is_short = plain.len() == 5 && plain.len() == text.len();
    let time = NaiveTime::parse_from_str(plain, if is_short { "%H:%M" } else { "%H:%M:%S" }).ok()?;
    // chrono takes second 60 for a leap second, which it counts as a fraction of the one before.
    NaiveTime::from_num_seconds_from_midnight_opt(time.num_seconds_from_midnight(), time.nanosecond() + micros * 1_000)
}

/// Microseconds since 2000-01-01.
pub(super) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros() - EPOCH_SECONDS * 1_000_000
}

/// `YYYY-MM-DD` as days since 2000-01-01; with a time it has to be midnight.
pub(super) fn days(text: &str) -> Option<i32> {
    let date = match text.split_once([' ', 'T']) {
        Some((date, time)) => time_of_day(time).filter(|time| *time == NaiveTime::MIN).map(|_| date)?,
        None => text,
    };
    day(date).map(|day| day.num_days_from_ce() - EPOCH_DAYS)
}

/// `YYYY-MM-DD`; chrono alone would take `2026-1-2` and blanks.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|day| is_plain && day.format("%Y-%m-%d").to_string() == text)
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    // Go prints the zone's name too, which says no more.
    let (zone, name) = match zone.strip_prefix(' ') {
        Some(zone) => zone.split_once(' ').map_or((zone, None), |(zone, name)| (zone, Some(name))),
        None => (zone, None),
    };
    if name.is_some_and(|name| name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return None;
    }
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
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), _) => (two(hours)?, two(minutes)?),
        (None, 4) => (two(digits.get(..2)?)?, two(digits.get(2..)?)?),
        (None, _) => (two(digits)?, 0),
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
            ("2000-01-01 00:00", 0),
            ("2000-01-01T00:01Z", 60_000_000),
            ("2000-01-01 00:00:00.123456789", 123_456),
            ("2000-01-01 02:00:00.000001 +0200 CEST", 1),
            ("2000-01-01 00:00:00 +0000 UTC", 0),
            ("2000-01-01 00:00:00 -0030", 1_800_000_000),
        ] {
            assert_eq!(parse(text).map(micros), Some(expected), "{text}");
        }
        assert_eq!(days("2000-01-01"), Some(0));
        assert_eq!(days("1999-12-31"), Some(-1));
        assert_eq!(days("9999-12-31"), Some(2_921_939));
        assert_eq!(days("2000-01-02 00:00:00"), Some(1));
        assert_eq!(days("2000-01-02T00:00:00.000"), Some(1));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "now",
            "2000-01-01",
            "2000-1-01 00:00:00",
            "2000-01-01 00",
            "2000-01-01 0:00",
            "2000-01-01 00:00.5",
            "2000-01-01 25:00:00",
            "2000-01-01 00:00:00.1234567891",
            "2000-01-01 00:00:00 +0200 ",
            "2000-01-01 00:00:00 +0200 CEST m=+0.1",
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
        for text in
            ["2000-1-1", "2000-01-32", "20000101", " 2000-01-01", "2000-01-01 ", "infinity", "2000-01-01 00:00:01"]
        {
            assert_eq!(days(text), None, "{text}");
        }
    }
}
