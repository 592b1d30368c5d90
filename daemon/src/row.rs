//! Rows on their way from a source to a format: blocks of whole rows, columns that say how to
//! read them, and the values they hold.

use std::sync::Arc;

use tokio::sync::mpsc;

/// Blocks are sent on when they hold this many bytes; a row is never split.
pub const BLOCK_BYTES: usize = 256 * 1024;

/// No source hands on a longer cell, and no archive has a longer value.
pub const MAX_CELL_BYTES: usize = 64 * 1024 * 1024;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// One byte, 0 or 1.
    Bool,
    /// A big-endian integer of 2, 4 or 8 bytes.
    Int,
    /// A big-endian IEEE 754 number of 4 or 8 bytes.
    Float,
    /// PostgreSQL's binary `numeric`.
    Numeric,
    /// UTF-8; enums, `ltree` and a decimal number in text form too.
    Text,
    /// 16 bytes.
    Uuid,
    /// Microseconds since 2000-01-01T00:00:00 as a big-endian i64: UTC for a zoned column, as it
    /// stands for one without a zone.
    Timestamp,
    /// Days since 2000-01-01 as a big-endian i32.
    Date,
    /// JSON text.
    Json,
    /// UTF-8 words with one blank between them; empty text is an empty list.
    List,
    /// Any bytes.
    Bytes,
    /// PostgreSQL's binary array of an element type.
    Array(Element),
    /// The character between the elements, then PostgreSQL's text of an array of any type.
    ArrayText,
}

/// What the elements of an array column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// As [`ColumnType::Bool`].
    Bool,
    /// As [`ColumnType::Int`].
    Int,
    /// As [`ColumnType::Float`].
    Float,
    /// As [`ColumnType::Numeric`].
    Numeric,
    /// As [`ColumnType::Text`].
    Text,
    /// As [`ColumnType::Uuid`].
    Uuid,
    /// As [`ColumnType::Timestamp`].
    Timestamp,
    /// As [`ColumnType::Date`].
    Date,
    /// As [`ColumnType::Json`].
    Json,
    /// A version byte, then JSON text.
    Jsonb,
    /// As [`ColumnType::Bytes`].
    Bytes,
}

/// One column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name that the query gives it (`projectId`).
    pub name: String,
    /// What its cells hold.
    pub kind: ColumnType,
}

/// Whole rows in PostgreSQL's binary COPY layout, which the SQLite source writes too: for each
/// row a big-endian i16 with the number of cells, then for each cell a big-endian i32 with its
/// length (-1 is NULL) and its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    bytes: Vec<u8>,
    rows: u64,
}

impl Block {
    /// An empty block with room for a usual one.
    #[must_use]
    pub fn with_capacity() -> Self {
        Self { bytes: Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 8), rows: 0 }
    }

    /// Appends one row in the block's layout.
    pub fn push_row(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.rows += 1;
    }

    /// Bytes held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Its rows as they were pushed, one after the other.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it holds no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether it is time to send it on.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_BYTES
    }

    /// How many rows it holds.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The cells of one row after the other.
    #[must_use]
    pub fn cells(&self) -> Cells<'_> {
        Cells { bytes: &self.bytes }
    }
}

/// The block ends in the middle of a row, or a row has another number of cells than columns.
#[derive(Debug, thiserror::Error)]
#[error("a row of the source ends before its last cell")]
pub struct TornRow;

/// Reads the rows of a block, cell by cell.
#[derive(Debug, Clone)]
pub struct Cells<'a> {
    bytes: &'a [u8],
}

impl<'a> Cells<'a> {
    /// Starts the next row: how many cells it has; none at the end of the block.
    ///
    /// # Errors
    /// When the block is torn.
    pub fn next_row(&mut self) -> Result<Option<usize>, TornRow> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let (count, rest) = self.bytes.split_first_chunk().ok_or(TornRow)?;
        self.bytes = rest;
        usize::try_from(i16::from_be_bytes(*count)).map(Some).map_err(|_negative| TornRow)
    }

    /// The next cell of the row: none for NULL.
    ///
    /// # Errors
    /// When the block is torn.
    pub fn next_cell(&mut self) -> Result<Option<&'a [u8]>, TornRow> {
        let (length, rest) = self.bytes.split_first_chunk().ok_or(TornRow)?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.bytes = rest;
            return Ok(None);
        };
        let (cell, rest) = rest.split_at_checked(length).ok_or(TornRow)?;
        self.bytes = rest;
        Ok(Some(cell))
    }
}

/// What the reader sends to the writer. Only `Finish` means that nothing is missing: a queue
/// that closes without it means that the reader died.
#[derive(Debug)]
pub enum Message {
    /// The rows of this section follow.
    Begin {
        /// Its index in the definition.
        section: usize,
        /// The columns of its rows query.
        columns: Arc<[Column]>,
    },
    /// Some of its rows.
    Rows(Block),
    /// Its rows are over.
    End,
    /// Every section was sent.
    Finish,
}

/// The sending end of an archive's queue.
#[derive(Debug, Clone)]
pub struct RowSink(mpsc::Sender<Message>);

/// The writer is gone; it knows why.
#[derive(Debug, thiserror::Error)]
#[error("the writer of the archive ended early")]
pub struct WriterGone;

impl RowSink {
    /// A sink that feeds `queue`.
    #[must_use]
    pub fn new(queue: mpsc::Sender<Message>) -> Self {
        Self(queue)
    }

    /// Sends one message; waits while the queue is full.
    ///
    /// # Errors
    /// When the writer is gone.
    pub async fn send(&self, message: Message) -> Result<(), WriterGone> {
        self.0.send(message).await.map_err(|_unsent| WriterGone)
    }
}
