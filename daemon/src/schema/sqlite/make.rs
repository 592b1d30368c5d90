//! The statements that make tables again, from an archive that may be anybody's.

use orgvault_archive::full::schema::Schema;
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::schema::ddl::{MakeError, Statement};

/// Makes the tables and their indexes, and no trigger.
///
/// # Errors
/// At the first that is refused, or that is more than one statement: what it makes, with SQLite's words.
pub async fn make(connection: &mut SqliteConnection, schema: &Schema) -> Result<(), MakeError> {
    for Statement { makes, sql } in statements(schema) {
        let refused = |source| MakeError::Refused { makes: makes.clone(), source };
        if !is_one(&sql) {
            return Err(refused(sqlx::Error::Protocol("it is not one statement that makes it".to_owned())));
        }
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(refused)?;
    }
    Ok(())
}

fn statements(schema: &Schema) -> Vec<Statement> {
    let statement = |makes: String, sql: &str| Statement { makes, sql: sql.to_owned() };
    let tables = schema
        .tables
        .iter()
        .map(|table| statement(format!("table {}", table.name), table.definition.as_deref().unwrap_or_default()));
    let indexes = schema.tables.iter().flat_map(|table| &table.indexes);
    tables.chain(indexes.map(|index| statement(format!("index {}", index.name), &index.definition))).collect()
}

/// Whether it makes a table or an index, and no second statement follows: that could attach any file. By the grammar of
/// SQLite alone: its comments do not nest, and its strings have no escapes.
fn is_one(sql: &str) -> bool {
    let makes = ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "].iter().any(|begin| sql.starts_with(begin));
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '"', '`', '[', '-', '/', ';']) {
        let Some((_, from)) = rest.split_at_checked(at) else { return false };
        let (begin, end) = match from.as_bytes() {
            [b';', ..] => return false,
            [b'-', b'-', ..] => (2, "\n"),
            [b'/', b'*', ..] => (2, "*/"),
            [b'-' | b'/', ..] => (1, ""),
            [b'[', ..] => (1, "]"),
            // A doubled quote ends one string and begins the next.
            [b'"', ..] => (1, "\""),
            [b'`', ..] => (1, "`"),
            _ => (1, "'"),
        };
        let inner = from.get(begin..).unwrap_or_default();
        rest = inner.find(end).and_then(|at| inner.get(at + end.len()..)).unwrap_or_default();
    }
    makes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_a_statement() {
        for sql in [
            "CREATE TABLE t (a DEFAULT ';', \"b;\", [c;], `d;`, e CHECK (e <> 'it''s;')) -- ;",
            "CREATE UNIQUE INDEX i ON t (a / 2 - 1) /* ; */",
        ] {
            assert!(is_one(sql), "{sql}");
        }
        for sql in [
            "CREATE TABLE t (a); ATTACH '/x' AS x",
            "CREATE TABLE t (a DEFAULT E'\\'; ATTACH '/x' AS x; --')",
            "CREATE TABLE t (a) /* /* */; ATTACH '/x' AS x /* */ */",
            "CREATE TABLE t (a) -- \n; ATTACH '/x' AS x",
            "CREATE TABLE t (a DEFAULT $x$); ATTACH '/x' AS x --$x$",
            "ATTACH '/x' AS x",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
        ] {
            assert!(!is_one(sql), "{sql}");
        }
    }
}
