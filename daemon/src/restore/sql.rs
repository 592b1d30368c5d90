//! Pieces of SQL. What they are made of is names of the catalog, which are quoted here and nowhere else, and
//! expressions of the catalog and of the definition.

use orgvault_archive::full::schema::QualifiedName;

use super::finding::MAX_KEYS;
use crate::{source::survey, sql::Dialect};

/// A name.
pub(super) fn name(name: &str) -> String {
    survey::quoted(name, Dialect::POSTGRES)
}

/// A name with its schema.
pub(super) fn qualified(table: &QualifiedName) -> String {
    format!("{}.{}", name(&table.schema), name(&table.name))
}

/// A string; the session has `standard_conforming_strings = on`.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Columns of the table that is called `alias`: `s.a, s.b`.
pub(super) fn columns<'n>(alias: &str, columns: impl IntoIterator<Item = &'n str>) -> String {
    let columns: Vec<String> = columns.into_iter().map(|column| format!("{alias}.{}", name(column))).collect();
    columns.join(", ")
}

/// The names of columns alone.
pub(super) fn names<'n>(columns: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = columns.into_iter().map(name).collect();
    names.join(", ")
}

/// A row as text. Two rows of the same columns have one text only where each value has one: `-0` and `0` differ, as
/// do NULL and an empty text.
pub(super) fn row_text(alias: &str, of: &[String]) -> String {
    format!("ROW({})::text", columns(alias, of.iter().map(String::as_str)))
}

/// A key for people: its values, with commas.
pub(super) fn key_text(alias: &str, key: &[String]) -> String {
    let values: Vec<String> = key.iter().map(|column| format!("{alias}.{}::text", name(column))).collect();
    format!("pg_catalog.concat_ws(', ', {})", values.join(", "))
}

/// That columns of two tables are equal by these operators; the left one's come first.
pub(super) fn equal(
    left: &str,
    left_columns: &[String],
    operators: &[String],
    right: &str,
    columns: &[String],
) -> String {
    let pairs = left_columns.iter().zip(operators).zip(columns);
    let pairs: Vec<String> = pairs
        .map(|((one, operator), other)| format!("{left}.{} {operator} {right}.{}", name(one), name(other)))
        .collect();
    pairs.join(" AND ")
}

/// How many rows `from` gives, and the first of their keys, in the order of their text.
pub(super) fn counted(key: &str, from: &str) -> String {
    let first = format!("SELECT k FROM found ORDER BY k COLLATE \"C\" LIMIT {MAX_KEYS}");
    format!(
        "WITH found AS (SELECT {key} AS k FROM {from}) \
         SELECT pg_catalog.count(*), (SELECT pg_catalog.json_agg(k) FROM ({first}) AS first) FROM found"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let table = QualifiedName { schema: "public".to_owned(), name: "or\"der".to_owned() };
        assert_eq!(qualified(&table), "public.\"or\"\"der\"");
        assert_eq!(columns("s", ["id", "Name"]), "s.id, s.\"Name\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn keys_are_compared_by_the_operators_of_their_index() {
        let [id, name] = ["id", "name"].map(str::to_owned);
        let operators = ["OPERATOR(pg_catalog.=)", "OPERATOR(public.=)"].map(str::to_owned);
        let both = [id, name];
        assert_eq!(
            equal("t", &both, &operators, "s", &both),
            "t.id OPERATOR(pg_catalog.=) s.id AND t.name OPERATOR(public.=) s.name"
        );
        assert_eq!(key_text("s", &both), "pg_catalog.concat_ws(', ', s.id::text, s.name::text)");
    }
}
