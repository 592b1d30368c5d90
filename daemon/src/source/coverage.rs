//! Whether the rows of all organizations together are the rows of their tables. Pure: every source
//! counts, and what its numbers mean is said here.

use std::{collections::BTreeMap, sync::Arc};

use orgvault_api::{CheckResult, Coverage, SectionCoverage, clock::Timestamp};

use super::{error::SourceError, listing::Listed};
use crate::product::{Definition, Table};

/// At most so many rows of each kind are named.
pub(super) const NAMED: usize = 100;

const ORPHANS: &str = "let a section's `rows` have them, or say why they belong to none: `orphans` in [table.NAME]";
const LEAK: &str = "`rows` of the section hands rows of one organization to others: correct its condition; where \
                    several may name one row, `shared = true` in [table.NAME] says so";
const REPEATED: &str = "a join in the section's `rows` gives a row more than once";
const STRANGE: &str = "is `table` of the section the table that its `rows` reads?";

/// What a source counted at one instant.
#[derive(Debug)]
pub(super) struct Counted {
    /// What of the definition is for the app that is there: sections are places in it.
    pub(super) definition: Arc<Definition>,
    /// Of how many organizations.
    pub(super) organizations: u64,
    /// Why others are not among them.
    pub(super) refused: Vec<String>,
    /// By the first section of each table.
    pub(super) tables: Vec<TableCount>,
}

/// A base table and all of its sections.
#[derive(Debug)]
pub(super) struct TableCount {
    /// By their places in the definition.
    pub(super) sections: Vec<usize>,
    pub(super) outcome: Outcome,
}

/// What a look at a table came to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its rows were counted.
    Counted(Tally),
    /// It could not be looked at.
    Failed(SourceError),
}

/// The rows of a table, and of its sections in all archives together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    /// Of the table.
    pub(super) rows: u64,
    /// Of these, what no organization has.
    pub(super) in_none: u64,
    /// What names these.
    pub(super) orphans: Vec<String>,
    /// Whether only numbers are known.
    pub(super) by_number: bool,
    /// In the order of [`TableCount::sections`].
    pub(super) sections: Vec<SectionTally>,
}

/// The rows of one section in all archives together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct SectionTally {
    pub(super) rows: u64,
    /// The table's rows among them that more than one organization has in any section.
    pub(super) in_several: u64,
    /// The table's rows that one organization has more than once.
    pub(super) repeated: u64,
    /// Rows that are none of the table.
    pub(super) strange: u64,
    /// The first of each kind, by what names them.
    pub(super) several_ids: Vec<String>,
    pub(super) repeated_ids: Vec<String>,
    pub(super) strange_ids: Vec<String>,
}

/// The tables that sections are based on, each with all of its sections, in the definition's order.
pub(super) fn tables(definition: &Definition) -> Vec<(&str, Vec<usize>)> {
    let mut tables: Vec<(&str, Vec<usize>)> = Vec::new();
    for (place, section) in definition.sections.iter().enumerate() {
        match tables.iter_mut().find(|(table, _)| *table == section.table) {
            Some((_, sections)) => sections.push(place),
            None => tables.push((&section.table, vec![place])),
        }
    }
    tables
}

/// The organizations whose rows count, each by what a source has of it, and why others do not: whatever
/// an export of all would take, soft-deleted ones too.
pub(super) fn organizations<I>(
    listed: &[Listed],
    id: impl Fn(&str) -> Result<I, SourceError>,
) -> (Vec<I>, Vec<String>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for one in listed.iter().filter(|one| one.in_all) {
        let id = match &one.refusal {
            Some(fault) => Err(fault.to_string()),
            None => id(&one.key.id).map_err(|error| error.to_string()),
        };
        match id {
            Ok(id) => taken.push(id),
            Err(why) => refused.push(why),
        }
    }
    refused.truncate(NAMED);
    (taken, refused)
}

/// What the numbers mean by the definition's words.
pub(super) fn judge(source: &str, counted: Counted, at: Timestamp) -> Coverage {
    let Counted { definition, organizations, refused, tables } = counted;
    let definition = &*definition;
    let lines = tables.into_iter().flat_map(|TableCount { sections, outcome }| {
        let line = |(number, place): (usize, &usize)| Some((*place, line(definition, *place, number, &outcome)?));
        sections.iter().enumerate().filter_map(line).collect::<Vec<_>>()
    });
    let sections = lines.collect::<BTreeMap<usize, SectionCoverage>>().into_values().collect();
    let beside = |is: fn(&Table) -> bool| {
        let has_section = |name: &str| definition.sections.iter().any(|section| section.table == name);
        definition.tables.iter().filter(|(name, table)| is(table) && !has_section(name)).count() as u64
    };
    Coverage {
        source: source.to_owned(),
        at,
        organizations,
        refused,
        sections,
        excluded: beside(|table| table.excluded.is_some()),
        shared: beside(|table| table.is_shared),
    }
}

/// One section of a table, the `number`th of those that have it.
fn line(definition: &Definition, place: usize, number: usize, outcome: &Outcome) -> Option<SectionCoverage> {
    let section = definition.sections.get(place)?;
    let mut line = SectionCoverage::new(&section.name, &section.table);
    match outcome {
        Outcome::Counted(tally) => {
            let usual = Table::default();
            judge_section(&mut line, definition.tables.get(&section.table).unwrap_or(&usual), tally, number);
        }
        Outcome::Failed(error) => {
            line.result = CheckResult::Failed;
            line.message = error.to_string();
            error.hint().clone_into(&mut line.hint);
        }
    }
    Some(line)
}

fn judge_section(line: &mut SectionCoverage, table: &Table, tally: &Tally, number: usize) {
    let Some(own) = tally.sections.get(number) else { return };
    line.table_rows = tally.rows;
    line.rows = own.rows;
    line.by_number = tally.by_number;
    line.repeated = own.repeated;
    line.strange = own.strange;
    (line.in_none, line.in_several) = if tally.by_number { by_number(tally) } else { (tally.in_none, own.in_several) };
    let all: u64 = tally.sections.iter().map(|section| section.rows).sum();
    let mut said = Said { line, words: Vec::new() };
    let orphans = format!("in no organization: {} of {}", said.line.in_none, tally.rows);
    match &table.orphans {
        Some(reason) if said.line.in_none > 0 => said.words.push(format!("{orphans}, as is meant: {reason}")),
        _ => said.fault(said.line.in_none, orphans, ORPHANS, &tally.orphans, "in no organization"),
    }
    if !table.is_shared {
        let leak = format!("in more than one: {all} of {}", tally.rows);
        said.fault(said.line.in_several, leak, LEAK, &own.several_ids, "in more than one");
    }
    let repeated = format!("more than once in one organization: {} of {}", own.repeated, tally.rows);
    said.fault(own.repeated, repeated, REPEATED, &own.repeated_ids, "more than once in one organization");
    let strange = format!("not in table {}: {} of {}", said.line.table, own.strange, own.rows);
    said.fault(own.strange, strange, STRANGE, &own.strange_ids, "not in the table");
    if said.words.is_empty() {
        said.words.push("covered".to_owned());
    }
    let numbers = if tally.by_number { ", by number only" } else { "" };
    line.message = format!("{}{numbers}", said.words.join("; "));
}

/// So many rows must be missing or be there more than once, where only numbers are known. Sections of
/// different formats may each have every row.
fn by_number(tally: &Tally) -> (u64, u64) {
    let all: u64 = tally.sections.iter().map(|section| section.rows).sum();
    if tally.sections.iter().any(|section| section.rows == tally.rows) {
        return (0, 0);
    }
    (tally.rows.saturating_sub(all), all.saturating_sub(tally.rows))
}

/// What is said of one section.
struct Said<'l> {
    line: &'l mut SectionCoverage,
    words: Vec<String>,
}

impl Said<'_> {
    /// Something that is not meant, where there is any of it.
    fn fault(&mut self, number: u64, words: String, hint: &str, ids: &[String], kind: &str) {
        if number == 0 {
            return;
        }
        self.words.push(words);
        self.line.result = CheckResult::Failed;
        self.line.details.extend(ids.iter().map(|id| format!("{id}: {kind}")));
        if self.line.hint.is_empty() {
            hint.clone_into(&mut self.line.hint);
        }
    }
}

#[cfg(test)]
mod tests;
