//! What can be said of a definition's queries without a database.

use orgvault_config::checked_toml::{Table, Value};

use crate::{
    product::Query,
    sql::{Dialect, tokens},
};

/// Whether a query is bound to one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// `$1` is its id.
    Organization,
    /// It is about all of them.
    None,
}

/// A query: one text, or one for each database (`rows.postgres`, `rows.sqlite`). `check` sees each.
pub(super) fn query(
    value: &Value<'_>,
    parameter: Parameter,
    mut check: impl FnMut(&Value<'_>, Dialect, &str) -> Option<()>,
) -> Option<Query> {
    if !value.raw().is_table() {
        let text = statement(value, parameter)?;
        Dialect::ALL.into_iter().try_for_each(|dialect| check(value, dialect, &text))?;
        return Some(text.into());
    }
    value.table(|texts| by_dialect(texts, parameter, check))?
}

fn by_dialect(
    texts: &Table<'_>,
    parameter: Parameter,
    mut check: impl FnMut(&Value<'_>, Dialect, &str) -> Option<()>,
) -> Option<Query> {
    let mut query = Vec::new();
    for dialect in Dialect::ALL {
        query.extend(texts.optional(dialect.name(), |value| {
            let text = statement(value, parameter)?;
            check(value, dialect, &text).map(|()| (dialect, text))
        }));
    }
    if !Dialect::ALL.iter().any(|dialect| texts.has(dialect.name())) {
        let [first, ..] = Dialect::ALL;
        texts.refuse_missing(first.name());
    }
    (!query.is_empty()).then(|| query.into_iter().collect())
}

/// A single statement that reads, with the parameters that it must have.
fn statement(value: &Value<'_>, parameter: Parameter) -> Option<String> {
    let sql = value.some_text()?;
    let code: Vec<&str> = code(&sql).collect();
    let first = code.first().copied().unwrap_or_default();
    if !["select", "with"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return value.refuse("is no query", "begin it with SELECT or WITH");
    }
    if code.contains(&";") {
        return value.refuse("has a semicolon", "write one statement, without a semicolon");
    }
    if let Some(other) = code.iter().find(|token| is_parameter(token) && **token != "$1") {
        return value.refuse(format!("has the parameter {other}"), "the organization's id is $1; there is no other");
    }
    match (parameter, code.contains(&"$1")) {
        (Parameter::Organization, false) => {
            value.refuse("is not bound to one organization", "compare a column with $1, the organization's id")
        }
        (Parameter::None, true) => value.refuse("has the parameter $1", "list every organization"),
        _ => Some(sql),
    }
}

/// Whether the count query runs the rows query: then a join that drops rows would drop them from
/// both numbers.
pub(super) fn contains(count: &str, rows: &str) -> bool {
    let normal = |sql| code(sql).map(str::to_lowercase).collect::<Vec<_>>();
    let (count, rows) = (normal(count), normal(rows));
    !rows.is_empty() && count.windows(rows.len()).any(|window| window == rows)
}

/// The tokens that are neither blanks nor comments.
fn code(sql: &str) -> impl Iterator<Item = &str> {
    tokens(sql).filter(|token| {
        !(token.starts_with(|first: char| first.is_ascii_whitespace())
            || token.starts_with("--")
            || token.starts_with("/*"))
    })
}

fn is_parameter(token: &str) -> bool {
    token.strip_prefix('$').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_must_not_run_the_rows_query() {
        let rows = "SELECT id FROM a JOIN b ON b.id = a.b_id WHERE a.organization_id = $1";
        assert!(contains(rows, rows));
        let wrapped = "select count(*) from ( -- the rows\n  SELECT id\n  FROM a JOIN b ON b.id=a.b_id WHERE a.organization_id = $1 ) x";
        assert!(contains(wrapped, rows));
        assert!(!contains("SELECT count(*) FROM a WHERE organization_id = $1", rows));
    }
}
