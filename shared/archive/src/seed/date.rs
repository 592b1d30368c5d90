//! Dates of a seed: a day of the calendar, or days from the document's anchor (v2).

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

/// The text is no date of a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no date: expected YYYY-MM-DD or, in version 2.0, A+n or A-n with at most four digits")]
pub struct BadDate;

/// A day of the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(NaiveDate);

impl Day {
    /// 1970-01-01.
    pub const EPOCH: Self = Self(NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day of the calendar"));

    /// The day, where its year has four digits.
    #[must_use]
    pub fn new(date: NaiveDate) -> Option<Self> {
        (1..=9999).contains(&date.year()).then_some(Self(date))
    }

    /// Days from `anchor` to this day.
    #[must_use]
    pub fn days_from(self, anchor: Self) -> i64 {
        self.0.signed_duration_since(anchor.0).num_days()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for Day {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bytes: &[u8; 10] = text.as_bytes().try_into().map_err(|_length| BadDate)?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else { return Err(BadDate) };
        let year = i32::try_from(number(&[y1, y2, y3, y4])?).map_err(|_range| BadDate)?;
        let date = NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?).ok_or(BadDate)?;
        Self::new(date).ok_or(BadDate)
    }
}

fn number(digits: &[u8]) -> Result<u32, BadDate> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + u32::from(digit - b'0')),
        _ => Err(BadDate),
    })
}

/// A date of a block: `2026-01-05`, or in v2 `A-120!` (exactly) and `A+15` (the next working
/// day).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Date {
    /// A day of the calendar.
    Day(Day),
    /// Days from the anchor, -9999 to 9999.
    Offset {
        /// How many.
        days: i16,
        /// Whether a day that is not worked on stays (`!`).
        exact: bool,
    },
}

impl Date {
    /// How many days an offset can hold.
    pub const MAX_OFFSET: i64 = 9999;

    /// `day` as TruePPM writes it in v2: an exact offset from `anchor`, or the day itself where
    /// it is too far off.
    #[must_use]
    pub fn relative(day: Day, anchor: Day) -> Self {
        match short_offset(day, anchor) {
            Some(days) => Self::Offset { days, exact: true },
            None => Self::Day(day),
        }
    }

    /// Whether only version 2.0 knows it.
    #[must_use]
    pub fn is_offset(self) -> bool {
        matches!(self, Self::Offset { .. })
    }
}

fn short_offset(day: Day, anchor: Day) -> Option<i16> {
    let days = day.days_from(anchor);
    if days.abs() <= Date::MAX_OFFSET { i16::try_from(days).ok() } else { None }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Offset { days, exact } => write!(f, "A{days:+}{}", if *exact { "!" } else { "" }),
        }
    }
}

impl FromStr for Date {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        if !text.starts_with('A') {
            return text.parse().map(Self::Day);
        }
        let (offset, exact) = match text.strip_suffix('!') {
            Some(offset) => (offset, true),
            None => (text, false),
        };
        Ok(Self::Offset { days: offset_days(offset)?, exact })
    }
}

/// Reads `A+15`.
fn offset_days(text: &str) -> Result<i16, BadDate> {
    let (sign, digits) = match text.as_bytes() {
        [b'A', b'+', digits @ ..] => (1, digits),
        [b'A', b'-', digits @ ..] => (-1, digits),
        _ => return Err(BadDate),
    };
    if digits.is_empty() || digits.len() > 4 {
        return Err(BadDate);
    }
    i16::try_from(number(digits)?).map(|days| sign * days).map_err(|_range| BadDate)
}

/// When an event happened, in UTC: `A-87T14:10`, `2026-01-05T14:10`, or only the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The day; an offset is never `exact`.
    pub day: Date,
    /// Hour and minute.
    pub time: Option<(u8, u8)>,
    /// Whether `:00` follows: TruePPM writes that where the day is no offset, and its own schema
    /// refuses it.
    pub seconds: bool,
}

impl Moment {
    /// A moment as TruePPM writes it: the day from `anchor`, or far from it the day itself with
    /// seconds.
    #[must_use]
    pub fn relative(day: Day, hour: u8, minute: u8, anchor: Day) -> Self {
        match short_offset(day, anchor) {
            Some(days) => Self { day: Date::Offset { days, exact: false }, time: Some((hour, minute)), seconds: false },
            None => Self { day: Date::Day(day), time: Some((hour, minute)), seconds: true },
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.day.fmt(f)?;
        if let Some((hour, minute)) = self.time {
            write!(f, "T{hour:02}:{minute:02}{}", if self.seconds { ":00" } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for Moment {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let day: Date = day.parse()?;
        let Some(time) = time else { return plain_moment(day) };
        let (time, seconds) = match time.strip_suffix(":00") {
            Some(time) if time.len() == 5 => (time, true),
            _ => (time, false),
        };
        let [h1, h2, b':', m1, m2] = *time.as_bytes() else { return Err(BadDate) };
        let (hour, minute) = (clock_digits([h1, h2], 24)?, clock_digits([m1, m2], 60)?);
        if seconds && day.is_offset() {
            return Err(BadDate);
        }
        Ok(Self { time: Some((hour, minute)), seconds, ..plain_moment(day)? })
    }
}

fn plain_moment(day: Date) -> Result<Moment, BadDate> {
    match day {
        Date::Offset { exact: true, .. } => Err(BadDate),
        day => Ok(Moment { day, time: None, seconds: false }),
    }
}

fn clock_digits(digits: [u8; 2], limit: u8) -> Result<u8, BadDate> {
    let value = u8::try_from(number(&digits)?).map_err(|_range| BadDate)?;
    if value < limit { Ok(value) } else { Err(BadDate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_every_form() {
        for text in ["2026-01-05", "0001-01-01", "9999-12-31", "A+0!", "A-120!", "A+9999", "A-9999!"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in ["A-87T14:10", "A+0T00:00", "2026-01-05T23:59", "2054-01-05T23:59:00", "A-87", "2026-01-05"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        assert_eq!("A-007!".parse::<Date>().unwrap().to_string(), "A-7!");
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in
            ["", "2026-13-01", "2026-02-30", "0000-01-01", "20260105", "A", "A5", "A+", "A+10000", "A+1!!", "A+x"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in ["A+1!", "A+1T24:00", "A+1T10:60", "A+1T10:00:00", "2026-01-05T1:00", "2026-01-05T10:00:01"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn far_days_are_written_in_full() {
        let anchor: Day = "2026-01-05".parse().unwrap();
        let near: Day = "2053-05-22".parse().unwrap();
        assert_eq!(near.days_from(anchor), 9999);
        assert_eq!(Date::relative(near, anchor).to_string(), "A+9999!");
        let far: Day = "2053-05-23".parse().unwrap();
        assert_eq!(Date::relative(far, anchor).to_string(), "2053-05-23");
        assert_eq!(Moment::relative(far, 7, 5, anchor).to_string(), "2053-05-23T07:05:00");
        assert_eq!(Moment::relative(anchor, 7, 5, anchor).to_string(), "A+0T07:05");
    }
}
