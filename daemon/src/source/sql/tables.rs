//! What a definition says of the live tables, and of which it says nothing. Pure.

use std::collections::BTreeSet;

use super::schema::{self, Live};
use crate::product::{Definition, Table};

/// The tables that are there, by what the definition says of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tables {
    /// How many are the base table of a section.
    sections: usize,
    /// How many others are shared.
    shared: usize,
    /// How many are excluded.
    excluded: usize,
    /// The definition does not name them.
    pub(super) unnamed: Vec<String>,
    /// It names them for its queries, and their rows are in no section.
    pub(super) unexported: Vec<String>,
}

impl Tables {
    /// Classifies the tables that are there.
    pub(super) fn of(definition: &Definition, live: &Live) -> Self {
        let bases: BTreeSet<&str> = definition.sections.iter().map(|section| section.table.as_str()).collect();
        let mut tables = Self { unnamed: live.beside.clone(), ..Self::default() };
        let named = live.tables.iter().filter_map(|name| Some((name, definition.tables.get(name)?)));
        for (name, table) in named {
            match table {
                _ if bases.contains(name.as_str()) => tables.sections += 1,
                Table { is_shared: true, .. } => tables.shared += 1,
                Table { excluded: Some(_), .. } => tables.excluded += 1,
                _ => tables.unexported.push(name.clone()),
            }
        }
        tables
    }

    /// Those whose rows are not exported, without a word of the definition why.
    pub(super) fn unknown(&self) -> Vec<String> {
        let mut names: Vec<String> = self.unnamed.iter().chain(&self.unexported).cloned().collect();
        names.sort();
        names
    }

    /// How many are classified as what: `81 in sections, 1 shared, 13 excluded`.
    pub(super) fn counts(&self) -> String {
        format!("{} in sections, {} shared, {} excluded", self.sections, self.shared, self.excluded)
    }

    /// How many are classified.
    pub(super) fn classified(&self) -> usize {
        self.sections + self.shared + self.excluded
    }

    /// What is unknown, as one sentence.
    pub(super) fn words(&self, definition: &Definition) -> String {
        let names = self.unknown();
        let (tables, are) = if names.len() == 1 { ("table", "is") } else { ("tables", "are") };
        let Definition { name, measured_on, .. } = definition;
        format!(
            "{} {tables} of the live database {are} not exported, and the definition of {name} {measured_on} does not \
             say why: {}",
            names.len(),
            schema::list(&names)
        )
    }
}
