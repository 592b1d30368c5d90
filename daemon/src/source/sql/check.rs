//! The labelled lines of `orgvault check`: what all databases say in the same words.

use orgvault_api::{CheckLine, CheckResult};

use super::schema::{self, Differences};
use crate::{
    product::{Definition, Lacking},
    source::{
        error::{SourceError, SourceFault},
        listing::Listed,
    },
};

/// What to do about an app that lacks what is not exported anyway.
const OLDER: &str = "nothing, as the definition does not read it; it may read more of the app when that is updated";

/// What to do about one that lacks what only some releases have.
const LACKING: &str = "nothing, as the definition is for such releases too: archives are without it";

/// Every line of a source, in the order that they are looked at.
pub(super) const NAMES: [&str; 10] = [
    "reachable",
    "version",
    "pooler",
    "read_only",
    "readable",
    "row_filter",
    "schema",
    "tables",
    "queries",
    "organizations",
];

/// At most this many organizations, columns or tables are named.
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

/// `readable`, `row_filter`, `schema` and `tables`: the live schema against the definition.
pub(super) fn of_schema(definition: &Definition, differences: &Differences, strict: bool) -> [CheckLine; 4] {
    [
        readable(definition, differences),
        row_filter(differences),
        schema(definition, differences, strict),
        tables(definition, differences, strict),
    ]
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
    found.details.extend(differences.unreadable_words(definition).iter().map(|name| format!("{name}: not readable")));
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
    let Differences { newer, gone, lacking, unread, unseen, .. } = differences;
    let result = match (newer.is_empty() && gone.is_empty() && unseen.is_none(), strict && !newer.is_empty()) {
        (true, _) => CheckResult::Ok,
        (_, true) => CheckResult::Failed,
        _ => CheckResult::Warning,
    };
    let mut message = if !newer.is_empty() {
        differences.newer_words(definition)
    } else if !gone.is_empty() {
        format!("older than {measured}, which also had: {}", schema::list(&differences.older()))
    } else {
        as_measured(&measured, lacking)
    };
    if !unread.is_empty() {
        message = format!("{message}; of the columns that it does not list, {} are not exported", unread.len());
    }
    let mut found = line("schema", result, message);
    found.details.extend(unseen.clone());
    let older = differences.older();
    let columns = [(newer, "new"), (&older, "gone"), (unread, "not exported")];
    let details = columns.iter().flat_map(|(names, word)| names.iter().map(move |name| format!("{name}: {word}")));
    found.details.extend(details.take(DETAILS));
    found.hint = match (newer.is_empty(), gone.is_empty()) {
        (false, false) => format!("for what is newer: {}; for what is older: {OLDER}", SourceFault::SchemaNewer.hint()),
        (false, true) => SourceFault::SchemaNewer.hint().to_owned(),
        (true, false) => OLDER.to_owned(),
        (true, true) if lacking.is_empty() => String::new(),
        (true, true) => LACKING.to_owned(),
    };
    found
}

/// A schema that differs at most in what only some releases have.
fn as_measured(measured: &str, lacking: &Lacking) -> String {
    let names: Vec<String> = lacking.names().collect();
    let names = schema::list(&names);
    if lacking.is_empty() {
        format!("as {measured} has it")
    } else if lacking.tables.is_empty() {
        format!("as {measured} has it; like some older or later release it lacks: {names}")
    } else {
        format!("older than {measured}, which also had: {names}")
    }
}

/// `tables`: whether the definition says of every table what it is.
fn tables(definition: &Definition, differences: &Differences, strict: bool) -> CheckLine {
    let tables = &differences.tables;
    if tables.unnamed.is_empty() && tables.unexported.is_empty() {
        let message = format!("all {} tables are classified: {}", tables.classified(), tables.counts());
        return line("tables", CheckResult::Ok, message);
    }
    let result = if strict { CheckResult::Failed } else { CheckResult::Warning };
    let mut found = line("tables", result, format!("{} ({})", tables.words(definition), tables.counts()));
    let unnamed = tables.unnamed.iter().map(|name| format!("{name}: in no [table.*]"));
    let unexported = tables.unexported.iter().map(|name| format!("{name}: read, and in no section"));
    found.details = unnamed.chain(unexported).take(DETAILS).collect();
    SourceFault::TablesUnknown.hint().clone_into(&mut found.hint);
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
