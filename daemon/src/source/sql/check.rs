//! The labelled lines of `orgvault check`: what all databases say in the same words.

use orgvault_api::{CheckLine, CheckResult};

use super::schema::{self, Differences};
use crate::{
    product::Definition,
    source::{
        error::{SourceError, SourceFault},
        listing::Listed,
    },
};

/// What to do about an app that lacks what is not exported anyway.
const OLDER: &str = "nothing, as the definition does not read it; it may read more of the app when that is updated";

/// Every line of a source, in the order that they are looked at.
pub(super) const NAMES: [&str; 9] =
    ["reachable", "version", "pooler", "read_only", "readable", "row_filter", "schema", "queries", "organizations"];

/// At most this many organizations are named.
const DETAILS: usize = 100;

/// One line.
pub(super) fn line(name: &str, result: CheckResult, message: impl Into<String>) -> CheckLine {
    CheckLine { name: name.to_owned(), result, message: message.into(), details: Vec::new(), hint: String::new() }
}

/// A line that failed with an error of the source.
pub(super) fn failed(name: &str, error: &SourceError) -> CheckLine {
    let mut line = line(name, CheckResult::Failed, error.to_string());
    error.hint().clone_into(&mut line.hint);
    line
}

/// All lines, with what a look at the database left out: what it failed at, and what it did not come to.
pub(super) fn finished(mut lines: Vec<CheckLine>, looked: Result<(), SourceError>) -> Vec<CheckLine> {
    if let Err(error) = looked {
        // Whatever was looked at when it failed.
        let name = NAMES.get(lines.len()).copied().unwrap_or("queries");
        lines.push(failed(name, &error));
    }
    for name in NAMES {
        if !lines.iter().any(|line| line.name == name) {
            lines.push(line(name, CheckResult::Skipped, "not looked at, because an earlier line failed"));
        }
    }
    lines
}

/// `readable`, `row_filter` and `schema`: the live schema against the definition.
pub(super) fn of_schema(definition: &Definition, differences: &Differences, strict: bool) -> [CheckLine; 3] {
    [readable(definition, differences), row_filter(differences), schema(definition, differences, strict)]
}

/// `readable`: every table and column that the definition reads.
fn readable(definition: &Definition, differences: &Differences) -> CheckLine {
    let Differences { missing, unreadable, .. } = differences;
    if missing.is_empty() && unreadable.is_empty() {
        let tables = definition.tables.values().filter(|table| !table.reads.is_empty()).count();
        return line("readable", CheckResult::Ok, format!("all {tables} tables can be read"));
    }
    let mut message = format!("{} missing, {} not readable by this role", missing.len(), unreadable.len());
    if !missing.is_empty() {
        message = format!("{message}; {} what is missing", differences.missing_words(definition));
    }
    let mut found = line("readable", CheckResult::Failed, message);
    found.details.extend(missing.iter().map(|name| format!("{name}: missing")));
    found.details.extend(unreadable.iter().map(|name| format!("{name}: not readable")));
    let fault = if missing.is_empty() { SourceFault::Privilege } else { SourceFault::Schema };
    fault.hint().clone_into(&mut found.hint);
    found
}

/// `row_filter`: whether row-level security would hide rows.
fn row_filter(differences: &Differences) -> CheckLine {
    if differences.filtered.is_empty() {
        return line("row_filter", CheckResult::Ok, "no row-level security applies to this role");
    }
    let mut found = line("row_filter", CheckResult::Failed, "row-level security would hide rows from this role");
    found.details.clone_from(&differences.filtered);
    SourceFault::RowFilter.hint().clone_into(&mut found.hint);
    found
}

/// `schema`: as measured, or newer.
fn schema(definition: &Definition, differences: &Differences, strict: bool) -> CheckLine {
    let measured = format!("{} {}", definition.name, definition.measured_on);
    let Differences { newer, gone, .. } = differences;
    if newer.is_empty() && gone.is_empty() {
        return line("schema", CheckResult::Ok, format!("as {measured} has it"));
    }
    let result = if strict && !newer.is_empty() { CheckResult::Failed } else { CheckResult::Warning };
    let message = if newer.is_empty() {
        format!("older than {measured}, which also had: {}", schema::list(gone))
    } else {
        differences.newer_words(definition)
    };
    let mut found = line("schema", result, message);
    found.details.extend(newer.iter().map(|name| format!("{name}: new")));
    found.details.extend(gone.iter().map(|name| format!("{name}: gone")));
    let hint = if newer.is_empty() { OLDER } else { SourceFault::SchemaNewer.hint() };
    hint.clone_into(&mut found.hint);
    found
}

/// `queries`: what the source said of each query that it refused.
pub(super) fn queries(asked: usize, refused: &[SourceError]) -> CheckLine {
    let Some(first) = refused.first() else {
        return line("queries", CheckResult::Ok, format!("all {asked} queries are understood"));
    };
    let message = format!("{} of {asked} queries are refused", refused.len());
    let mut found = line("queries", CheckResult::Failed, message);
    found.details.extend(refused.iter().map(ToString::to_string));
    first.hint().clone_into(&mut found.hint);
    found
}

/// `organizations`: each is listed once, and its row can be read.
pub(super) fn organizations(answer: Result<Vec<Listed>, SourceError>) -> CheckLine {
    let listed = match answer {
        Ok(listed) => listed,
        Err(error) => return failed("organizations", &error),
    };
    let all = listed.len();
    let refused: Vec<_> = listed.iter().filter_map(|one| one.refusal.as_ref()).collect();
    let warned: Vec<_> = listed.iter().flat_map(|one| &one.warnings).collect();
    let (result, message) = match (refused.len(), warned.len()) {
        (0, 0) => return line("organizations", CheckResult::Ok, format!("{all} organizations are listed, each once")),
        (0, some) => (CheckResult::Warning, format!("{some} names of {all} organizations cannot be read as text")),
        (some, _) => {
            (CheckResult::Failed, format!("{some} of {all} organizations are refused; the others are exported"))
        }
    };
    let mut found = line("organizations", result, message);
    let hint = refused.first().map_or("correct the rows in the app's database", |fault| fault.hint());
    hint.clone_into(&mut found.hint);
    let details = refused.iter().map(ToString::to_string).chain(warned.iter().map(|warning| warning.message.clone()));
    found.details = details.take(DETAILS).collect();
    found
}
