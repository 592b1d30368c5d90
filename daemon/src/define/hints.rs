//! The admin's links: a file of lines `table.column -> table.column`.

use std::path::{Path, PathBuf};

use orgvault_config::checked_toml::closest;

use super::words::{are_same, words};
use crate::source::survey::{Facts, TableFacts};

/// A link that the admin names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) table: usize,
    pub(super) column: String,
    pub(super) target: usize,
    pub(super) key: String,
}

/// What is wrong with a line of the file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}:{line}: {reason} ({fix})", file.display())]
pub struct HintError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

/// Reads the lines; blank ones and those that begin with `#` are for people.
pub(super) fn read(text: &str, file: &Path, facts: &Facts) -> Result<Vec<Hint>, HintError> {
    let mut hints = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let hint = hint(line, facts);
        hints.push(hint.map_err(|(reason, fix)| HintError { file: file.to_owned(), line: at + 1, reason, fix })?);
    }
    Ok(hints)
}

type Refusal = (String, String);

fn hint(line: &str, facts: &Facts) -> Result<Hint, Refusal> {
    let Some((from, to)) = line.split_once("->") else {
        return Err((format!("{line:?} is no link"), "write `table.column -> table.column`".to_owned()));
    };
    let ((table, column), (target, key)) = (place(from.trim(), facts)?, place(to.trim(), facts)?);
    Ok(Hint { table, column, target, key })
}

/// The table and the column that `table.column` names.
fn place(text: &str, facts: &Facts) -> Result<(usize, String), Refusal> {
    let Some((name, column)) = text.rsplit_once('.') else {
        return Err((format!("{text:?} names no column"), "write `table.column`".to_owned()));
    };
    let bare = |text: &str| text.trim().trim_matches('"').replace("\"\"", "\"");
    let found = find(facts, name.trim()).or_else(|| find(facts, &bare(name)));
    let Some((place, table)) = found else {
        let keys: Vec<String> = facts.tables.iter().map(TableFacts::key).collect();
        return Err((format!("there is no table {name}"), near(name, keys.iter().map(String::as_str))));
    };
    let column = bare(column);
    if table.column(&column).is_none() {
        let names = table.columns.iter().map(|column| column.name.as_str());
        return Err((format!("{} has no column {column}", table.key()), near(&column, names)));
    }
    Ok((place, column))
}

/// The table of this name, which may have a schema before it.
pub(super) fn find<'f>(facts: &'f Facts, name: &str) -> Option<(usize, &'f TableFacts)> {
    let mut tables = facts.tables.iter().enumerate();
    tables.clone().find(|(_, table)| table.key() == name).or_else(|| {
        tables.find(|(_, table)| match name.split_once('.') {
            Some((schema, bare)) => table.schema.as_deref().is_none_or(|own| own == schema) && table.name == bare,
            None => table.name == name,
        })
    })
}

/// The words for what was meant.
pub(super) fn near<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    // `company` for `companies` is too far for a typing error.
    let same = names.clone().find(|other| are_same(&words(name), &words(other)));
    same.or_else(|| closest(name, names))
        .map_or_else(|| "correct the name".to_owned(), |near| format!("did you mean {near:?}?"))
}
