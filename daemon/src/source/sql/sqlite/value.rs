//! SQLite's values in the layout of PostgreSQL's binary COPY, by the types that a definition
//! states. SQLite itself promises nothing about what a column holds.

use std::fmt;

use orgvault_api::text::printable;
use orgvault_archive::full::sqlite;
use serde::de::IgnoredAny;
use sqlx::{Decode, Sqlite, TypeInfo, ValueRef, sqlite::SqliteValueRef};

use crate::{
    format::number::Shortest,
    product::DeclaredType,
    row::ColumnType,
    source::{instant, meaning, uuid},
};

/// How much of a value an error shows.
const SHOWN: usize = 60;

/// One value as SQLite stores it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stored<'r> {
    Null,
    Integer(i64),
    Real(f64),
    /// Promised to be UTF-8, and not checked by SQLite.
    Text(&'r [u8]),
    Blob(&'r [u8]),
}

impl<'r> Stored<'r> {
    pub(super) fn of(value: SqliteValueRef<'r>) -> Result<Self, sqlx::Error> {
        if value.is_null() {
            return Ok(Self::Null);
        }
        let stored = match value.type_info().name() {
            "INTEGER" => Decode::<Sqlite>::decode(value).map(Self::Integer),
            "REAL" => Decode::<Sqlite>::decode(value).map(Self::Real),
            "BLOB" => Decode::<Sqlite>::decode(value).map(Self::Blob),
            _ => Decode::<Sqlite>::decode(value).map(Self::Text),
        };
        stored.map_err(sqlx::Error::Decode)
    }

    /// As a `full` archive writes it.
    pub(super) fn in_archive(self) -> sqlite::Stored<'r> {
        match self {
            Self::Null => sqlite::Stored::Null,
            Self::Integer(number) => sqlite::Stored::Integer(number),
            Self::Real(number) => sqlite::Stored::Real(number),
            Self::Text(bytes) => sqlite::Stored::Text(bytes.into()),
            Self::Blob(bytes) => sqlite::Stored::Blob(bytes.into()),
        }
    }

    /// How long a text or BLOB is.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// What names a row in errors.
    pub(super) fn id(self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            other => other.to_string().trim_matches('`').to_owned(),
        }
    }

    /// Text that may be written: UTF-8 without NUL, as PostgreSQL has it.
    fn text(self) -> Option<&'r str> {
        match self {
            Self::Text(bytes) => std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')),
            _ => None,
        }
    }
}

/// For errors: shortened, and with nothing that a terminal would obey.
impl fmt::Display for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(number) => write!(f, "the integer {number}"),
            Self::Real(number) => write!(f, "the number {number}"),
            Self::Blob(bytes) => write!(f, "a BLOB of {} bytes", bytes.len()),
            Self::Text(bytes) => match std::str::from_utf8(bytes) {
                Err(_) => write!(f, "a text that is no UTF-8"),
                Ok(text) if text.contains('\0') => write!(f, "a text with a NUL character"),
                Ok(text) => write!(f, "`{}`", printable(&text.chars().take(SHOWN).collect::<String>())),
            },
        }
    }
}

/// The layout of the cells of a declared type.
pub(super) fn column_type(declared: DeclaredType) -> ColumnType {
    match declared {
        DeclaredType::Bool => ColumnType::Bool,
        DeclaredType::Int => ColumnType::Int,
        DeclaredType::Float => ColumnType::Float,
        DeclaredType::Numeric | DeclaredType::Text => ColumnType::Text,
        DeclaredType::Uuid => ColumnType::Uuid,
        DeclaredType::Timestamp => ColumnType::Timestamp,
        DeclaredType::Date => ColumnType::Date,
        DeclaredType::Json => ColumnType::Json,
        DeclaredType::List => ColumnType::List,
        DeclaredType::Bytes => ColumnType::Bytes,
    }
}

/// For errors.
pub(super) fn describe(declared: DeclaredType) -> &'static str {
    match declared {
        DeclaredType::Bool => "boolean (0 or 1, t or f, true or false)",
        DeclaredType::Int => "integer",
        DeclaredType::Float => "number that a double holds",
        DeclaredType::Numeric => "decimal number",
        DeclaredType::Text => "text in UTF-8 without NUL",
        DeclaredType::Uuid => "UUID",
        DeclaredType::Timestamp => "timestamp (YYYY-MM-DD HH:MM:SS)",
        DeclaredType::Date => "date (YYYY-MM-DD)",
        DeclaredType::Json => "JSON text",
        DeclaredType::List => "list of words with one blank between them",
        DeclaredType::Bytes => "bytes (BLOB or text)",
    }
}

/// What SQLite's own declaration of a column means where the definition states no type. A
/// column of an unknown declaration, or an expression, has to hold text.
pub(super) fn undeclared(declaration: &str) -> DeclaredType {
    match declaration {
        "BOOLEAN" => DeclaredType::Bool,
        "INTEGER" => DeclaredType::Int,
        "REAL" => DeclaredType::Float,
        "DATETIME" => DeclaredType::Timestamp,
        "DATE" => DeclaredType::Date,
        "BLOB" => DeclaredType::Bytes,
        _ => DeclaredType::Text,
    }
}

/// Appends a cell: its length and its bytes. Gives false, and appends nothing, where the value
/// is none of the type. SQLite stores a value as its column's affinity says, and not as it was
/// written: whatever has one exact meaning as the type is one.
pub(super) fn append(declared: DeclaredType, value: Stored<'_>, row: &mut Vec<u8>) -> bool {
    let is_null = value == Stored::Null || (declared == DeclaredType::Json && is_blank(value));
    if is_null {
        row.extend_from_slice(&(-1_i32).to_be_bytes());
        return true;
    }
    let cell = match declared {
        DeclaredType::Bool => boolean(value).map(|bit| push(row, &[u8::from(bit)])),
        DeclaredType::Int => integer(value).map(|number| push(row, &number.to_be_bytes())),
        DeclaredType::Float => float(value).map(|number| push(row, &number.to_be_bytes())),
        DeclaredType::Numeric => decimal(value).map(|text| push(row, text.as_bytes())),
        DeclaredType::Uuid => unique_id(value).map(|bytes| push(row, &bytes)),
        DeclaredType::Bytes => match value {
            Stored::Blob(bytes) | Stored::Text(bytes) => Some(push(row, bytes)),
            _ => None,
        },
        DeclaredType::Text | DeclaredType::Json => match value {
            // A column of SQLite's affinity NUMERIC (JSON, STRING) has a number that was written as text.
            Stored::Integer(_) | Stored::Real(_) => decimal(value).map(|text| push(row, text.as_bytes())),
            _ => value.text().and_then(|text| append_text(declared, text, row)),
        },
        _ => value.text().and_then(|text| append_text(declared, text, row)),
    };
    cell.unwrap_or_default()
}

/// The types that SQLite has as text.
fn append_text(declared: DeclaredType, text: &str, row: &mut Vec<u8>) -> Option<bool> {
    match declared {
        DeclaredType::Text => Some(push(row, text.as_bytes())),
        DeclaredType::Timestamp => {
            let midnight = || instant::day(text).map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
            let instant = instant::parse(text).or_else(midnight)?;
            Some(push(row, &instant::micros(instant).to_be_bytes()))
        }
        DeclaredType::Date => instant::days(text).map(|days| push(row, &days.to_be_bytes())),
        DeclaredType::Json => serde_json::from_str::<IgnoredAny>(text).ok().map(|_| push(row, text.as_bytes())),
        DeclaredType::List => {
            let is_list = text.is_empty() || text.split(' ').all(|word| !word.is_empty());
            is_list.then(|| push(row, text.as_bytes()))
        }
        _ => None,
    }
}

fn push(row: &mut Vec<u8>, cell: &[u8]) -> bool {
    // SQLite's longest value is below 2^31 bytes.
    let Ok(length) = i32::try_from(cell.len()) else { return false };
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(cell);
    true
}

/// A text without a character of JSON, which apps write where they mean NULL.
fn is_blank(value: Stored<'_>) -> bool {
    matches!(value, Stored::Text(bytes) if bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')))
}

fn boolean(value: Stored<'_>) -> Option<bool> {
    match value {
        Stored::Real(_) => boolean(Stored::Integer(integer(value)?)),
        Stored::Integer(0) => Some(false),
        Stored::Integer(1) => Some(true),
        _ => value.text().and_then(meaning::boolean),
    }
}

fn integer(value: Stored<'_>) -> Option<i64> {
    match value {
        Stored::Integer(number) => Some(number),
        // Its shortest text is the integer that it is; above 2^53 one text stands for several.
        Stored::Real(number) if number.abs() <= LARGEST_EXACT => format!("{number}").parse().ok(),
        // As it is printed again: `007` may be a name.
        Stored::Text(_) => {
            value.text().and_then(|text| text.parse().ok().filter(|number: &i64| number.to_string() == text))
        }
        _ => None,
    }
}

/// 2^53: up to it a double holds every integer.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

fn float(value: Stored<'_>) -> Option<f64> {
    match value {
        Stored::Real(number) => Some(number),
        Stored::Integer(number) => exact(number),
        Stored::Text(_) => value.text().filter(|text| is_number(text)).and_then(spelled),
        _ => None,
    }
}

/// An integer that a double holds without loss: 53 bits from its first to its last that is set.
fn exact(number: i64) -> Option<f64> {
    let bits = number.unsigned_abs();
    let span = u64::BITS.saturating_sub(bits.leading_zeros() + bits.trailing_zeros());
    let high = i32::try_from(number >> 32).ok()?;
    let low = u32::try_from(number & 0xffff_ffff).ok()?;
    (span <= f64::MANTISSA_DIGITS).then(|| f64::from(high) * 4_294_967_296.0 + f64::from(low))
}

/// The double that a text spells with no digit too many.
fn spelled(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Shortest::of(number).spells(text.as_bytes()).then_some(number)
}

/// 16 bytes, or their digits with hyphens or without, as Django has them.
fn unique_id(value: Stored<'_>) -> Option<[u8; 16]> {
    if let Stored::Blob(bytes) = value {
        return bytes.try_into().ok();
    }
    let text = value.text()?;
    uuid::parse(text).or_else(|| {
        let digits = text.as_bytes();
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
    })
}

/// A decimal number in text form. A column of SQLite's type NUMERIC has doubles: the shortest
/// text that gives the same double.
fn decimal(value: Stored<'_>) -> Option<String> {
    match value {
        Stored::Integer(number) => Some(number.to_string()),
        Stored::Real(number) => number.is_finite().then(|| format!("{number}")),
        Stored::Text(_) => value.text().filter(|text| is_decimal(text)).map(str::to_owned),
        Stored::Null | Stored::Blob(_) => None,
    }
}

/// As [`is_decimal`], with an exponent too.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    is_decimal(mantissa) && !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

/// `-12.50`: digits, and a point only between digits.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(declared: DeclaredType, value: Stored<'_>) -> Option<Vec<u8>> {
        let mut row = Vec::new();
        append(declared, value, &mut row).then(|| {
            assert_eq!(row[..4], i32::try_from(row.len() - 4).unwrap().to_be_bytes());
            row[4..].to_vec()
        })
    }

    fn text(text: &str) -> Stored<'_> {
        Stored::Text(text.as_bytes())
    }

    #[test]
    fn values_of_their_type_are_laid_out_as_postgresql_does() {
        for (declared, value, expected) in [
            (DeclaredType::Bool, Stored::Integer(1), vec![1]),
            (DeclaredType::Int, Stored::Integer(-2), (-2_i64).to_be_bytes().to_vec()),
            (DeclaredType::Float, Stored::Real(0.1), 0.1_f64.to_be_bytes().to_vec()),
            (DeclaredType::Float, Stored::Integer(3), 3_f64.to_be_bytes().to_vec()),
            (DeclaredType::Numeric, Stored::Integer(7), b"7".to_vec()),
            (DeclaredType::Numeric, Stored::Real(1.5), b"1.5".to_vec()),
            (DeclaredType::Numeric, Stored::Real(1e21), b"1000000000000000000000".to_vec()),
            (DeclaredType::Numeric, text("-1.50"), b"-1.50".to_vec()),
            (DeclaredType::Text, text("ü\n"), "ü\n".as_bytes().to_vec()),
            (DeclaredType::Text, text(""), vec![]),
            (DeclaredType::Uuid, text("01010101-0101-0101-0101-010101010101"), vec![1; 16]),
            (DeclaredType::Uuid, Stored::Blob(&[1; 16]), vec![1; 16]),
            (DeclaredType::Timestamp, text("2000-01-01 00:00:01"), 1_000_000_i64.to_be_bytes().to_vec()),
            (DeclaredType::Date, text("2000-01-02"), 1_i32.to_be_bytes().to_vec()),
            (DeclaredType::Json, text("{\"a\":[1]}"), b"{\"a\":[1]}".to_vec()),
            (DeclaredType::List, text("a b"), b"a b".to_vec()),
            (DeclaredType::List, text(""), vec![]),
            (DeclaredType::Bytes, Stored::Blob(&[0, 0xff]), vec![0, 0xff]),
            (DeclaredType::Bytes, Stored::Text(b"a\0\xff"), b"a\0\xff".to_vec()),
        ] {
            assert_eq!(cell(declared, value), Some(expected), "{declared:?} {value}");
        }
        let mut row = Vec::new();
        assert!(append(DeclaredType::Uuid, Stored::Null, &mut row));
        assert_eq!(row, [0xff; 4]);
    }

    #[test]
    fn whatever_has_one_meaning_as_the_type_is_written() {
        let double = |number: f64| number.to_be_bytes().to_vec();
        for (declared, value, expected) in [
            (DeclaredType::Float, Stored::Integer(2_147_483_648), double(2_147_483_648.0)),
            (DeclaredType::Float, Stored::Integer(-9_007_199_254_740_992), double(-9_007_199_254_740_992.0)),
            (DeclaredType::Float, Stored::Integer(1 << 62), double(4_611_686_018_427_387_904.0)),
            (DeclaredType::Float, Stored::Integer(i64::MIN), double(-9_223_372_036_854_775_808.0)),
            (DeclaredType::Float, Stored::Integer(0), double(0.0)),
            (DeclaredType::Float, text("12.50"), double(12.5)),
            (DeclaredType::Float, text("-1e3"), double(-1000.0)),
            (DeclaredType::Int, Stored::Real(3.0), 3_i64.to_be_bytes().to_vec()),
            (DeclaredType::Int, text("-42"), (-42_i64).to_be_bytes().to_vec()),
            (DeclaredType::Bool, text("t"), vec![1]),
            (DeclaredType::Bool, text("FALSE"), vec![0]),
            (DeclaredType::Bool, text("yes"), vec![1]),
            (DeclaredType::Bool, Stored::Real(1.0), vec![1]),
            (DeclaredType::Text, Stored::Integer(-7), b"-7".to_vec()),
            (DeclaredType::Text, Stored::Real(1.5), b"1.5".to_vec()),
            (DeclaredType::Json, Stored::Integer(7), b"7".to_vec()),
            (DeclaredType::Json, Stored::Real(0.25), b"0.25".to_vec()),
            (DeclaredType::Uuid, text("010101010101010101010101010101FF"), [vec![1; 15], vec![0xff]].concat()),
            (DeclaredType::Date, text("2000-01-02 00:00:00"), 1_i32.to_be_bytes().to_vec()),
            (DeclaredType::Timestamp, text("2000-01-01"), 0_i64.to_be_bytes().to_vec()),
        ] {
            assert_eq!(cell(declared, value), Some(expected), "{declared:?} {value}");
        }
        for nothing in ["", " \n"] {
            let mut row = Vec::new();
            assert!(append(DeclaredType::Json, text(nothing), &mut row));
            assert_eq!(row, [0xff; 4], "no JSON is NULL");
        }
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for (declared, value) in [
            (DeclaredType::Bool, Stored::Integer(2)),
            (DeclaredType::Bool, text("maybe")),
            (DeclaredType::Bool, Stored::Real(0.5)),
            (DeclaredType::Bool, Stored::Blob(&[1])),
            (DeclaredType::Int, Stored::Real(1.5)),
            (DeclaredType::Int, Stored::Real(1e19)),
            (DeclaredType::Int, Stored::Real(f64::INFINITY)),
            (DeclaredType::Int, text("007")),
            (DeclaredType::Int, text("+1")),
            (DeclaredType::Float, Stored::Integer(i64::MAX)),
            (DeclaredType::Float, Stored::Integer((1 << 53) + 1)),
            (DeclaredType::Float, text("0.1000000000000000055")),
            (DeclaredType::Float, text("NaN")),
            (DeclaredType::Float, text("1e999")),
            (DeclaredType::Float, text("")),
            (DeclaredType::Numeric, Stored::Real(f64::NAN)),
            (DeclaredType::Numeric, Stored::Real(f64::INFINITY)),
            (DeclaredType::Numeric, text("1,5")),
            (DeclaredType::Numeric, text("NaN")),
            (DeclaredType::Text, Stored::Real(f64::INFINITY)),
            (DeclaredType::Text, Stored::Blob(b"a")),
            (DeclaredType::Text, text("a\0b")),
            (DeclaredType::Text, Stored::Text(b"\xff")),
            (DeclaredType::Uuid, text("x")),
            (DeclaredType::Uuid, Stored::Blob(&[1; 15])),
            (DeclaredType::Timestamp, text("yesterday")),
            (DeclaredType::Timestamp, Stored::Integer(0)),
            (DeclaredType::Date, text("2026-02-30")),
            (DeclaredType::Json, text("{")),
            (DeclaredType::Json, Stored::Blob(b"{}")),
            (DeclaredType::List, text("a  b")),
            (DeclaredType::List, text(" a")),
            (DeclaredType::Bytes, Stored::Integer(1)),
        ] {
            assert_eq!(cell(declared, value), None, "{declared:?} {value}");
        }
    }

    #[test]
    fn an_error_shows_a_value_shortened_and_harmless() {
        assert_eq!(text("a\u{1b}[31m").to_string(), "`a\\u{1b}[31m`");
        assert_eq!(text(&"x".repeat(500)).to_string().len(), SHOWN + 2);
        assert_eq!(Stored::Text(b"\xff").to_string(), "a text that is no UTF-8");
    }
}
