//! `[[drill]]`: which archives are put back by themselves to prove that one could, and when.

use orgvault_api::Sample;

use super::{ScheduleConfig, SourceConfig, schedule, values::patterns};
use crate::checked_toml::{Table, Unique, Value, closest};

/// One drill of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillConfig {
    /// Its name, its calendar and its organizations, as a schedule has them. What is missed is caught up with once.
    pub when: ScheduleConfig,
    /// Which part of the organizations each day takes.
    pub sample: Sample,
    /// The source whose rows of now are compared too.
    pub against: Option<String>,
}

/// Reads one, with the defaults in place of what is wrong.
pub(super) fn read(table: &Table<'_>, names: &mut Unique, known: &[SourceConfig]) -> Option<DrillConfig> {
    let when = schedule::when(table, names)?;
    Some(DrillConfig {
        sample: table.or("sample", Sample::ALL, sample),
        against: table.optional("against", |value| against(value, known)),
        when: ScheduleConfig {
            organizations: table.or("organizations", when.organizations, patterns),
            exclude: table.or("exclude", when.exclude, patterns),
            enabled: table.or("enabled", when.enabled, Value::boolean),
            ..when
        },
    })
}

fn sample(value: &Value<'_>) -> Option<Sample> {
    match value.text_as("1/7")?.parse() {
        Ok(sample) => Some(sample),
        Err(error) => value.refuse(format!("{error}"), "write \"1/7\": then seven days take all"),
    }
}

fn against(value: &Value<'_>, known: &[SourceConfig]) -> Option<String> {
    let name = value.some_text()?;
    let names = || known.iter().map(|source| source.name.as_str());
    if names().any(|known| known == name) {
        return Some(name);
    }
    let near = closest(&name, names()).map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
    let fix = format!("{near}known: {}", names().collect::<Vec<_>>().join(", "));
    value.refuse(format!("there is no source {name:?}"), fix)
}
