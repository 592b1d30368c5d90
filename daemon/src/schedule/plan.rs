//! What a run exports: pure.

use std::time::Duration;

use chrono::TimeDelta;
use orgvault_api::{Format, OrganizationKey, Warning};
use sha2::{Digest, Sha256};

use crate::product::Definition;

/// How long after its run an organization starts: always the same, so that its archives are a day
/// apart, and the organizations do not start together.
pub(super) fn delay(organization: &OrganizationKey, jitter: Duration) -> TimeDelta {
    let hash = Sha256::new().chain_update(&organization.source).chain_update([0]).chain_update(&organization.id);
    let number = hash.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let millis = u64::try_from(jitter.as_millis()).unwrap_or(u64::MAX);
    let millis = number.checked_rem(millis).and_then(|millis| i64::try_from(millis).ok());
    TimeDelta::milliseconds(millis.unwrap_or(0))
}

/// The archives of one organization, each a format and for `csv` its entity. A format that its kind
/// does not have is left out.
pub(super) fn archives(formats: &[Format], definition: &Definition, kind: &str) -> Vec<(Format, Option<String>)> {
    let default = [definition.default_of(kind)];
    let mut asked = if formats.is_empty() { default.to_vec() } else { formats.to_vec() };
    asked.sort_unstable();
    asked.dedup();
    asked.retain(|format| definition.offers(kind, *format));
    let archives_of = |format| definition.archives_of(format).into_iter().map(move |entity| (format, entity));
    asked.into_iter().flat_map(archives_of).map(|(format, entity)| (format, entity.map(str::to_owned))).collect()
}

/// The formats that the product does not have.
pub(super) fn missing(formats: &[Format], definition: &Definition) -> Vec<Format> {
    let mut missing: Vec<Format> =
        formats.iter().copied().filter(|format| !definition.formats.contains(format)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Says that a product does not have some of a schedule's formats.
pub(super) fn not_offered(source: &str, definition: &Definition, missing: &[Format]) -> Option<Warning> {
    (!missing.is_empty()).then(|| Warning {
        code: "not_offered".to_owned(),
        message: format!(
            "source {source} is not exported as {}, because its product {} is not offered so",
            Format::join(missing, ", "),
            definition.name
        ),
        ids: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use orgvault_config::ScheduleConfig;
    use orgvault_config::calendar::Calendar;

    use super::*;
    use crate::product::Products;
    use crate::source::Listed;
    use orgvault_config::patterns::Patterns;

    fn listed(slug: &str) -> Listed {
        let [source, kind, id, name] = ["tracker", "organization", &format!("id-{slug}"), "Acme"].map(str::to_owned);
        let key = OrganizationKey { source, kind, id, name, slug: slug.to_owned() };
        Listed::known(key)
    }

    fn schedule(organizations: &[&str], exclude: &[&str]) -> ScheduleConfig {
        let patterns = |texts: &[&str]| Patterns::new(texts.iter().map(ToString::to_string).collect()).unwrap();
        let calendar = Calendar::new("@daily", chrono_tz::Tz::UTC).unwrap();
        let schedule = ScheduleConfig::new("nightly".to_owned(), calendar);
        ScheduleConfig { organizations: patterns(organizations), exclude: patterns(exclude), ..schedule }
    }

    #[test]
    fn organizations_are_taken_by_any_of_their_names_unless_they_are_excluded() {
        for (organizations, exclude, taken) in [
            (&["*"][..], &[][..], [true, true]),
            (&["acme"], &[], [true, false]),
            (&["tracker/a*"], &[], [true, false]),
            (&["tracker/organization/*"], &["id-acme"], [false, true]),
            (&["other/*"], &[], [false, false]),
            (&[], &[], [false, false]),
        ] {
            let schedule = schedule(organizations, exclude);
            assert_eq!(["acme", "globex"].map(|slug| listed(slug).is_taken_by(&schedule)), taken, "{organizations:?}");
        }
        let all = schedule(&["*"], &[]);
        assert!(!Listed { deleted_at: Some(DateTime::UNIX_EPOCH), ..listed("acme") }.is_taken_by(&all));
        assert!(!Listed { in_all: false, ..listed("acme") }.is_taken_by(&all));
        let elsewhere = ScheduleConfig { sources: Patterns::new(vec!["time".to_owned()]).unwrap(), ..all };
        assert!(!listed("acme").is_taken_by(&elsewhere));
    }

    #[test]
    fn an_organizations_delay_is_always_the_same_and_they_are_spread() {
        let hour = Duration::from_hours(1);
        let delays: Vec<TimeDelta> = (0..1000).map(|number| delay(&listed(&number.to_string()).key, hour)).collect();
        assert_eq!(delays[7], delay(&listed("7").key, hour));
        for quarter in 0..4 {
            let within = |delay: &&TimeDelta| delay.num_minutes() / 15 == quarter;
            assert!((200..300).contains(&delays.iter().filter(within).count()), "{delays:?}");
        }
        assert_eq!(delay(&listed("acme").key, hour).num_milliseconds(), 833_118, "the same in each version");
        assert_eq!(delay(&listed("acme").key, Duration::ZERO), TimeDelta::zero());
    }

    #[test]
    fn formats_that_a_product_does_not_have_are_left_out_and_said() {
        let products = Products::embedded().unwrap();
        let rytask = products.get("rytask").unwrap();
        let asked = [Format::Seed, Format::Json, Format::Csv, Format::Json];
        let (found, missing) = (archives(&asked, rytask, "organization"), missing(&asked, rytask));
        assert_eq!(found[0], (Format::Json, None));
        assert!(found[1..].iter().all(|(format, entity)| *format == Format::Csv && entity.is_some()));
        assert_eq!((found.len(), missing.as_slice()), (3, &[Format::Seed][..]));
        assert!(not_offered("tracker", rytask, &missing).unwrap().message.contains("seed"));
        assert_eq!(archives(&[], rytask, "organization"), [(Format::Json, None)]);
    }

    #[test]
    fn a_format_that_a_kind_does_not_have_is_left_out_there() {
        let products = Products::embedded().unwrap();
        let trueppm = products.get("trueppm").unwrap();
        let both = [Format::Seed, Format::SeedEvents];
        assert_eq!(missing(&both, trueppm), []);
        assert_eq!(archives(&both, trueppm, "program"), [(Format::Seed, None), (Format::SeedEvents, None)]);
        assert_eq!(archives(&both, trueppm, "project"), [(Format::Seed, None)]);
        assert_eq!(archives(&[Format::SeedEvents], trueppm, "project"), []);
        assert_eq!(archives(&[], trueppm, "project"), [(Format::Seed, None)]);
    }
}
