//! Rows read back out of an archive, page by page, in constant memory.
//!
//! There is no index: each page reads the file from its start, at the speed of a verification.

mod page;
mod received;
mod search;

use std::{
    io::{self, Read},
    path::Path,
};

use super::{
    container,
    content::{self, Broken},
    document::{Document, Shape},
    full,
    manifest::{self, FILES, Manifest},
    reader::ArchiveReader,
    table::Table,
    verify::{ArchiveFault, Guess},
};
use orgvault_api::{Format, RowsPage};
use page::{Page, Stop};
use received::Search;

/// The section of a CSV file without a manifest.
const ONLY_SECTION: &str = "rows";

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The file cannot be opened.
    #[error("cannot open {name}: {cause}")]
    Open {
        /// The archive.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The archive has no such section.
    #[error("there is no section {section} in {name}; there are: {}", known.join(", "))]
    UnknownSection {
        /// The archive.
        name: String,
        /// What was asked for.
        section: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The page's first row is too large to be shown.
    #[error(
        "row {} of section {section} in {name} is too large to be shown ({why}): \
         ask for the rows after {} to go on behind it", passed + 1, passed + 1
    )]
    TooLarge {
        /// The archive.
        name: String,
        /// The section.
        section: String,
        /// Rows before it.
        passed: u64,
        /// Which limit it exceeds.
        why: String,
    },
    /// The file is broken before the page's end.
    #[error("cannot read rows of {name}: {fault}")]
    Damaged {
        /// The archive.
        name: String,
        /// What is wrong with it.
        fault: ArchiveFault,
    },
}

/// Reads rows of `section`: at most `limit` (at least one) of those after the first `after`, and
/// only those in which `search` occurs in a value, in whatever case.
///
/// # Errors
/// When the file cannot be opened, has no such section, or is broken before the page's end; and
/// where the page would begin with a row that is too large to be shown. A link is not followed.
pub fn rows(
    path: &Path,
    manifest: Option<&Manifest>,
    section: &str,
    after: u64,
    limit: usize,
    search: Option<&str>,
) -> Result<RowsPage, RowsError> {
    let name = path.to_string_lossy();
    rows_of(&name, ArchiveReader::in_place(path), manifest, section, after, limit, search)
}

/// As [`rows`], of the archive that people know by `name`, which a store has `opened`, or could not.
///
/// # Errors
/// As [`rows`].
pub fn rows_of(
    name: &str,
    opened: io::Result<ArchiveReader>,
    manifest: Option<&Manifest>,
    section: &str,
    after: u64,
    limit: usize,
    search: Option<&str>,
) -> Result<RowsPage, RowsError> {
    let failed = |cause| RowsError::Open { name: name.to_owned(), cause };
    let reader = opened.map_err(failed)?;
    let Guess { format, gzip, content } = match manifest {
        Some(Manifest { format, gzip, received, .. }) => {
            Guess { format: *format, gzip: *gzip, content: received.as_ref().map(|file| file.content.clone()) }
        }
        None => Guess::of(&reader).map_err(failed)?,
    };
    let page = Page::new(after, limit, search);
    let read = match format {
        _ if let Some(content) = &content => Search::new(section, page).through(reader, format, gzip, content),
        Format::Json | Format::Seed | Format::SeedEvents => from_document(content::open(reader, gzip), section, page),
        Format::Csv => match table_section(manifest) {
            known if known.iter().any(|name| name == section) => from_table(content::open(reader, gzip), page),
            known => Err(Unread::Unknown(known)),
        },
        // A tar is always one that an app made.
        Format::Zip | Format::Full | Format::Tar => from_zip(reader, manifest, section, page),
    };
    let (name, section) = (name.to_owned(), section.to_owned());
    read.map(Page::finish).map_err(|unread| match unread {
        Unread::Unknown(known) => RowsError::UnknownSection { name, section, known },
        Unread::TooLarge { passed, why } => RowsError::TooLarge { name, section, passed, why },
        Unread::Damaged(fault) => RowsError::Damaged { name, fault },
    })
}

/// Why there is no page, before the file and the section are named.
enum Unread {
    /// There is no such section; the names of those that there are.
    Unknown(Vec<String>),
    TooLarge {
        passed: u64,
        why: String,
    },
    Damaged(ArchiveFault),
}

impl Unread {
    fn of(stop: Stop, format: &'static str) -> Self {
        match stop {
            Stop::TooLarge { passed, why } => Self::TooLarge { passed, why },
            Stop::Broken(broken) => Self::Damaged(ArchiveFault::of(broken, format)),
        }
    }

    fn json(stop: impl Into<Stop>) -> Self {
        Self::of(stop.into(), "JSON")
    }
}

/// The names by which the one section of a CSV file is known.
fn table_section(manifest: Option<&Manifest>) -> Vec<String> {
    let Some(manifest) = manifest else { return vec![ONLY_SECTION.to_owned()] };
    let names = manifest.sections.iter().map(|section| section.name.clone());
    names.chain(manifest.entity.clone()).collect()
}

fn from_document(content: impl Read, section: &str, mut page: Page) -> Result<Page, Unread> {
    let mut document = Document::open(content).map_err(Unread::json)?;
    let mut known = Vec::new();
    let found = fill_from_document(&mut document, section, &mut page, &mut known)?;
    if found { Ok(page) } else { Err(Unread::Unknown(known)) }
}

/// Fills the page where the document has the section, and says whether it has; else the names of those that it has
/// are `known`.
fn fill_from_document(
    document: &mut Document<impl Read>,
    section: &str,
    page: &mut Page,
    known: &mut Vec<String>,
) -> Result<bool, Unread> {
    while let Some(key) = document.next_key().map_err(Unread::json)? {
        let shape = document.shape().map_err(Unread::json)?;
        if key == section && shape != Shape::Scalar {
            let filled = if shape == Shape::Rows { page.fill(document) } else { page.single(document) };
            return filled.map(|()| true).map_err(Unread::json);
        }
        if pass(document, shape).map_err(Unread::json)? {
            known.push(key);
        }
    }
    Ok(false)
}

/// Passes over a section, or something else; says whether it was one.
fn pass(document: &mut Document<impl Read>, shape: Shape) -> Result<bool, Broken> {
    if shape == Shape::Rows {
        while document.pass_row()? {}
    } else {
        document.pass()?;
    }
    Ok(shape == Shape::Rows)
}

/// The page of one member of a ZIP.
fn from_zip(reader: ArchiveReader, manifest: Option<&Manifest>, section: &str, page: Page) -> Result<Page, Unread> {
    let files = manifest.map(|manifest| manifest.files.unwrap_or_default().count);
    let mut archive = container::open(reader, files).map_err(Unread::Damaged)?;
    let sections: Vec<(String, String)> = if let Some(manifest) = manifest {
        let with_member = |it: &manifest::Section| Some((it.name.clone(), it.member.clone()?));
        manifest.sections.iter().filter_map(with_member).collect()
    } else {
        let members = archive
            .file_names()
            .filter_map(Result::ok)
            .filter(|name| !name.starts_with(FILES) && !name.starts_with(full::FILES));
        members.filter_map(|name| Some((name.strip_suffix(".csv")?.to_owned(), name.into_owned()))).collect()
    };
    let Some((_, member)) = sections.iter().find(|(name, member)| name == section || member == section) else {
        return Err(Unread::Unknown(sections.into_iter().map(|(name, _)| name).collect()));
    };
    let content = archive.by_name(member).map_err(|error| Unread::Damaged(container::not_a_zip(&error)))?;
    from_table(content, page).map_err(|unread| match unread {
        Unread::Damaged(fault) => Unread::Damaged(fault.packed().of_member(member)),
        other => other,
    })
}

/// The page of one CSV file.
fn from_table(content: impl Read, mut page: Page) -> Result<Page, Unread> {
    let failed = |stop| Unread::of(stop, "CSV");
    let mut table = Table::open(content).map_err(|broken| failed(broken.into()))?;
    page.fill_from(&mut table).map_err(failed)?;
    Ok(page)
}
