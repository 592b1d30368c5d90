//! The rows of a file by section, in the order in which the sections come first.

use std::collections::HashMap;

use orgvault_api::SectionCount;

use crate::{content::Broken, received::members::Reading};

/// More sections has no file.
const MOST: usize = UNKNOWN as usize;

/// The number of a section that is not known.
pub(super) const UNKNOWN: u32 = 10_000;

/// Rows by section.
#[derive(Debug, Default)]
pub(super) struct Sections {
    counts: Vec<SectionCount>,
    places: HashMap<String, u32>,
}

impl Sections {
    /// The number of a section, of which there may be no rows.
    pub(super) fn number(&mut self, name: &str) -> Result<u32, Broken> {
        if let Some(number) = self.places.get(name) {
            return Ok(*number);
        }
        let many = || Broken::TooMany { what: "sections", limit: MOST };
        let number = u32::try_from(self.counts.len()).ok().filter(|number| (*number as usize) < MOST);
        let number = number.ok_or_else(many)?;
        self.places.insert(name.to_owned(), number);
        self.counts.push(SectionCount { name: name.to_owned(), rows: 0 });
        Ok(number)
    }

    /// The number of the one section of what is read; none where each row says its own.
    pub(super) fn only(&mut self, reading: &Reading<'_>) -> Result<Option<u32>, Broken> {
        if reading.key.is_some() { Ok(None) } else { self.number(&reading.section).map(Some) }
    }

    /// Counts rows of a section.
    pub(super) fn count(&mut self, number: u32, rows: u64) {
        if let Some(count) = self.counts.get_mut(number as usize) {
            count.rows += rows;
        }
    }

    /// What a section is called.
    pub(super) fn name(&self, number: u32) -> &str {
        self.counts.get(number as usize).map_or("", |count| count.name.as_str())
    }

    pub(super) fn into_counts(self) -> Vec<SectionCount> {
        self.counts
    }
}
