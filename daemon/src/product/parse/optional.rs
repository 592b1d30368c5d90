//! What a definition's queries may do with tables and columns that only some releases of the app have.

use std::collections::BTreeMap;

use orgvault_api::Format;
use orgvault_config::checked_toml::Value;

use crate::{
    product::Table,
    sql::{Names, table_name},
};

type Tables = BTreeMap<String, Table>;

/// What to do about a query that cannot be asked of every release.
const AS_ITEM: &str = "write it only as an item of its own in the select list of a rows query, and write its table's \
                       name before it where two tables have such a column";

/// Refuses a rows query that could not do without the optional columns that it reads.
pub(super) fn rows(value: &Value<'_>, tables: &Tables, base: &str, sql: &str) -> Option<()> {
    let names = Names::new(sql);
    needed_tables(value, tables, Some(base), &names)?;
    for (key, table) in optional_columns(tables) {
        let name = table_name(key);
        let outside = table.optional_columns.iter().find(|column| names.names_outside_of_items(&name, column));
        if let Some(column) = outside {
            return value.refuse(format!("needs {key}.{column}, which only some releases have"), AS_ITEM);
        }
        if names.names_in_every_item(&name, &table.optional_columns) {
            return value.refuse("gives only columns that some releases do not have", "add one that all have");
        }
    }
    Some(())
}

/// Refuses a count query that could not be asked where an optional table or column is missing.
pub(super) fn count(value: &Value<'_>, tables: &Tables, base: &str, sql: &str) -> Option<()> {
    let names = Names::new(sql);
    needed_tables(value, tables, Some(base), &names)?;
    needed_columns(value, tables, &names)
}

fn needed_columns(value: &Value<'_>, tables: &Tables, names: &Names<'_>) -> Option<()> {
    for (key, table) in optional_columns(tables) {
        let name = table_name(key);
        let is_named =
            |column: &&String| names.names_outside_of_items(&name, column) || !names.outputs(&name, column).is_empty();
        if let Some(column) = table.optional_columns.iter().find(is_named) {
            return value.refuse(format!("needs {key}.{column}, which only some releases have"), AS_ITEM);
        }
    }
    Some(())
}

/// Refuses a warning's query that could not be asked where an optional column is missing; where a table is, the
/// warning is left out.
pub(super) fn warning(value: &Value<'_>, tables: &Tables, sql: &str) -> Option<()> {
    needed_columns(value, tables, &Names::new(sql))
}

/// Refuses a query that reads an optional table, unless it is left out with the section that it is for.
pub(super) fn needed_tables(value: &Value<'_>, tables: &Tables, base: Option<&str>, names: &Names<'_>) -> Option<()> {
    if base.and_then(|base| tables.get(base)).is_some_and(|base| base.is_optional) {
        return Some(());
    }
    let needed = tables.iter().find(|(key, table)| table.is_optional && names.reads(&table_name(key)));
    needed.map_or(Some(()), |(key, _)| {
        let fix = "read it only in sections whose own `table` is optional, which are left out where it is not there";
        value.refuse(format!("needs {key}, which only some releases have"), fix)
    })
}

/// `format = "table"`: the optional table without which a release has no such format.
pub(super) fn format_table(format: &str, value: &Value<'_>, tables: &Tables) -> Option<(Format, String)> {
    let Some(format) = super::WRITTEN.into_iter().find(|known| known.name() == format) else {
        return value.refuse(format!("{format:?} is no format"), "write one of `formats`");
    };
    let table = value.some_text()?;
    if tables.get(&table).is_some_and(|table| table.is_optional) {
        return Some((format, table));
    }
    value.refuse(format!("{table:?} is no optional table"), format!("write `optional = true` into [table.{table}]"))
}

fn optional_columns(tables: &Tables) -> impl Iterator<Item = (&String, &Table)> {
    tables.iter().filter(|(_, table)| !table.optional_columns.is_empty())
}
