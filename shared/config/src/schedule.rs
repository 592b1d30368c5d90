//! `[[schedule]]`: what is exported by itself, and when.

use std::time::Duration;

use chrono_tz::Tz;

use super::{
    Retention, SourceConfig, retention,
    values::{duration, name, patterns},
};
use crate::{
    calendar::{Calendar, Window},
    checked_toml::{Table, Unique, Value, closest},
    patterns::Patterns,
};
use orgvault_api::{Format, OrganizationKey};

const MAX_PARALLEL: i64 = 64;
const MAX_RETRIES: i64 = 20;

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleConfig {
    /// Its name: `[a-z0-9-]`, at most 40.
    pub name: String,
    /// When it is due.
    pub calendar: Calendar,
    /// The sources by name.
    pub sources: Patterns,
    /// The organizations: slugs, ids, `source/slug`, `source/kind/slug`.
    pub organizations: Patterns,
    /// Organizations that are left out, written in the same way.
    pub exclude: Patterns,
    /// The formats; empty means each product's default.
    pub formats: Vec<Format>,
    /// Whether archives are compressed with gzip.
    pub gzip: bool,
    /// Over how long the organizations' starts are spread.
    pub jitter: Duration,
    /// Organizations that are exported at the same time; none means as many as there are workers.
    pub max_parallel: Option<usize>,
    /// No export starts outside of these hours of the schedule's zone; none is always.
    pub window: Option<Window>,
    /// What happens when it was due while nobody could start it.
    pub missed: Missed,
    /// How often an export is tried again when that may help.
    pub retries: u32,
    /// Whether it starts by itself.
    pub enabled: bool,
    /// `[schedule.retention]`: instead of that of the source.
    pub retention: Option<Retention>,
}

/// What happens when a schedule was due while the daemon was off, the machine asleep, or its
/// window closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It is caught up with once.
    Once,
    /// It is passed over.
    Skip,
}

impl ScheduleConfig {
    /// A schedule with the defaults in all but its name and calendar.
    #[must_use]
    pub fn new(name: String, calendar: Calendar) -> Self {
        Self {
            name,
            calendar,
            sources: Patterns::all(),
            organizations: Patterns::all(),
            exclude: Patterns::default(),
            formats: Vec::new(),
            gzip: false,
            jitter: Duration::ZERO,
            max_parallel: None,
            window: None,
            missed: Missed::Once,
            retries: 5,
            enabled: true,
            retention: None,
        }
    }

    /// Whether it names the organization, and does not leave it out.
    #[must_use]
    pub fn covers(&self, organization: &OrganizationKey) -> bool {
        self.sources.matches(&organization.source)
            && self.organizations.name(organization)
            && !self.exclude.name(organization)
    }
}

/// Reads one, with the defaults in place of what is wrong.
pub(super) fn read(
    table: &Table<'_>,
    names: &mut Unique,
    known: &[SourceConfig],
    rules: &Retention,
) -> Option<ScheduleConfig> {
    let default = when(table, names)?;
    Some(ScheduleConfig {
        sources: table.or("sources", default.sources, |value| sources(value, known)),
        organizations: table.or("organizations", default.organizations, patterns),
        exclude: table.or("exclude", default.exclude, patterns),
        formats: table.or("formats", default.formats, |value| value.each(format)),
        gzip: table.or("gzip", default.gzip, Value::boolean),
        jitter: table.or("jitter", default.jitter, duration),
        max_parallel: table.optional("max_parallel", |value| value.integer(1..=MAX_PARALLEL)),
        window: table.optional("window", window),
        missed: table
            .or("missed", default.missed, |value| value.one_of(&[("once", Missed::Once), ("skip", Missed::Skip)])),
        retries: table.or("retries", default.retries, |value| value.integer(0..=MAX_RETRIES)),
        enabled: table.or("enabled", default.enabled, Value::boolean),
        retention: retention::own(table, rules),
        ..default
    })
}

/// Reads the name and the calendar; all else is as by default.
pub(super) fn when(table: &Table<'_>, names: &mut Unique) -> Option<ScheduleConfig> {
    let name = table.required("name", |value| names.check(value, name(value)?));
    let zone = table.or("timezone", Tz::UTC, zone);
    let calendar = table.required("cron", |value| calendar(value, zone));
    // What is missing was noted: the other keys are looked at all the same.
    let calendar = calendar.or_else(|| Calendar::new("@daily", zone).ok())?;
    Some(ScheduleConfig::new(name.unwrap_or_default(), calendar))
}

fn zone(value: &Value<'_>) -> Option<Tz> {
    let text = value.text_as("Europe/Berlin")?;
    match text.parse() {
        Ok(zone) => Some(zone),
        Err(_unknown) => {
            let near = closest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            let near = near.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
            value.refuse(
                format!("there is no time zone {text:?}"),
                format!("{near}write a name such as \"Europe/Berlin\" or \"UTC\""),
            )
        }
    }
}

fn calendar(value: &Value<'_>, zone: Tz) -> Option<Calendar> {
    match Calendar::new(value.text_as("0 2 * * *")?, zone) {
        Ok(calendar) => Some(calendar),
        Err(error) => value.refuse(error.to_string(), "such as \"0 2 * * *\" (each day at 02:00) or \"@hourly\""),
    }
}

fn window(value: &Value<'_>) -> Option<Window> {
    match value.text_as("22:00-06:00")?.parse::<Window>() {
        Ok(window) => Some(window),
        Err(error) => value.refuse(error.to_string(), "write when it opens and when it closes"),
    }
}

fn format(value: &Value<'_>) -> Option<Format> {
    value.one_of(&Format::ALL.map(|format| (format.name(), format)))
}

/// A name without wildcards must be one of the configuration's.
fn sources(value: &Value<'_>, known: &[SourceConfig]) -> Option<Patterns> {
    let sources = patterns(value)?;
    let names = || known.iter().map(|source| source.name.as_str());
    for pattern in sources.plain() {
        if !names().any(|name| name == pattern) {
            let near = closest(pattern, names()).map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
            let fix = format!("{near}known: {}", names().collect::<Vec<_>>().join(", "));
            return value.refuse(format!("there is no source {pattern:?}"), fix);
        }
    }
    Some(sources)
}
