//! What an archive gives to a restore.

use std::{
    error::Error,
    io::{self, Read},
    sync::Arc,
};

use orgvault_api::{Format, OrganizationKey, RestoreFinding};
use orgvault_archive::{
    ArchiveReader,
    full::schema::{QualifiedName, Schema},
};

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

    /// What a plan has to say of the archive itself: what cannot come back from it, and what is made up.
    fn findings(&self) -> Vec<RestoreFinding> {
        Vec::new()
    }
}

/// How rows are read out of archives in a product's own format.
#[derive(Clone, Copy)]
pub struct NativeReader {
    /// The format.
    pub format: Format,
    /// Reads through an archive that is whole.
    pub read: ReadNative,
}

/// Reads through an archive that is whole and, where that is said, gzip; with its SHA-256 in lower-case hex.
pub type ReadNative = fn(ArchiveReader, bool, String) -> Result<NativeRows, Box<dyn Error + Send + Sync>>;

/// The rows of an archive in a product's own format, and whose they are, as it says itself.
pub struct NativeRows {
    /// The rows.
    pub rows: Arc<dyn ArchivedRows>,
    /// Whose they are; no source is named.
    pub organization: OrganizationKey,
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
