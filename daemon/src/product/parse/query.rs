//! What can be said of a definition's queries without a database.

use orgvault_config::checked_toml::{Table, Value};

use super::scope::{ScopeFault, Scopes, name_of};
use crate::{
    product::Query,
    sql::{Dialect, tokens},
};

/// Whether a query is bound to one organization.
#[derive(Clone, Copy)]
pub(super) enum Parameter<'s> {
    /// `$1` is its id, and `$NAME` one of these scopes.
    Organization(&'s Scopes),
    /// It is about all of them.
    None,
}

/// A query: one text, or one for each database (`rows.postgres`, `rows.sqlite`). `check` sees each,
/// with the scopes' texts in it.
pub(super) fn query(
    value: &Value<'_>,
    parameter: Parameter<'_>,
    mut check: impl FnMut(&Value<'_>, Dialect, &str) -> Option<()>,
) -> Option<Query> {
    if !value.raw().is_table() {
        let text = statement(value, parameter)?;
        return for_every(value, parameter, &text, check);
    }
    value.table(|texts| by_dialect(texts, parameter, &mut check))?
}

/// One text for every database that its scopes have a text for.
fn for_every(
    value: &Value<'_>,
    parameter: Parameter<'_>,
    text: &str,
    mut check: impl FnMut(&Value<'_>, Dialect, &str) -> Option<()>,
) -> Option<Query> {
    let mut query = Vec::new();
    for dialect in Dialect::ALL {
        match parameter.expand(text, dialect) {
            Ok(text) => {
                check(value, dialect, &text)?;
                query.push((dialect, text));
            }
            Err(ScopeFault::Unspoken) => {}
            Err(fault) => return parameter.refuse(value, fault),
        }
    }
    if query.is_empty() {
        return parameter.refuse(value, ScopeFault::Unspoken);
    }
    Some(query.into_iter().collect())
}

fn by_dialect(
    texts: &Table<'_>,
    parameter: Parameter<'_>,
    check: &mut impl FnMut(&Value<'_>, Dialect, &str) -> Option<()>,
) -> Option<Query> {
    let mut query = Vec::new();
    for dialect in Dialect::ALL {
        query.extend(texts.optional(dialect.name(), |value| {
            let text = statement(value, parameter)?;
            match parameter.expand(&text, dialect) {
                Ok(text) => check(value, dialect, &text).map(|()| (dialect, text)),
                Err(fault) => parameter.refuse(value, fault),
            }
        }));
    }
    if !Dialect::ALL.iter().any(|dialect| texts.has(dialect.name())) {
        let [first, ..] = Dialect::ALL;
        texts.refuse_missing(first.name());
    }
    (!query.is_empty()).then(|| query.into_iter().collect())
}

impl Parameter<'_> {
    fn expand(self, text: &str, dialect: Dialect) -> Result<String, ScopeFault> {
        match self {
            Self::Organization(scopes) => scopes.expand(text, dialect),
            Self::None => Ok(text.to_owned()),
        }
    }

    fn refuse<T>(self, value: &Value<'_>, fault: ScopeFault) -> Option<T> {
        match self {
            Self::Organization(scopes) => scopes.refuse(value, fault),
            Self::None => None,
        }
    }
}

/// A condition that holds for the rows of one organization, with the scopes' texts in it.
pub(super) fn condition(value: &Value<'_>, scopes: &Scopes) -> Option<Query> {
    let sql = value.some_text()?;
    if !is_closed(&sql) {
        return value.refuse("is no condition", "write what would stand in brackets behind WHERE, as `team_id = $1`");
    }
    let parameter = Parameter::Organization(scopes);
    for_every(value, parameter, &bound(value, parameter, sql)?, |_, _, _| Some(()))
}

/// Whether the text stays within brackets that are put around it.
fn is_closed(sql: &str) -> bool {
    let mut depth = 0_i32;
    let stays = code(sql).all(|token| {
        depth += i32::from(token == "(") - i32::from(token == ")");
        depth >= 0 && token != ";"
    });
    // A comment that begins in its last line would hide the closing bracket.
    let ends = tokens(sql).last().is_some_and(|last| !last.starts_with("--") && !last.starts_with("/*"));
    stays && depth == 0 && ends
}

/// A single statement that reads, with the parameters that it must have.
fn statement(value: &Value<'_>, parameter: Parameter<'_>) -> Option<String> {
    let sql = value.some_text()?;
    let code: Vec<&str> = code(&sql).collect();
    let first = code.first().copied().unwrap_or_default();
    if !["select", "with"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return value.refuse("is no query", "begin it with SELECT or WITH");
    }
    if code.contains(&";") {
        return value.refuse("has a semicolon", "write one statement, without a semicolon");
    }
    drop(code);
    bound(value, parameter, sql)
}

/// SQL with the parameters that it must have.
fn bound(value: &Value<'_>, parameter: Parameter<'_>, sql: String) -> Option<String> {
    let code: Vec<&str> = code(&sql).collect();
    if let Some(other) = code.iter().find(|token| is_parameter(token) && **token != "$1") {
        return value.refuse(format!("has the parameter {other}"), "the organization's id is $1; there is no other");
    }
    let bound = code.iter().find(|token| **token == "$1" || name_of(token).is_some());
    match (parameter, bound) {
        (Parameter::Organization(_), None) => {
            value.refuse("is not bound to one organization", "compare a column with $1, the organization's id")
        }
        (Parameter::None, Some(parameter)) => {
            value.refuse(format!("has the parameter {parameter}"), "list every organization")
        }
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
