//! The values of a row as SQLite stores them.

use orgvault_archive::full::sqlite::Stored;
use sqlx::{Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _, sqlite::SqliteRow};

/// A value of a row.
///
/// # Errors
/// When there is no such column.
pub(crate) fn stored(row: &SqliteRow, column: usize) -> Result<Stored<'_>, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Stored::Null);
    }
    let stored = match value.type_info().name() {
        "INTEGER" => Decode::<Sqlite>::decode(value).map(Stored::Integer),
        "REAL" => Decode::<Sqlite>::decode(value).map(Stored::Real),
        "BLOB" => <&[u8] as Decode<Sqlite>>::decode(value).map(|bytes| Stored::Blob(bytes.into())),
        _ => <&[u8] as Decode<Sqlite>>::decode(value).map(|bytes| Stored::Text(bytes.into())),
    };
    stored.map_err(sqlx::Error::Decode)
}

/// A row as an archive has it, with the line break that ends it.
///
/// # Errors
/// When a value cannot be read.
pub(crate) fn line(row: &SqliteRow, bytes: &mut Vec<u8>) -> Result<(), sqlx::Error> {
    bytes.clear();
    for column in 0..row.len() {
        if column > 0 {
            bytes.push(b',');
        }
        stored(row, column)?.write(bytes);
    }
    bytes.push(b'\n');
    Ok(())
}
