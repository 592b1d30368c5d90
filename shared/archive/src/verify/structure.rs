//! The structure of one file: what it holds, and what is wrong with that.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Read,
};

use super::{ArchiveFault, Expected};
use crate::{
    content::Broken,
    document::{Document, LARGEST_ROW, Shape},
    manifest::{Layout, Section},
    received::pick::Keys,
    table::Table,
};
use orgvault_api::{ArchiveFiles, Format, SectionCount, Warning};
use serde_json::value::RawValue;

/// A larger seed is not read back; one of 500,000 tasks has a fifth of it.
const LARGEST_SEED: u64 = 2 * 1024 * 1024 * 1024;
/// A document's own counts are a number for each section.
const LARGEST_COUNTS: usize = 1024 * 1024;
/// As much of a header as a fault shows.
const SHOWN_HEADER: usize = 1000;
/// The key of a document's own counts where no manifest names it.
const COUNTS_KEY: &str = "counts";

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// Rows by section, in the file's order.
    pub(super) counts: Vec<SectionCount>,
    /// The files of the app, where it lists them.
    pub(super) files: Option<ArchiveFiles>,
    /// What is wrong.
    pub(super) faults: Vec<ArchiveFault>,
    /// What the admin ought to know.
    pub(super) warnings: Vec<Warning>,
    /// Whether the counts are all that the file holds: it was read to its end, and its format has
    /// sections.
    pub(super) walked: bool,
}

/// A JSON document with an array of rows, or one object, for each section.
pub(super) fn document(content: &mut dyn Read, expected: &Expected<'_>) -> Structure {
    walked(content, expected, &mut Look { keys: &Keys::default(), note: &mut |_key, _value| {} })
}

/// A JSON document of which no manifest speaks. What stands under one of `keys` is handed to `note`, of rows the first
/// one, in an array.
pub(super) fn document_alone(content: &mut dyn Read, keys: &Keys, note: &mut dyn FnMut(usize, &RawValue)) -> Structure {
    let layout = Layout::default();
    walked(content, &Expected::nothing(Format::Json, false, &layout), &mut Look { keys, note })
}

/// Values of a document that are looked at.
struct Look<'l> {
    keys: &'l Keys,
    note: &'l mut dyn FnMut(usize, &RawValue),
}

fn walked(content: &mut dyn Read, expected: &Expected<'_>, look: &mut Look<'_>) -> Structure {
    let names = expected.sections.unwrap_or_default().iter().map(|section| section.name.as_str());
    let mut walk =
        Walk { expected, sections: names.collect(), seen: HashSet::new(), found: Structure::default(), stated: None };
    match walk.through(content, look) {
        Ok(()) => {
            walk.found.walked = true;
            walk.compare_own_counts();
        }
        Err(broken) => walk.found.faults.push(ArchiveFault::of(broken, "JSON")),
    }
    walk.found
}

struct Walk<'a> {
    expected: &'a Expected<'a>,
    /// The names of the sections that are expected.
    sections: HashSet<&'a str>,
    /// The keys so far whose values are rows or a section.
    seen: HashSet<String>,
    found: Structure,
    stated: Option<BTreeMap<String, u64>>,
}

impl Walk<'_> {
    fn through(&mut self, content: &mut dyn Read, look: &mut Look<'_>) -> Result<(), Broken> {
        let mut document = Document::open(content)?;
        while let Some(key) = document.next_key()? {
            if self.seen.contains(&key) {
                self.found.faults.push(ArchiveFault::Twice { section: key.clone() });
            }
            let shape = document.shape()?;
            if shape == Shape::Rows {
                self.count_rows(&mut document, key, look)?;
            } else if let Some(place) = look.keys.place(&key) {
                if let Ok(value) = serde_json::from_slice(document.value(LARGEST_ROW)?) {
                    (look.note)(place, value);
                }
                self.note_value(key, shape);
            } else if !self.sections.contains(key.as_str()) && self.counts_key() == Some(&key) {
                // An object that is not numbers by name is not the document's counts.
                self.stated = serde_json::from_slice(document.value(LARGEST_COUNTS)?).ok();
            } else {
                document.pass()?;
                self.note_value(key, shape);
            }
        }
        Ok(())
    }

    /// The rows that were counted before a fault are part of the report.
    fn count_rows(
        &mut self,
        document: &mut Document<&mut dyn Read>,
        name: String,
        look: &mut Look<'_>,
    ) -> Result<(), Broken> {
        let mut rows = 0;
        if let Some(place) = look.keys.place(&name) {
            let Some(first) = document.next_row()? else {
                self.note_rows(name, 0);
                return Ok(());
            };
            rows = 1;
            let first = [b"[", first, b"]"].concat();
            if let Ok(value) = serde_json::from_slice(&first) {
                (look.note)(place, value);
            }
        }
        let result = loop {
            match document.pass_row() {
                Ok(true) => rows += 1,
                Ok(false) => break Ok(()),
                Err(broken) => break Err(broken),
            }
        };
        self.note_rows(name, rows);
        result
    }

    fn note_rows(&mut self, name: String, rows: u64) {
        self.seen.insert(name.clone());
        self.found.counts.push(SectionCount { name, rows });
    }

    fn counts_key(&self) -> Option<&str> {
        match self.expected.sections {
            Some(_) => self.expected.layout.counts_key.as_deref(),
            None => Some(COUNTS_KEY),
        }
    }

    fn note_value(&mut self, key: String, shape: Shape) {
        if !self.sections.contains(key.as_str()) {
            return;
        }
        if shape == Shape::Object {
            self.note_rows(key, 1);
        } else {
            self.found.faults.push(ArchiveFault::NoRows { section: key });
        }
    }

    fn compare_own_counts(&mut self) {
        let rows = self.found.rows();
        for (section, stated) in self.stated.take().unwrap_or_default() {
            // What no section is called may be a key of a foreign document.
            if let Some(&found) = rows.get(&section).filter(|found| **found != stated) {
                self.found.faults.push(ArchiveFault::OwnCounts { section, found, stated });
            }
        }
    }
}

impl Structure {
    /// Rows by section, of the first where one comes twice.
    pub(super) fn rows(&self) -> HashMap<String, u64> {
        self.counts.iter().rev().map(|count| (count.name.clone(), count.rows)).collect()
    }
}

/// One CSV file of one section.
pub(super) fn table(content: &mut dyn Read, expected: &Expected<'_>) -> Structure {
    let section = expected.sections.and_then(<[_]>::first);
    let name = section.map_or("rows", |section| section.name.as_str());
    let mut found = Structure::default();
    let mut table = match Table::open(content) {
        Ok(table) => table,
        Err(broken) => {
            found.faults.push(ArchiveFault::of(broken, "CSV"));
            return found;
        }
    };
    if let Some(section) = section.filter(|section| !section.columns.is_empty() && section.columns != table.header()) {
        let shown = |columns: &[String]| columns.join(",").chars().take(SHOWN_HEADER).collect();
        let (found_header, expected) = (shown(table.header()), shown(&section.columns));
        found.faults.push(ArchiveFault::Header { section: name.to_owned(), found: found_header, expected });
    }
    match count(&mut table) {
        Ok(()) => found.walked = true,
        Err(broken) => found.faults.push(ArchiveFault::of(broken, "CSV")),
    }
    found.counts.push(SectionCount { name: name.to_owned(), rows: table.records() });
    found
}

fn count(table: &mut Table<impl Read>) -> Result<(), Broken> {
    while table.pass_record()? {}
    Ok(())
}

/// A seed: one document whose sections are spread over it, so that it is read as a whole. One that
/// no manifest speaks of may be a person's, which has a smaller limit.
pub(super) fn seed(content: &mut dyn Read, expected: &Expected<'_>) -> Structure {
    let limit = if expected.sections.is_some() { LARGEST_SEED } else { crate::seed::MAX_BYTES };
    let mut bytes = Vec::new();
    let only = |fault| Structure { faults: vec![fault], ..Structure::default() };
    if let Err(cause) = content.take(limit + 1).read_to_end(&mut bytes) {
        return only(ArchiveFault::Unreadable { at: bytes.len() as u64, cause: cause.to_string() });
    }
    if bytes.len() as u64 > limit {
        return only(ArchiveFault::TooLarge { at: 0, limit: usize::try_from(limit).unwrap_or(usize::MAX) });
    }
    match crate::seed::parse(&bytes) {
        Ok(document) => Structure {
            counts: seed_counts(crate::seed::counts(&document), expected),
            walked: true,
            ..Structure::default()
        },
        Err(error) => only(ArchiveFault::Seed { what: error.to_string() }),
    }
}

/// A single project's document has a made-up program, which only the manifest tells.
fn seed_counts(mut counts: Vec<SectionCount>, expected: &Expected<'_>) -> Vec<SectionCount> {
    let made_up = |section: &Section| section.name == "program" && section.rows == 0;
    if expected.sections.is_some_and(|sections| sections.iter().any(made_up)) {
        counts.retain(|count| count.name != "program");
        counts.push(SectionCount { name: "program".to_owned(), rows: 0 });
    }
    counts
}
