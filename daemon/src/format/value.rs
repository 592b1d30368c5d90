//! Values of cells, read without copying, and their plain text.

mod array;
mod instant;
mod numeric;

use std::{fmt, io::Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::number;
use crate::{product::TimestampStyle, row::ColumnType};

pub use array::{Array, ArrayText};
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
    /// Any bytes; their text is Base64 (RFC 4648, section 4).
    Bytes(&'a [u8]),
    /// An array.
    Array(Array<'a>),
    /// An array as PostgreSQL prints it.
    ArrayText(ArrayText<'a>),
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
    /// Text in a JSON column that is not JSON; the byte where it stops to be.
    Json(usize),
    /// A number of a JSON column that PHP's `json_encode` refuses.
    JsonInfinity,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("a value of another type"),
            Self::Utf8 => f.write_str("text that is not UTF-8"),
            Self::Instant(micros) => f.write_str(&instant::shown(*micros)),
            Self::Json(byte) => write!(f, "text that is not JSON (at byte {byte})"),
            Self::JsonInfinity => f.write_str("JSON with a number beyond a double's range"),
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
            ColumnType::Bytes => Ok(Self::Bytes(cell)),
            ColumnType::Array(element) => Array::read(element, cell).map(Self::Array),
            ColumnType::ArrayText => ArrayText::read(cell).map(Self::ArrayText),
        }
    }

    /// Appends the value's plain text: no quotes, no escapes; JSON as it came; an array as PostgreSQL writes it, of
    /// the texts of its elements.
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
            Self::Float(number) if !number.is_finite() => write_not_finite(number, out),
            Self::Single(number) if !number.is_finite() => write_not_finite(number.into(), out),
            Self::Float(number) => number::write_javascript(&number::Shortest::of(number), out),
            Self::Single(number) => number::write_javascript(&number::Shortest::of_single(number), out),
            Self::Numeric(number) => number.write(out),
            Self::Date(days) => write_date(days, out),
            Self::Bytes(bytes) => write_base64(bytes, out),
            Self::Array(array) => array.write_text(out, |value, out| value.write_text(style, out))?,
            Self::ArrayText(array) => out.extend_from_slice(array.text().as_bytes()),
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

/// Appends the name that PostgreSQL, JavaScript and most languages have for what is no number.
fn write_not_finite(number: f64, out: &mut Vec<u8>) {
    let name: &[u8] = if number.is_nan() {
        b"NaN"
    } else if number > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    };
    out.extend_from_slice(name);
}

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // There is room for exactly that.
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or_default();
    out.truncate(start + written);
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
