//! What an archive gives to a restore.

use std::io::{self, Read};

use orgvault_archive::full::schema::{QualifiedName, Schema};

/// The rows of an archive. All of it is untrusted: which rows are the organization's, and which tables are shared,
/// says the daemon's own definition.
pub trait ArchivedRows: Send + Sync {
    /// The SHA-256 of the archive, in lower-case hex.
    fn sha256(&self) -> &str;

    /// The schema of the database that the rows come from.
    fn schema(&self) -> &Schema;

    /// The tables that have rows in it.
    fn tables(&self) -> &[ArchivedTable];

    /// The rows of one of them: a header line with the names of its columns in the table's order, then one record for
    /// each row, as `COPY .. TO STDOUT (FORMAT csv, NULL '\N')` writes it. Is read on a thread that may block.
    ///
    /// # Errors
    /// When the archive cannot be read.
    fn csv(&self, table: &ArchivedTable) -> io::Result<Box<dyn Read + Send>>;
}

/// One table of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedTable {
    /// Its name.
    pub name: QualifiedName,
    /// Whether these are rows of others, which the organization's rows name: they are taken for shared ones, whatever the
    /// definition says of the table. A table may be there once with them and once with the organization's own.
    pub named: bool,
    /// Rows, as the archive says.
    pub rows: u64,
}
