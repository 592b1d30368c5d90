//! Pieces of SQL. Names are quoted here and nowhere else; expressions are the schema's and the definition's.

use crate::schema::sqlite::quoted;

/// Columns of the table that is called `alias`: `s."a", s."b"`.
pub(super) fn columns<'n>(alias: &str, columns: impl IntoIterator<Item = &'n String>) -> String {
    columns.into_iter().map(|column| format!("{alias}.{}", quoted(column))).collect::<Vec<_>>().join(", ")
}

/// A string.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `conditions`, all of which have to be true.
pub(super) fn all(conditions: impl IntoIterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.into_iter().collect();
    if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") }
}

/// That columns of two tables are equal, as a key of the first compares them.
pub(super) fn equal(left: &str, left_columns: &[String], right: &str, columns: &[String]) -> String {
    let pairs = left_columns.iter().zip(columns);
    all(pairs.map(|(one, other)| format!("{left}.{} = {right}.{}", quoted(one), quoted(other))))
}

/// That a value is the same in two tables: of one storage class, and without a collation's indulgence. No statement
/// tells `-0.0` from `0.0`: the hash does that reads rows back.
pub(super) fn same(left: &str, right: &str, column: &str) -> String {
    let (left, right) = (format!("{left}.{}", quoted(column)), format!("{right}.{}", quoted(column)));
    format!("(typeof({left}) = typeof({right}) AND {left} COLLATE BINARY IS {right})")
}

/// What tells rows of the same values together.
pub(super) fn values(alias: &str, columns: &[String]) -> String {
    let of = |column: &String| {
        let column = format!("{alias}.{}", quoted(column));
        format!("typeof({column}), {column} COLLATE BINARY")
    };
    columns.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// A key for people: its values, with commas.
pub(super) fn key_text(alias: &str, key: &[String]) -> String {
    let of = |column: &String| {
        let column = format!("{alias}.{}", quoted(column));
        format!(
            "CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) ELSE coalesce(CAST({column} AS TEXT), 'NULL') END"
        )
    };
    key.iter().map(of).collect::<Vec<_>>().join(" || ', ' || ")
}
