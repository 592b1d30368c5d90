//! Rows -> bytes of an archive. One file for each format; each is a writer that works for every
//! definition (`seed` is TruePPM's own).

use std::io::{self, Seek, Write};
use std::sync::Arc;

use orgvault_shared::{
    api::{Format, OrganizationKey, SectionCount, Warning},
    clock::Timestamp,
    gid::Gid,
};

use crate::{
    product::Definition,
    row::{Block, Column, TornRow},
};

/// What an archive is made from besides rows. Nothing else may end up in its bytes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The export's id.
    pub gid: Gid,
    /// Whose rows they are.
    pub organization: OrganizationKey,
    /// Which queries make which sections.
    pub definition: Arc<Definition>,
    /// How the archive is written.
    pub format: Format,
    /// For `csv`: the index of the one section.
    pub entity: Option<usize>,
    /// Whether the whole file is compressed with gzip.
    pub gzip: bool,
    /// Deflate's level for gzip and ZIP, 1 to 9.
    pub level: u32,
    /// When the export started: the only time that is written.
    pub started_at: Timestamp,
}

/// Why rows could not become an archive.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A value that the format cannot hold.
    #[error("{table}.{column} of row {id} holds {value}, which {format} cannot hold")]
    Unrepresentable {
        /// The base table.
        table: String,
        /// The row's id.
        id: String,
        /// The column.
        column: String,
        /// The value, shortened.
        value: String,
        /// The format.
        format: Format,
    },
    /// A section that is one object has another number of rows.
    #[error("section {section} has {rows} rows and must have exactly one: was the organization deleted?")]
    NotSingle {
        /// The section.
        section: String,
        /// Its rows.
        rows: u64,
    },
    /// The source sent a row that does not fit its own description.
    #[error("a row of section {section} does not fit its columns: {cause}")]
    Torn {
        /// The section.
        section: String,
        /// What is wrong with it.
        #[source]
        cause: TornRow,
    },
    /// The bytes could not be written.
    #[error("cannot write the archive: {0}")]
    Write(#[source] io::Error),
}

/// What an encoder wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows by section, as the encoder counted them.
    pub counts: Vec<SectionCount>,
    /// What the admin ought to know (numbers that lost digits, …).
    pub warnings: Vec<Warning>,
}

/// Writes one archive: `begin`, `rows`.., `end` for each section in the definition's order, then
/// `finish`, which hands the output back, flushed layer by layer and not yet synced.
pub trait Encoder<W>: Send {
    /// The rows of the section with this index follow.
    ///
    /// # Errors
    /// When the bytes cannot be written.
    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError>;

    /// Writes every row of the block.
    ///
    /// # Errors
    /// When a value cannot be held by the format, or the bytes cannot be written. With
    /// [`Encoder::tolerate`] the former are collected instead.
    fn rows(&mut self, block: &Block) -> Result<(), FormatError>;

    /// The section's rows are over.
    ///
    /// # Errors
    /// When a section that is one object did not have one row, or the bytes cannot be written.
    fn end(&mut self) -> Result<(), FormatError>;

    /// Closes the document.
    ///
    /// # Errors
    /// When the bytes cannot be written.
    fn finish(self: Box<Self>) -> Result<(W, Written), FormatError>;

    /// Bytes produced so far, before compression.
    fn bytes(&self) -> u64;
}

/// Where an archive's bytes go. Only `zip` seeks (back into its local headers).
pub trait Output: Write + Seek + Send {}

impl<W: Write + Seek + Send> Output for W {}
