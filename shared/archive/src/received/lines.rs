//! The rows of a text: one JSON object a line, one array of them, or one alone.

use std::io::Read;

use memchr::memchr;

use serde_json::value::RawValue;

use super::{Inner, large::Large};
use crate::{
    content::{Broken, Window},
    document::Values,
};

/// Goes through the rows of one file, or of one member.
pub(crate) enum Rows<R> {
    /// Each on a line of its own, which a line feed ends. A blank line is none.
    Lines(Window<R>),
    /// In an array, or one alone.
    Values(Values<R>),
}

impl<R: Read> Rows<R> {
    /// Begins with the first of `inner`.
    pub(crate) fn open(reader: R, inner: Inner) -> Result<Self, Broken> {
        let mut window = Window::new(reader);
        let lines = match inner {
            Inner::Json => false,
            Inner::Rows => has_lines(&mut window)?,
            _ => true,
        };
        Ok(if lines { Self::Lines(window) } else { Self::Values(Values::over(window)?) })
    }

    /// Looks for the next row, which is not taken; gives how many bytes it has, none at the end. One of more than
    /// `limit` bytes is not held.
    pub(crate) fn find(&mut self, limit: usize) -> Result<Option<usize>, Broken> {
        match self {
            Self::Lines(window) => next_line(window, limit),
            Self::Values(values) => values.find(limit),
        }
    }

    /// Reads a row of which it was found that it is too large to be held.
    pub(crate) fn read_large(&mut self, large: Large<'_, '_>) -> Result<Vec<Option<Box<RawValue>>>, Broken> {
        match self {
            Self::Lines(window) => large.read(window, true),
            Self::Values(values) => large.read(values.window_mut(), false),
        }
    }

    /// Where in the content the row begins that was found.
    pub(crate) fn offset(&self) -> u64 {
        self.window().offset()
    }

    /// The text of the row that was found.
    pub(crate) fn text(&self, length: usize) -> Result<&str, Broken> {
        let row = self.window().available().get(..length).unwrap_or_default();
        std::str::from_utf8(row).map_err(|error| Broken::Syntax {
            at: self.offset() + error.valid_up_to() as u64,
            what: "the text is not UTF-8".to_owned(),
        })
    }

    /// Takes the row that was found.
    pub(crate) fn take(&mut self, length: usize) -> &[u8] {
        match self {
            Self::Lines(window) => window.take(length),
            Self::Values(values) => values.take(length),
        }
    }

    fn window(&self) -> &Window<R> {
        match self {
            Self::Lines(window) => window,
            Self::Values(values) => values.window(),
        }
    }
}

/// Whether a text of rows has one on each line: it does not where it is an array, or one object alone, over several
/// lines or without the line feed at its end.
fn has_lines<R: Read>(window: &mut Window<R>) -> Result<bool, Broken> {
    window.refill(usize::MAX)?;
    let available = window.available();
    let blanks = available.iter().take_while(|byte| is_blank(**byte)).count();
    let start = available.get(blanks..).unwrap_or_default();
    match start.first() {
        Some(b'[') => Ok(false),
        None => Ok(true),
        Some(_) => Ok(match memchr(b'\n', start) {
            Some(end) => {
                let line = start.get(..end).unwrap_or_default();
                serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
            }
            // A line that is longer than the window.
            None => !window.ended(),
        }),
    }
}

/// The length of the next line that is not blank, behind the blanks before it.
fn next_line<R: Read>(window: &mut Window<R>, limit: usize) -> Result<Option<usize>, Broken> {
    loop {
        let available = window.available();
        let blanks = available.iter().position(|byte| !is_blank(*byte)).unwrap_or(available.len());
        let line = memchr(b'\n', available.get(blanks..).unwrap_or_default());
        window.advance(blanks);
        match line {
            Some(length) if length > limit => return Err(Broken::TooLarge { at: window.offset(), limit }),
            Some(length) => return Ok(Some(length)),
            None if window.ended() => {
                let left = window.available().len();
                let at = window.offset() + left as u64;
                return if left == 0 { Ok(None) } else { Err(Broken::Ends { at }) };
            }
            None => window.refill(limit)?,
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
