//! Count queries, taken apart: the condition under which they count a row of their table.

use super::{table_name, tokens};

/// The condition of `SELECT count(*) FROM <table> WHERE <condition>`, which names columns of the table bare. None
/// where the query has another form: it joins, groups, or calls the table by another name.
pub(crate) fn counted_rows(sql: &str, table: &str) -> Option<String> {
    let sql = sql.trim_end_matches(|end: char| end.is_whitespace() || end == ';');
    let mut rest = sql;
    for expected in ["select", "count", "(", "*", ")", "from"] {
        rest = after(rest, |token| token.eq_ignore_ascii_case(expected))?;
    }
    let (named, condition) = from(rest)?;
    (table_name(&named) == table_name(table) && !ends_the_condition(condition)).then(|| condition.trim().to_owned())
}

/// The text behind the next token, which is such a one; blanks and comments are passed over.
fn after(sql: &str, is_such: impl Fn(&str) -> bool) -> Option<&str> {
    let token = next(sql)?;
    let (_, rest) = sql.split_at_checked(token.1)?;
    is_such(token.0).then_some(rest)
}

/// The next token that is neither blank nor a comment, and where it ends.
fn next(sql: &str) -> Option<(&str, usize)> {
    let mut end = 0;
    for token in tokens(sql) {
        end += token.len();
        if !is_blank(token) {
            return Some((token, end));
        }
    }
    None
}

fn is_blank(token: &str) -> bool {
    token.starts_with(char::is_whitespace) || token.starts_with("--") || token.starts_with("/*")
}

/// The table that follows, and what is behind its `WHERE`.
fn from(sql: &str) -> Option<(String, &str)> {
    let mut named = String::new();
    let mut rest = sql;
    loop {
        let (token, end) = next(rest)?;
        let is_name = token == "." || named.is_empty() || named.ends_with('.');
        if !is_name && !token.eq_ignore_ascii_case("where") {
            return None;
        }
        rest = rest.split_at_checked(end)?.1;
        if !is_name {
            return Some((named, rest));
        }
        named.push_str(token);
    }
}

/// Whether something follows the condition, outside of its brackets.
fn ends_the_condition(condition: &str) -> bool {
    const ENDS: [&str; 11] =
        ["group", "having", "window", "union", "intersect", "except", "order", "limit", "offset", "fetch", "for"];
    let mut depth = 0_i32;
    tokens(condition).any(|token| {
        depth += i32::from(token == "(") - i32::from(token == ")");
        depth == 0 && ENDS.iter().any(|end| token.eq_ignore_ascii_case(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_one_table_has_a_condition() {
        for (sql, table, expected) in [
            ("SELECT count(*) FROM users WHERE id = $1", "users", Some("id = $1")),
            ("select COUNT ( * )\nfrom users -- all\n where  id = $1 ;\n", "users", Some("id = $1")),
            ("SELECT count(*) FROM app.users WHERE a = $1 OR b = $1", "app.users", Some("a = $1 OR b = $1")),
            (
                "SELECT count(*) FROM t WHERE id IN (SELECT x FROM y WHERE z = $1 GROUP BY x)",
                "t",
                Some("id IN (SELECT x FROM y WHERE z = $1 GROUP BY x)"),
            ),
            ("SELECT count(*) FROM users u WHERE u.id = $1", "users", None),
            ("SELECT count(*) FROM users, teams WHERE true", "users", None),
            ("SELECT count(*) FROM users JOIN teams USING (id) WHERE true", "users", None),
            ("SELECT count(*) FROM users", "users", None),
            ("SELECT count(DISTINCT id) FROM users WHERE id = $1", "users", None),
            ("SELECT count(*) FROM users WHERE id = $1 GROUP BY id", "users", None),
            ("SELECT count(*) FROM teams WHERE id = $1", "users", None),
            ("SELECT count(*) FROM (SELECT 1) AS t WHERE id = $1", "t", None),
        ] {
            assert_eq!(counted_rows(sql, table).as_deref(), expected, "{sql}");
        }
    }
}
