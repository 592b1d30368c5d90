//! When a schedule is due: a cron expression read in a time zone, and the hours in which it may
//! start something.

mod rule;

use std::str::FromStr;

use chrono::{MappedLocalTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use croner::errors::CronError;
use orgvault_api::clock::Timestamp;

use self::rule::Rule;

/// No zone ever skipped more than a day at once (Pacific/Apia had no 30 December 2011).
const LONGEST_GAP: i64 = 48 * 60;

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    text: String,
    rule: Rule,
    zone: Tz,
}

/// Two of the same text and zone are the same.
impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.zone) == (&other.text, other.zone)
    }
}

impl Eq for Calendar {}

/// The text is no cron expression, or one that is never due.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// It is none.
    #[error("{text:?} is no cron expression: {cause}")]
    Form {
        /// The text.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: CronError,
    },
    /// A step leads out of its field, and so means nothing.
    #[error("{text:?} steps by {step}, and there are only {size} {field}: it would be due at the first of them alone")]
    Step {
        /// The text.
        text: String,
        /// The step.
        step: u32,
        /// How many values the field has.
        size: u32,
        /// What they are.
        field: &'static str,
    },
    /// There is no such day (31 February).
    #[error("{text:?} is never due")]
    Never {
        /// The text.
        text: String,
    },
}

impl Calendar {
    /// Reads five fields (minute, hour, day of month, month, day of week), six with seconds in
    /// front, or a word such as `@daily`.
    ///
    /// # Errors
    /// When the text is none, or no day fits it.
    pub fn new(text: &str, zone: Tz) -> Result<Self, CalendarError> {
        let rule = Rule::new(text).map_err(|cause| CalendarError::Form { text: text.to_owned(), cause })?;
        if let Some((step, size, field)) = wide_step(text) {
            return Err(CalendarError::Step { text: text.to_owned(), step, size, field });
        }
        let calendar = Self { text: text.to_owned(), rule, zone };
        match calendar.next(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(calendar),
            None => Err(CalendarError::Never { text: text.to_owned() }),
        }
    }

    /// The expression, as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The time zone that it is read in.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first instant after `after` at which it is due. A time of day that the zone skips is
    /// due at the next one that exists, and one that exists twice is due once, the first time.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut wall = after.with_timezone(&self.zone).naive_local();
        loop {
            wall = self.rule.next(wall)?;
            let instant = self.instant(wall)?;
            // In a repeated hour the wall clock's times ahead may have been already.
            if instant > after {
                return Some(instant);
            }
        }
    }

    /// The first instant at which the zone's wall clock shows `wall` or later.
    fn instant(&self, wall: NaiveDateTime) -> Option<Timestamp> {
        let first = |wall: &NaiveDateTime| match self.zone.from_local_datetime(wall) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at.to_utc()),
            MappedLocalTime::None => None,
        };
        first(&wall).or_else(|| {
            let minute = wall.with_second(0)?.with_nanosecond(0)?;
            (1..=LONGEST_GAP).find_map(|minutes| first(&(minute + TimeDelta::minutes(minutes))))
        })
    }
}

/// What the fields of an expression count, and how many there are.
const FIELDS: [(u32, &str); 6] =
    [(60, "seconds"), (60, "minutes"), (24, "hours"), (31, "days"), (12, "months"), (7, "weekdays")];

/// The first step of an expression that is larger than its field: `*/90` in the minutes does not
/// mean every ninety minutes, but every hour.
fn wide_step(text: &str) -> Option<(u32, u32, &'static str)> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let known = FIELDS.get(FIELDS.len().checked_sub(fields.len())?..)?;
    fields.iter().zip(known).find_map(|(text, &(size, field))| {
        let steps = text.split(',').filter_map(|part| part.split_once('/')?.1.parse().ok());
        steps.filter(|step| *step > size).map(|step| (step, size, field)).next()
    })
}

/// Hours of the day, `22:00-06:00`: from the first to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: NaiveTime,
    to: NaiveTime,
}

/// The text is no window.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no window: expected two different times of day as in \"22:00-06:00\"")]
pub struct InvalidWindow(String);

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let times = text.split_once('-').and_then(|(from, to)| time(from).zip(time(to)));
        match times {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(InvalidWindow(text.to_owned())),
        }
    }
}

impl Window {
    /// Whether the wall clock of `zone` is within it at `at`.
    #[must_use]
    pub fn contains(self, at: Timestamp, zone: Tz) -> bool {
        let time = at.with_timezone(&zone).time();
        let (begun, over) = (time >= self.from, time >= self.to);
        if self.from < self.to { begun && !over } else { begun || !over }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn calendar(cron: &str, zone: &str) -> Calendar {
        Calendar::new(cron, zone.parse().unwrap()).unwrap()
    }

    /// The next instants, as the zone's clock shows them.
    fn due(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let calendar = calendar(cron, zone);
        let next = |at: &Timestamp| calendar.next(*at);
        let all = std::iter::successors(calendar.next(at(after)), next);
        all.take(count).map(|at| at.with_timezone(&calendar.zone()).format("%m-%d %H:%M:%S %:z").to_string()).collect()
    }

    #[test]
    fn a_time_that_is_skipped_is_due_when_the_clock_goes_on_and_one_that_is_repeated_once() {
        // Each zone: the night in which the clock goes forward, then the one in which it goes back.
        for (cron, zone, after, expected) in [
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["03-29 03:00:00 +02:00", "03-30 02:30:00 +02:00"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["10-25 02:30:00 +02:00", "10-26 02:30:00 +01:00"]),
            (
                "30 2 * * *",
                "America/New_York",
                "2026-03-07T12:00:00Z",
                ["03-08 03:00:00 -04:00", "03-09 02:30:00 -04:00"],
            ),
            (
                "30 1 * * *",
                "America/New_York",
                "2026-10-31T12:00:00Z",
                ["11-01 01:30:00 -04:00", "11-02 01:30:00 -05:00"],
            ),
            // Lord Howe moves by half an hour.
            (
                "15 2 * * *",
                "Australia/Lord_Howe",
                "2026-10-03T03:00:00Z",
                ["10-04 02:30:00 +11:00", "10-05 02:15:00 +11:00"],
            ),
            (
                "45 1 * * *",
                "Australia/Lord_Howe",
                "2026-04-04T03:00:00Z",
                ["04-05 01:45:00 +11:00", "04-06 01:45:00 +10:30"],
            ),
            // Samoa had no 30 December 2011.
            ("0 2 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", ["12-31 00:00:00 +14:00", "12-30 02:00:00 +14:00"]),
        ] {
            assert_eq!(due(cron, zone, after, 2), expected, "{cron} in {zone}");
        }
    }

    #[test]
    fn several_times_in_a_skipped_hour_are_due_once_and_a_repeated_hour_is_not_gone_through_again() {
        assert_eq!(
            due("0,20,40 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["03-29 03:00:00 +02:00", "03-30 02:00:00 +02:00"]
        );
        assert_eq!(
            due("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3),
            ["10-25 02:00:00 +02:00", "10-25 03:00:00 +01:00", "10-25 04:00:00 +01:00"]
        );
        // Asked in the middle of the second half.
        assert_eq!(due("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1), ["10-26 02:30:00 +01:00"]);
    }

    #[test]
    fn words_seconds_and_leap_days() {
        assert_eq!(due("@daily", "UTC", "2026-01-01T00:00:00Z", 1), ["01-02 00:00:00 +00:00"]);
        assert_eq!(
            due("*/20 0 2 * * *", "UTC", "2026-01-01T02:00:20Z", 2),
            ["01-01 02:00:40 +00:00", "01-02 02:00:00 +00:00"]
        );
        let leap = calendar("0 2 29 2 *", "UTC");
        assert_eq!(leap.next(at("2026-01-01T00:00:00Z")), Some(at("2028-02-29T02:00:00Z")));
        assert_eq!(leap.next(at("2096-03-01T00:00:00Z")), Some(at("2104-02-29T02:00:00Z")));
        assert_eq!(due("0 2 * * SUN", "UTC", "2026-11-21T00:00:00Z", 1), ["11-22 02:00:00 +00:00"]);
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        for text in ["", "hourly", "60 * * * *", "* * * *", "0 2 * * * * 2027", "@reboot", "0 2 * * MOO"] {
            assert!(matches!(Calendar::new(text, Tz::UTC), Err(CalendarError::Form { .. })), "{text:?}");
        }
        assert!(matches!(Calendar::new("0 2 31 2 *", Tz::UTC), Err(CalendarError::Never { .. })));
    }

    #[test]
    fn a_step_that_leads_out_of_its_field_is_refused() {
        for (text, said) in [
            ("*/90 * * * *", "steps by 90, and there are only 60 minutes"),
            ("0 0-20/36 * * *", "steps by 36, and there are only 24 hours"),
            ("0 2 1,*/45 * *", "steps by 45, and there are only 31 days"),
            ("*/90 0 2 * * *", "steps by 90, and there are only 60 seconds"),
            ("0 2 1 */18 *", "steps by 18, and there are only 12 months"),
        ] {
            let error = Calendar::new(text, Tz::UTC).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        for text in ["*/60 * * * *", "*/30 * * * *", "0 */24 * * *", "0 0 */2 * * *", "@hourly"] {
            assert!(Calendar::new(text, Tz::UTC).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_window_may_lie_over_midnight() {
        let inside = |window: &str, time: &str| {
            let at = at(&format!("2026-07-01T{time}:00Z"));
            window.parse::<Window>().unwrap().contains(at, "Europe/Berlin".parse().unwrap())
        };
        // Berlin is two hours ahead.
        let night = ["19:59", "20:00", "03:59", "04:00"].map(|time| inside("22:00-06:00", time));
        assert_eq!(night, [false, true, true, false]);
        let day = ["05:59", "06:00", "15:59", "16:00"].map(|time| inside("08:00 - 18:00", time));
        assert_eq!(day, [false, true, true, false]);
        for text in ["", "22:00", "22:00-22:00", "22-6", "24:00-06:00"] {
            assert!(text.parse::<Window>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_next_time_is_always_after_now(
            minute in 0..60_u32, hour in 0..24_u32, day in prop_oneof![Just("*".to_owned()), (1..29_u32).prop_map(|day| day.to_string())],
            zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]), now in 0..4_000_000_000_i64,
        ) {
            let calendar = Calendar::new(&format!("{minute} {hour} {day} * *"), zone).unwrap();
            let now = chrono::DateTime::from_timestamp(now, 0).unwrap();
            let next = calendar.next(now).unwrap();
            prop_assert!(next > now);
            prop_assert!(next - now <= TimeDelta::days(33), "{next}");
            // Nothing is due in between, whatever instant is asked from.
            prop_assert_eq!(calendar.next(now + (next - now) / 2).unwrap(), next);
            prop_assert_eq!(calendar.next(next - TimeDelta::nanoseconds(1)).unwrap(), next);
        }
    }
}
