//! The names of a query's output columns: each has one, and no two have the same. In a JSON object
//! a key that stands twice is a value that every usual reader loses without a word.

use std::{collections::BTreeSet, sync::Arc};

use super::files;
use crate::{
    product::{Definition, Section},
    source::error::{ColumnFault, SourceError},
    sql::tokens,
};

/// The columns that a list of organizations must give, and those that it may.
const LIST: [(&str, bool); 7] = [
    ("id", true),
    ("name", true),
    ("slug", true),
    ("kind", false),
    ("created_at", false),
    ("deleted_at", false),
    ("in_all", false),
];

/// Refuses columns of a rows query that have no name of their own. Of each its name, and whether the
/// database made that up.
///
/// # Errors
/// The first fault, by the query's order.
pub(super) fn named<'c>(
    source: &Arc<str>,
    section: &str,
    columns: impl IntoIterator<Item = (&'c str, bool)>,
) -> Result<(), SourceError> {
    let mut seen = BTreeSet::new();
    for (name, made_up) in columns {
        let column = name.to_owned();
        let fault = match (made_up || name.is_empty(), seen.insert(name)) {
            (true, _) => ColumnFault::Unnamed { column },
            (false, false) => ColumnFault::Repeated { column },
            (false, true) => continue,
        };
        return Err(SourceError::Columns { name: Arc::clone(source), query: format!("section {section}"), fault });
    }
    Ok(())
}

/// Refuses columns of a rows query that lack one which says something of files.
///
/// # Errors
/// The first that is missing.
pub(super) fn of_files<'c>(
    source: &Arc<str>,
    definition: &Definition,
    section: &Section,
    names: impl IntoIterator<Item = &'c str>,
) -> Result<(), SourceError> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let Some(column) = files::columns(definition, section).find(|column| !names.contains(column)) else {
        return Ok(());
    };
    let fault = ColumnFault::Missing { column: column.to_owned() };
    let query = format!("section {}, of which [[files]] reads columns,", section.name);
    Err(SourceError::Columns { name: Arc::clone(source), query, fault })
}

/// Whether SQLite made the name of an expression up: it takes the expression's own text, which
/// stands in the query and is no name there.
pub(super) fn is_text_of(name: &str, sql: &str) -> bool {
    let is_word = name.starts_with(|first: char| first.is_alphabetic() || first == '_') && tokens(name).count() == 1;
    if is_word || !sql.contains(name) {
        return name.eq_ignore_ascii_case("null");
    }
    let quoted = |token: &str, quote: char| {
        let inside = token.strip_prefix(quote).and_then(|token| token.strip_suffix(quote));
        inside.is_some_and(|inside| inside.replace(&String::from_iter([quote, quote]), &quote.to_string()) == name)
    };
    let is_named = tokens(sql).any(|token| quoted(token, '"') || quoted(token, '\''))
        || sql.contains(&format!("[{name}]"))
        || sql.contains(&format!("`{name}`"));
    !is_named
}

/// Refuses a list of organizations whose columns cannot be told apart, or that lacks one.
///
/// # Errors
/// The first fault.
pub(super) fn of_list<'c>(source: &Arc<str>, names: impl IntoIterator<Item = &'c str>) -> Result<(), SourceError> {
    let names: Vec<&str> = names.into_iter().collect();
    for (column, needed) in LIST {
        let fault = match names.iter().filter(|name| **name == column).count() {
            0 if needed => ColumnFault::Missing { column: column.to_owned() },
            0 | 1 => continue,
            _ => ColumnFault::Repeated { column: column.to_owned() },
        };
        return Err(SourceError::Columns {
            name: Arc::clone(source),
            query: "the list of organizations".to_owned(),
            fault,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(columns: &[(&str, bool)]) -> String {
        let result = named(&Arc::from("p"), "entries", columns.iter().copied());
        result.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        assert_eq!(said(&[("id", false), ("ID", false), ("count(*)", false)]), "");
        let gives = "source p: section entries gives";
        assert_eq!(said(&[("id", false), ("note", false), ("note", false)]), format!("{gives} two columns `note`"));
        assert_eq!(said(&[("?column?", true)]), format!("{gives} a column without a name, `?column?`"));
        assert_eq!(said(&[("", false)]), format!("{gives} a column without a name, ``"));
    }

    #[test]
    fn the_text_of_an_expression_is_no_name() {
        for (sql, name) in [
            ("SELECT count(*) FROM e", "count(*)"),
            ("SELECT price * 2 FROM e", "price * 2"),
            ("SELECT 'id' FROM e", "'id'"),
            ("SELECT 7 FROM e", "7"),
            ("SELECT $1 FROM e", "$1"),
            ("SELECT null FROM e", "null"),
        ] {
            assert!(is_text_of(name, sql), "{sql}");
        }
        for (sql, name) in [
            ("SELECT count(*) AS n FROM e", "n"),
            ("SELECT price * 2 AS \"price * 2\" FROM e", "price * 2"),
            ("SELECT price * 2 AS [price * 2] FROM e", "price * 2"),
            ("SELECT price * 2 AS `price * 2` FROM e", "price * 2"),
            ("SELECT price * 2 AS 'it''s twice' FROM e", "it's twice"),
            ("SELECT 1 AS \"a\"\"b\" FROM e", "a\"b"),
            ("SELECT * FROM a_view", "count(*)"),
            ("SELECT count(*) AS total FROM e", "count"),
            ("SELECT 1 été FROM e", "été"),
        ] {
            assert!(!is_text_of(name, sql), "{sql}");
        }
    }

    #[test]
    fn a_list_has_its_columns_once() {
        let said = |names: &[&str]| of_list(&Arc::from("p"), names.iter().copied()).map_err(|error| error.to_string());
        assert_eq!(said(&["id", "name", "slug", "other", "other"]), Ok(()));
        let twice = "source p: the list of organizations gives two columns `id`";
        assert_eq!(said(&["id", "name", "slug", "id"]), Err(twice.to_owned()));
        let lacks = "source p: the list of organizations gives no column `slug`";
        assert_eq!(said(&["id", "name"]), Err(lacks.to_owned()));
    }
}
