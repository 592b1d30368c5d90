//! Organizations as SQLite has them: a value has the storage class that it was written with, and
//! `1` is not `'1'` where a query compares with an expression.

use sqlx::{
    AssertSqlSafe, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{Sqlite, value::Stored};
use crate::source::{error::SourceError, listing::Cell};

/// An organization's id with the storage class that `list` gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OrganizationId {
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl OrganizationId {
    /// Binds it to the query's `$1`.
    pub(super) fn bind<'q>(
        &self,
        query: Query<'q, sqlx::Sqlite, SqliteArguments>,
    ) -> Query<'q, sqlx::Sqlite, SqliteArguments> {
        match self {
            Self::Integer(number) => query.bind(*number),
            Self::Real(number) => query.bind(*number),
            Self::Text(text) => query.bind(text.clone()),
            Self::Blob(bytes) => query.bind(bytes.clone()),
        }
    }

    /// None for NULL, and for a text that is no UTF-8: a query cannot be given them.
    pub(super) fn of(stored: Stored<'_>) -> Option<Self> {
        match stored {
            Stored::Null => None,
            Stored::Integer(number) => Some(Self::Integer(number)),
            Stored::Real(number) => Some(Self::Real(number)),
            Stored::Text(bytes) => std::str::from_utf8(bytes).ok().map(|text| Self::Text(text.to_owned())),
            Stored::Blob(bytes) => Some(Self::Blob(bytes.to_vec())),
        }
    }
}

impl Sqlite {
    /// The id of this text, as the `list` of organizations has it now. One that is not listed is text.
    ///
    /// # Errors
    /// When the list cannot be asked, or two of its ids have this text.
    pub(super) async fn organization_id(
        &self,
        connection: &mut SqliteConnection,
        list: &str,
        text: &str,
    ) -> Result<OrganizationId, SourceError> {
        const ACT: &str = "find the organization";
        // The comparison is not that of the column: no affinity, no collation.
        let sql = format!(
            "SELECT id FROM (\n{list}\n) WHERE CASE typeof(id) WHEN 'blob' THEN id = ?2 OR lower(hex(id)) = ?1 \
             ELSE CAST(id AS text) COLLATE BINARY = ?1 END"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(text.to_owned()).bind(text.as_bytes().to_vec());
        let rows = self.bounded(ACT, query.fetch_all(connection)).await?;
        let mut found: Vec<OrganizationId> = Vec::new();
        for row in &rows {
            let listed = cell(row, 0).map_err(|error| self.failed(ACT, &error))?.id() == text;
            let stored = row.try_get_raw(0).and_then(Stored::of).map_err(|error| self.failed(ACT, &error))?;
            found.extend(OrganizationId::of(stored).filter(|id| listed && !found.contains(id)));
        }
        match found.len() {
            0 => Ok(OrganizationId::Text(text.to_owned())),
            1 => Ok(found.swap_remove(0)),
            times => Err(SourceError::RepeatedId { name: self.name.clone(), id: text.to_owned(), times }),
        }
    }
}

/// A cell of the list of organizations.
pub(super) fn cell<I: sqlx::ColumnIndex<SqliteRow>>(row: &SqliteRow, column: I) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(&column)?;
    if value.type_info().name() == "REAL" {
        // As SQLite itself prints it.
        return row.try_get_unchecked::<String, _>(column).map(|text| Cell::Text(text.into_bytes()));
    }
    Ok(match Stored::of(value)? {
        Stored::Null => Cell::Null,
        Stored::Integer(number) => Cell::Text(number.to_string().into_bytes()),
        Stored::Real(number) => Cell::Text(number.to_string().into_bytes()),
        Stored::Text(bytes) => Cell::Text(bytes.to_vec()),
        Stored::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    })
}
