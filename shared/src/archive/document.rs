//! A JSON document, read from its top level down to whole rows: an object whose values are arrays
//! of rows, single objects or anything else.
//!
//! Each row is skipped by `serde_json`, which keeps no tree and does not recurse, so a document
//! that came from elsewhere may be as deep as it likes.

use std::io::Read;

use serde::de::IgnoredAny;

use super::content::{Broken, Window};

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
}

impl<R: Read> Document<R> {
    /// Enters the document's object.
    pub(super) fn open(reader: R) -> Result<Self, Broken> {
        Self::over(Window::new(reader))
    }

    fn over(window: Window<R>) -> Result<Self, Broken> {
        let mut document = Self { window, first: true };
        document.expect(b'{', "the document is no JSON object")?;
        Ok(document)
    }

    /// The next top-level key; none where the document has ended, with nothing after it.
    pub(super) fn next_key(&mut self) -> Result<Option<String>, Broken> {
        if !self.another(b'}')? {
            return match self.peek() {
                Err(Broken::Ends { .. }) if self.window.ended() => Ok(None),
                Ok(_) => Err(self.syntax("the document goes on after its end")),
                Err(broken) => Err(broken),
            };
        }
        if self.peek()? != b'"' {
            return Err(self.syntax("expected a key"));
        }
        let at = self.window.offset();
        let key = serde_json::from_slice(self.value()?)
            .map_err(|cause| Broken::Syntax { at, what: format!("the key cannot be read: {cause}") })?;
        self.expect(b':', "expected a colon after the key")?;
        Ok(Some(key))
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

    /// The next row of the array that was entered; none at its end.
    pub(super) fn next_row(&mut self) -> Result<Option<&[u8]>, Broken> {
        if self.another(b']')? { self.value().map(Some) } else { Ok(None) }
    }

    /// One whole value.
    pub(super) fn value(&mut self) -> Result<&[u8], Broken> {
        self.peek()?;
        let length = loop {
            let available = self.window.available();
            let mut values = serde_json::Deserializer::from_slice(available).into_iter::<IgnoredAny>();
            match values.next() {
                // A number at the very end of the window may have more digits.
                Some(Ok(_)) if values.byte_offset() < available.len() || self.window.ended() => {
                    break values.byte_offset();
                }
                Some(Err(error)) if !error.is_eof() && !self.may_go_on(&error) => return Err(self.locate(&error)),
                _ if self.window.ended() => return Err(self.ends()),
                _ => self.window.refill()?,
            }
        };
        let at = self.window.offset();
        let text = self.window.take(length);
        match std::str::from_utf8(text) {
            Ok(_) => Ok(text),
            Err(error) => {
                Err(Broken::Syntax { at: at + error.valid_up_to() as u64, what: "the text is not UTF-8".to_owned() })
            }
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
                    self.window.refill()?;
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
                rows.push(text(document.value()?));
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
            }
        }
    }

    #[test]
    fn refuses_text_that_is_not_utf_8() {
        let result = read(b"{\"a\":[\"ok\",\"b\xffd\"]}", 3);
        assert!(matches!(result, Err(Broken::Syntax { at: 13, .. })), "{result:?}");
    }

    #[test]
    fn is_not_overflowed_by_depth() {
        let deep = format!("{{\"a\":[{}{}]}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(read(deep.as_bytes(), 4096).unwrap()[0].1.len(), 1);
        let cut = deep.get(..1_500_000).unwrap();
        assert!(matches!(read(cut.as_bytes(), 4096), Err(Broken::Ends { at: 1_500_000 })));
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
            for ((name, rows), (expected_name, expected)) in found.iter().zip(&sections) {
                prop_assert_eq!(name, expected_name);
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
        }
    }
}
