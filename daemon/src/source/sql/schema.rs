//! The live schema against what a definition reads and knows. Pure: every database fills
//! [`LiveColumn`]s.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    sync::Arc,
};

use orgvault_api::Warning;

use crate::{
    product::{Definition, Table},
    source::error::{SourceError, SourceFault},
};

/// How many names a sentence lists before it only counts.
const LISTED: usize = 10;
/// How many ids a warning holds.
pub(super) const WARNING_IDS: usize = 100;

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
}

/// Compares the columns that are there, and the tables beside them, with a definition.
pub(super) fn compare(definition: &Definition, live: &[LiveColumn], beside: &[String]) -> Differences {
    let mut by_table: HashMap<&str, Vec<&LiveColumn>> = HashMap::new();
    for column in live {
        by_table.entry(&column.table).or_default().push(column);
    }
    let mut differences = Differences::default();
    for (name, table) in &definition.tables {
        match by_table.get(name.as_str()) {
            Some(columns) => compare_table(name, table, columns, &mut differences),
            None if table.reads.is_empty() => differences.gone.push(name.clone()),
            None => differences.missing.push(name.clone()),
        }
    }
    differences.newer.extend(beside.iter().cloned());
    differences
}

fn compare_table(name: &str, table: &Table, columns: &[&LiveColumn], differences: &mut Differences) {
    let live: BTreeMap<&str, &LiveColumn> = columns.iter().map(|column| (column.name.as_str(), *column)).collect();
    let known: BTreeSet<&str> = table.reads.iter().chain(table.known.iter().flatten()).map(String::as_str).collect();
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
    let order = columns.iter().filter(|column| !known.contains(column.name.as_str()));
    differences.newer.extend(order.map(|column| format!("{name}.{}", column.name)));
}

/// Whether a definition also names the tables that it does not read, so that a table beside
/// them is a new one.
pub(super) fn knows_every_table(definition: &Definition) -> bool {
    definition.tables.values().any(|table| table.reads.is_empty())
}

impl Differences {
    /// The warning `schema_newer`, where there is a reason for it.
    ///
    /// # Errors
    /// With `strict` it is an error instead.
    pub(super) fn warnings(
        &self,
        source: &Arc<str>,
        definition: &Definition,
        strict: bool,
    ) -> Result<Vec<Warning>, SourceError> {
        if self.newer.is_empty() {
            return Ok(Vec::new());
        }
        let message = self.newer_words(definition);
        if strict {
            return Err(SourceError::fault(source, SourceFault::SchemaNewer, "use the schema", message));
        }
        let ids = self.newer.iter().take(WARNING_IDS).cloned().collect();
        Ok(vec![Warning { code: "schema_newer".to_owned(), message, ids }])
    }

    /// What a schema is that lacks something, as the beginning of a sentence.
    pub(super) fn missing_words(&self, definition: &Definition) -> String {
        let kind = if self.newer.is_empty() { "older than" } else { "not" };
        format!("the app is {kind} {} {}: it does not have", definition.name, definition.measured_on)
    }

    /// What is newer, as one sentence.
    pub(super) fn newer_words(&self, definition: &Definition) -> String {
        format!(
            "the live schema has what {} {} had not, and it is not exported: {}",
            definition.name,
            definition.measured_on,
            list(&self.newer)
        )
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
