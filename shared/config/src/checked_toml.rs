//! Reads a TOML file key by key, so that one reading finds everything that is wrong with it.
//!
//! A [`Document`] lends its root [`Table`] to a function that asks for each key it knows and says
//! how the key's [`Value`] is read. What is missing or does not fit is noted with its line; what
//! nobody asked for is an unknown key.

mod problems;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    path::Path,
};

use toml::de::{DeTable, DeValue};

use orgvault_api::text::decode;
use orgvault_files::open;

pub use problems::{FileProblem, Problems};

/// A larger file is no configuration.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The text of a file that ought to be TOML.
///
/// # Errors
/// When it cannot be read, is no file or a very large one, or is not UTF-8.
pub fn read_text(file: &Path) -> Result<String, FileProblem> {
    let read = open::behind_links(file).and_then(|opened| open::read_whole(opened, LARGEST));
    let bytes = read.map_err(|error| FileProblem::unreadable(file, &error))?;
    decode(bytes).map_err(|error| FileProblem::of_file(file, error.to_string(), "save it as UTF-8"))
}

/// A file that is TOML; its keys have not been looked at.
#[derive(Debug)]
pub struct Document<'t> {
    root: DeTable<'t>,
    notes: Notes,
}

/// What is found out while a document is read.
#[derive(Debug)]
struct Notes {
    file: String,
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
    problems: RefCell<Vec<FileProblem>>,
    asked: RefCell<BTreeSet<String>>,
}

impl Notes {
    fn new(text: &str, file: &Path) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self {
            file: file.display().to_string(),
            lines: std::iter::once(0).chain(breaks).collect(),
            problems: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    /// The line of a byte, from 1.
    fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte)
    }

    fn problem(&self, line: usize, key: &str, reason: String, fix: String) -> FileProblem {
        FileProblem { file: self.file.clone(), line: Some(line), key: key.to_owned(), reason, fix }
    }

    fn refuse(&self, line: usize, key: &str, reason: String, fix: String) {
        let problem = self.problem(line, key, reason, fix);
        self.problems.borrow_mut().push(problem);
    }
}

impl<'t> Document<'t> {
    /// Takes the text apart; `file` is the name that problems show.
    ///
    /// # Errors
    /// When the text is not TOML: one problem, with line and column.
    pub fn parse(text: &'t str, file: &Path) -> Result<Self, Problems> {
        let notes = Notes::new(text, file);
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { root: root.into_inner(), notes }),
            Err(error) => {
                let at = error.span().map_or(text.len(), |span| span.start);
                let line = notes.line(at);
                let start = notes.lines.get(line - 1).copied().unwrap_or(0);
                let column = text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
                let reason =
                    format!("column {column}: not TOML: {}", error.message().trim_end_matches(", expected nothing"));
                Err(notes.problem(line, "", reason, String::new()).into())
            }
        }
    }

    /// Has the document read; gives what was read, and all that is wrong with it.
    pub fn read<T>(self, read: impl FnOnce(&Table<'_>) -> T) -> (T, Problems) {
        let (value, problems, _) = self.read_and_list(read);
        (value, problems)
    }

    /// As [`Document::read`], and every key that was asked for, with its tables.
    pub fn read_and_list<T>(self, read: impl FnOnce(&Table<'_>) -> T) -> (T, Problems, BTreeSet<String>) {
        let table = Table::new(&self.notes, &self.root, String::new(), 1);
        let value = read(&table);
        table.refuse_unknown();
        (
            value,
            self.notes.problems.into_inner().into_iter().collect::<Problems>().by_line(),
            self.notes.asked.into_inner(),
        )
    }
}

/// A table whose keys are asked for one by one.
#[derive(Debug)]
pub struct Table<'a> {
    notes: &'a Notes,
    keys: &'a DeTable<'a>,
    path: String,
    line: usize,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Table<'a> {
    fn new(notes: &'a Notes, keys: &'a DeTable<'a>, path: String, line: usize) -> Self {
        Self { notes, keys, path, line, asked: RefCell::default() }
    }

    /// The key's value: none where the key is missing, or cannot be read, which is noted.
    pub fn optional<T>(&self, key: &str, read: impl FnOnce(&Value<'a>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(|value| read(&value))
    }

    /// The key's value, or `default` where the key is missing.
    pub fn or<T>(&self, key: &str, default: T, read: impl FnOnce(&Value<'a>) -> Option<T>) -> T {
        self.optional(key, read).unwrap_or(default)
    }

    /// The key's value; a key that is missing is noted as a problem.
    pub fn required<T>(&self, key: &str, read: impl FnOnce(&Value<'a>) -> Option<T>) -> Option<T> {
        let Some(value) = self.get(key) else {
            self.refuse_missing(key);
            return None;
        };
        read(&value)
    }

    /// The table under this key; one that is missing is read as an empty one.
    pub fn table<T>(&self, key: &str, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
        if let Some(value) = self.get(key) {
            return value.table(read);
        }
        Some(read(&Table::new(self.notes, &DeTable::new(), self.path_of(key), self.line)))
    }

    /// The tables under this key (`[[source]]`), without those that cannot be read.
    pub fn tables<T>(&self, key: &str, mut read: impl FnMut(&Table<'_>) -> T) -> Vec<T> {
        self.or(key, Vec::new(), |value| value.each(|element| element.table(&mut read)))
    }

    /// Every key, whatever its name, without those whose value cannot be read.
    pub fn entries<T>(&self, mut read: impl FnMut(&str, &Value<'a>) -> Option<T>) -> BTreeMap<String, T> {
        let mut entries = BTreeMap::new();
        for key in self.keys.keys() {
            let name: &str = key.get_ref();
            let read = self.get(name).and_then(|value| read(name, &value));
            entries.extend(read.map(|value| (name.to_owned(), value)));
        }
        entries
    }

    /// Whether the key is there.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Takes these keys for known ones, though nobody reads them.
    pub fn knows(&self, keys: &[&str]) {
        self.asked.borrow_mut().extend(keys.iter().map(|key| (*key).to_owned()));
    }

    /// The key's line, from 1, or the table's where it is missing.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        self.get(key).map_or(self.line, |value| value.line)
    }

    /// Notes a problem of the key, at its line, or at the table's where it is missing.
    pub fn refuse(&self, key: &str, reason: impl Into<String>, fix: impl Into<String>) {
        self.notes.refuse(self.line_of(key), &self.path_of(key), reason.into(), fix.into());
    }

    /// Notes that the key is missing.
    pub fn refuse_missing(&self, key: &str) {
        self.notes.refuse(self.line, &self.path_of(key), "is missing".into(), format!("add `{key} = ..`"));
    }

    fn get(&self, key: &str) -> Option<Value<'a>> {
        let path = self.path_of(key);
        self.notes.asked.borrow_mut().insert(path.clone());
        self.asked.borrow_mut().insert(key.to_owned());
        let (name, value) = self.keys.get_key_value(key)?;
        let at = if value.get_ref().is_table() { value.span() } else { name.span() };
        Some(Value { notes: self.notes, inner: value.get_ref(), path, line: self.notes.line(at.start) })
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn refuse_unknown(&self) {
        let asked = self.asked.borrow();
        for key in self.keys.keys().filter(|key| !asked.contains::<str>(key.get_ref())) {
            let known: Vec<&str> = asked.iter().map(String::as_str).collect();
            let fix = closest(key.get_ref(), known.iter().copied())
                .map_or_else(|| format!("known keys: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
            let line = self.notes.line(key.span().start);
            self.notes.refuse(line, &self.path_of(key.get_ref()), "is no known key".into(), fix);
        }
    }
}

/// The value of a key, or one element of it.
#[derive(Debug)]
pub struct Value<'a> {
    notes: &'a Notes,
    inner: &'a DeValue<'a>,
    path: String,
    line: usize,
}

impl<'a> Value<'a> {
    /// The line of the key, or of the element, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Notes a problem; is always none, so that a reader may return it.
    pub fn refuse<T>(&self, reason: impl Into<String>, fix: impl Into<String>) -> Option<T> {
        self.notes.refuse(self.line, &self.path, reason.into(), fix.into());
        None
    }

    fn refuse_type<T>(&self, expected: &str, fix: impl Into<String>) -> Option<T> {
        self.refuse(format!("is {}, expected {expected}", self.kind()), fix)
    }

    fn kind(&self) -> &'static str {
        match self.inner {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        }
    }

    /// The string that it is, if it is one; anything else is no problem.
    #[must_use]
    pub fn as_text(&self) -> Option<&'a str> {
        self.inner.as_str()
    }

    /// A string.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        self.inner.as_str().or_else(|| self.refuse_type("a string", "write it in double quotes"))
    }

    /// A string that is written as in `example`.
    #[must_use]
    pub fn text_as(&self, example: &str) -> Option<&'a str> {
        self.inner.as_str().or_else(|| self.refuse_type("a string", format!("write it as \"{example}\"")))
    }

    /// A string with something in it.
    #[must_use]
    pub fn some_text(&self) -> Option<String> {
        match self.text()? {
            text if text.trim().is_empty() => self.refuse("is empty", "write something here"),
            text => Some(text.to_owned()),
        }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        self.inner.as_bool().or_else(|| self.refuse_type("a boolean", "write true or false, without quotes"))
    }

    /// An integer of a range.
    #[must_use]
    pub fn integer<N: Copy + TryFrom<i64> + std::fmt::Display>(&self, range: RangeInclusive<i64>) -> Option<N> {
        let fix = format!("write an integer from {} to {}, without quotes", range.start(), range.end());
        let Some(integer) = self.inner.as_integer() else {
            return self.refuse_type("an integer", fix);
        };
        let number =
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|number| range.contains(number));
        match number.and_then(|number| N::try_from(number).ok()) {
            Some(number) => Some(number),
            None => self.refuse(format!("is {integer}"), fix),
        }
    }

    /// One of a few words, and what it stands for.
    #[must_use]
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let names = words.iter().map(|(word, _)| *word);
        let text = self.text_as(names.clone().next().unwrap_or_default())?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let list: Vec<String> = names.clone().map(|word| format!("\"{word}\"")).collect();
        let near = closest(text, names).map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
        self.refuse(format!("is {text:?}"), format!("{near}one of {}", list.join(", ")))
    }

    /// The elements of an array, without those that cannot be read.
    pub fn each<T>(&self, mut read: impl FnMut(&Value<'a>) -> Option<T>) -> Option<Vec<T>> {
        let Some(array) = self.inner.as_array() else {
            let tables = self.inner.is_table();
            let fix = if tables { format!("write [[{}]]", self.path) } else { "write [..] around it".into() };
            return self.refuse_type("an array", fix);
        };
        let element = |value: &'a toml::Spanned<DeValue<'a>>| {
            let line = self.notes.line(value.span().start);
            read(&Value { notes: self.notes, inner: value.get_ref(), path: self.path.clone(), line })
        };
        Some(array.iter().filter_map(element).collect())
    }

    /// A table.
    pub fn table<T>(&self, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
        let Some(table) = self.inner.as_table() else {
            return self.refuse_type("a table", "see config.example.toml and docs/products.md");
        };
        let table = Table::new(self.notes, table, self.path.clone(), self.line);
        let value = read(&table);
        table.refuse_unknown();
        Some(value)
    }

    /// The value as TOML has it, whatever it is.
    #[must_use]
    pub fn raw(&self) -> &'a DeValue<'a> {
        self.inner
    }
}

/// Refuses a text that was there before.
#[derive(Debug)]
pub struct Unique {
    what: &'static str,
    seen: BTreeMap<String, usize>,
}

impl Unique {
    /// Nothing was there yet; `what` is the texts' name in problems.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self { what, seen: BTreeMap::new() }
    }

    /// `text`, where it is new.
    pub fn check(&mut self, value: &Value<'_>, text: String) -> Option<String> {
        if let Some(line) = self.seen.get(&text) {
            let reason = format!("{text:?} is the {} in line {line} already", self.what);
            return value.refuse(reason, "choose another one");
        }
        self.seen.insert(text.clone(), value.line());
        Some(text)
    }

    /// Whether there was no text yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// The word that `text` is most likely a typing error of.
pub fn closest<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (text.chars().count() / 3).clamp(1, 4);
    words
        .map(|word| (strsim::damerau_levenshtein(text, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}
