//! PostgreSQL's timestamps and dates as text.

use std::io::Write;

use super::Misfit;
use crate::product::TimestampStyle;

/// Microseconds from 1970-01-01T00:00:00Z to PostgreSQL's epoch, 2000-01-01T00:00:00Z.
pub const MICROS_1970_TO_2000: i64 = 946_684_800_000_000;

const DAY_MILLIS: i64 = 86_400_000;
/// Days from 0000-03-01, where the civil calendar's arithmetic starts, to 2000-01-01.
const DAYS_TO_2000: i64 = 730_425;
/// 0001-01-01T00:00:00.000Z, in milliseconds since 2000.
const FIRST_MILLI: i64 = -730_119 * DAY_MILLIS;
/// 9999-12-31T23:59:59.999Z.
const LAST_FOUR_DIGITS: i64 = 2_921_940 * DAY_MILLIS - 1;
/// ECMAScript's last instant, 275760-09-13T00:00:00.000Z: 8.64e15 ms after 1970.
const LAST_MILLI: i64 = 8_640_000_000_000_000 - MICROS_1970_TO_2000 / 1000;

/// Appends an instant, microseconds since 2000, in the style.
///
/// # Errors
/// When the style cannot hold it: infinities, years before 1, years after the style's last.
#[inline]
pub fn write_timestamp(micros: i64, style: TimestampStyle, out: &mut Vec<u8>) -> Result<(), Misfit> {
    // The text is cut, never rounded; before 1970 too.
    let millis = micros.div_euclid(1000);
    let last = match style {
        TimestampStyle::Millis | TimestampStyle::Usual => LAST_MILLI,
        TimestampStyle::Seconds | TimestampStyle::Micros => LAST_FOUR_DIGITS,
    };
    if !(FIRST_MILLI..=last).contains(&millis) {
        return match style {
            TimestampStyle::Millis | TimestampStyle::Seconds => Err(Misfit::Instant(micros)),
            TimestampStyle::Usual | TimestampStyle::Micros => {
                write_as_postgresql(micros, out);
                Ok(())
            }
        };
    }
    let (year, text) = parts(millis);
    if year > 9999 {
        // ECMAScript's expanded years: a sign and six digits.
        out.extend_from_slice(&[b'+', b'0' + low(year / 100_000), b'0' + low(year / 10_000 % 10)]);
    }
    match style {
        TimestampStyle::Millis | TimestampStyle::Usual => out.extend_from_slice(&text),
        TimestampStyle::Seconds => {
            out.extend_from_slice(&text[..19]);
            out.push(b'Z');
        }
        TimestampStyle::Micros => {
            out.extend_from_slice(&text[..23]);
            let rest = micros.rem_euclid(1000);
            out.extend_from_slice(&[b'0' + low(rest / 100), b'0' + low(rest / 10 % 10), b'0' + low(rest % 10), b'Z']);
        }
    }
    Ok(())
}

/// Appends an instant as PostgreSQL prints it with `DateStyle = ISO` and `TimeZone = UTC`: `infinity`,
/// `10000-01-01 00:00:00.5+00`, `0044-03-15 00:00:00+00 BC`.
fn write_as_postgresql(micros: i64, out: &mut Vec<u8>) {
    match micros {
        i64::MAX => return out.extend_from_slice(b"infinity"),
        i64::MIN => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let (year, text) = parts(micros.div_euclid(1000));
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    let of_second = format!(".{:06}", micros.rem_euclid(1_000_000));
    let fraction = of_second.trim_end_matches('0').trim_end_matches('.');
    let rest = String::from_utf8_lossy(&text[4..19]).replace('T', " ");
    // A Vec takes every byte: there is no error to pass on.
    out.write_fmt(format_args!("{shown:04}{rest}{fraction}+00{era}")).unwrap_or_default();
}

/// The year, and the text with the year's last four digits.
#[inline]
fn parts(millis: i64) -> (i64, [u8; 24]) {
    let (year, month, day) = civil(millis.div_euclid(DAY_MILLIS));
    let of_day = millis.rem_euclid(DAY_MILLIS);
    let seconds = of_day / 1000;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    // Only messages print years before 0, and those print the year themselves.
    let four = year.rem_euclid(10_000);
    put(&mut text, 0, four / 100);
    put(&mut text, 2, four % 100);
    put(&mut text, 5, month);
    put(&mut text, 8, day);
    put(&mut text, 11, seconds / 3600);
    put(&mut text, 14, seconds / 60 % 60);
    put(&mut text, 17, seconds % 60);
    put(&mut text, 20, of_day % 1000 / 10);
    text[22] = b'0' + low(of_day % 10);
    (year, text)
}

/// The two decimal digits of a number below 100.
#[inline]
fn put(text: &mut [u8; 24], at: usize, number: i64) {
    text[at] = b'0' + low(number / 10);
    text[at + 1] = b'0' + low(number % 10);
}

#[inline]
fn low(number: i64) -> u8 {
    number.to_le_bytes()[0]
}

/// Year, month and day of a number of days since 2000-01-01, in the proleptic Gregorian calendar
/// with a year 0 (Howard Hinnant, "chrono-compatible low-level date algorithms").
#[inline]
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_2000;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Appends a date, days since 2000, as PostgreSQL prints it with `DateStyle = ISO`:
/// `2026-06-12`, `10000-01-01`, `0044-03-15 BC`, `infinity`.
pub fn write_date(days: i32, out: &mut Vec<u8>) {
    match days {
        i32::MAX => return out.extend_from_slice(b"infinity"),
        i32::MIN => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let (year, month, day) = civil(days.into());
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    // A Vec takes every byte: there is no error to pass on.
    out.write_fmt(format_args!("{shown:04}-{month:02}-{day:02}{era}")).unwrap_or_default();
}

/// An instant as PostgreSQL prints it in UTC, for messages.
pub(super) fn shown(micros: i64) -> String {
    match micros {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (year, text) = parts(micros.div_euclid(1000));
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    let rest = String::from_utf8_lossy(&text[4..23]).replace('T', " ");
    format!("{shown:04}{rest}+00{era}")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
    use proptest::prelude::*;

    use super::*;

    fn text(micros: i64, style: TimestampStyle) -> Option<String> {
        let mut out = Vec::new();
        write_timestamp(micros, style, &mut out).ok()?;
        Some(String::from_utf8(out).unwrap())
    }

    fn date(days: i32) -> String {
        let mut out = Vec::new();
        write_date(days, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn micros(rfc3339: &str) -> i64 {
        DateTime::parse_from_rfc3339(rfc3339).unwrap().timestamp_micros() - MICROS_1970_TO_2000
    }

    #[test]
    fn cuts_microseconds_and_never_rounds() {
        let before_1970 = micros("1969-12-31T23:59:59.999999Z");
        assert_eq!(text(before_1970, TimestampStyle::Millis).unwrap(), "1969-12-31T23:59:59.999Z");
        let before_2000 = micros("1999-12-31T23:59:59.999999Z");
        assert_eq!(text(before_2000, TimestampStyle::Millis).unwrap(), "1999-12-31T23:59:59.999Z");
        assert_eq!(text(before_2000, TimestampStyle::Seconds).unwrap(), "1999-12-31T23:59:59Z");
        assert_eq!(text(0, TimestampStyle::Millis).unwrap(), "2000-01-01T00:00:00.000Z");
    }

    #[test]
    fn knows_the_ends_of_each_style() {
        let first = micros("0001-01-01T00:00:00Z");
        assert_eq!(text(first, TimestampStyle::Millis).unwrap(), "0001-01-01T00:00:00.000Z");
        assert_eq!(text(first, TimestampStyle::Seconds).unwrap(), "0001-01-01T00:00:00Z");
        assert_eq!(text(first - 1, TimestampStyle::Millis), None);
        assert_eq!(text(first - 1, TimestampStyle::Seconds), None);
        let last = LAST_MILLI * 1000;
        assert_eq!(text(last, TimestampStyle::Millis).unwrap(), "+275760-09-13T00:00:00.000Z");
        assert_eq!(text(last + 999, TimestampStyle::Millis).unwrap(), "+275760-09-13T00:00:00.000Z");
        assert_eq!(text(last + 1000, TimestampStyle::Millis), None);
        let ten_thousand = (LAST_FOUR_DIGITS + 1) * 1000;
        assert_eq!(text(ten_thousand, TimestampStyle::Millis).unwrap(), "+010000-01-01T00:00:00.000Z");
        assert_eq!(text(ten_thousand - 1, TimestampStyle::Millis).unwrap(), "9999-12-31T23:59:59.999Z");
        assert_eq!(text(ten_thousand - 1, TimestampStyle::Seconds).unwrap(), "9999-12-31T23:59:59Z");
        assert_eq!(text(ten_thousand, TimestampStyle::Seconds), None);
        assert_eq!(text(i64::MAX, TimestampStyle::Millis), None);
        assert_eq!(text(i64::MIN, TimestampStyle::Millis), None);
    }

    #[test]
    fn writes_years_below_1000_with_four_digits() {
        assert_eq!(
            text(micros("0050-02-03T04:05:06.007Z"), TimestampStyle::Millis).unwrap(),
            "0050-02-03T04:05:06.007Z"
        );
        assert_eq!(text(micros("0999-12-31T00:00:00Z"), TimestampStyle::Seconds).unwrap(), "0999-12-31T00:00:00Z");
    }

    #[test]
    fn a_style_without_a_range_holds_every_instant() {
        let noon = micros("2026-01-31T12:00:00.120450Z");
        assert_eq!(text(noon, TimestampStyle::Micros).unwrap(), "2026-01-31T12:00:00.120450Z");
        assert_eq!(text(noon, TimestampStyle::Usual).unwrap(), "2026-01-31T12:00:00.120Z");
        assert_eq!(
            text(micros("0001-01-01T00:00:00Z"), TimestampStyle::Micros).unwrap(),
            "0001-01-01T00:00:00.000000Z"
        );
        let last = (LAST_FOUR_DIGITS + 1) * 1000;
        assert_eq!(text(last - 1, TimestampStyle::Micros).unwrap(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(text(last, TimestampStyle::Usual).unwrap(), "+010000-01-01T00:00:00.000Z");
        assert_eq!(text(last + 500_000, TimestampStyle::Micros).unwrap(), "10000-01-01 00:00:00.5+00");
        for style in [TimestampStyle::Usual, TimestampStyle::Micros] {
            assert_eq!(text(i64::MAX, style).unwrap(), "infinity");
            assert_eq!(text(i64::MIN, style).unwrap(), "-infinity");
            assert_eq!(text(micros("0001-01-01T00:00:00Z") - 1, style).unwrap(), "0001-12-31 23:59:59.999999+00 BC");
            assert_eq!(text((LAST_MILLI + 1) * 1000, style).unwrap(), "275760-09-13 00:00:00.001+00");
        }
    }

    #[test]
    fn prints_dates_as_postgresql_does() {
        let days = |year, month, day| {
            let days = NaiveDate::from_ymd_opt(year, month, day).unwrap().num_days_from_ce();
            days - NaiveDate::from_ymd_opt(2000, 1, 1).unwrap().num_days_from_ce()
        };
        assert_eq!(date(days(2026, 6, 12)), "2026-06-12");
        assert_eq!(date(days(10000, 1, 1)), "10000-01-01");
        assert_eq!(date(days(1, 1, 1)), "0001-01-01");
        assert_eq!(date(days(0, 12, 31)), "0001-12-31 BC");
        assert_eq!(date(days(-43, 3, 15)), "0044-03-15 BC");
        assert_eq!(date(days(-4713, 11, 24)), "4714-11-24 BC");
        assert_eq!(date(i32::MAX), "infinity");
        assert_eq!(date(i32::MIN), "-infinity");
        assert_eq!(date(2_145_031_948), "5874897-12-31");
    }

    #[test]
    fn names_what_it_refuses() {
        assert_eq!(shown(i64::MAX), "infinity");
        assert_eq!(shown(i64::MIN), "-infinity");
        assert_eq!(shown(micros("0001-01-01T00:00:00Z") - 1), "0001-12-31 23:59:59.999+00 BC");
        let ides_of_march = NaiveDate::from_ymd_opt(-43, 3, 15).unwrap().and_hms_opt(12, 30, 0).unwrap().and_utc();
        let ides_of_march = ides_of_march.timestamp_micros() - MICROS_1970_TO_2000;
        assert_eq!(shown(ides_of_march), "0044-03-15 12:30:00.000+00 BC");
        assert_eq!(shown(i64::MIN + 1), "290279-12-22 19:59:05.224+00 BC");
        assert_eq!(shown((LAST_MILLI + 1) * 1000), "275760-09-13 00:00:00.001+00");
    }

    proptest! {
        #[test]
        fn agrees_with_chrono(seconds in -62_135_596_800_i64..253_402_300_800, nanos in 0_u32..1_000_000_000) {
            let instant = DateTime::from_timestamp(seconds, nanos).unwrap();
            let micros = instant.timestamp_micros() - MICROS_1970_TO_2000;
            prop_assert_eq!(text(micros, TimestampStyle::Millis).unwrap(), instant.to_rfc3339_opts(SecondsFormat::Millis, true));
            prop_assert_eq!(text(micros, TimestampStyle::Seconds).unwrap(), instant.to_rfc3339_opts(SecondsFormat::Secs, true));
        }

        #[test]
        fn dates_agree_with_chrono(days in -730_119_i32..2_921_940) {
            let expected = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Duration::days(days.into());
            prop_assert_eq!(date(days), expected.to_string());
        }
    }
}
