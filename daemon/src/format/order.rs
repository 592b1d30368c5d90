//! The order of an archive's sections: those of its plan come one after the other, and none is missing.

use std::sync::Arc;

use orgvault_api::{Format, SectionCount};

use super::{ArchivePlan, FormatError};
use crate::product::Section;

/// Which section of the plan comes now, and how many rows those before it had.
pub(super) struct Order {
    plan: Arc<ArchivePlan>,
    counts: Vec<SectionCount>,
    /// Whether a section has begun.
    open: bool,
}

impl Order {
    pub(super) fn new(plan: Arc<ArchivePlan>) -> Self {
        Self { plan, counts: Vec::new(), open: false }
    }

    /// The section that begins, which has to be the plan's next one.
    pub(super) fn begin(&mut self, section: usize) -> Result<&Section, FormatError> {
        if self.open || self.awaited() != Some(section) {
            return Err(self.came(self.name(Some(section))));
        }
        self.open = true;
        let known = self.plan.definition.sections.get(section);
        known.ok_or_else(|| self.came(section.to_string()))
    }

    /// The section that has begun ends, with so many rows.
    pub(super) fn end(&mut self, rows: u64) -> Result<(), FormatError> {
        if !std::mem::take(&mut self.open) {
            return Err(self.came("an end"));
        }
        let section = self.awaited();
        let name = self.name(section);
        let is_single =
            section.and_then(|section| self.plan.definition.sections.get(section)).is_some_and(|it| it.single);
        // CSV has no objects: it holds as many rows as there are.
        if is_single && rows != 1 && self.plan.format != Format::Csv {
            return Err(FormatError::NotSingle { section: name, rows });
        }
        self.counts.push(SectionCount { name, rows });
        Ok(())
    }

    /// Whether every section of the plan has come.
    pub(super) fn finish(&self) -> Result<(), FormatError> {
        if self.open || self.awaited().is_some() {
            return Err(self.came("the end"));
        }
        Ok(())
    }

    /// The rows of the sections that have ended.
    pub(super) fn into_counts(self) -> Vec<SectionCount> {
        self.counts
    }

    /// The sections that have ended, with their rows.
    pub(super) fn ended(&self) -> impl Iterator<Item = (&Section, u64)> {
        let sections = self.plan.sections.iter().filter_map(|section| self.plan.definition.sections.get(*section));
        sections.zip(&self.counts).map(|(section, count)| (section, count.rows))
    }

    /// What came where something else had to.
    pub(super) fn came(&self, got: impl Into<String>) -> FormatError {
        FormatError::Sequence { expected: self.name(self.awaited()), got: got.into() }
    }

    /// The section that is open, or has to come next.
    fn awaited(&self) -> Option<usize> {
        self.plan.sections.get(self.counts.len()).copied()
    }

    fn name(&self, section: Option<usize>) -> String {
        let known = section.and_then(|section| self.plan.definition.sections.get(section));
        known.map_or_else(|| "none".to_owned(), |section| section.name.clone())
    }
}
