//! Values of cells, read without copying, and their plain text.

mod instant;
mod numeric;

use std::{fmt, io::Write};

use super::number;
use crate::{
    product::TimestampStyle,
    row::{ColumnType, Element},
};

pub use instant::{MICROS_1970_TO_2000, write_date, write_timestamp};
pub use numeric::Numeric;

/// What a cell that is not NULL holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A single: its shortest text differs from the same number's as a double.
    Single(f32),
    /// A decimal number with its scale.
    Numeric(Numeric<'a>),
    /// Text.
    Text(&'a str),
    /// A UUID.
    Uuid(&'a [u8; 16]),
    /// Microseconds since 2000-01-01T00:00:00; the ends of the range are the infinities.
    Timestamp(i64),
    /// Days since 2000-01-01; the ends of the range are the infinities.
    Date(i32),
    /// JSON text, not yet checked.
    Json(&'a str),
    /// Words with one blank between them.
    List(&'a str),
    /// A one-dimensional array.
    Array(Array<'a>),
}

/// Why a value does not fit: shown as the value itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Misfit {
    /// The cell is not what its column says; no fault of the value.
    Torn,
    /// Text that is not UTF-8.
    Utf8,
    /// An instant beyond the format's range, as [`Value::Timestamp`].
    Instant(i64),
    /// NaN or an infinity where the format has numbers only.
    NotFinite(f64),
    /// Text in a JSON column that is not JSON; the byte where it stops to be.
    Json(usize),
    /// A number of a JSON column that PHP's `json_encode` refuses.
    JsonInfinity,
    /// An array with this number of dimensions.
    Dimensions(i32),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("a value of another type"),
            Self::Utf8 => f.write_str("text that is not UTF-8"),
            Self::Instant(micros) => f.write_str(&instant::shown(*micros)),
            Self::NotFinite(number) if number.is_nan() => f.write_str("NaN"),
            Self::NotFinite(number) => f.write_str(if *number > 0.0 { "infinity" } else { "-infinity" }),
            Self::Json(byte) => write!(f, "text that is not JSON (at byte {byte})"),
            Self::JsonInfinity => f.write_str("JSON with a number beyond a double's range"),
            Self::Dimensions(count) => write!(f, "an array of {count} dimensions"),
        }
    }
}

impl<'a> Value<'a> {
    /// Reads a cell of a column of this type.
    ///
    /// # Errors
    /// When the cell does not fit the type, or text is not UTF-8.
    #[inline]
    pub fn read(kind: ColumnType, cell: &'a [u8]) -> Result<Self, Misfit> {
        match kind {
            ColumnType::Uuid => cell.try_into().map(Self::Uuid).map_err(|_length| Misfit::Torn),
            ColumnType::Timestamp => Ok(Self::Timestamp(i64::from_be_bytes(fixed(cell)?))),
            ColumnType::Text => text(cell).map(Self::Text),
            ColumnType::Bool => match cell {
                [0] => Ok(Self::Bool(false)),
                [1] => Ok(Self::Bool(true)),
                _ => Err(Misfit::Torn),
            },
            ColumnType::Int => integer(cell).map(Self::Int),
            ColumnType::Float if cell.len() == 4 => Ok(Self::Single(f32::from_be_bytes(fixed(cell)?))),
            ColumnType::Float => Ok(Self::Float(f64::from_be_bytes(fixed(cell)?))),
            ColumnType::Numeric => Numeric::read(cell).map(Self::Numeric).ok_or(Misfit::Torn),
            ColumnType::Date => Ok(Self::Date(i32::from_be_bytes(fixed(cell)?))),
            ColumnType::Json => text(cell).map(Self::Json),
            ColumnType::List => text(cell).map(Self::List),
            ColumnType::Array(element) => Array::read(element, cell).map(Self::Array),
        }
    }

    /// Appends the value's plain text: no quotes, no escapes; JSON as it came.
    ///
    /// # Errors
    /// When the timestamp style cannot hold an instant, or an array's elements do not fit.
    #[inline]
    pub fn write_text(&self, style: TimestampStyle, out: &mut Vec<u8>) -> Result<(), Misfit> {
        match *self {
            Self::Uuid(bytes) => out.extend_from_slice(&hyphenated(bytes)),
            Self::Timestamp(micros) => write_timestamp(micros, style, out)?,
            Self::Text(text) | Self::Json(text) | Self::List(text) => out.extend_from_slice(text.as_bytes()),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Int(number) => write_integer(number, out),
            Self::Float(number) => number::write_javascript(&number::Shortest::of(number), out),
            Self::Single(number) => number::write_javascript(&number::Shortest::of_single(number), out),
            Self::Numeric(number) => number.write(out),
            Self::Date(days) => write_date(days, out),
            Self::Array(array) => array.write_text(style, out)?,
        }
        Ok(())
    }

    /// The cell as people read it, at most 64 characters: for ids in messages.
    pub(crate) fn shown(kind: ColumnType, cell: &[u8]) -> String {
        let mut out = Vec::new();
        match Value::read(kind, cell).and_then(|value| value.write_text(TimestampStyle::Millis, &mut out)) {
            Ok(()) => String::from_utf8_lossy(&out).chars().take(64).collect(),
            Err(misfit) => misfit.to_string(),
        }
    }
}

/// A one-dimensional array in PostgreSQL's binary form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Array<'a> {
    element: Element,
    cells: &'a [u8],
}

impl<'a> Array<'a> {
    /// `array_send`: dimensions, flags, element type, for each dimension length and lower bound,
    /// then for each element its length (-1 is NULL) and bytes.
    fn read(element: Element, cell: &'a [u8]) -> Result<Self, Misfit> {
        let (dimensions, rest) = cell.split_first_chunk().ok_or(Misfit::Torn)?;
        let rest = rest.get(8..).ok_or(Misfit::Torn)?;
        match i32::from_be_bytes(*dimensions) {
            0 => Ok(Self { element, cells: &[] }),
            1 => Ok(Self { element, cells: rest.get(8..).ok_or(Misfit::Torn)? }),
            more => Err(Misfit::Dimensions(more)),
        }
    }

    /// The elements; none for NULL.
    pub fn values(self) -> impl Iterator<Item = Result<Option<Value<'a>>, Misfit>> {
        let kind = self.element.column_type();
        let mut cells = self.cells;
        std::iter::from_fn(move || (!cells.is_empty()).then(|| next_element(kind, &mut cells)))
    }

    fn write_text(self, style: TimestampStyle, out: &mut Vec<u8>) -> Result<(), Misfit> {
        for (index, value) in self.values().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            if let Some(value) = value? {
                value.write_text(style, out)?;
            }
        }
        Ok(())
    }
}

fn next_element<'a>(kind: ColumnType, cells: &mut &'a [u8]) -> Result<Option<Value<'a>>, Misfit> {
    // After a torn element nothing follows: the iterator would never end.
    let (length, rest) = std::mem::take(cells).split_first_chunk().ok_or(Misfit::Torn)?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
        *cells = rest;
        return Ok(None);
    };
    let (cell, rest) = rest.split_at_checked(length).ok_or(Misfit::Torn)?;
    *cells = rest;
    Value::read(kind, cell).map(Some)
}

impl Element {
    /// The type of a column that holds one such element.
    #[must_use]
    pub fn column_type(self) -> ColumnType {
        match self {
            Self::Bool => ColumnType::Bool,
            Self::Int => ColumnType::Int,
            Self::Float => ColumnType::Float,
            Self::Numeric => ColumnType::Numeric,
            Self::Text => ColumnType::Text,
            Self::Uuid => ColumnType::Uuid,
            Self::Timestamp => ColumnType::Timestamp,
            Self::Date => ColumnType::Date,
        }
    }
}

fn text(cell: &[u8]) -> Result<&str, Misfit> {
    std::str::from_utf8(cell).map_err(|_position| Misfit::Utf8)
}

fn fixed<const N: usize>(cell: &[u8]) -> Result<[u8; N], Misfit> {
    cell.try_into().map_err(|_length| Misfit::Torn)
}

fn integer(cell: &[u8]) -> Result<i64, Misfit> {
    match cell.len() {
        4 => Ok(i32::from_be_bytes(fixed(cell)?).into()),
        8 => Ok(i64::from_be_bytes(fixed(cell)?)),
        _ => Ok(i16::from_be_bytes(fixed(cell)?).into()),
    }
}

/// Appends a number in plain decimal.
pub(super) fn write_integer(number: i64, out: &mut Vec<u8>) {
    // A Vec takes every byte: there is no error to pass on.
    out.write_fmt(format_args!("{number}")).unwrap_or_default();
}

/// The two digits of every byte.
const HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
};

/// A UUID as RFC 9562 prints it: lower case, 8-4-4-4-12.
#[must_use]
pub fn hyphenated(bytes: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        [text[at], text[at + 1]] = HEX[usize::from(*byte)];
        at += 2;
    }
    text
}
