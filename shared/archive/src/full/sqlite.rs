//! How the rows of an SQLite database are written in a `full` archive. There a value has a storage class, and not its
//! column: each is written so that its text alone tells both.
//!
//! ```text
//! \N            NULL
//! 12            integer
//! 12.0  1e300  -Inf   real: with a point, an exponent or `Inf`; the shortest digits that are the same number
//! "12"          text: always in quotes, and nothing else is
//! \x6869        BLOB: in hexadecimal
//! \t6869        text that is no UTF-8, or has a NUL: its bytes in hexadecimal
//! ```

use std::{
    borrow::Cow,
    io::{self, BufRead, Write as _},
};

use super::NULL;

/// What a BLOB begins with.
const BLOB: &[u8] = b"\\x";
/// What the bytes of a text begin with that cannot be written as they are.
const BYTES: &[u8] = b"\\t";
/// No row is longer.
const LONGEST: u64 = 1 << 30;

/// A value with its storage class.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored<'v> {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A real; never NaN, which SQLite does not have.
    Real(f64),
    /// A text, by its bytes: SQLite does not check that they are UTF-8.
    Text(Cow<'v, [u8]>),
    /// A BLOB.
    Blob(Cow<'v, [u8]>),
}

impl Stored<'_> {
    /// Appends its text.
    pub fn write(&self, row: &mut Vec<u8>) {
        match self {
            Self::Null => row.extend_from_slice(NULL.as_bytes()),
            // Writing to a vector cannot fail.
            Self::Integer(number) => write!(row, "{number}").unwrap_or_default(),
            Self::Real(number) if number.is_infinite() => {
                row.extend_from_slice(if *number > 0.0 { b"Inf" } else { b"-Inf" });
            }
            Self::Real(number) => write!(row, "{number:?}").unwrap_or_default(),
            Self::Text(bytes) if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) => quote(bytes, row),
            Self::Text(bytes) => hexadecimal(BYTES, bytes, row),
            Self::Blob(bytes) => hexadecimal(BLOB, bytes, row),
        }
    }

    /// The value of a field that was not in quotes.
    fn bare(field: &[u8]) -> Option<Self> {
        if field == NULL.as_bytes() {
            return Some(Self::Null);
        }
        if let Some(digits) = field.strip_prefix(BLOB) {
            return Some(Self::Blob(bytes(digits)?.into()));
        }
        if let Some(digits) = field.strip_prefix(BYTES) {
            return Some(Self::Text(bytes(digits)?.into()));
        }
        let text = std::str::from_utf8(field).ok()?;
        match text {
            "Inf" => return Some(Self::Real(f64::INFINITY)),
            "-Inf" => return Some(Self::Real(f64::NEG_INFINITY)),
            _ => {}
        }
        let is_real =
            text.contains(['.', 'e']) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.' | b'e'));
        if is_real { text.parse().ok().map(Self::Real) } else { text.parse().ok().map(Self::Integer) }
    }
}

fn quote(text: &[u8], row: &mut Vec<u8>) {
    row.reserve(text.len() + 2);
    row.push(b'"');
    for (at, piece) in text.split(|byte| *byte == b'"').enumerate() {
        if at > 0 {
            row.extend_from_slice(b"\"\"");
        }
        row.extend_from_slice(piece);
    }
    row.push(b'"');
}

fn hexadecimal(begin: &[u8], bytes: &[u8], row: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    row.reserve(begin.len() + 2 * bytes.len());
    row.extend_from_slice(begin);
    for byte in bytes {
        row.extend([byte >> 4, byte & 15].iter().filter_map(|digit| DIGITS.get(usize::from(*digit))));
    }
}

fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// Reads rows, one after the other; holds one.
#[derive(Debug)]
pub struct StoredRows<R> {
    reader: R,
    line: Vec<u8>,
    /// How many were read, the header too.
    read: u64,
}

impl<R: BufRead> StoredRows<R> {
    /// Rows with the header in front of them.
    pub fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), read: 0 }
    }

    /// The names of the columns; what begins the rows.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn header(&mut self) -> io::Result<Vec<String>> {
        if !self.line()? {
            return Ok(Vec::new());
        }
        let fields = fields(&self.line).ok_or_else(|| self.wrong())?;
        Ok(fields.into_iter().map(|(field, _)| String::from_utf8_lossy(&field).into_owned()).collect())
    }

    /// The values of the next row; none at the end.
    ///
    /// # Errors
    /// When it cannot be read, or a value is none.
    pub fn row(&mut self) -> io::Result<Option<Vec<Stored<'static>>>> {
        if !self.line()? {
            return Ok(None);
        }
        let value = |(field, is_quoted): (Vec<u8>, bool)| {
            if is_quoted { Some(Stored::Text(field.into())) } else { Stored::bare(&field) }
        };
        let row = fields(&self.line).and_then(|fields| fields.into_iter().map(value).collect());
        row.map(Some).ok_or_else(|| self.wrong())
    }

    /// The bytes of the last row, without its line break.
    pub fn bytes(&self) -> &[u8] {
        self.line.strip_suffix(b"\n").unwrap_or(&self.line)
    }

    fn wrong(&self) -> io::Error {
        let words = format!("record {} has a value that orgvault does not write", self.read);
        io::Error::new(io::ErrorKind::InvalidData, words)
    }

    /// Reads a line; a line break in quotes ends none.
    fn line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let (mut is_quoted, mut seen) = (false, 0);
        loop {
            let room = LONGEST.saturating_sub(self.line.len() as u64);
            let read = io::Read::take(&mut self.reader, room).read_until(b'\n', &mut self.line)?;
            let new = self.line.get(seen..).unwrap_or_default();
            is_quoted ^= memchr::memchr_iter(b'"', new).count() % 2 == 1;
            seen = self.line.len();
            if !is_quoted && self.line.ends_with(b"\n") {
                self.read += 1;
                return Ok(true);
            }
            if read == 0 {
                self.read += 1;
                return if self.line.is_empty() { Ok(false) } else { Err(self.wrong()) };
            }
        }
    }
}

/// The fields of a line, and whether each was in quotes; none where quotes are not at its ends.
fn fields(line: &[u8]) -> Option<Vec<(Vec<u8>, bool)>> {
    let mut rest = line.strip_suffix(b"\n").unwrap_or(line);
    let mut fields = Vec::new();
    loop {
        let (field, is_quoted, behind) = if let Some(inner) = rest.strip_prefix(b"\"") {
            let (field, behind) = quoted(inner)?;
            (field, true, behind)
        } else {
            let end = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
            let (field, behind) = rest.split_at_checked(end)?;
            (field.to_vec(), false, behind)
        };
        fields.push((field, is_quoted));
        match behind {
            [] => return Some(fields),
            [b',', behind @ ..] => rest = behind,
            _ => return None,
        }
    }
}

/// A field up to its closing quote, and what is behind that.
fn quoted(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut field = Vec::new();
    loop {
        let end = memchr::memchr(b'"', rest)?;
        field.extend_from_slice(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(b"\"") {
            Some(more) => {
                field.push(b'"');
                rest = more;
            }
            None => return Some((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(values: &[Stored<'_>]) -> Vec<u8> {
        let mut row = Vec::new();
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                row.push(b',');
            }
            value.write(&mut row);
        }
        row
    }

    fn text(text: &str) -> Stored<'_> {
        Stored::Text(text.as_bytes().into())
    }

    #[test]
    fn each_storage_class_has_its_own_text() {
        let values = [
            Stored::Null,
            Stored::Integer(i64::MIN),
            Stored::Real(1.0),
            Stored::Real(-0.0),
            Stored::Real(0.1 + 0.2),
            Stored::Real(1e300),
            Stored::Real(f64::NEG_INFINITY),
            text("12"),
            text("a\"b\n,"),
            text("\\N"),
            text(""),
            Stored::Blob(b"\x00\xff".into()),
            Stored::Blob(b"".into()),
            Stored::Text(b"a\0".into()),
            Stored::Text(b"\xff".into()),
        ];
        let row = "\\N,-9223372036854775808,1.0,-0.0,0.30000000000000004,1e300,-Inf,\"12\",\"a\"\"b\n,\",\"\\N\",\"\",\
                   \\x00ff,\\x,\\t6100,\\tff";
        assert_eq!(String::from_utf8(written(&values)).unwrap(), row);
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        for field in ["", "abc", "\\xA0", "\\x0", "+5.0", "NaN", "inf", "1.0x", "\"a\"b", "9223372036854775808", "\"a"]
        {
            let read = StoredRows::new(format!("{field}\n").as_bytes()).row();
            assert!(read.is_err(), "{field}: {read:?}");
        }
        assert!(StoredRows::new(&b"1,2"[..]).row().is_err(), "a row ends with a line break");
    }

    fn value() -> impl Strategy<Value = Stored<'static>> {
        prop_oneof![
            Just(Stored::Null),
            any::<i64>().prop_map(Stored::Integer),
            any::<f64>().prop_filter("SQLite has no NaN", |it| !it.is_nan()).prop_map(Stored::Real),
            "[a\"\n,\\\\N0-9.e]{0,8}".prop_map(|it| Stored::Text(it.into_bytes().into())),
            prop::collection::vec(any::<u8>(), 0..9).prop_map(|it| Stored::Text(it.into())),
            prop::collection::vec(any::<u8>(), 0..9).prop_map(|it| Stored::Blob(it.into())),
        ]
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(rows in prop::collection::vec(prop::collection::vec(value(), 1..6), 0..5)) {
            let csv: Vec<u8> = rows.iter().flat_map(|row| [written(row), vec![b'\n']].concat()).collect();
            let mut reader = StoredRows::new(&csv[..]);
            for row in &rows {
                let read = reader.row().unwrap().unwrap();
                // -0.0 equals 0.0, and NaN nothing: their text tells.
                prop_assert_eq!(written(&read), written(row));
                prop_assert_eq!(reader.bytes(), &written(row)[..]);
            }
            prop_assert_eq!(reader.row().unwrap(), None);
        }
    }
}
