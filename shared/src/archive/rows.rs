//! Rows read back out of an archive, page by page, in constant memory.
//!
//! There is no index: each page reads the file from its start, at the speed of a verification.

mod needle;

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde_json::value::RawValue;
use zip::{ZipArchive, result::ZipError};

use super::{
    content::{self, Broken},
    document::{Document, Shape},
    manifest::{self, Manifest},
    table::{self, Table},
    verify::{Fault, guess},
};
use crate::api::{Format, Row, RowsPage};
use needle::Needle;

/// A page ends when its rows take this many bytes, however few they are.
const PAGE_BYTES: usize = 16 * 1024 * 1024;
/// The section of a CSV file without a manifest.
const ONLY_SECTION: &str = "rows";

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The archive has no such section.
    #[error("there is no section {section} in {}; there are: {}", path.display(), known.join(", "))]
    UnknownSection {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        section: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The file is broken before the page's end.
    #[error("cannot read rows of {}: {fault}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// Reads rows of `section`: at most `limit` (at least one) of those after the first `after`, and
/// only those in which `search` occurs in a value, in whatever case.
///
/// # Errors
/// When the file cannot be opened, has no such section, or is broken before the page's end.
pub fn rows(
    path: &Path,
    manifest: Option<&Manifest>,
    section: &str,
    after: u64,
    limit: usize,
    search: Option<&str>,
) -> Result<RowsPage, RowsError> {
    let failed = |cause| RowsError::Open { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    let (format, gzip) = match manifest {
        Some(manifest) => (manifest.format, manifest.gzip),
        None => guess(path, &file).map_err(failed)?,
    };
    let page = Page::new(after, limit, search);
    let read = match format {
        Format::Json | Format::Seed | Format::SeedEvents => {
            from_document(content::open(file, gzip), section, page).map_err(|broken| Fault::of(broken, "JSON"))
        }
        Format::Csv => {
            let known = table_section(manifest);
            if !known.iter().any(|name| name == section) {
                return Err(RowsError::UnknownSection { path: path.to_owned(), section: section.to_owned(), known });
            }
            from_table(content::open(file, gzip), page).map(Ok).map_err(|broken| Fault::of(broken, "CSV"))
        }
        Format::Zip => from_zip(file, manifest, section, page),
    };
    match read {
        Ok(Ok(page)) => Ok(page.finish()),
        Ok(Err(known)) => Err(RowsError::UnknownSection { path: path.to_owned(), section: section.to_owned(), known }),
        Err(fault) => Err(RowsError::Damaged { path: path.to_owned(), fault }),
    }
}

/// The names by which the one section of a CSV file is known.
fn table_section(manifest: Option<&Manifest>) -> Vec<String> {
    let Some(manifest) = manifest else { return vec![ONLY_SECTION.to_owned()] };
    let names = manifest.sections.iter().map(|section| section.name.clone());
    names.chain(manifest.entity.clone()).collect()
}

/// The page, or the names of the sections that there are.
fn from_document(content: impl Read, section: &str, mut page: Page) -> Result<Result<Page, Vec<String>>, Broken> {
    let mut document = Document::open(content)?;
    let mut known = Vec::new();
    while let Some(key) = document.next_key()? {
        match document.shape()? {
            Shape::Rows if key == section => {
                page.fill(&mut document)?;
                return Ok(Ok(page));
            }
            Shape::Object if key == section => {
                let row = document.value()?;
                page.offer(row);
                return Ok(Ok(page));
            }
            Shape::Rows => while document.next_row()?.is_some() {},
            Shape::Object | Shape::Scalar => {
                document.value()?;
                continue;
            }
        }
        known.push(key);
    }
    Ok(Err(known))
}

/// The page of one member of a ZIP, or the names of the sections that there are.
fn from_zip(
    file: File,
    manifest: Option<&Manifest>,
    section: &str,
    page: Page,
) -> Result<Result<Page, Vec<String>>, Fault> {
    let container = |error: ZipError| Fault::Container { cause: error.to_string() };
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(container)?;
    let sections: Vec<(String, String)> = if let Some(manifest) = manifest {
        let with_member = |it: &manifest::Section| Some((it.name.clone(), it.member.clone()?));
        manifest.sections.iter().filter_map(with_member).collect()
    } else {
        let members = archive.file_names().filter_map(Result::ok);
        members.filter_map(|name| Some((name.strip_suffix(".csv")?.to_owned(), name.into_owned()))).collect()
    };
    let Some((_, member)) = sections.iter().find(|(name, member)| name == section || member == section) else {
        return Ok(Err(sections.into_iter().map(|(name, _)| name).collect()));
    };
    let content = archive.by_name(member).map_err(container)?;
    match from_table(content, page) {
        Ok(page) => Ok(Ok(page)),
        Err(broken) => Err(Fault::of(broken, "CSV").packed().of_member(member)),
    }
}

/// The page of one CSV file.
fn from_table(content: impl Read, mut page: Page) -> Result<Page, Broken> {
    let mut table = Table::open(content)?;
    let header = table.header().to_vec();
    for column in &header {
        page.note_column(column);
    }
    while let Some(record) = table.next_record()? {
        if page.is_full() {
            page.next = Some(page.passed);
            break;
        }
        if page.skips() {
            continue;
        }
        let row: serde_json::Map<_, _> =
            header.iter().cloned().zip(table::fields(record).into_iter().map(serde_json::Value::String)).collect();
        page.offer(serde_json::Value::Object(row).to_string().as_bytes());
    }
    Ok(page)
}

struct Page {
    after: u64,
    limit: usize,
    needle: Option<Needle>,
    passed: u64,
    bytes: usize,
    columns: Vec<String>,
    noted: HashSet<String>,
    rows: Vec<Row>,
    next: Option<u64>,
}

impl Page {
    fn new(after: u64, limit: usize, search: Option<&str>) -> Self {
        let needle = search.filter(|text| !text.is_empty()).map(Needle::new);
        let (columns, noted, rows) = (Vec::new(), HashSet::new(), Vec::new());
        Self { after, limit: limit.max(1), needle, passed: 0, bytes: 0, columns, noted, rows, next: None }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.limit || self.bytes >= PAGE_BYTES
    }

    /// Passes over one of the rows before the page; says whether it did.
    fn skips(&mut self) -> bool {
        let skips = self.passed < self.after;
        self.passed += u64::from(skips);
        skips
    }

    fn fill(&mut self, document: &mut Document<impl Read>) -> Result<(), Broken> {
        while let Some(row) = document.next_row()? {
            if self.is_full() {
                self.next = Some(self.passed);
                break;
            }
            if !self.skips() {
                self.offer(row);
            }
        }
        Ok(())
    }

    /// Takes one row, if it is one that is searched for.
    fn offer(&mut self, text: &[u8]) {
        self.passed += 1;
        // The document has found this to be one value of UTF-8 text.
        let text = String::from_utf8_lossy(text);
        if self.needle.as_ref().is_some_and(|needle| !needle.may_be_in(&text)) {
            return;
        }
        let Ok(row) = RawValue::from_string(text.into_owned()).map(Row::from) else { return };
        if self.needle.as_ref().is_some_and(|needle| !needle.is_in(&row)) {
            return;
        }
        self.bytes += row.text().len();
        for (column, _) in row.cells() {
            self.note_column(&column);
        }
        self.rows.push(row);
    }

    fn note_column(&mut self, column: &str) {
        if self.noted.insert(column.to_owned()) {
            self.columns.push(column.to_owned());
        }
    }

    fn finish(self) -> RowsPage {
        RowsPage { columns: self.columns, rows: self.rows, next: self.next }
    }
}
