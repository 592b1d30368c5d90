//! A classification as the text of a definition.

mod about;
mod organization;
mod section;
mod summary;

use std::fmt::Write as _;

use super::{
    classify::{Class, Classes},
    link::Schema,
    query::Queries,
};
use crate::sql::Dialect;

pub(super) use section::Piece;
pub(super) use summary::Summary;

/// What a draft is made of.
pub(super) struct Draft<'s> {
    pub(super) schema: &'s Schema<'s>,
    pub(super) classes: &'s Classes,
    pub(super) answers: &'s crate::source::survey::Answers,
    pub(super) dialect: Dialect,
    /// The product's name.
    pub(super) name: String,
    /// `2026-01-31`.
    pub(super) date: String,
}

/// The pieces of a definition, each of one table, in the order of the archive.
pub(super) struct Drafted {
    pub(super) head: String,
    pub(super) scopes: Vec<(String, String)>,
    pub(super) pieces: Vec<Piece>,
}

impl Draft<'_> {
    /// Writes every piece. `taken` are names and entities of sections that are not to be used again.
    pub(super) fn write(&self, taken: &[(String, String)]) -> Drafted {
        let queries = Queries::new(self.schema, self.classes, self.dialect);
        let mut pieces = section::pieces(self, &queries, section::Names::taken(taken));
        let list = organization::list(self, &queries);
        section::give_reads(self, &queries, &mut pieces);
        let scopes = queries.scopes();
        Drafted { head: self.head(&list, &pieces), scopes, pieces }
    }

    fn head(&self, list: &str, pieces: &[Piece]) -> String {
        let facts = self.schema.facts;
        let summary = Summary::new(self.schema, self.classes);
        let tenant = self.schema.key(self.schema.tenant);
        let mut head = comment(&format!(
            "Drafted by `orgvaultd define` on {} from {} ({}); each row of {tenant} is an organization.\n\n{}\n{}",
            self.date,
            facts.database,
            facts.server,
            summary.text(),
            summary.next(&self.name),
        ));
        let measured = format!("drafted {} from {}", self.date, facts.database);
        let counts = free_key(pieces, &["counts", "rowCounts", "orgvaultCounts"]);
        let keys = ["format", "version", "exportedAt"].map(|key| free_key(pieces, &[key, &format!("{key}Of")]));
        let [format, version, exported] = keys;
        // Writing to a string cannot fail.
        write!(
            head,
            "\n[product]\nname = {}\nmeasured_on = {}\n\n[organization]\nlist = {}\n\n[encoding]\ntimestamp = \"micros\"\n\n[json]\nhead = [\n  \
             {{ key = {}, value = {} }},\n  {{ key = {}, value = \"1\" }},\n  {{ key = {}, from = \"started_at\" }},\n]\n\
             counts = {}\n",
            text(&self.name),
            text(&measured),
            text(list),
            text(&format),
            text(&format!("{}-export", self.name)),
            text(&version),
            text(&exported),
            text(&counts),
        )
        .unwrap_or_default();
        head
    }
}

/// The first of these keys that no section has.
fn free_key(pieces: &[Piece], keys: &[&str]) -> String {
    let is_free = |key: &&&str| !pieces.iter().any(|piece| piece.names.iter().any(|name| name == **key));
    (*keys.iter().find(is_free).or(keys.last()).unwrap_or(&"counts")).to_owned()
}

impl Drafted {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut whole = self.head.clone();
        for (name, ids) in &self.scopes {
            whole.push_str(&scope(name, ids));
        }
        for piece in &self.pieces {
            whole.push_str(&piece.section);
        }
        for piece in &self.pieces {
            whole.push_str(&piece.warnings);
        }
        let mut tables: Vec<&Piece> = self.pieces.iter().collect();
        tables.sort_by(|one, other| one.key.cmp(&other.key));
        for piece in tables {
            whole.push_str(&piece.table);
        }
        whole
    }
}

/// `[scope.NAME]`
pub(super) fn scope(name: &str, ids: &str) -> String {
    format!("\n[scope.{name}]\nids = {}\n", text(ids))
}

/// A string as TOML.
pub(super) fn text(text: &str) -> String {
    let is_plain = |character: char| !character.is_control() || character == '\n';
    if text.contains('\n') && text.chars().all(is_plain) && !text.contains("\"\"\"") {
        return format!("\"\"\"\n{}\"\"\"", text.replace('\\', "\\\\"));
    }
    toml_edit::Value::from(text).to_string()
}

/// A key as TOML.
pub(super) fn key(name: &str) -> String {
    toml_edit::Key::new(name).to_string()
}

/// A list of strings as TOML, on as many lines as it needs.
pub(super) fn strings(names: &[String]) -> String {
    const WIDTH: usize = 120;
    let names: Vec<String> = names.iter().map(|name| text(name)).collect();
    let line = format!("[{}]", names.join(", "));
    if line.len() < WIDTH {
        return line;
    }
    let (mut lines, mut current) = ("[\n".to_owned(), String::from(" "));
    for name in names {
        if current.len() + name.len() + 2 > WIDTH {
            lines.push_str(&current);
            lines.push('\n');
            current = String::from(" ");
        }
        current.push(' ');
        current.push_str(&name);
        current.push(',');
    }
    format!("{lines}{current}\n]")
}

/// Lines that begin with `#`.
pub(super) fn comment(text: &str) -> String {
    let lines = text.lines().map(|line| wrapped(&orgvault_api::text::printable(line), "  "));
    let lines = lines.map(|line| format!("# {}", line.replace('\n', "\n# ")).trim_end().to_owned() + "\n");
    lines.collect()
}

/// Breaks a long line at blanks; what follows is indented. A blank inside quotes is none.
pub(super) fn wrapped(line: &str, indent: &str) -> String {
    const WIDTH: usize = 118;
    let (mut whole, mut length, mut is_quoted) = (String::new(), 0, false);
    for piece in line.split_inclusive(' ') {
        let size = piece.trim_end().chars().count();
        if length + size > WIDTH && !is_quoted && length > 0 {
            whole.truncate(whole.trim_end().len());
            whole.push('\n');
            whole.push_str(indent);
            length = indent.len();
        }
        whole.push_str(piece);
        length += piece.chars().count();
        is_quoted ^= piece.matches('"').count() % 2 == 1;
    }
    whole
}

/// Whether a table has a section.
pub(super) fn has_section(class: &Class) -> bool {
    Queries::is_read(class)
}
