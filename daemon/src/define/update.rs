//! A definition after an upgrade of the app: what is new comes in, what is gone goes where a draft had
//! written it, and all else stays as the admin has it.

mod select;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value};

use self::select::Select;
use super::{
    classify::{Class, Classes},
    draft::{Drafted, Piece, scope, text},
    link::Schema,
};
use crate::{
    source::survey::TableFacts,
    sql::{Dialect, tokens},
};

/// The file is no definition.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct UpdateError {
    /// The file.
    file: PathBuf,
    /// What is wrong with it.
    reason: String,
}

/// A definition that was brought up to date.
#[derive(Debug)]
pub(super) struct Updated {
    pub(super) text: String,
    /// What is another now, one in a line; empty where nothing is.
    pub(super) difference: Vec<String>,
}

/// What the update works on.
pub(super) struct Update<'u> {
    pub(super) schema: &'u Schema<'u>,
    pub(super) classes: &'u Classes,
    pub(super) drafted: &'u Drafted,
    pub(super) dialect: Dialect,
    pub(super) date: &'u str,
}

/// Reads a definition as its admin wrote it.
pub(super) fn read(file: &Path, text: &str) -> Result<DocumentMut, UpdateError> {
    let refuse = |reason: String| UpdateError { file: file.to_owned(), reason };
    let document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| refuse(error.message().to_owned()))?;
    if document.get("table").and_then(Item::as_table).is_none() {
        return Err(refuse("it has no [table.NAME], so it is no product definition".to_owned()));
    }
    Ok(document)
}

/// The names and entities of a definition's sections.
pub(super) fn section_names(document: &DocumentMut) -> Vec<(String, String)> {
    let text = |table: &Table, key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    let sections = document.get("section").and_then(Item::as_array_of_tables).into_iter().flatten();
    sections.map(|section| (text(section, "name"), text(section, "entity"))).collect()
}

impl Update<'_> {
    /// Brings a definition up to date.
    pub(super) fn apply(&self, mut document: DocumentMut, before: &str) -> Updated {
        let mut difference = Vec::new();
        let mut added = String::new();
        for piece in &self.drafted.pieces {
            match self.known(&document, piece) {
                Known::AsIs => self.columns(&mut document, piece, &mut difference),
                Known::Undecided => {
                    remove_table(&mut document, &piece.key);
                    add(piece, &mut added);
                    difference.push(format!("+ {}: was undecided, and is {} now", piece.key, self.class(piece)));
                }
                Known::No => {
                    add(piece, &mut added);
                    difference.push(format!("+ {}: a new table, {}", piece.key, self.class(piece)));
                }
            }
        }
        self.gone(&mut document, &mut difference);
        if difference.is_empty() {
            return Updated { text: before.to_owned(), difference };
        }
        self.measure(&mut document);
        let mut whole = document.to_string();
        if !added.is_empty() {
            let date = self.date;
            write!(whole, "\n# Added by `orgvaultd define --update` on {date}.\n").unwrap_or_default();
            whole += &self.scopes(&document, &added);
            whole += &added;
        }
        Updated { text: whole, difference }
    }

    fn known(&self, document: &DocumentMut, piece: &Piece) -> Known {
        let Some(table) = tables(document).and_then(|tables| tables.get(&piece.key)) else { return Known::No };
        let is_undecided = table.get("undecided").is_some();
        let is_still = matches!(self.classes.tables.get(&piece.place), Some(Class::Undecided(_)));
        if is_undecided && !is_still { Known::Undecided } else { Known::AsIs }
    }

    fn class(&self, piece: &Piece) -> String {
        match self.classes.tables.get(&piece.place) {
            Some(Class::Owned(_)) => "owned".to_owned(),
            Some(Class::Shared(_)) => "shared".to_owned(),
            Some(Class::Excluded(why)) => format!("excluded ({why})"),
            Some(Class::Undecided(why)) => format!("undecided ({why})"),
            None => String::new(),
        }
    }

    /// The scopes that what was added names, and those that these name, where the file has none of them.
    fn scopes(&self, document: &DocumentMut, added: &str) -> String {
        let has = |name: &str| document.get("scope").and_then(|scopes| scopes.get(name)).is_some();
        let (mut found, mut text) = (Vec::new(), added.to_owned());
        loop {
            let names = |text: &str, name: &str| tokens(text).any(|token| token.strip_prefix('$') == Some(name));
            let next =
                self.drafted.scopes.iter().find(|(name, _)| !found.contains(name) && !has(name) && names(&text, name));
            let Some((name, ids)) = next else { break };
            found.push(name.clone());
            text.push('\n');
            text.push_str(ids);
        }
        let of = |(name, ids): &(String, String)| found.contains(name).then(|| scope(name, ids));
        self.drafted.scopes.iter().filter_map(of).collect()
    }

    /// A draft's own `measured_on` says when it was drafted.
    fn measure(&self, document: &mut DocumentMut) {
        let Some(value) = document.get_mut("product").and_then(|it| it.get_mut("measured_on")) else { return };
        if value.as_str().is_some_and(|text| text.starts_with("drafted ")) {
            let measured = format!("drafted {} from {}", self.date, self.schema.facts.database);
            replace(value, &measured);
        }
    }

    /// New columns and gone ones of a table that the file knows.
    fn columns(&self, document: &mut DocumentMut, piece: &Piece, difference: &mut Vec<String>) {
        let facts = self.schema.table(piece.place);
        let Some(table) = tables(document).and_then(|tables| tables.get(&piece.key)) else { return };
        let (reads, known) = (strings(table.get("reads")), table.get("known").map(|known| strings(Some(known))));
        // Without `known` a definition does not say what it saw.
        let seen: Vec<&String> = reads.iter().chain(known.iter().flatten()).collect();
        let new: Vec<String> = match known {
            None => Vec::new(),
            Some(_) => names(facts).filter(|name| !seen.contains(&name)).collect(),
        };
        let gone: Vec<String> =
            seen.iter().filter(|name| facts.column(name).is_none()).map(|name| (*name).clone()).collect();
        for name in new {
            let is_written = piece.written.contains(&name) && self.write(document, piece, &name);
            note(document, &piece.key, if is_written { "reads" } else { "known" }, &name);
            let how = if is_written { "new, and written" } else { "new, and not written (`known`)" };
            difference.push(format!("+ {}.{name}: {how}", piece.key));
        }
        for name in gone {
            difference.push(self.take_out(document, piece, &name));
        }
    }

    /// Writes a new column where the rows query is as a draft writes it; whether it is.
    fn write(&self, document: &mut DocumentMut, piece: &Piece, name: &str) -> bool {
        let order: Vec<String> = names(self.schema.table(piece.place)).collect();
        let mut is_written = false;
        for section in sections_of(document, &piece.key) {
            let Some(mut select) = Select::read(section) else { continue };
            select.insert(name, &order);
            is_written |= select.write(section, self.dialect);
        }
        is_written
    }

    /// Takes a column that is gone out of what a draft has written; the words for it.
    fn take_out(&self, document: &mut DocumentMut, piece: &Piece, name: &str) -> String {
        let mut is_stuck = false;
        for section in sections_of(document, &piece.key) {
            let Some(rows) = section.get("rows").and_then(Item::as_str) else { continue };
            if !mentions(rows, name) {
                continue;
            }
            let taken_out = Select::read(section).is_some_and(|mut select| {
                select.remove(name) && !mentions(&select.rest, name) && select.write(section, self.dialect)
            });
            is_stuck |= !taken_out;
        }
        if is_stuck {
            return format!(
                "! {}.{name}: gone, and a query reads it that no draft wrote: correct it by hand",
                piece.key
            );
        }
        forget(document, &piece.key, name);
        format!("- {}.{name}: gone, and taken out", piece.key)
    }

    /// Tables that the file has and the database has not.
    fn gone(&self, document: &mut DocumentMut, difference: &mut Vec<String>) {
        let live: Vec<&str> = self.drafted.pieces.iter().map(|piece| piece.key.as_str()).collect();
        let known: Vec<String> =
            tables(document).into_iter().flat_map(Table::iter).map(|(key, _)| key.to_owned()).collect();
        for key in known.iter().filter(|key| !live.contains(&key.as_str())) {
            let is_drafted = sections_of(document, key).all(|section| Select::read(section).is_some());
            if !is_drafted || is_read_elsewhere(document, key) {
                difference.push(format!("! {key}: gone, and a query reads it that no draft wrote: correct it by hand"));
                continue;
            }
            if let Some(sections) = document.get_mut("section").and_then(Item::as_array_of_tables_mut) {
                sections.retain(|section| section.get("table").and_then(Item::as_str) != Some(key));
            }
            remove_table(document, key);
            difference.push(format!("- {key}: gone, and taken out"));
        }
    }
}

/// Whether a query of another table, or a scope, reads a table.
fn is_read_elsewhere(document: &DocumentMut, key: &str) -> bool {
    let sections = document.get("section").and_then(Item::as_array_of_tables).into_iter().flat_map(ArrayOfTables::iter);
    let others = sections.filter(|section| section.get("table").and_then(Item::as_str) != Some(key));
    let scopes = document.get("scope").and_then(Item::as_table).into_iter().flat_map(Table::iter);
    let texts = others.map(ToString::to_string).chain(scopes.map(|(_, scope)| scope.to_string()));
    let name = key.rsplit('.').next().unwrap_or(key).trim_matches('"').to_owned();
    texts.into_iter().any(|text| mentions(&text, &name))
}

fn add(piece: &Piece, added: &mut String) {
    added.push_str(&piece.section);
    added.push_str(&piece.warnings);
    added.push_str(&piece.table);
}

/// What a file knows of a table.
enum Known {
    AsIs,
    Undecided,
    No,
}

fn tables(document: &DocumentMut) -> Option<&Table> {
    document.get("table").and_then(Item::as_table)
}

fn remove_table(document: &mut DocumentMut, key: &str) {
    if let Some(tables) = document.get_mut("table").and_then(Item::as_table_mut) {
        tables.remove(key);
    }
}

fn sections_of<'d>(document: &'d mut DocumentMut, key: &str) -> impl Iterator<Item = &'d mut Table> {
    let sections = document.get_mut("section").and_then(Item::as_array_of_tables_mut);
    let key = key.to_owned();
    sections
        .into_iter()
        .flat_map(ArrayOfTables::iter_mut)
        .filter(move |section| section.get("table").and_then(Item::as_str) == Some(key.as_str()))
}

fn names(facts: &TableFacts) -> impl Iterator<Item = String> {
    facts.columns.iter().map(|column| column.name.clone())
}

fn strings(item: Option<&Item>) -> Vec<String> {
    let values = item.and_then(Item::as_array).into_iter().flat_map(Array::iter);
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a text of SQL has a name.
fn mentions(sql: &str, name: &str) -> bool {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    tokens(sql).any(|token| token == name || token == quoted)
}

/// Adds a name to a list of a table, in the style of the names before it.
fn note(document: &mut DocumentMut, key: &str, list: &str, name: &str) {
    let table = document.get_mut("table").and_then(|tables| tables.get_mut(key)).and_then(Item::as_table_like_mut);
    let Some(table) = table else { return };
    let item = table.entry(list).or_insert_with(|| Item::Value(Value::Array(Array::new())));
    if let Some(array) = item.as_array_mut() {
        let decor = array.iter().last().map(|last| last.decor().clone());
        let mut value = Value::from(name);
        let is_first = decor.is_none();
        if let Some(decor) = decor {
            *value.decor_mut() = decor;
        }
        array.push_formatted(value);
        if !is_first && array.len() == 2 && array.get(0).is_some_and(|first| first.decor().prefix().is_none()) {
            array.fmt();
        }
    }
}

/// Removes a name from the lists of a table.
fn forget(document: &mut DocumentMut, key: &str, name: &str) {
    for list in ["reads", "known", "optional"] {
        let item =
            document.get_mut("table").and_then(|tables| tables.get_mut(key)).and_then(|table| table.get_mut(list));
        if let Some(array) = item.and_then(Item::as_array_mut) {
            array.retain(|value| value.as_str() != Some(name));
        }
    }
}

/// Another string in the place of one, with what stands around it.
fn replace(item: &mut Item, with: &str) {
    let Some(old) = item.as_value() else { return };
    let Ok(mut value) = text(with).parse::<Value>() else { return };
    *value.decor_mut() = old.decor().clone();
    *item = Item::Value(value);
}
