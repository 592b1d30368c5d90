//! CSV, record by record: fields with a comma between them, lines that end with LF or CRLF, quotes
//! doubled inside quotes (RFC 4180), every record with as many fields as the header.
//!
//! An empty line is a record with one empty field, as in a table of one column.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr3};

use super::content::{Broken, Window};

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
        let Some(end) = table.next_end()? else {
            return Err(Broken::Syntax { at: 0, what: "there is no header line".to_owned() });
        };
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

    /// The next record with its line break; none at the end.
    pub(super) fn next_record(&mut self) -> Result<Option<&[u8]>, Broken> {
        let Some(end) = self.next_end()? else { return Ok(None) };
        let at = self.window.offset();
        self.records += 1;
        if end.fields != self.header.len() {
            let (record, found, expected) = (self.records, end.fields, self.header.len());
            let what = format!("record {record} has {found} fields and the header has {expected}");
            return Err(Broken::Syntax { at, what });
        }
        let record = self.window.take(end.length);
        match std::str::from_utf8(record) {
            Ok(_) => Ok(Some(record)),
            Err(error) => {
                Err(Broken::Syntax { at: at + error.valid_up_to() as u64, what: "the text is not UTF-8".to_owned() })
            }
        }
    }

    fn next_end(&mut self) -> Result<Option<End>, Broken> {
        loop {
            let available = self.window.available();
            if let Some(end) = find_end(available, self.window.offset())? {
                return Ok(Some(end));
            }
            if self.window.ended() {
                let at = self.window.offset() + available.len() as u64;
                return if available.is_empty() { Ok(None) } else { Err(Broken::Ends { at }) };
            }
            self.window.refill()?;
        }
    }
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

    #[test]
    fn reads_quotes_line_breaks_and_empty_fields() {
        let text = b"a,b\n\"x\"\"y\",\n\"1,2\n3\",\"\"\r\n,z\r\n\"\"\"\",\xc3\xbc\n";
        for size in [1, 3, 64] {
            let records = read(text, size).unwrap();
            let expected = [["a", "b"], ["x\"y", ""], ["1,2\n3", ""], ["", "z"], ["\"", "ü"]];
            assert_eq!(records, expected);
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
            }
        }
        for text in ["a", "a,b\n1,2\n3,", "a\n\"b\n", "a\n\"b\"", "a\n\"b\"\r"] {
            let result = read(text.as_bytes(), 2);
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
            prop_assert_eq!(read(&writer.into_inner().unwrap(), size).unwrap(), rows);
        }
    }
}
