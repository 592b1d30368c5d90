//! A cron expression. The crate that reads it is the one that the scheduler brings along, which
//! knows neither the last weekday of a month (`LW`) nor the last Sunday as `7L`, and takes `5/15`
//! for a step: those three are settled here.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};

/// What is due at the wall clock's times that one of its patterns fits.
#[derive(Debug, Clone)]
pub(super) struct Rule(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    cron: Cron,
    /// Whether only the last weekday of a month counts.
    last_weekday: bool,
}

impl Rule {
    /// Reads five fields, six with seconds in front, or a word such as `@daily`.
    ///
    /// # Errors
    /// When the text is none of them.
    pub(super) fn new(text: &str) -> Result<Self, CronError> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let read = |text: &str, last_weekday| Ok(Pattern { cron: parser.parse(text)?, last_weekday });
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [before @ .., days, month, weekday] = fields.as_slice() else {
            return Ok(Self(vec![read(text, false)?]));
        };
        if let Some(step) = fields.iter().flat_map(|field| field.split(',')).find(|part| is_open_step(part)) {
            let said = format!("{step} steps without saying where to: write */N or FROM-TO/N");
            return Err(CronError::ComponentError(said));
        }
        let weekday = weekday.split(',').map(sunday_is_zero).collect::<Vec<_>>().join(",");
        let with = |days: &str, weekday: &str| [&before.join(" "), days, *month, weekday].join(" ");
        let (last, others): (Vec<&str>, Vec<&str>) = days.split(',').partition(|part| part.eq_ignore_ascii_case("LW"));
        if last.is_empty() {
            return Ok(Self(vec![read(&with(days, &weekday), false)?]));
        }
        // Of days and weekdays that are both named either is enough, and both are wanted with `+`.
        let both = weekday.starts_with('+');
        let mut patterns = vec![read(&with("26-31", if both { &weekday } else { "*" }), true)?];
        if !others.is_empty() {
            patterns.push(read(&with(&others.join(","), &weekday), false)?);
        } else if !both && !["*", "?"].contains(&weekday.as_str()) {
            patterns.push(read(&with("*", &weekday), false)?);
        }
        Ok(Self(patterns))
    }

    /// The first time after `wall` that fits.
    pub(super) fn next(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        self.0.iter().filter_map(|pattern| pattern.next(wall)).min()
    }
}

impl Pattern {
    fn next(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        // It adds a second to what it is given, whatever the fraction.
        let mut wall = wall.with_nanosecond(0)?;
        loop {
            wall = self.cron.find_next_occurrence(&wall.and_utc(), false).ok()?.naive_utc();
            if !self.last_weekday || is_last_weekday(wall.date()) {
                return Some(wall);
            }
            wall = wall.date().and_time(NaiveTime::from_hms_opt(23, 59, 59)?);
        }
    }
}

/// `5/15`, `/15`
fn is_open_step(part: &str) -> bool {
    part.split_once('/').is_some_and(|(range, _step)| !["*", "?"].contains(&range) && !range.contains('-'))
}

fn sunday_is_zero(part: &str) -> String {
    let (plus, day) = part.strip_prefix('+').map_or(("", part), |day| ("+", day));
    match day.strip_prefix('7') {
        Some(last) if ["L", "#L"].iter().any(|it| it.eq_ignore_ascii_case(last)) => format!("{plus}0{last}"),
        _ => part.to_owned(),
    }
}

fn is_last_weekday(date: NaiveDate) -> bool {
    let ahead = match date.weekday() {
        Weekday::Sat | Weekday::Sun => return false,
        Weekday::Fri => 3,
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu => 1,
    };
    date.checked_add_days(Days::new(ahead)).is_none_or(|next| next.month() != date.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(text: &str, after: &str, count: usize) -> Vec<String> {
        let rule = Rule::new(text).unwrap();
        let after = format!("{after}T12:00:00").parse().unwrap();
        let all = std::iter::successors(rule.next(after), |at| rule.next(*at));
        all.take(count).map(|at| at.format("%a %m-%d %H:%M:%S").to_string()).collect()
    }

    #[test]
    fn the_last_weekday_of_a_month() {
        // January 2026 ends on a Saturday, February on a Saturday, March on a Tuesday, May on a Sunday.
        let weekdays = ["Fri 01-30 02:00:00", "Fri 02-27 02:00:00", "Tue 03-31 02:00:00"];
        assert_eq!(due("0 2 LW * *", "2026-01-01", 3), weekdays);
        assert_eq!(due("0 0 2 lw * ?", "2026-01-01", 3), weekdays);
        assert_eq!(due("0 2 LW * *", "2026-05-01", 1), ["Fri 05-29 02:00:00"]);
        // With other days, with weekdays, and with weekdays that it has to be.
        let more = ["Thu 01-15 02:00:00", "Fri 01-30 02:00:00", "Sun 02-15 02:00:00"];
        assert_eq!(due("0 2 15,LW * *", "2026-01-01", 3), more);
        let mondays = ["Mon 01-26 02:00:00", "Fri 01-30 02:00:00", "Mon 02-02 02:00:00"];
        assert_eq!(due("0 2 LW * MON", "2026-01-20", 3), mondays);
        assert_eq!(due("0 2 LW * +TUE", "2026-01-01", 1), ["Tue 03-31 02:00:00"]);
        // Each second of the day, and of no day before.
        assert_eq!(due("* * * LW 5 *", "2026-01-01", 2), ["Fri 05-29 00:00:00", "Fri 05-29 00:00:01"]);
    }

    #[test]
    fn the_last_sunday_of_a_month() {
        for weekday in ["7L", "7#L", "0L", "SUNL", "+7l"] {
            assert_eq!(due(&format!("0 2 * * {weekday}"), "2026-01-01", 1), ["Sun 01-25 02:00:00"], "{weekday}");
        }
        assert_eq!(due("0 2 * * 6,7L", "2026-01-24", 2), ["Sun 01-25 02:00:00", "Sat 01-31 02:00:00"]);
    }

    #[test]
    fn a_step_says_where_to() {
        for text in ["5/15 * * * *", "/15 * * * *", "0 2 * * MON/2", "1,5/15 * * * *", "0 0 2 1/5 * *"] {
            let error = Rule::new(text).unwrap_err().to_string();
            assert!(error.contains("steps without saying where to"), "{text}: {error}");
        }
        assert_eq!(due("5-59/15 * * * *", "2026-01-01", 1), ["Thu 01-01 12:05:00"]);
    }
}
