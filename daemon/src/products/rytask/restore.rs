//! RyTask's own JSON archive as rows of RyTask's tables, for a restore.
//!
//! What the format does not hold cannot come back: the findings of [`RytaskRows`] name it. What it holds comes back so that RyTask's
//! own export of it has the same bytes, with one exception that it names too: items and time logs of projects that are
//! not in the archive, which have no workspace.

mod facts;
mod lines;
mod tables;
mod text;

use std::{
    error::Error,
    io::{self, Read},
    sync::Arc,
};

use orgvault_api::{Format, OrganizationKey, RestoreFinding};
use orgvault_archive::{ArchiveFault, ArchiveReader, full::schema::Schema};

use self::{facts::Facts, lines::Lines};
use crate::restore::{ArchivedRows, ArchivedTable, NativeReader, NativeRows};

/// Why an archive cannot be read as RyTask's.
#[derive(Debug, thiserror::Error)]
pub enum RytaskFault {
    /// It is broken.
    #[error("the archive is damaged: {0}")]
    Archive(#[from] ArchiveFault),
    /// It is something else, or of a later release.
    #[error("the archive is no RyTask workspace export of version 1: its {key} is {found}")]
    Format {
        /// `format` or `version`.
        key: &'static str,
        /// What it says.
        found: String,
    },
    /// It has no section that it must have.
    #[error("the archive has no {section}")]
    Missing {
        /// The section.
        section: &'static str,
    },
    /// It has a section that this version does not know: it would be lost.
    #[error("the archive has the section {section}, which is not known: it would be lost")]
    UnknownSection {
        /// Its name.
        section: String,
    },
    /// A row has a key that this version does not know: it would be lost.
    #[error("row {row} of {section} has the key {key}, which is not known: it would be lost")]
    Unknown {
        /// The section.
        section: String,
        /// Its place, from 1.
        row: u64,
        /// The key.
        key: String,
    },
    /// A value is not what it has to be.
    #[error("{key} of row {row} of {section} is not {wanted}")]
    Value {
        /// The section.
        section: String,
        /// Its place, from 1.
        row: u64,
        /// The key.
        key: String,
        /// `a UUID`.
        wanted: &'static str,
    },
}

/// Reads archives of [`Format::Json`].
pub(super) const READER: NativeReader = NativeReader { format: Format::Json, read };

fn read(archive: ArchiveReader, gzip: bool, sha256: String) -> Result<NativeRows, Box<dyn Error + Send + Sync>> {
    let rows = RytaskRows::read(archive, gzip, sha256)?;
    let organization = OrganizationKey {
        source: String::new(),
        kind: "organization".to_owned(),
        id: rows.facts.organization.to_string(),
        name: rows.facts.name.clone(),
        slug: rows.facts.slug.clone(),
    };
    Ok(NativeRows { rows: Arc::new(rows), organization })
}

/// The rows of one archive.
pub struct RytaskRows {
    archive: ArchiveReader,
    gzip: bool,
    sha256: String,
    schema: Schema,
    tables: Vec<ArchivedTable>,
    facts: Arc<Facts>,
}

impl RytaskRows {
    /// Reads through an archive once, and remembers its projects, users and counters.
    ///
    /// # Errors
    /// When it is broken, is something else, or holds what this version does not know.
    pub fn read(archive: ArchiveReader, gzip: bool, sha256: String) -> Result<Self, RytaskFault> {
        let facts = Arc::new(Facts::read(&archive, gzip)?);
        let table = |table: &tables::Table| ArchivedTable {
            name: tables::named(table.name),
            named: false,
            rows: facts.rows(table),
        };
        let tables = tables::TABLES.iter().map(table).collect();
        Ok(Self { archive, gzip, sha256, schema: tables::schema(), tables, facts })
    }
}

impl ArchivedRows for RytaskRows {
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn tables(&self) -> &[ArchivedTable] {
        &self.tables
    }

    fn csv(&self, table: &ArchivedTable) -> io::Result<Box<dyn Read + Send>> {
        let known = tables::TABLES.iter().find(|known| tables::named(known.name) == table.name);
        let known =
            known.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no {}", table.name)))?;
        let lines = Lines::open(known, Arc::clone(&self.facts), &self.archive, self.gzip).map_err(io::Error::other)?;
        Ok(Box::new(lines))
    }

    fn findings(&self) -> Vec<RestoreFinding> {
        self.facts.findings()
    }
}

#[cfg(test)]
mod tests;
