//! Reads CSV as PHP's `fgetcsv` with an empty escape does, in the locale `C.UTF-8` that PHP 8.1
//! and later start in, and names columns as league/csv does: byte order mark tolerated, blank
//! lines skipped, missing cells null, surplus cells cut.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};
use std::ops::Range;

/// A longer record is not looked into. PHP's memory (128 MiB by default, each record held about
/// three times) takes twice as much, but no column that the importer reads does.
pub(super) const RECORD_LIMIT: usize = 16 << 20;
/// A record with more cells is not looked into.
const MOST_CELLS: usize = 1 << 18;

/// The marks in the order in which league/csv tries them.
const BYTE_ORDER_MARKS: [&[u8]; 5] = [b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf"];

/// Why the importer cannot read a CSV file at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum CsvError {
    /// The file could not be read from disk.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// No first line, or a blank one.
    #[error("it has no header line")]
    NoHeader,
    /// league/csv refuses these.
    #[error("the header names `{0}` twice")]
    DuplicateColumn(String),
    /// PHP runs out of memory.
    #[error("the record of line {line} is longer than {RECORD_LIMIT} bytes")]
    TooLong {
        /// Where the record starts.
        line: u64,
    },
    /// More than are looked at.
    #[error("the record of line {line} has more than {MOST_CELLS} cells")]
    TooManyCells {
        /// Where the record starts.
        line: u64,
    },
}

/// A CSV file with a header.
pub(super) struct Table<R> {
    records: Records<R>,
    header: Vec<Vec<u8>>,
}

impl<R: BufRead> Table<R> {
    /// Reads the header.
    pub(super) fn open(input: R) -> Result<Self, CsvError> {
        let mut records = Records::new(input);
        if !records.next_record()? || records.is_blank() {
            return Err(CsvError::NoHeader);
        }
        let mut header: Vec<Vec<u8>> = (0..records.cells.len()).map(|index| records.cell(index).to_vec()).collect();
        if let Some(first) = header.first_mut() {
            let mark = BYTE_ORDER_MARKS.iter().find(|mark| first.starts_with(mark));
            if let Some(mark) = mark {
                first.drain(..mark.len());
                if first.len() > 1 && first.starts_with(b"\"") && first.ends_with(b"\"") {
                    first.pop();
                    first.remove(0);
                }
                if first.is_empty() && header.len() == 1 {
                    return Err(CsvError::NoHeader);
                }
            }
        }
        let mut names = HashSet::new();
        if let Some(name) = header.iter().find(|name| !names.insert(name.as_slice())) {
            return Err(CsvError::DuplicateColumn(String::from_utf8_lossy(name).chars().take(64).collect()));
        }
        Ok(Self { records, header })
    }

    /// The position of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name.as_bytes())
    }

    /// Reads the next row that is not blank; false at the end.
    pub(super) fn next_row(&mut self) -> Result<bool, CsvError> {
        while self.records.next_record()? {
            if !self.records.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The row's cell in a column of the header; none where the row is too short.
    pub(super) fn cell(&self, column: usize) -> Option<&[u8]> {
        (column < self.records.cells.len()).then(|| self.records.cell(column))
    }

    /// The line on which the row starts, from 1.
    pub(super) fn line(&self) -> u64 {
        self.records.started
    }

    /// How many cells the row has beyond the header.
    pub(super) fn surplus(&self) -> usize {
        self.records.cells.len().saturating_sub(self.header.len())
    }

    /// Whether the reader dropped white space before a quote or a CR at the end of a bare cell.
    pub(super) fn trimmed(&self) -> bool {
        self.records.trimmed
    }
}

/// The records of a file, one at a time.
struct Records<R> {
    input: R,
    /// The current line, its end included; a quoted cell goes on in the next one.
    line: Vec<u8>,
    /// The cells' bytes, one after the other.
    text: Vec<u8>,
    cells: Vec<Range<usize>>,
    lines: u64,
    started: u64,
    trimmed: bool,
}

impl<R: BufRead> Records<R> {
    fn new(input: R) -> Self {
        Self { input, line: Vec::new(), text: Vec::new(), cells: Vec::new(), lines: 0, started: 0, trimmed: false }
    }

    fn cell(&self, index: usize) -> &[u8] {
        self.cells.get(index).and_then(|range| self.text.get(range.clone())).unwrap_or_default()
    }

    /// A blank line is a record without cells.
    fn is_blank(&self) -> bool {
        self.cells.is_empty()
    }

    fn read_line(&mut self) -> Result<bool, CsvError> {
        self.line.clear();
        let room = RECORD_LIMIT.saturating_sub(self.text.len());
        let read = self.input.by_ref().take(room as u64 + 1).read_until(b'\n', &mut self.line)?;
        if read > room {
            return Err(CsvError::TooLong { line: self.started });
        }
        self.lines += u64::from(read > 0);
        Ok(read > 0)
    }

    /// Reads one record; false at the end of the file.
    fn next_record(&mut self) -> Result<bool, CsvError> {
        self.text.clear();
        self.cells.clear();
        self.trimmed = false;
        self.started = self.lines + 1;
        if !self.read_line()? {
            return Ok(false);
        }
        let mut at = 0;
        loop {
            let end = content_end(&self.line);
            let quote = self.opening_quote(at, end);
            if self.cells.is_empty() && quote.is_none() && at == end {
                return Ok(true);
            }
            let begin = self.text.len();
            let next = match quote {
                Some(quote) => self.quoted(quote + 1)?,
                None => self.bare(at, end),
            };
            if self.cells.len() == MOST_CELLS {
                return Err(CsvError::TooManyCells { line: self.started });
            }
            self.cells.push(begin..self.text.len());
            match next {
                Some(next) => at = next,
                None => return Ok(true),
            }
        }
    }

    /// Where the cell at `at` opens its quote: white space before it is dropped.
    fn opening_quote(&mut self, at: usize, end: usize) -> Option<usize> {
        if at >= end {
            return None;
        }
        let space = self.line.iter().skip(at).take_while(|byte| is_space(**byte)).count();
        let quote = at + space;
        if self.line.get(quote) != Some(&b'"') {
            return None;
        }
        self.trimmed |= space > 0;
        Some(quote)
    }

    /// A cell without quotes from `at`; gives where the next cell starts.
    fn bare(&mut self, at: usize, end: usize) -> Option<usize> {
        let rest = self.line.get(at..end).unwrap_or_default();
        let comma = memchr::memchr(b',', rest);
        let cell = rest.get(..comma.unwrap_or(rest.len())).unwrap_or_default();
        let kept = content_end(cell);
        self.trimmed |= kept < cell.len();
        self.text.extend(cell.iter().take(kept));
        comma.map(|comma| at + comma + 1)
    }

    /// A cell with quotes, whose first byte is at `at`; reads more lines where it needs them.
    fn quoted(&mut self, mut at: usize) -> Result<Option<usize>, CsvError> {
        let mut end = content_end(&self.line);
        let mut ends_at_quote = at == end;
        loop {
            let rest = self.line.get(at..end).unwrap_or_default();
            match memchr::memchr(b'"', rest) {
                Some(quote) if rest.get(quote + 1) == Some(&b'"') => {
                    self.text.extend(rest.iter().take(quote + 1));
                    at += quote + 2;
                }
                Some(quote) => {
                    self.text.extend(rest.iter().take(quote));
                    return Ok(self.after_quote(at + quote + 1, end));
                }
                None => {
                    let beyond = self.line.get(end).copied().unwrap_or(0);
                    self.text.extend(self.line.iter().skip(at));
                    if !self.read_line()? {
                        // Where the file ends right behind an opening quote, PHP reads on for one
                        // byte: its line end once more, or the NUL behind its buffer.
                        self.text.extend(ends_at_quote.then_some(beyond));
                        return Ok(None);
                    }
                    ends_at_quote = false;
                    at = 0;
                    end = content_end(&self.line);
                }
            }
        }
    }

    /// What stands between the closing quote and the next comma belongs to the cell as it is.
    fn after_quote(&mut self, at: usize, end: usize) -> Option<usize> {
        let rest = self.line.get(at..end).unwrap_or_default();
        let comma = memchr::memchr(b',', rest);
        self.text.extend(rest.iter().take(comma.unwrap_or(rest.len())));
        comma.map(|comma| at + comma + 1)
    }
}

/// C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The length of `text` without one line end (LF, CR LF or CR). As in PHP, bytes that are no
/// UTF-8 are overlooked when the last two characters are found, yet counted when they are cut.
fn content_end(text: &[u8]) -> usize {
    let Some(last) = text.last() else { return 0 };
    let tail = text.len().saturating_sub(2);
    let plain = text.get(tail..).is_some_and(<[u8]>::is_ascii);
    let (before, last) = if plain {
        let before = (text.len() > 1).then(|| text.get(tail)).flatten();
        (before.copied(), Some(*last))
    } else {
        last_two_characters(text)
    };
    match (before, last) {
        (Some(b'\r'), Some(b'\n')) => text.len() - 2,
        (_, Some(b'\n' | b'\r')) => text.len() - 1,
        _ => text.len(),
    }
}

/// The first bytes of the last two characters that are UTF-8.
fn last_two_characters(text: &[u8]) -> (Option<u8>, Option<u8>) {
    let mut characters = (None, None);
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            characters = (characters.1, Some(u8::try_from(character).unwrap_or(b'?')));
        }
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Vec<String>> {
        let mut records = Records::new(text);
        let mut all = Vec::new();
        while records.next_record().unwrap() {
            let cells = 0..records.cells.len();
            all.push(cells.map(|cell| String::from_utf8_lossy(records.cell(cell)).into_owned()).collect());
        }
        all
    }

    /// What PHP 8.2's `fgetcsv($file, 0, ',', '"', '')` gives for the same bytes.
    #[test]
    fn splits_records_as_php_does() {
        let cases: [(&[u8], &[&[&str]]); 22] = [
            (b"a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]),
            (b"a,b\r\n1,2", &[&["a", "b"], &["1", "2"]]),
            (b"a\rb\n", &[&["a\rb"]]),
            (b"\n\r\n \n", &[&[], &[], &[" "]]),
            (b"a,\n,\n", &[&["a", ""], &["", ""]]),
            (b"a\r\r\n", &[&["a"]]),
            (b"a\r\r\r\n", &[&["a\r"]]),
            (b"a\r,b\r\n", &[&["a", "b"]]),
            (b"\"a\r\"\r\n", &[&["a\r"]]),
            (b" \t\"a\",b\n", &[&["a", "b"]]),
            (b"x \"a\",b\n", &[&["x \"a\"", "b"]]),
            ("\u{a0}\"a\"\n".as_bytes(), &[&["\u{a0}\"a\""]]),
            (b"\"a\"\"b\",\"\"\n", &[&["a\"b", ""]]),
            (b"\"a\" b,c\n", &[&["a b", "c"]]),
            (b"\"a\nb\r\nc\",d\n", &[&["a\nb\r\nc", "d"]]),
            (b"\"x\\\"y\",z\n", &[&["x\\y\"", "z"]]),
            (b"\"open\nto the end\n", &[&["open\nto the end\n"]]),
            (b"\"open", &[&["open"]]),
            (b"a,\"", &[&["a", "\0"]]),
            (b"\"\n", &[&["\n\n"]]),
            (b"\"\nx", &[&["\nx"]]),
            (b"a\0b,c", &[&["a\0b", "c"]]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn cuts_a_line_end_behind_bytes_that_are_no_utf8() {
        assert_eq!(content_end(b"ab\r\xff"), 3);
        assert_eq!(content_end(b"\r\xff\n"), 1);
        assert_eq!(content_end("a\r\u{e9}".as_bytes()), 4);
    }

    #[test]
    fn finds_columns_by_name() {
        let mut table = Table::open(&b"\xef\xbb\xbf\"id\",name,more\n\n1,x\n2,y,z,!\n"[..]).unwrap();
        let (id, name, more) = (table.column("id"), table.column("name"), table.column("more"));
        assert_eq!((id, name, more, table.column("Name")), (Some(0), Some(1), Some(2), None));
        assert!(table.next_row().unwrap());
        assert_eq!((table.line(), table.cell(1), table.cell(2)), (3, Some(&b"x"[..]), None));
        assert!(table.next_row().unwrap());
        assert_eq!((table.line(), table.cell(2), table.surplus()), (4, Some(&b"z"[..]), 1));
        assert!(!table.next_row().unwrap());
    }

    #[test]
    fn refuses_a_file_without_a_usable_header() {
        for text in [&b""[..], b"\n", b"\r\nid\n", b"\xef\xbb\xbf\n"] {
            assert!(matches!(Table::open(text), Err(CsvError::NoHeader)), "{text:?}");
        }
        assert!(matches!(Table::open(&b"id,a,a\n"[..]), Err(CsvError::DuplicateColumn(name)) if name == "a"));
    }

    #[test]
    fn does_not_hold_an_endless_record() {
        let endless = io::Read::chain(&b"id\n1\n\""[..], io::repeat(b'x'));
        let mut table = Table::open(io::BufReader::new(endless)).unwrap();
        assert!(table.next_row().unwrap());
        assert!(matches!(table.next_row(), Err(CsvError::TooLong { line: 3 })));
        let commas = format!("id\n1\n{}\n", ",".repeat(MOST_CELLS));
        let mut table = Table::open(commas.as_bytes()).unwrap();
        assert!(table.next_row().unwrap());
        assert!(matches!(table.next_row(), Err(CsvError::TooManyCells { line: 3 })));
    }
}
