//! The schema of an SQLite file, as its pragmas and its schema table tell it.

mod definition;
mod make;
mod values;

use std::collections::BTreeSet;

use orgvault_archive::full::schema::{
    Column, Constraint, ForeignKey, Identity, QualifiedName, SCHEMA_VERSION, Schema, ServerKind, Table, Trigger,
    UniqueKey,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

pub use self::make::make;
pub(crate) use self::{
    definition::{fires_on, renamed},
    values::{line, stored},
};

/// What SQLite calls the file itself, beside those that are attached.
pub const MAIN: &str = "main";

/// The encoding without which a text of the file may not be one of the archive.
pub const ENCODING: &str = "UTF-8";

const SERVER: &str = "SELECT sqlite_version() AS version, (SELECT encoding FROM pragma_encoding) AS encoding";

/// Tables that hold rows of their own.
const TABLES: &str = "
SELECT l.name AS name, l.wr AS without_rowid, l.strict AS strict, s.sql AS sql
FROM pragma_table_list AS l JOIN main.sqlite_schema AS s ON s.type = 'table' AND s.name = l.name
WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name";

/// Its columns; `hidden` is 2 where one is computed when it is read, and 3 when it is written.
const COLUMNS: &str = "
SELECT c.name AS name, c.type AS type, c.\"notnull\" AS required, c.dflt_value AS fallback, c.pk AS pk, c.hidden AS hidden
FROM pragma_table_xinfo(?1, 'main') AS c WHERE c.hidden <> 1 ORDER BY c.cid";

/// The columns of each unique index, in the index's order; an expression has no name.
const UNIQUE: &str = "
SELECT l.name AS own, l.origin AS origin, i.name AS name, i.coll AS collation, s.sql AS sql
FROM pragma_index_list(?1, 'main') AS l JOIN pragma_index_xinfo(l.name, 'main') AS i
LEFT JOIN main.sqlite_schema AS s ON s.type = 'index' AND s.name = l.name
WHERE l.\"unique\" AND i.key ORDER BY l.name, i.seqno";

/// Its foreign keys. Without a column the primary key is meant.
const FOREIGN_KEYS: &str = "
SELECT f.id AS id, f.\"table\" AS parent, f.\"from\" AS name, f.\"to\" AS key, f.on_update AS on_update,
  f.on_delete AS on_delete
FROM pragma_foreign_key_list(?1, 'main') AS f ORDER BY f.id DESC, f.seq";

/// The indexes and triggers that statements have made.
const MADE: &str = "
SELECT s.type AS type, s.name AS name, s.sql AS sql FROM main.sqlite_schema AS s
WHERE s.tbl_name = ?1 AND s.type IN ('index', 'trigger') AND s.sql IS NOT NULL ORDER BY s.name";

/// The name of a table of the file.
#[must_use]
pub fn in_main(name: &str) -> QualifiedName {
    QualifiedName { schema: MAIN.to_owned(), name: name.to_owned() }
}

/// The schema of those of these tables that are there; all others are passed over.
///
/// # Errors
/// When the file cannot be asked.
pub async fn survey(connection: &mut SqliteConnection, names: &BTreeSet<&str>) -> Result<Schema, sqlx::Error> {
    survey_those(connection, |name| names.contains(name)).await
}

/// The schema of all tables that are there.
///
/// # Errors
/// When the file cannot be asked.
pub async fn survey_all(connection: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    survey_those(connection, |_any| true).await
}

async fn survey_those(
    connection: &mut SqliteConnection,
    is_asked: impl Fn(&str) -> bool,
) -> Result<Schema, sqlx::Error> {
    let server = sqlx::query(SERVER).fetch_one(&mut *connection).await?;
    let version: String = server.try_get("version")?;
    let mut schema = Schema {
        schema_version: SCHEMA_VERSION,
        kind: ServerKind::Sqlite,
        server: format!("SQLite {version}"),
        encoding: server.try_get("encoding")?,
        ..Schema::default()
    };
    for row in sqlx::query(TABLES).fetch_all(&mut *connection).await? {
        let name: String = row.try_get("name")?;
        if is_asked(&name) {
            schema.tables.push(table(connection, &row, &name).await?);
        }
    }
    name_keys(&mut schema);
    Ok(schema)
}

async fn table(connection: &mut SqliteConnection, row: &SqliteRow, name: &str) -> Result<Table, sqlx::Error> {
    let definition: String = row.try_get("sql")?;
    let mut table = Table {
        name: in_main(name),
        without_rowid: row.try_get("without_rowid")?,
        strict: row.try_get("strict")?,
        ..Table::default()
    };
    let columns = of(connection, COLUMNS, name).await?;
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in &columns {
        let (column, place) = (column(row)?, row.try_get("pk")?);
        if place > 0 {
            key.push((place, column.name.clone()));
        }
        table.columns.push(column);
    }
    key.sort();
    table.primary_key = key.into_iter().map(|(_, name)| name).collect();
    set_key(&mut table, definition::is_autoincrement(&definition));
    table.definition = Some(definition);
    unique(&mut table, &of(connection, UNIQUE, name).await?)?;
    foreign_keys(&mut table, &of(connection, FOREIGN_KEYS, name).await?)?;
    for row in of(connection, MADE, name).await? {
        let (name, definition): (String, String) = (row.try_get("name")?, row.try_get("sql")?);
        if row.try_get::<String, _>("type")? == "index" {
            table.indexes.push(Constraint { name, definition });
        } else {
            table.triggers.push(Trigger { name, definition, enabled: true });
        }
    }
    Ok(table)
}

async fn of(connection: &mut SqliteConnection, sql: &'static str, table: &str) -> Result<Vec<SqliteRow>, sqlx::Error> {
    sqlx::query(sql).bind(table.to_owned()).fetch_all(connection).await
}

fn column(row: &SqliteRow) -> Result<Column, sqlx::Error> {
    let generated = match row.try_get::<i64, _>("hidden")? {
        2 => Some("virtual".to_owned()),
        3 => Some("stored".to_owned()),
        _ => None,
    };
    Ok(Column {
        name: row.try_get("name")?,
        kind: row.try_get("type")?,
        nullable: row.try_get::<i64, _>("required")? == 0,
        default: row.try_get("fallback")?,
        generated,
        ..Column::default()
    })
}

/// A key's column may be NULL, unless it is the number of the row, or the table is one of those that keep to the rule.
fn set_key(table: &mut Table, is_autoincrement: bool) {
    let is_set = table.without_rowid || table.strict;
    let is_alone = table.primary_key.len() == 1;
    for column in table.columns.iter_mut().filter(|column| table.primary_key.contains(&column.name)) {
        let is_number = is_alone && !table.without_rowid && column.kind.eq_ignore_ascii_case("integer");
        column.nullable &= !is_set && !is_number;
        column.identity = (is_autoincrement && is_number).then_some(Identity::ByDefault);
    }
}

fn unique(table: &mut Table, rows: &[SqliteRow]) -> Result<(), sqlx::Error> {
    let (mut last, mut has_key) = (String::new(), table.primary_key.is_empty());
    for row in rows {
        has_key |= row.try_get::<String, _>("origin")? == "pk";
        let own: String = row.try_get("own")?;
        let sql: Option<String> = row.try_get("sql")?;
        let made = sql.as_deref().map(definition::index);
        if own != last {
            let (expressions, predicate) = made.clone().unwrap_or_default();
            table.unique.push(UniqueKey { name: own.clone(), expressions, predicate, nulls_not_distinct: false });
        }
        last = own;
        // One that no statement made is over columns alone.
        if let (None, Some(key)) = (&made, table.unique.last_mut()) {
            let (name, collation): (Option<String>, String) = (row.try_get("name")?, row.try_get("collation")?);
            let collation =
                if collation == "BINARY" { String::new() } else { format!(" COLLATE {}", quoted(&collation)) };
            key.expressions.push(format!("{}{collation}", quoted(&name.unwrap_or_default())));
        }
    }
    // The number of a row needs no index.
    if !has_key {
        let (name, expressions) =
            ("PRIMARY KEY".to_owned(), table.primary_key.iter().map(|name| quoted(name)).collect());
        table.unique.push(UniqueKey { name, expressions, predicate: None, nulls_not_distinct: false });
    }
    Ok(())
}

fn foreign_keys(table: &mut Table, rows: &[SqliteRow]) -> Result<(), sqlx::Error> {
    let mut last = None;
    for row in rows {
        let id: i64 = row.try_get("id")?;
        if last.replace(id) != Some(id) {
            table.foreign_keys.push(ForeignKey {
                references: in_main(&row.try_get::<String, _>("parent")?),
                on_delete: row.try_get("on_delete")?,
                on_update: row.try_get("on_update")?,
                deferrable: true,
                ..ForeignKey::default()
            });
        }
        if let Some(key) = table.foreign_keys.last_mut() {
            key.columns.push(row.try_get("name")?);
            key.referenced.extend(row.try_get::<Option<String>, _>("key")?);
        }
    }
    Ok(())
}

/// Gives foreign keys names, and their tables and columns as they are spelled where they are.
fn name_keys(schema: &mut Schema) {
    let tables: Vec<(String, Vec<String>, Vec<String>)> = schema
        .tables
        .iter()
        .map(|table| {
            let columns = table.columns.iter().map(|column| column.name.clone()).collect();
            (table.name.name.clone(), table.primary_key.clone(), columns)
        })
        .collect();
    let spelled = |names: &[String], name: &mut String| {
        if let Some(own) = names.iter().find(|own| own.eq_ignore_ascii_case(name)) {
            name.clone_from(own);
        }
    };
    for table in &mut schema.tables {
        let own: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        for key in &mut table.foreign_keys {
            key.columns.iter_mut().for_each(|name| spelled(&own, name));
            let parent = tables.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&key.references.name));
            if let Some((name, primary, columns)) = parent {
                key.references.name.clone_from(name);
                if key.referenced.is_empty() {
                    key.referenced.clone_from(primary);
                }
                key.referenced.iter_mut().for_each(|name| spelled(columns, name));
            }
            key.name = format!("{} -> {}", key.columns.join(", "), key.references.name);
        }
        table.foreign_keys.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

/// A name in quotes.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
