//! Which archives a product has, and which sections each of them holds: the one place that is asked.

use std::sync::Arc;

use orgvault_api::Format;

use super::{Definition, OrganizationQuery, Section};

impl Section {
    /// Whether archives of this format may hold it, by its `formats` alone.
    #[must_use]
    pub fn is_for(&self, format: Format) -> bool {
        self.formats.is_empty() || self.formats.contains(&format)
    }

    /// Whether an archive of this format holds it: `csv` and `zip` need a name for it.
    #[must_use]
    pub fn is_in(&self, format: Format) -> bool {
        self.is_for(format)
            && match format {
                Format::Csv => self.entity.is_some(),
                Format::Zip => self.member.is_some(),
                Format::Json | Format::Seed | Format::SeedEvents => true,
                Format::Full | Format::Tar => false,
            }
    }
}

impl OrganizationQuery {
    /// Whether `--all` and schedules take organizations of this kind.
    #[must_use]
    pub fn is_taken(&self, kind: &str) -> bool {
        self.default_kinds.is_empty() || self.default_kinds.iter().any(|taken| taken == kind)
    }
}

impl Definition {
    /// The formats it can be written in, the default one first.
    #[must_use]
    pub fn offered(&self) -> Vec<Format> {
        let others = self.formats.iter().filter(|format| **format != self.default_format);
        std::iter::once(&self.default_format).chain(others).copied().collect()
    }

    /// Whether organizations of this kind can be written in a format.
    #[must_use]
    pub fn offers(&self, kind: &str, format: Format) -> bool {
        let has = |formats: &Vec<Format>| formats.contains(&format);
        has(&self.formats) && self.organization.formats.get(kind).is_none_or(has)
    }

    /// The formats that organizations of this kind can be written in, the default one first.
    #[must_use]
    pub fn offered_to(&self, kind: &str) -> Vec<Format> {
        self.offered().into_iter().filter(|format| self.offers(kind, *format)).collect()
    }

    /// What an organization of this kind is written in where nobody says.
    #[must_use]
    pub fn default_of(&self, kind: &str) -> Format {
        self.offered_to(kind).first().copied().unwrap_or(self.default_format)
    }

    /// The archives that a format has, each by its entity: `csv` is one for each entity, every other
    /// format is one without, and so is what the app makes itself.
    #[must_use]
    pub fn archives_of(&self, format: Format) -> Vec<Option<&str>> {
        match format {
            Format::Csv if self.api.is_none() => {
                let held = self.sections.iter().filter(|section| section.is_in(format));
                held.map(|section| section.entity.as_deref()).collect()
            }
            _ => vec![None],
        }
    }

    /// Whether archives of this format hold the files that rows name, where the source has them.
    #[must_use]
    pub fn holds_files(&self, format: Format) -> bool {
        matches!(format, Format::Zip | Format::Full) && !self.files.is_empty()
    }

    /// The sections that an archive holds, in its order, by their places in the definition. None
    /// where the product has no such archive. One that the app makes itself has sections of its own.
    #[must_use]
    pub fn sections_of(&self, format: Format, entity: Option<&str>) -> Option<Arc<[usize]>> {
        if self.api.is_some() {
            return (self.formats.contains(&format) && entity.is_none()).then(Arc::default);
        }
        if format == Format::Full {
            // Its sections are those of one snapshot; the tables of all say nothing of them.
            let held = self.full.iter().flat_map(|_| 0..self.sections.len()).collect();
            return (self.formats.contains(&format) && entity.is_none()).then_some(held);
        }
        if !self.formats.contains(&format) || (format == Format::Csv) != entity.is_some() {
            return None;
        }
        let is_meant = |section: &Section| entity.is_none() || section.entity.as_deref() == entity;
        let held = self.sections.iter().enumerate().filter(|(_, section)| section.is_in(format) && is_meant(section));
        let held: Arc<[usize]> = held.map(|(place, _)| place).collect();
        (!held.is_empty()).then_some(held)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::product::{Products, parse};

    const TRACKER: &str = include_str!("../../tests/it/fixtures/tracker.toml");

    fn names(definition: &Definition, format: Format, entity: Option<&str>) -> Vec<String> {
        let held = definition.sections_of(format, entity);
        held.iter().flat_map(|held| held.iter()).map(|place| definition.sections[*place].name.clone()).collect()
    }

    #[test]
    fn an_archive_holds_what_its_format_has_a_name_for() {
        let tracker = parse(TRACKER, Path::new("tracker.toml")).unwrap();
        assert_eq!(names(&tracker, Format::Json, None), ["team", "timeEntries", "users"]);
        assert_eq!(names(&tracker, Format::Zip, None), ["timeEntries", "users"]);
        assert_eq!(names(&tracker, Format::Csv, Some("users")), ["users"]);
        assert_eq!(tracker.archives_of(Format::Csv), [Some("time-entries"), Some("users")]);
        assert_eq!(tracker.archives_of(Format::Zip), [None]);
        for (format, entity) in [
            (Format::Csv, None),
            (Format::Csv, Some("team")),
            (Format::Json, Some("users")),
            (Format::Seed, None),
            (Format::SeedEvents, None),
        ] {
            assert_eq!(tracker.sections_of(format, entity), None, "{format} {entity:?}");
        }
    }

    #[test]
    fn a_section_is_in_its_own_formats_alone() {
        for own in [Format::Json, Format::Csv, Format::Zip] {
            let text = TRACKER.replacen("entity = \"users\"", &format!("entity = \"users\"\nformats = [\"{own}\"]"), 1);
            let tracker = parse(&text, Path::new("tracker.toml")).unwrap();
            for (format, entity) in [(Format::Json, None), (Format::Csv, Some("users")), (Format::Zip, None)] {
                let is_in = names(&tracker, format, entity).contains(&"users".to_owned());
                assert_eq!(is_in, format == own, "{format} of a section of {own}");
            }
            assert_eq!(tracker.archives_of(Format::Csv).contains(&Some("users")), own == Format::Csv);
        }
    }

    #[test]
    fn only_seed_events_holds_the_history() {
        let products = Products::embedded().unwrap();
        let trueppm = products.get("trueppm").unwrap();
        let (seed, events) = (names(trueppm, Format::Seed, None), names(trueppm, Format::SeedEvents, None));
        assert_eq!((seed.len(), events.len()), (18, 22));
        assert_eq!(events[18..], ["task_history", "comments", "scope_changes", "retro_actions"]);
        assert_eq!((trueppm.default_of("program"), trueppm.default_of("project")), (Format::Seed, Format::Seed));
        assert_eq!(trueppm.offered_to("project"), [Format::Seed, Format::Full]);
    }
}
