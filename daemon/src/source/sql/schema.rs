//! The live schema against what a definition reads and knows. Pure: every database fills a [`Live`].

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    sync::Arc,
};

use orgvault_api::Warning;

use super::{seen::SeenColumns, tables::Tables};
use crate::{
    product::{Definition, Lacking, Table},
    source::error::{SourceError, SourceFault},
};

/// How many names a sentence lists before it only counts.
const LISTED: usize = 10;
/// How many ids a warning holds.
pub(super) const WARNING_IDS: usize = 100;

/// What is there, as far as a definition is compared with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Live {
    /// The columns of the tables and views that the definition names columns of.
    pub(super) columns: Vec<LiveColumn>,
    /// The tables that the definition names, by its names; no views.
    pub(super) tables: Vec<String>,
    /// The tables beside them, by the names that a definition would have for them.
    pub(super) beside: Vec<String>,
}

/// One column of a table that the definition names, as the source has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LiveColumn {
    /// The table, by the definition's name.
    pub(super) table: String,
    /// The column.
    pub(super) name: String,
    /// Whether the role may read it.
    pub(super) readable: bool,
    /// Whether row-level security applies to the role.
    pub(super) filtered: bool,
}

/// How the live schema differs from the definition. Lists are of `table` or `table.column`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Read by the definition, and not there.
    pub(super) missing: Vec<String>,
    /// Read by the definition, and not readable.
    pub(super) unreadable: Vec<String>,
    /// Tables whose rows the role sees only in part.
    pub(super) filtered: Vec<String>,
    /// There, and unknown to the definition.
    pub(super) newer: Vec<String>,
    /// Known to the definition, not read by it, and not there.
    pub(super) gone: Vec<String>,
    /// Not read, in tables of which the definition does not list every column.
    pub(super) unread: Vec<String>,
    /// What the definition says of the tables.
    pub(super) tables: Tables,
    /// What kept the columns that were seen before from being known or kept.
    pub(super) unseen: Option<String>,
    /// Read by the definition where a release has it, and not there.
    pub(super) lacking: Lacking,
}

impl Table {
    /// Whether its columns are compared with what is there.
    pub(super) fn has_columns(&self) -> bool {
        !self.reads.is_empty() || self.known.is_some()
    }

    /// Whether its other columns are those that were there first.
    pub(super) fn is_open(&self) -> bool {
        self.known.is_none() && !self.reads.is_empty() && self.excluded.is_none()
    }
}

/// Compares what is there with a definition. Of tables whose columns it does not list, those that
/// were `seen` are no news.
pub(super) fn compare(definition: &Definition, live: &Live, seen: &SeenColumns) -> Differences {
    let mut by_table: HashMap<&str, Vec<&LiveColumn>> = HashMap::new();
    for column in &live.columns {
        by_table.entry(&column.table).or_default().push(column);
    }
    let mut differences = Differences { unseen: seen.fault.clone(), ..Differences::default() };
    for (name, table) in definition.tables.iter().filter(|(_, table)| table.has_columns()) {
        match by_table.get(name.as_str()) {
            Some(columns) => {
                compare_table(name, table, columns, &mut differences);
                find_newer(name, table, columns, seen, &mut differences);
            }
            None if !table.reads.is_empty() => differences.missing.push(name.clone()),
            // It is nobody's loss.
            None if table.excluded.is_some() => {}
            None => differences.gone.push(name.clone()),
        }
    }
    differences.set_optional_aside(definition);
    differences.tables = Tables::of(definition, live);
    differences
}

fn compare_table(name: &str, table: &Table, columns: &[&LiveColumn], differences: &mut Differences) {
    let live: BTreeMap<&str, &LiveColumn> = columns.iter().map(|column| (column.name.as_str(), *column)).collect();
    for read in &table.reads {
        match live.get(read.as_str()) {
            None => differences.missing.push(format!("{name}.{read}")),
            Some(column) if !column.readable => differences.unreadable.push(format!("{name}.{read}")),
            Some(_) => {}
        }
    }
    if !table.reads.is_empty() && columns.iter().any(|column| column.filtered) {
        differences.filtered.push(name.to_owned());
    }
    let unread = table.known.iter().flatten().filter(|column| !table.reads.contains(column));
    differences
        .gone
        .extend(unread.filter(|column| !live.contains_key(column.as_str())).map(|it| format!("{name}.{it}")));
}

/// The columns that are not read: those that the definition knows, those that it says nothing of, and news.
fn find_newer(name: &str, table: &Table, columns: &[&LiveColumn], seen: &SeenColumns, differences: &mut Differences) {
    let reads: BTreeSet<&str> = table.reads.iter().map(String::as_str).collect();
    let others = columns.iter().map(|column| column.name.as_str()).filter(|column| !reads.contains(column));
    for column in others {
        let is_known = match &table.known {
            Some(known) => known.iter().any(|known| known == column),
            None => !table.is_open() || seen.has(name, column),
        };
        if !is_known {
            differences.newer.push(format!("{name}.{column}"));
        } else if table.is_open() {
            differences.unread.push(format!("{name}.{column}"));
        }
    }
}

impl Differences {
    /// The warnings `schema_newer` and `tables_unknown`, where there is a reason for them.
    ///
    /// # Errors
    /// With `strict` either is an error instead.
    pub(super) fn warnings(
        &self,
        source: &Arc<str>,
        definition: &Definition,
        strict: bool,
    ) -> Result<Vec<Warning>, SourceError> {
        let unknown = self.tables.unknown();
        let mut warnings = Vec::new();
        for (fault, code, names, words) in [
            (SourceFault::SchemaNewer, "schema_newer", &self.newer, self.newer_words(definition)),
            (SourceFault::TablesUnknown, "tables_unknown", &unknown, self.tables.words(definition)),
        ] {
            if names.is_empty() {
                continue;
            }
            if strict {
                return Err(SourceError::fault(source, fault, "use the schema", words));
            }
            let ids = names.iter().take(WARNING_IDS).cloned().collect();
            warnings.push(Warning { code: code.to_owned(), message: words, ids });
        }
        Ok(warnings)
    }

    /// What is not readable, by column; a table of which nothing is, as one.
    pub(super) fn unreadable_words(&self, definition: &Definition) -> Vec<String> {
        let unreadable: BTreeSet<&str> = self.unreadable.iter().map(String::as_str).collect();
        let of_table = |(name, table): (&String, &Table)| {
            let columns = table.reads.iter().map(|read| format!("{name}.{read}"));
            let lost: Vec<String> = columns.filter(|column| unreadable.contains(column.as_str())).collect();
            if lost.len() > 1 && lost.len() == table.reads.len() {
                return vec![format!("{name} (none of {} columns)", lost.len())];
            }
            lost
        };
        definition.tables.iter().flat_map(of_table).collect()
    }

    /// What a schema is that lacks something, as the beginning of a sentence.
    pub(super) fn missing_words(&self, definition: &Definition) -> String {
        let kind = if self.newer.is_empty() { "older than" } else { "not" };
        format!("the app is {kind} {} {}: it does not have", definition.name, definition.measured_on)
    }

    /// What is newer, as one sentence; what is older is told beside it.
    pub(super) fn newer_words(&self, definition: &Definition) -> String {
        let Definition { name, measured_on, .. } = definition;
        let newer = list(&self.newer);
        let words = format!("the live schema has what {name} {measured_on} had not, and it is not exported: {newer}");
        if self.gone.is_empty() {
            return words;
        }
        format!("{words}; it is older too, and does not have: {}", list(&self.older()))
    }

    /// What the measured release had and the live schema does not, and what it may lack.
    pub(super) fn older(&self) -> Vec<String> {
        self.gone.iter().cloned().chain(self.lacking.names()).collect()
    }
}

/// The first names, and how many more there are.
pub(super) fn list(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(LISTED).filter(|more| *more > 0) {
        // Writing to a string cannot fail.
        write!(text, " and {more} more").unwrap_or_default();
    }
    text
}
