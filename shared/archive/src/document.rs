//! A JSON document, read from its top level down to whole rows: an object whose values are arrays
//! of rows, single objects or anything else.
//!
//! Each row is skipped by `serde_json`, which keeps no tree and does not recurse, so a document
//! that came from elsewhere may be as deep as it likes. What does not fit into the window is
//! passed over piece by piece.

mod skim;
mod values;

use std::io::Read;

use serde::de::IgnoredAny;

use super::content::{Broken, Window};
use skim::Skim;
pub(super) use values::Values;

/// A larger row is passed over, and not shown.
pub(super) const LARGEST_ROW: usize = 8 * 1024 * 1024;
/// A larger key at the top level is none.
const LARGEST_KEY: usize = 64 * 1024;
/// More keys at the top level has no archive.
const MOST_KEYS: usize = 10_000;

/// What the value of a top-level key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An array: its rows follow.
    Rows,
    /// An object.
    Object,
    /// Text, a number, `true`, `false` or `null`.
    Scalar,
}

/// Walks through one document.
pub(super) struct Document<R> {
    window: Window<R>,
    first: bool,
    /// At the top level, so far.
    keys: usize,
}

impl<R: Read> Document<R> {
    /// Enters the document's object.
    pub(super) fn open(reader: R) -> Result<Self, Broken> {
        Self::over(Window::new(reader))
    }

    fn over(window: Window<R>) -> Result<Self, Broken> {
        let mut document = Self { window, first: true, keys: 0 };
        document.expect(b'{', "the document is no JSON object")?;
        Ok(document)
    }

    /// The next top-level key; none where the document has ended, with nothing after it.
    pub(super) fn next_key(&mut self) -> Result<Option<String>, Broken> {
        if !self.another(b'}')? {
            return self.finish().map(|()| None);
        }
        if self.peek()? != b'"' {
            return Err(self.syntax("expected a key"));
        }
        self.keys += 1;
        if self.keys > MOST_KEYS {
            return Err(Broken::TooMany { what: "keys", limit: MOST_KEYS });
        }
        let at = self.window.offset();
        let key = serde_json::from_slice(self.value(LARGEST_KEY)?)
            .map_err(|cause| Broken::Syntax { at, what: format!("the key cannot be read: {cause}") })?;
        self.expect(b':', "expected a colon after the key")?;
        Ok(Some(key))
    }

    /// Takes the end: nothing follows.
    fn finish(&mut self) -> Result<(), Broken> {
        match self.peek() {
            Err(Broken::Ends { .. }) if self.window.ended() => Ok(()),
            Ok(_) => Err(self.syntax("the document goes on after its end")),
            Err(broken) => Err(broken),
        }
    }

    /// Looks at the value of the key; an array is entered.
    pub(super) fn shape(&mut self) -> Result<Shape, Broken> {
        Ok(match self.peek()? {
            b'[' => {
                self.window.advance(1);
                self.first = true;
                Shape::Rows
            }
            b'{' => Shape::Object,
            _ => Shape::Scalar,
        })
    }

    /// The next row of the array that was entered; none at its end. One of more than
    /// [`LARGEST_ROW`] bytes is not given: it has to be passed over.
    pub(super) fn next_row(&mut self) -> Result<Option<&[u8]>, Broken> {
        if self.another(b']')? { self.value(LARGEST_ROW).map(Some) } else { Ok(None) }
    }

    /// Passes over the next row of the array that was entered, however large; false at its end.
    pub(super) fn pass_row(&mut self) -> Result<bool, Broken> {
        if !self.another(b']')? {
            return Ok(false);
        }
        self.pass()?;
        Ok(true)
    }

    /// One whole value of at most `limit` bytes.
    pub(super) fn value(&mut self, limit: usize) -> Result<&[u8], Broken> {
        let length = self.find(limit)?;
        let at = self.window.offset();
        let text = self.window.take(length);
        check_text(text, at)?;
        Ok(text)
    }

    /// The length of the next whole value, which is not taken, and has at most `limit` bytes.
    fn find(&mut self, limit: usize) -> Result<usize, Broken> {
        self.peek()?;
        let length = loop {
            match self.whole_value()? {
                Some(length) => break length,
                None => self.window.refill(limit)?,
            }
        };
        if length > limit { Err(Broken::TooLarge { at: self.window.offset(), limit }) } else { Ok(length) }
    }

    /// Passes over one value, however large.
    pub(super) fn pass(&mut self) -> Result<(), Broken> {
        self.peek()?;
        loop {
            match self.whole_value()? {
                Some(length) => {
                    let at = self.window.offset();
                    return check_text(self.window.take(length), at);
                }
                None if self.window.is_full() => return self.skim(),
                None => self.window.refill(usize::MAX)?,
            }
        }
    }

    /// How long the value at the window's start is; none where it goes on behind the window.
    fn whole_value(&self) -> Result<Option<usize>, Broken> {
        let available = self.window.available();
        let mut values = serde_json::Deserializer::from_slice(available).into_iter::<IgnoredAny>();
        match values.next() {
            // A number at the very end of the window may have more digits.
            Some(Ok(_)) if values.byte_offset() < available.len() || self.window.ended() => {
                Ok(Some(values.byte_offset()))
            }
            Some(Err(error)) if !error.is_eof() && !self.may_go_on(&error) => Err(self.locate(&error)),
            _ if self.window.ended() => Err(self.ends()),
            _ => Ok(None),
        }
    }

    /// Passes over a value that does not fit into the window.
    fn skim(&mut self) -> Result<(), Broken> {
        let mut skim = Skim::new();
        loop {
            let (available, at) = (self.window.available(), self.window.offset());
            let text = text_of(available);
            let fed = skim.feed(available.get(..text.sound).unwrap_or_default());
            let fed = fed.map_err(|wrong| Broken::Syntax { at: at + wrong.at as u64, what: wrong.what.to_owned() })?;
            if let Some(length) = fed {
                self.window.advance(length);
                return Ok(());
            }
            if text.broken {
                return Err(not_text(at + text.sound as u64));
            }
            if self.window.ended() {
                let end = self.ends();
                self.window.advance(text.sound);
                return if skim.may_end() { Ok(()) } else { Err(end) };
            }
            self.window.advance(text.sound);
            self.window.refill(usize::MAX)?;
        }
    }

    /// Whether another element follows in the array or object that `close` ends.
    fn another(&mut self, close: u8) -> Result<bool, Broken> {
        let next = self.peek()?;
        let first = std::mem::replace(&mut self.first, false);
        if next == close {
            self.window.advance(1);
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        self.expect(b',', "expected a comma")?;
        if self.peek()? == close {
            return Err(self.syntax("nothing follows the comma"));
        }
        Ok(true)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<u8, Broken> {
        loop {
            let available = self.window.available();
            match available.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
                Some(blanks) => {
                    let next = available.get(blanks).copied().unwrap_or_default();
                    self.window.advance(blanks);
                    return Ok(next);
                }
                None if self.window.ended() => return Err(self.ends()),
                None => {
                    self.window.advance(available.len());
                    self.window.refill(usize::MAX)?;
                }
            }
        }
    }

    fn expect(&mut self, byte: u8, otherwise: &str) -> Result<(), Broken> {
        if self.peek()? != byte {
            return Err(self.syntax(otherwise));
        }
        self.window.advance(1);
        Ok(())
    }

    fn ends(&self) -> Broken {
        Broken::Ends { at: self.window.offset() + self.window.available().len() as u64 }
    }

    fn syntax(&self, what: &str) -> Broken {
        Broken::Syntax { at: self.window.offset(), what: what.to_owned() }
    }

    /// Whether the error may be that the window ends in the middle of a number: to `serde_json`
    /// `-` or `1e` at the end is an invalid number and not one that is cut.
    fn may_go_on(&self, error: &serde_json::Error) -> bool {
        let available = self.window.available();
        let cut = matches!(available.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'));
        cut && self.position(error) >= available.len()
    }

    fn locate(&self, error: &serde_json::Error) -> Broken {
        let at = self.window.offset() + self.position(error).saturating_sub(1) as u64;
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default().to_owned();
        Broken::Syntax { at, what }
    }

    /// How far into the window the error is, from 1: `serde_json` counts lines and columns from
    /// the window's start.
    fn position(&self, error: &serde_json::Error) -> usize {
        let line = match error.line() {
            0 | 1 => 0,
            line => memchr::memchr_iter(b'\n', self.window.available()).nth(line - 2).map_or(0, |at| at + 1),
        };
        line + error.column()
    }
}

/// How far bytes are UTF-8, and whether what follows can be none, whatever comes behind it.
struct Text {
    sound: usize,
    broken: bool,
}

fn text_of(bytes: &[u8]) -> Text {
    match std::str::from_utf8(bytes) {
        Ok(_) => Text { sound: bytes.len(), broken: false },
        Err(error) => Text { sound: error.valid_up_to(), broken: error.error_len().is_some() },
    }
}

fn check_text(bytes: &[u8], at: u64) -> Result<(), Broken> {
    let Text { sound, .. } = text_of(bytes);
    if sound == bytes.len() { Ok(()) } else { Err(not_text(at + sound as u64)) }
}

fn not_text(at: u64) -> Broken {
    Broken::Syntax { at, what: "the text is not UTF-8".to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Every section with its rows as text, read through a window of `size` bytes.
    fn read(text: &[u8], size: usize) -> Result<Vec<(String, Vec<String>)>, Broken> {
        let mut document = Document::over(Window::with_size(text, size))?;
        let mut sections = Vec::new();
        let text = |row: &[u8]| String::from_utf8(row.to_vec()).unwrap();
        while let Some(key) = document.next_key()? {
            let mut rows = Vec::new();
            if document.shape()? == Shape::Rows {
                while let Some(row) = document.next_row()? {
                    rows.push(text(row));
                }
            } else {
                rows.push(text(document.value(LARGEST_ROW)?));
            }
            sections.push((key, rows));
        }
        Ok(sections)
    }

    /// Every section with how many rows it has, none of them held.
    fn pass(text: &[u8], size: usize) -> Result<Vec<(String, usize)>, Broken> {
        let mut document = Document::over(Window::with_size(text, size))?;
        let mut sections = Vec::new();
        while let Some(key) = document.next_key()? {
            let mut rows = 0;
            if document.shape()? == Shape::Rows {
                while document.pass_row()? {
                    rows += 1;
                }
            } else {
                document.pass()?;
                rows = 1;
            }
            sections.push((key, rows));
        }
        Ok(sections)
    }

    #[test]
    fn locates_what_is_not_json() {
        let cases: [(&str, u64, &str); 14] = [
            ("[]", 0, "the document is no JSON object"),
            ("\u{feff}{}", 0, "the document is no JSON object"),
            ("{,}", 1, "expected a key"),
            ("{1:2}", 1, "expected a key"),
            (r#"{"a" 1}"#, 5, "expected a colon after the key"),
            (r#"{"a":x}"#, 5, "expected value"),
            (r#"{"a":1,}"#, 7, "nothing follows the comma"),
            (r#"{"a":1 "b":2}"#, 7, "expected a comma"),
            (r#"{"a":[1,]}"#, 8, "nothing follows the comma"),
            (r#"{"a":[1 2]}"#, 8, "expected a comma"),
            (r#"{"a":[{"b":01}]}"#, 12, "invalid number"),
            ("{\"a\":[{\n\"b\":\n tru}]}", 17, "expected ident"),
            (r#"{"a":1}}"#, 7, "the document goes on after its end"),
            (r#"{"a":1}\0"#, 7, "the document goes on after its end"),
        ];
        for (text, position, reason) in cases {
            for size in [1, 2, 7, 64] {
                match read(text.as_bytes(), size) {
                    Err(Broken::Syntax { at, what }) => assert_eq!((at, what.as_str()), (position, reason), "{text}"),
                    other => panic!("{text}: {other:?}"),
                }
                match pass(text.as_bytes(), size) {
                    Err(Broken::Syntax { at, .. }) => assert_eq!(at, position, "{text}"),
                    other => panic!("{text}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn refuses_text_that_is_not_utf_8() {
        let text = b"{\"a\":[\"ok\",\"b\xffd\"]}";
        let result = read(text, 3);
        assert!(matches!(result, Err(Broken::Syntax { at: 13, .. })), "{result:?}");
        for size in [1, 2, 3, 40] {
            let result = pass(text, size);
            assert!(matches!(result, Err(Broken::Syntax { at: 13, .. })), "{result:?}");
        }
    }

    /// Gives zeros in quotes, as a text of `left` bytes, without holding them.
    fn long_text(left: u64) -> impl Read {
        let zeros = std::io::repeat(b'0').take(left);
        (&b"{\"a\":[\""[..]).chain(zeros).chain(&b"\",1]}"[..])
    }

    #[test]
    fn a_row_that_is_passed_over_is_not_held() {
        let mut document = Document::over(Window::with_size(long_text(1024 * 1024), 64)).unwrap();
        document.next_key().unwrap();
        document.shape().unwrap();
        assert!(document.pass_row().unwrap() && document.pass_row().unwrap() && !document.pass_row().unwrap());
        assert_eq!(document.next_key().unwrap(), None);
        assert!(document.window.size() <= 128, "the window has grown to {}", document.window.size());
    }

    #[test]
    fn what_is_held_has_a_limit() {
        let mut document = Document::over(Window::with_size(long_text(1000), 64)).unwrap();
        document.next_key().unwrap();
        assert_eq!(document.shape().unwrap(), Shape::Rows);
        assert!(matches!(document.value(1001), Err(Broken::TooLarge { at: 6, limit: 1001 })));
        let mut document = Document::over(Window::with_size(long_text(1000), 64)).unwrap();
        document.next_key().unwrap();
        document.shape().unwrap();
        assert_eq!(document.value(1002).unwrap().len(), 1002);
        let keys: Vec<String> = (0..=MOST_KEYS).map(|key| format!("\"{key}\":[]")).collect();
        let many = pass(format!("{{{}}}", keys.join(",")).as_bytes(), 4096);
        assert!(matches!(many, Err(Broken::TooMany { what: "keys", limit: MOST_KEYS, .. })), "{many:?}");
    }

    #[test]
    fn is_not_overflowed_by_depth() {
        let deep = format!("{{\"a\":[{}{}]}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(read(deep.as_bytes(), 4096).unwrap()[0].1.len(), 1);
        let cut = deep.get(..1_500_000).unwrap();
        assert!(matches!(read(cut.as_bytes(), 4096), Err(Broken::Ends { at: 1_500_000 })));
        assert_eq!(pass(deep.as_bytes(), 4096).unwrap(), [("a".to_owned(), 1)]);
        assert!(matches!(pass(cut.as_bytes(), 4096), Err(Broken::Ends { at: 1_500_000 })));
    }

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn gives_the_rows_of_any_document(
            sections in proptest::collection::btree_map(any::<String>(), value(), 0..5), size in 1usize..200, indent: bool,
        ) {
            let text = if indent { serde_json::to_vec_pretty(&sections) } else { serde_json::to_vec(&sections) }.unwrap();
            // `serde_json` does not read every floating-point number back to its last digit.
            let sections: std::collections::BTreeMap<String, Value> = serde_json::from_slice(&text).unwrap();
            let found = read(&text, size).unwrap();
            prop_assert_eq!(found.len(), sections.len());
            let passed = pass(&text, size).unwrap();
            for (((name, rows), (expected_name, expected)), passed) in found.iter().zip(&sections).zip(&passed) {
                prop_assert_eq!(name, expected_name);
                prop_assert_eq!(&(name.clone(), rows.len()), passed);
                let rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
                match expected {
                    Value::Array(expected) => prop_assert_eq!(&rows, expected),
                    expected => prop_assert_eq!(&rows[..], std::slice::from_ref(expected)),
                }
            }
        }

        #[test]
        fn notices_every_cut(
            sections in proptest::collection::btree_map(any::<String>(), value(), 0..4), size in 1usize..64, cut: prop::sample::Index,
        ) {
            let text = serde_json::to_vec(&sections).unwrap();
            let at = cut.index(text.len());
            let result = read(&text[..at], size);
            prop_assert!(matches!(result, Err(Broken::Ends { at: end }) if end == at as u64), "{:?}", result);
            let result = pass(&text[..at], size);
            prop_assert!(matches!(result, Err(Broken::Ends { at: end }) if end == at as u64), "{:?}", result);
        }
    }
}
