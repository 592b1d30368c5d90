//! One page of rows, as it fills.

use std::{collections::HashSet, io::Read};

use serde_json::{Value, value::RawValue};

use super::search::Search;
use crate::{
    content::Broken,
    document::{Document, LARGEST_ROW},
    table::{self, MOST_COLUMNS, Table},
};
use orgvault_api::{Row, RowsPage};

/// A page ends before its rows take more than this many bytes.
const PAGE_BYTES: usize = LARGEST_ROW;

/// Why a page cannot be filled.
pub(super) enum Stop {
    /// Its first row, behind `passed` others, is too large.
    TooLarge {
        passed: u64,
        why: String,
    },
    Broken(Broken),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Rows, one after the other.
pub(super) trait Source {
    /// The next one; none at the end.
    fn next_row(&mut self) -> Result<Option<&[u8]>, Broken>;

    /// Passes over the next one; false at the end.
    fn pass_row(&mut self) -> Result<bool, Broken>;
}

impl<R: Read> Source for Document<R> {
    fn next_row(&mut self) -> Result<Option<&[u8]>, Broken> {
        Self::next_row(self)
    }

    fn pass_row(&mut self) -> Result<bool, Broken> {
        Self::pass_row(self)
    }
}

pub(super) struct Page {
    after: u64,
    limit: usize,
    search: Option<Search>,
    passed: u64,
    bytes: usize,
    columns: Vec<String>,
    noted: HashSet<String>,
    rows: Vec<Row>,
    next: Option<u64>,
}

impl Page {
    pub(super) fn new(after: u64, limit: usize, search: Option<&str>) -> Self {
        let search = search.filter(|text| !text.is_empty()).map(Search::new);
        let (columns, noted, rows) = (Vec::new(), HashSet::new(), Vec::new());
        Self { after, limit: limit.max(1), search, passed: 0, bytes: 0, columns, noted, rows, next: None }
    }

    pub(super) fn finish(self) -> RowsPage {
        RowsPage { columns: self.columns, rows: self.rows, next: self.next }
    }

    /// Whether it is known that more rows follow than it takes.
    pub(super) fn is_full(&self) -> bool {
        self.next.is_some()
    }

    /// Takes rows, behind those of earlier calls.
    pub(super) fn fill(&mut self, document: &mut impl Source) -> Result<(), Stop> {
        while self.skips() {
            if !document.pass_row()? {
                return Ok(());
            }
            self.passed += 1;
        }
        while !self.has_ended() {
            let row = match document.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(()),
                Err(Broken::TooLarge { limit, .. }) => return self.end_before(too_large(limit)),
                Err(broken) => return Err(broken.into()),
            };
            self.offer(row)?;
        }
        // What follows may be the end.
        let more = self.next.is_some() || document.pass_row()?;
        self.next = more.then_some(self.passed);
        Ok(())
    }

    /// Takes the one row of a section that is an object.
    pub(super) fn single(&mut self, document: &mut Document<impl Read>) -> Result<(), Stop> {
        match document.value(LARGEST_ROW) {
            Ok(row) => self.offer(row),
            Err(Broken::TooLarge { limit, .. }) => self.end_before(too_large(limit)),
            Err(broken) => Err(broken.into()),
        }
    }

    /// Takes records of a table.
    pub(super) fn fill_from(&mut self, table: &mut Table<impl Read>) -> Result<(), Stop> {
        let header = table.header().to_vec();
        for column in &header {
            self.note_column(column);
        }
        while self.skips() {
            if !table.pass_record()? {
                return Ok(());
            }
            self.passed += 1;
        }
        while !self.has_ended() {
            let record = match table.next_record() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(Broken::TooLarge { limit, .. }) => return self.end_before(too_large(limit)),
                Err(broken) => return Err(broken.into()),
            };
            self.offer_record(&header, record)?;
        }
        let more = self.next.is_some() || table.pass_record()?;
        self.next = more.then_some(self.passed);
        Ok(())
    }

    /// Whether rows before the page are still to be passed over.
    fn skips(&self) -> bool {
        self.passed < self.after
    }

    fn has_ended(&self) -> bool {
        self.next.is_some() || self.rows.len() >= self.limit || self.bytes >= PAGE_BYTES
    }

    /// Ends the page before the row that comes; where it has none, that row is why.
    fn end_before(&mut self, why: String) -> Result<(), Stop> {
        if self.rows.is_empty() {
            return Err(Stop::TooLarge { passed: self.passed, why });
        }
        self.next = Some(self.passed);
        Ok(())
    }

    fn offer_record(&mut self, header: &[String], record: &[u8]) -> Result<(), Stop> {
        let fields = table::fields(record);
        let length: usize = fields.iter().chain(header).map(|text| json_length(text) + 1).sum();
        if length > LARGEST_ROW {
            return self.end_before(too_large(LARGEST_ROW));
        }
        let row = header.iter().cloned().zip(fields.into_iter().map(Value::String));
        self.offer(Value::Object(row.collect()).to_string().as_bytes())
    }

    /// Takes one row, if it is one that is searched for.
    fn offer(&mut self, text: &[u8]) -> Result<(), Stop> {
        // It has been found to be one value of UTF-8 text.
        let text = String::from_utf8_lossy(text);
        if self.search.as_ref().is_some_and(|search| !search.may_be_in(&text)) {
            self.passed += 1;
            return Ok(());
        }
        if self.bytes + text.len() > PAGE_BYTES && !self.rows.is_empty() {
            self.next = Some(self.passed);
            return Ok(());
        }
        let row = RawValue::from_string(text.into_owned()).map(Row::from);
        let Ok(row) = row else {
            self.passed += 1;
            return Ok(());
        };
        let Some(columns) = row.columns(MOST_COLUMNS) else {
            return self.end_before(format!("it has more than {MOST_COLUMNS} columns"));
        };
        self.passed += 1;
        if self.search.as_ref().is_some_and(|search| !search.is_in(&row)) {
            return Ok(());
        }
        self.bytes += row.text().len();
        for column in columns {
            self.note_column(&column);
        }
        self.rows.push(row);
        Ok(())
    }

    fn note_column(&mut self, column: &str) {
        if self.noted.len() < MOST_COLUMNS && self.noted.insert(column.to_owned()) {
            self.columns.push(column.to_owned());
        }
    }
}

fn too_large(limit: usize) -> String {
    format!("it has more than {limit} bytes")
}

/// How many bytes a text takes as JSON.
fn json_length(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    text.len() + 2 + text.bytes().map(escaped).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_its_json() {
        for text in ["", "plain", "\"\\", "\u{1}\u{1f}ü"] {
            assert_eq!(json_length(text), serde_json::to_string(text).unwrap().len(), "{text:?}");
        }
        assert!(json_length("\n\t") >= serde_json::to_string("\n\t").unwrap().len());
    }
}
