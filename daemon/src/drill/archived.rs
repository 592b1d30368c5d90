//! A `full` archive as a restore reads it.

use std::io::{self, Chain, Read};

use orgvault_archive::{
    full::{
        self, FullArchive as Opened, FullError,
        report::TableReport,
        schema::{QualifiedName, Schema},
    },
    reader::ArchiveReader,
};

use crate::restore::{ArchivedRows, ArchivedTable};

/// A `full` archive that is open.
pub(super) struct FullArchive {
    sha256: String,
    opened: Opened,
    tables: Vec<ArchivedTable>,
}

impl FullArchive {
    /// Reads what the archive says of itself.
    ///
    /// # Errors
    /// When it is no `full` archive, or one of a newer version.
    pub(super) fn open(reader: ArchiveReader, sha256: &str) -> Result<Self, FullError> {
        let opened = Opened::open(reader)?;
        let mut tables: Vec<ArchivedTable> = Vec::new();
        for TableReport { name, rows, .. } in &opened.report().tables {
            match tables.iter_mut().find(|table| table.name == *name) {
                Some(table) => table.rows += rows,
                None => tables.push(ArchivedTable { name: name.clone(), rows: *rows }),
            }
        }
        tables.retain(|table| table.rows > 0);
        Ok(Self { sha256: sha256.to_owned(), opened, tables })
    }

    /// Whether it holds rows of the table that the organization names, and that are not its own.
    pub(super) fn names_rows_of(&self, table: &QualifiedName) -> bool {
        let own = full::member(table, false);
        self.opened.report().tables.iter().any(|report| report.name == *table && report.file != own)
    }

    /// What its rows of a table hash to.
    pub(super) fn row_hashes(&self, table: &QualifiedName) -> Vec<&str> {
        let reports = self.opened.report().tables.iter().filter(|report| report.name == *table && report.rows > 0);
        reports.map(|report| report.row_hash.as_str()).collect()
    }

    /// The encoding of the database that the rows come from.
    pub(super) fn encoding(&self) -> &str {
        &self.opened.schema().encoding
    }
}

impl ArchivedRows for FullArchive {
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn schema(&self) -> &Schema {
        self.opened.schema()
    }

    fn tables(&self) -> &[ArchivedTable] {
        &self.tables
    }

    /// Rows that the organization has, and then those that it names: one header, and all of them behind it.
    fn csv(&self, table: &QualifiedName) -> io::Result<Box<dyn Read + Send>> {
        let members = self.opened.report().tables.iter().filter(|report| report.name == *table);
        let mut rows: Option<Box<dyn Read + Send>> = None;
        for TableReport { file, .. } in members {
            let member = self.opened.member(file)?;
            rows = Some(match rows {
                None => member,
                Some(before) => {
                    let more: Chain<_, _> = before.chain(WithoutHeader { inner: member, state: State::Outside });
                    Box::new(more)
                }
            });
        }
        rows.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{table} is not in the archive")))
    }
}

/// A CSV without its first line.
struct WithoutHeader<R> {
    inner: R,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the header, outside of quotes.
    Outside,
    /// In the header, and what comes is quoted.
    Quoted,
    /// Behind it.
    Rows,
}

impl State {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Outside,
            (Self::Outside, b'\n') => Self::Rows,
            (state, _) => state,
        }
    }
}

impl<R: Read> Read for WithoutHeader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.state != State::Rows {
            let mut byte = [0];
            if self.inner.read(&mut byte)? == 0 {
                return Ok(0);
            }
            self.state = self.state.after(byte[0]);
        }
        self.inner.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_header_is_left_out() {
        for (text, rows) in [("a,b\n1,2\n", "1,2\n"), ("\"a\nb\",\"c\"\"\n\"\n1\n", "1\n"), ("a\n", ""), ("", "")] {
            let mut read = String::new();
            WithoutHeader { inner: text.as_bytes(), state: State::Outside }.read_to_string(&mut read).unwrap();
            assert_eq!(read, rows, "{text:?}");
        }
    }
}
