//! The stream of `COPY .. TO STDOUT (FORMAT binary)`, cut into blocks of whole rows.
//! <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>

use crate::row::{Block, MAX_CELL_BYTES};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, length of the extension.
const HEADER: usize = 19;

/// The stream is not what the protocol says.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum CopyError {
    #[error("the rows do not start with the signature of a binary COPY")]
    Signature,
    #[error("the rows come in a newer layout of binary COPY (flags {flags:#x})")]
    Flags { flags: u32 },
    #[error("a row has {found} columns and must have {expected}")]
    Columns { found: i16, expected: usize },
    #[error("a cell of column {column} starts with version {version} instead of 1")]
    Version { column: usize, version: u8 },
    #[error("a cell is empty or its length is negative: {length}")]
    Length { length: i32 },
    #[error("a cell of column {column} has {bytes} bytes")]
    TooLong { column: usize, bytes: usize },
    #[error("the rows end in the middle")]
    Short,
    #[error("something follows the end of the rows")]
    Trailing,
}

/// Takes the stream apart. PostgreSQL sends one row in each message, but promises nothing.
pub(super) struct Reader<'a> {
    columns: usize,
    /// Columns whose cells start with a version byte (jsonb, ltree), which is cut off; empty
    /// where there is none.
    versioned: &'a [bool],
    /// What is left of a message that ended in the middle of a row.
    carried: Vec<u8>,
    /// A row without its version bytes.
    row: Vec<u8>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Over,
}

/// What the next bytes are.
enum Next {
    /// Bytes without rows, of this length.
    Skip(usize),
    /// A whole row of this length.
    Row(usize),
    /// Not all there yet.
    Partial,
}

impl<'a> Reader<'a> {
    pub(super) fn new(columns: usize, versioned: &'a [bool]) -> Self {
        Self { columns, versioned, carried: Vec::new(), row: Vec::new(), state: State::Header }
    }

    /// Appends the whole rows of a message to `block`.
    pub(super) fn feed(&mut self, message: &[u8], block: &mut Block) -> Result<(), CopyError> {
        if self.carried.is_empty() {
            let used = self.take(message, block)?;
            self.carried.extend_from_slice(message.get(used..).unwrap_or_default());
            return Ok(());
        }
        let mut carried = std::mem::take(&mut self.carried);
        carried.extend_from_slice(message);
        let used = self.take(&carried, block)?;
        carried.drain(..used);
        self.carried = carried;
        Ok(())
    }

    /// The stream is over.
    pub(super) fn finish(&self) -> Result<(), CopyError> {
        if self.state == State::Over && self.carried.is_empty() { Ok(()) } else { Err(CopyError::Short) }
    }

    /// Takes what is whole; gives how many bytes that were.
    fn take(&mut self, bytes: &[u8], block: &mut Block) -> Result<usize, CopyError> {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match self.next(rest)? {
                Next::Partial => return Ok(used),
                Next::Skip(length) => used += length,
                Next::Row(length) => {
                    let row = rest.get(..length).unwrap_or_default();
                    if self.versioned.is_empty() {
                        block.push_row(row);
                    } else {
                        self.cut_versions(row)?;
                        block.push_row(&self.row);
                    }
                    used += length;
                }
            }
        }
    }

    fn next(&mut self, bytes: &[u8]) -> Result<Next, CopyError> {
        match self.state {
            State::Rows => self.next_row(bytes),
            State::Header => self.header(bytes),
            State::Over if bytes.is_empty() => Ok(Next::Partial),
            State::Over => Err(CopyError::Trailing),
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Next, CopyError> {
        if !bytes.starts_with(SIGNATURE.get(..bytes.len().min(SIGNATURE.len())).unwrap_or_default()) {
            return Err(CopyError::Signature);
        }
        let (Some(flags), Some(extension)) = (integer(bytes, 11), integer(bytes, 15)) else {
            return Ok(Next::Partial);
        };
        let flags = flags.cast_unsigned();
        if flags & 0xffff_0000 != 0 {
            return Err(CopyError::Flags { flags });
        }
        let length = usize::try_from(extension).map_err(|_negative| CopyError::Length { length: extension })?;
        if bytes.len() < HEADER + length {
            return Ok(Next::Partial);
        }
        self.state = State::Rows;
        Ok(Next::Skip(HEADER + length))
    }

    fn next_row(&mut self, bytes: &[u8]) -> Result<Next, CopyError> {
        let Some((count, _)) = bytes.split_first_chunk() else { return Ok(Next::Partial) };
        let found = i16::from_be_bytes(*count);
        if found == -1 {
            self.state = State::Over;
            return Ok(Next::Skip(2));
        }
        if usize::try_from(found) != Ok(self.columns) {
            return Err(CopyError::Columns { found, expected: self.columns });
        }
        let mut at = 2;
        for column in 0..self.columns {
            let Some(length) = integer(bytes, at) else { return Ok(Next::Partial) };
            let length = cell_length(length)?;
            if length > MAX_CELL_BYTES {
                return Err(CopyError::TooLong { column, bytes: length });
            }
            at += 4 + length;
        }
        Ok(if at <= bytes.len() { Next::Row(at) } else { Next::Partial })
    }

    /// Copies a whole row to `self.row` without the version bytes.
    fn cut_versions(&mut self, row: &[u8]) -> Result<(), CopyError> {
        self.row.clear();
        self.row.extend_from_slice(row.get(..2).unwrap_or_default());
        let mut at = 2;
        for column in 0..self.columns {
            let length = integer(row, at).ok_or(CopyError::Short)?;
            let cell = row.get(at + 4..at + 4 + cell_length(length)?).ok_or(CopyError::Short)?;
            at += 4 + cell.len();
            if length < 0 || !self.versioned.get(column).copied().unwrap_or_default() {
                self.row.extend_from_slice(&length.to_be_bytes());
                self.row.extend_from_slice(cell);
                continue;
            }
            match cell.split_first() {
                Some((1, text)) => {
                    self.row.extend_from_slice(&(length - 1).to_be_bytes());
                    self.row.extend_from_slice(text);
                }
                Some((version, _)) => return Err(CopyError::Version { column, version: *version }),
                None => return Err(CopyError::Length { length }),
            }
        }
        Ok(())
    }
}

/// -1 is NULL.
fn cell_length(length: i32) -> Result<usize, CopyError> {
    if length == -1 {
        return Ok(0);
    }
    usize::try_from(length).map_err(|_negative| CopyError::Length { length })
}

fn integer(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|chunk| i32::from_be_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> Vec<u8> {
        [SIGNATURE.as_slice(), &[0; 8]].concat()
    }

    fn row(cells: &[Option<&[u8]>]) -> Vec<u8> {
        let mut row = i16::try_from(cells.len()).unwrap().to_be_bytes().to_vec();
        for cell in cells {
            let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).unwrap());
            row.extend(length.to_be_bytes());
            row.extend(cell.unwrap_or_default());
        }
        row
    }

    fn read(stream: &[u8], cut: usize, versioned: &[bool]) -> Result<Block, CopyError> {
        let mut block = Block::default();
        let mut reader = Reader::new(2, versioned);
        for message in stream.chunks(cut) {
            reader.feed(message, &mut block)?;
        }
        reader.finish()?;
        Ok(block)
    }

    #[test]
    fn cuts_version_bytes_off() {
        let stream = [header(), row(&[Some(b"\x01{}"), Some(b"\x01x")]), row(&[None, None]), vec![0xff; 2]].concat();
        let mut expected = Block::default();
        expected.push_row(&row(&[Some(b"{}"), Some(b"\x01x")]));
        expected.push_row(&row(&[None, None]));
        assert_eq!(read(&stream, 1000, &[true, false]).unwrap(), expected);
        let strange = [header(), row(&[Some(b"\x02{}"), None]), vec![0xff; 2]].concat();
        assert_eq!(read(&strange, 1000, &[true, false]), Err(CopyError::Version { column: 0, version: 2 }));
    }

    #[test]
    fn refuses_what_is_no_copy() {
        let whole = [header(), row(&[Some(b"a"), None]), vec![0xff; 2]].concat();
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end], 7, &[]), Err(CopyError::Short), "{end}");
        }
        assert_eq!(read(b"id,name\n", 100, &[]), Err(CopyError::Signature));
        assert_eq!(read(&[whole.clone(), vec![0]].concat(), 100, &[]), Err(CopyError::Trailing));
        let three = [header(), row(&[None, None, None]), vec![0xff; 2]].concat();
        assert_eq!(read(&three, 100, &[]), Err(CopyError::Columns { found: 3, expected: 2 }));
        let long = [header(), vec![0, 2, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]].concat();
        assert_eq!(read(&long, 100, &[]), Err(CopyError::TooLong { column: 1, bytes: 0x7fff_ffff }));
        let negative = [header(), vec![0, 2, 0xff, 0xff, 0xff, 0xfe]].concat();
        assert_eq!(read(&negative, 100, &[]), Err(CopyError::Length { length: -2 }));
    }

    proptest! {
        #[test]
        fn messages_may_be_cut_anywhere(
            rows in prop::collection::vec((prop::option::of(prop::collection::vec(any::<u8>(), 0..9)), prop::option::of(prop::collection::vec(any::<u8>(), 0..9))), 0..9),
            cut in 1_usize..60,
        ) {
            let mut expected = Block::default();
            let mut stream = header();
            for (first, second) in &rows {
                let row = row(&[first.as_deref(), second.as_deref()]);
                expected.push_row(&row);
                stream.extend(row);
            }
            stream.extend([0xff, 0xff]);
            prop_assert_eq!(read(&stream, cut, &[]).unwrap(), expected);
        }
    }
}
