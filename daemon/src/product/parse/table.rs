//! `[table.NAME]`: what a definition says of a table.

use orgvault_config::checked_toml::{Table as Keys, Unique, Value};

use super::{query::condition, scope::Scopes};
use crate::product::{Reference, Table};

/// Reads one; a table that nobody decided on is a problem.
pub(super) fn table(name: &str, value: &Value<'_>, scopes: &Scopes) -> Option<Table> {
    value.table(|keys| {
        if let Some(why) = keys.optional("undecided", Value::some_text) {
            keys.refuse("undecided", format!("{name:?} is undecided: {why}"), UNDECIDED);
        }
        read(keys, scopes)
    })
}

/// What to do about a table that nobody decided on.
const UNDECIDED: &str = "write a [[section]] for it, or `shared = true`, or `excluded = \"reason\"`";

fn read(keys: &Keys<'_>, scopes: &Scopes) -> Table {
    let mut names = Unique::new("column");
    let mut columns = |value: &Value<'_>| value.each(|element| names.check(element, element.some_text()?));
    let reads = keys.optional("reads", |value| match columns(value)? {
        columns if columns.is_empty() => value.refuse("is empty", "name the columns that the queries read"),
        columns => Some(columns),
    });
    let known = keys.optional("known", &mut columns);
    let is_shared = keys.or("shared", false, Value::boolean);
    let excluded = keys.optional("excluded", Value::some_text);
    if is_shared && keys.has("excluded") {
        keys.refuse("excluded", "is there beside `shared`", "keep one of the two");
    }
    // Whatever could not be read says something of the table too.
    if !["reads", "shared", "excluded", "undecided"].iter().any(|key| keys.has(key)) {
        keys.refuse_missing("reads");
    }
    let reads = reads.unwrap_or_default();
    let optional = keys.optional("optional", |value| optional(value, &reads)).unwrap_or_default();
    Table {
        reads,
        known,
        is_shared,
        excluded,
        tenant: keys.optional("tenant", |value| condition(value, scopes)),
        references: keys
            .table("references", |columns| columns.entries(reference))
            .unwrap_or_default()
            .into_values()
            .collect(),
        orphans: keys.optional("orphans", Value::some_text),
        is_optional: optional.0,
        optional_columns: optional.1,
    }
}

/// `user_id = "users.id"`
fn reference(column: &str, value: &Value<'_>) -> Option<Reference> {
    let text = value.some_text()?;
    let Some((table, referenced)) =
        text.rsplit_once('.').filter(|(table, column)| !table.is_empty() && !column.is_empty())
    else {
        return value.refuse(format!("{text:?} is no table with a column"), "write it as \"users.id\"");
    };
    Some(Reference { column: column.to_owned(), table: table.to_owned(), referenced: referenced.to_owned() })
}

/// `true` for the table, or those of its columns that not every release has.
fn optional(value: &Value<'_>, reads: &[String]) -> Option<(bool, Vec<String>)> {
    if value.raw().as_bool().is_some() {
        return Some((value.boolean()?, Vec::new()));
    }
    let mut names = Unique::new("column");
    let columns = value.each(|element| {
        let column = names.check(element, element.some_text()?)?;
        if !reads.contains(&column) {
            return element.refuse(format!("{column:?} is not among `reads`"), "add it there, or leave it out here");
        }
        Some(column)
    })?;
    Some((false, columns))
}
