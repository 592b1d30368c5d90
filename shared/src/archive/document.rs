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
        let mut document = Self { window: Window::new(reader), first: true };
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
                Some(Err(error)) if !error.is_eof() => return Err(self.locate(&error)),
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

    /// `serde_json` counts lines and columns from the start of the window, both from 1.
    fn locate(&self, error: &serde_json::Error) -> Broken {
        let available = self.window.available();
        let line = match error.line() {
            0 | 1 => 0,
            line => memchr::memchr_iter(b'\n', available).nth(line - 2).map_or(0, |at| at + 1),
        };
        let at = self.window.offset() + (line + error.column().saturating_sub(1)) as u64;
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default().to_owned();
        Broken::Syntax { at, what }
    }
}
