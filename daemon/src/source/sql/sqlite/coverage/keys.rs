//! What tells the rows of a table of an SQLite file apart.

use sqlx::Row;

use super::{
    super::{Reading, Sqlite},
    ACT,
};
use crate::source::error::SourceError;

/// Columns that tell rows apart, by their names.
pub(super) struct Key {
    pub(super) columns: Vec<String>,
}

/// The keys of a table, its primary key first: unique, and never NULL. None where there is no such table
/// or view.
///
/// # Errors
/// When the schema cannot be read.
pub(super) async fn of(source: &Sqlite, reading: &mut Reading, table: &str) -> Result<Option<Vec<Key>>, SourceError> {
    let failed = |error| source.failed(ACT, &error);
    let columns = sqlx::query("SELECT name, \"notnull\" <> 0 OR pk > 0 AS is_set, pk FROM pragma_table_info(?)");
    let columns = columns.bind(table.to_owned()).fetch_all(&mut reading.connection).await.map_err(failed)?;
    if columns.is_empty() {
        return Ok(None);
    }
    let (mut primary, mut set): (Vec<(i64, String)>, Vec<String>) = (Vec::new(), Vec::new());
    for column in &columns {
        let (name, pk): (String, i64) =
            (column.try_get("name").map_err(failed)?, column.try_get("pk").map_err(failed)?);
        if pk > 0 {
            primary.push((pk, name.clone()));
        }
        if column.try_get::<i64, _>("is_set").map_err(failed)? != 0 {
            set.push(name);
        }
    }
    primary.sort();
    let primary: Vec<String> = primary.into_iter().map(|(_, name)| name).collect();
    // An expression has no name.
    let unique = sqlx::query(
        "SELECT l.name AS own, i.name AS name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i \
         WHERE l.\"unique\" AND NOT l.partial AND l.origin <> 'pk' ORDER BY l.seq, i.seqno",
    );
    let unique = unique.bind(table.to_owned()).fetch_all(&mut reading.connection).await.map_err(failed)?;
    let mut indexes: Vec<(String, Vec<Option<String>>)> = Vec::new();
    for row in &unique {
        let (own, name) = (row.try_get("own").map_err(failed)?, row.try_get("name").map_err(failed)?);
        match indexes.last_mut().filter(|(last, _)| *last == own) {
            Some((_, names)) => names.push(name),
            None => indexes.push((own, vec![name])),
        }
    }
    let names = indexes.into_iter().filter_map(|(_, names)| names.into_iter().collect::<Option<Vec<String>>>());
    let unique = names.filter(|names| names.iter().all(|name| set.contains(name)));
    let keys = std::iter::once(primary).filter(|primary| !primary.is_empty()).chain(unique);
    Ok(Some(keys.map(|columns| Key { columns }).collect()))
}
