//! CSV, record by record: fields with a comma between them, lines that end with LF or CRLF, quotes
//! doubled inside quotes (RFC 4180), every record with as many fields as the header.
//!
//! An empty line is a record with one empty field, as in a table of one column.

mod skim;

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr3};

use super::content::{Broken, Window};
use skim::Skim;

/// A larger record is passed over, and not shown.
pub(super) const LARGEST_RECORD: usize = 8 * 1024 * 1024;
/// A larger header is none.
const LARGEST_HEADER: usize = 1024 * 1024;
/// More columns has no table.
pub(super) const MOST_COLUMNS: usize = 32_767;

/// Goes through the records of one file.
pub(super) struct Table<R> {
    window: Window<R>,
    header: Vec<String>,
    /// Records passed, without the header.
    records: u64,
}

/// Where a record ends.
struct End {
    /// Its bytes with its line break.
    length: usize,
    fields: usize,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    pub(super) fn open(reader: R) -> Result<Self, Broken> {
        Self::over(Window::new(reader))
    }

    fn over(window: Window<R>) -> Result<Self, Broken> {
        let mut table = Self { window, header: Vec::new(), records: 0 };
        let Some(end) = table.next_end(LARGEST_HEADER)? else {
            return Err(Broken::Syntax { at: 0, what: "there is no header line".to_owned() });
        };
        if end.fields > MOST_COLUMNS {
            return Err(Broken::TooMany { what: "columns", limit: MOST_COLUMNS });
        }
        table.header = fields(table.window.take(end.length));
        Ok(table)
    }

    /// The header's fields.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Records passed so far.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// The next record with its line break; none at the end. One of more than [`LARGEST_RECORD`]
    /// bytes is not given: it has to be passed over.
    pub(super) fn next_record(&mut self) -> Result<Option<&[u8]>, Broken> {
        let Some(end) = self.next_end(LARGEST_RECORD)? else { return Ok(None) };
        self.take(&end).map(Some)
    }

    /// Passes over the next record, however large; false at the end.
    pub(super) fn pass_record(&mut self) -> Result<bool, Broken> {
        loop {
            if let Some(end) = self.whole_record()? {
                self.take(&end)?;
                return Ok(true);
            }
            if self.window.ended() {
                return self.end_of_table();
            }
            if self.window.is_full() {
                return self.skim().map(|()| true);
            }
            self.window.refill(usize::MAX)?;
        }
    }

    fn next_end(&mut self, limit: usize) -> Result<Option<End>, Broken> {
        loop {
            match self.whole_record()? {
                Some(End { length, .. }) if length > limit => {
                    return Err(Broken::TooLarge { at: self.window.offset(), limit });
                }
                Some(end) => return Ok(Some(end)),
                None if self.window.ended() => return self.end_of_table().map(|_more| None),
                None => self.window.refill(limit)?,
            }
        }
    }

    /// The record at the window's start; none where it goes on behind the window.
    fn whole_record(&self) -> Result<Option<End>, Broken> {
        find_end(self.window.available(), self.window.offset())
    }

    fn take(&mut self, end: &End) -> Result<&[u8], Broken> {
        let at = self.window.offset();
        self.count(at, end.fields)?;
        let record = self.window.take(end.length);
        match std::str::from_utf8(record) {
            Ok(_) => Ok(record),
            Err(error) => Err(not_text(at + error.valid_up_to() as u64)),
        }
    }

    fn count(&mut self, at: u64, fields: usize) -> Result<(), Broken> {
        self.records += 1;
        if fields == self.header.len() {
            return Ok(());
        }
        let (record, expected) = (self.records, self.header.len());
        Err(Broken::Syntax { at, what: format!("record {record} has {fields} fields and the header has {expected}") })
    }

    /// Nothing is left, or the start of a record that does not end.
    fn end_of_table(&self) -> Result<bool, Broken> {
        let available = self.window.available();
        let at = self.window.offset() + available.len() as u64;
        if available.is_empty() { Ok(false) } else { Err(Broken::Ends { at }) }
    }

    /// Passes over a record that does not fit into the window.
    fn skim(&mut self) -> Result<(), Broken> {
        let begin = self.window.offset();
        let mut skim = Skim::new();
        loop {
            let (available, at) = (self.window.available(), self.window.offset());
            let (sound, broken) = match std::str::from_utf8(available) {
                Ok(_) => (available.len(), false),
                Err(error) => (error.valid_up_to(), error.error_len().is_some()),
            };
            let fed = skim.feed(available.get(..sound).unwrap_or_default());
            let fed = fed.map_err(|wrong| Broken::Syntax { at: at + wrong.at as u64, what: wrong.what.to_owned() })?;
            if let Some(length) = fed {
                self.window.advance(length);
                return self.count(begin, skim.fields);
            }
            if broken {
                return Err(not_text(at + sound as u64));
            }
            if self.window.ended() {
                return Err(Broken::Ends { at: at + available.len() as u64 });
            }
            self.window.advance(sound);
            self.window.refill(usize::MAX)?;
        }
    }
}

fn not_text(at: u64) -> Broken {
    Broken::Syntax { at, what: "the text is not UTF-8".to_owned() }
}

/// Where the first record of `bytes` ends; none where it goes on after them.
fn find_end(bytes: &[u8], offset: u64) -> Result<Option<End>, Broken> {
    let Some(line) = memchr(b'\n', bytes).and_then(|at| bytes.get(..=at)) else {
        // Without a line break there is no whole record, quoted or not.
        return Ok(None);
    };
    if memchr(b'"', line).is_none() {
        return Ok(Some(End { length: line.len(), fields: memchr_iter(b',', line).count() + 1 }));
    }
    let syntax = |at: usize, what: &str| Broken::Syntax { at: offset + at as u64, what: what.to_owned() };
    let (mut at, mut count) = (0, 1);
    loop {
        let quoted = bytes.get(at) == Some(&b'"');
        let stop = if quoted { closing_quote(bytes, at + 1) } else { separator(bytes, at) };
        let Some(stop) = stop else { return Ok(None) };
        match bytes.get(stop..).unwrap_or_default() {
            [b',', ..] => count += 1,
            [b'\n', ..] => return Ok(Some(End { length: stop + 1, fields: count })),
            [b'\r', b'\n', ..] => return Ok(Some(End { length: stop + 2, fields: count })),
            [] | [b'\r'] => return Ok(None),
            _ if quoted => return Err(syntax(stop, "a closing quote is followed by more text")),
            _ => return Err(syntax(stop, "a field that is not quoted holds a quote")),
        }
        at = stop + 1;
    }
}

/// What follows the quoted field whose text begins at `at`.
fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

fn separator(bytes: &[u8], at: usize) -> Option<usize> {
    memchr3(b',', b'"', b'\n', bytes.get(at..)?).map(|stop| at + stop)
}

/// The fields of one whole record, unquoted.
pub(super) fn fields(record: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(record);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let mut rest = Some(text.strip_suffix('\r').unwrap_or(text));
    let mut fields = Vec::new();
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                text.split_once(',').map_or((text.to_owned(), None), |(field, after)| (field.to_owned(), Some(after)))
            }
        };
        fields.push(field);
        rest = after;
    }
    fields
}

fn unquote(quoted: &str) -> (String, Option<&str>) {
    let mut field = String::new();
    let mut rest = quoted;
    while let Some((text, after)) = rest.split_once('"') {
        field.push_str(text);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return (field, after.strip_prefix(',')),
        }
    }
    (field, None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The header and the records, read through a window of `size` bytes.
    fn read(text: &[u8], size: usize) -> Result<Vec<Vec<String>>, Broken> {
        let mut table = Table::over(Window::with_size(text, size))?;
        let mut records = vec![table.header().to_vec()];
        while let Some(record) = table.next_record()? {
            records.push(fields(record));
        }
        Ok(records)
    }

    /// How many records there are, none of them held.
    fn pass(text: &[u8], size: usize) -> Result<u64, Broken> {
        let mut table = Table::over(Window::with_size(text, size))?;
        while table.pass_record()? {}
        Ok(table.records())
    }

    #[test]
    fn a_record_that_is_passed_over_is_not_held() {
        let long = (&b"a,b\n1,\""[..]).chain(std::io::repeat(b'\n').take(1024 * 1024)).chain(&b"\"\n2,3\n"[..]);
        let mut table = Table::over(Window::with_size(long, 64)).unwrap();
        assert!(table.pass_record().unwrap() && table.pass_record().unwrap() && !table.pass_record().unwrap());
        assert!(table.window.size() <= 128, "the window has grown to {}", table.window.size());
    }

    #[test]
    fn what_is_held_has_a_limit() {
        let long = format!("a\n{}\n", "x".repeat(1000));
        let mut table = Table::over(Window::with_size(long.as_bytes(), 8)).unwrap();
        assert!(matches!(table.next_end(1000), Err(Broken::TooLarge { at: 2, limit: 1000 })));
        let mut table = Table::over(Window::with_size(long.as_bytes(), 8)).unwrap();
        assert_eq!(table.next_end(1001).unwrap().unwrap().length, 1001);
        let many = format!("{}\n", ",".repeat(MOST_COLUMNS));
        let many = Table::open(many.as_bytes());
        assert!(matches!(many.err(), Some(Broken::TooMany { what: "columns", .. })));
    }

    #[test]
    fn reads_quotes_line_breaks_and_empty_fields() {
        let text = b"a,b\n\"x\"\"y\",\n\"1,2\n3\",\"\"\r\n,z\r\n\"\"\"\",\xc3\xbc\n";
        for size in [1, 3, 64] {
            let records = read(text, size).unwrap();
            let expected = [["a", "b"], ["x\"y", ""], ["1,2\n3", ""], ["", "z"], ["\"", "ü"]];
            assert_eq!(records, expected);
            assert_eq!(pass(text, size).unwrap(), 4);
        }
        assert_eq!(read(b"note\n\n\n", 1).unwrap().len(), 3, "NULL in a table of one column is an empty line");
    }

    #[test]
    fn locates_what_is_no_table() {
        let cases: [(&str, u64, &str); 5] = [
            ("", 0, "there is no header line"),
            ("a,b\n1,2\n3\n", 8, "record 2 has 1 fields and the header has 2"),
            ("a\n\"b\"c\n", 5, "a closing quote is followed by more text"),
            ("a\nb\"c\n", 3, "a field that is not quoted holds a quote"),
            ("a\n\"b\"\rc\n", 5, "a closing quote is followed by more text"),
        ];
        for (text, position, reason) in cases {
            for size in [1, 2, 64] {
                match read(text.as_bytes(), size) {
                    Err(Broken::Syntax { at, what }) => assert_eq!((at, what.as_str()), (position, reason), "{text:?}"),
                    other => panic!("{text:?}: {other:?}"),
                }
                assert!(matches!(pass(text.as_bytes(), size), Err(Broken::Syntax { .. })), "{text:?}");
            }
        }
        for text in ["a", "a,b\n1,2\n3,", "a\n\"b\n", "a\n\"b\"", "a\n\"b\"\r"] {
            let result = read(text.as_bytes(), 2);
            assert!(matches!(result, Err(Broken::Ends { at }) if at == text.len() as u64), "{text:?}: {result:?}");
            let result = pass(text.as_bytes(), 2);
            assert!(matches!(result, Err(Broken::Ends { at }) if at == text.len() as u64), "{text:?}: {result:?}");
        }
        assert!(matches!(read(b"a\n\xff\n", 9), Err(Broken::Syntax { at: 2, .. })));
    }

    proptest! {
        #[test]
        fn reads_what_the_csv_crate_writes(
            rows in proptest::collection::vec(proptest::collection::vec("[a\",\n\r ü]{0,6}", 3), 1..6), size in 1usize..50,
            always: bool,
        ) {
            let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
            let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            prop_assert_eq!(pass(&text, size).unwrap() + 1, rows.len() as u64);
            prop_assert_eq!(read(&text, size).unwrap(), rows);
        }
    }
}
