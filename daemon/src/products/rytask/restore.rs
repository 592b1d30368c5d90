//! RyTask's own JSON archive as rows of RyTask's tables, for a restore.
//!
//! What the format does not hold cannot come back: [`RytaskRows::told`] names it. What it holds comes back so that RyTask's
//! own export of it has the same bytes, with one exception that it names too: items and time logs of projects that are
//! not in the archive, which have no workspace.

mod facts;
mod lines;
mod tables;
mod text;

use std::{
    io::{self, Read},
    sync::Arc,
};

use orgvault_archive::{ArchiveFault, ArchiveReader, full::schema::Schema};

use self::{facts::Facts, lines::Lines};
use crate::restore::{ArchivedRows, ArchivedTable};

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

/// What a restore of such an archive cannot bring back, or makes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Stable: `membership_ids`, `passwords`, `users_made_up`, `counters`, `rows_left_out`, `settings_as_text`,
    /// `not_in_the_format`.
    pub code: &'static str,
    /// The table; empty for more than one.
    pub table: &'static str,
    /// One sentence.
    pub message: String,
    /// How many rows.
    pub rows: u64,
    /// Ids of some of them.
    pub keys: Vec<String>,
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
        let counted = tables::TABLES.iter().map(|table| (tables::named(table.name), facts.rows(table)));
        let tables = counted
            .filter(|(_, rows)| *rows > 0)
            .map(|(name, rows)| ArchivedTable { name, named: false, rows })
            .collect();
        Ok(Self { archive, gzip, sha256, schema: tables::schema(), tables, facts })
    }

    /// What does not come back, and what is made up.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.facts.told()
    }

    /// The id of the organization.
    #[must_use]
    pub fn organization(&self) -> String {
        self.facts.organization.to_string()
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
}

#[cfg(test)]
mod tests;
