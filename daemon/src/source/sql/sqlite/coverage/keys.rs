//! What tells the rows of a table of an SQLite file apart.

use sqlx::{Row, sqlite::SqliteRow};

use super::{
    super::{Reading, Sqlite},
    ACT,
};
use crate::source::error::SourceError;

/// Columns that tell rows apart, by their names.
pub(super) struct Key {
    pub(super) columns: Vec<String>,
}

/// The columns of a table, and of each whether it can be NULL: a primary key's column can, unless it is the number of
/// the row, or the table is one of those that keep to the rule.
const COLUMNS: &str = "
SELECT c.name AS name, c.pk AS pk, l.type = 'table' AND NOT l.wr AS is_numbered,
  c.\"notnull\" <> 0 OR c.pk > 0 AND (l.wr OR l.strict OR (lower(c.type) = 'integer' AND max(c.pk) OVER () = 1)) AS is_set
FROM pragma_table_info(?) AS c LEFT JOIN pragma_table_list(?) AS l ON l.schema = 'main'";

/// The columns of each unique index; an expression has no name.
const UNIQUE: &str = "
SELECT l.name AS own, i.name AS name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i
WHERE l.\"unique\" AND NOT l.partial AND l.origin <> 'pk' ORDER BY l.seq, i.seqno";

/// The number of a row, where no column has the name.
const ROW_NUMBER: &str = "rowid";

/// The keys of a table: its primary key first, then its unique indexes, which are never NULL, and last the number of
/// the row. None where there is no such table or view.
///
/// # Errors
/// When the schema cannot be read.
pub(super) async fn of(source: &Sqlite, reading: &mut Reading, table: &str) -> Result<Option<Vec<Key>>, SourceError> {
    let failed = |error| source.failed(ACT, &error);
    let columns = sqlx::query(COLUMNS).bind(table.to_owned()).bind(table.to_owned());
    let columns = columns.fetch_all(&mut reading.connection).await.map_err(failed)?;
    let columns: Vec<Column> = columns.iter().map(Column::of).collect::<Result<_, _>>().map_err(failed)?;
    if columns.is_empty() {
        return Ok(None);
    }
    let unique = sqlx::query(UNIQUE).bind(table.to_owned());
    let unique = unique.fetch_all(&mut reading.connection).await.map_err(failed)?;
    let mut indexes: Vec<(String, Vec<Option<String>>)> = Vec::new();
    for row in &unique {
        let (own, name) = (row.try_get("own").map_err(failed)?, row.try_get("name").map_err(failed)?);
        match indexes.last_mut().filter(|(last, _)| *last == own) {
            Some((_, names)) => names.push(name),
            None => indexes.push((own, vec![name])),
        }
    }
    let names = indexes.into_iter().filter_map(|(_, names)| names.into_iter().collect::<Option<Vec<String>>>());
    let is_set = |name: &String| columns.iter().any(|column| column.name == *name && column.is_set);
    let keys = std::iter::once(primary(&columns)).chain(names).filter(|names| names.iter().all(is_set));
    let keys = keys.filter(|names| !names.is_empty()).chain(row_number(&columns));
    Ok(Some(keys.map(|columns| Key { columns }).collect()))
}

/// A column of a table.
struct Column {
    name: String,
    /// Its place in the primary key, from 1.
    primary: i64,
    /// Whether it is never NULL.
    is_set: bool,
    /// Whether the rows of its table have numbers.
    is_numbered: bool,
}

impl Column {
    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let is = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.unwrap_or_default() != 0);
        let (name, primary) = (row.try_get("name")?, row.try_get("pk")?);
        Ok(Self { name, primary, is_set: is("is_set")?, is_numbered: is("is_numbered")? })
    }
}

fn primary(columns: &[Column]) -> Vec<String> {
    let mut primary: Vec<&Column> = columns.iter().filter(|column| column.primary > 0).collect();
    primary.sort_by_key(|column| column.primary);
    primary.into_iter().map(|column| column.name.clone()).collect()
}

fn row_number(columns: &[Column]) -> Option<Vec<String>> {
    let is_it = |column: &Column| column.is_numbered && !column.name.eq_ignore_ascii_case(ROW_NUMBER);
    columns.iter().all(is_it).then(|| vec![ROW_NUMBER.to_owned()])
}
