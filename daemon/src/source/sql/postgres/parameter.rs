//! `$1` of a query.

use crate::sql::tokens;

/// `sql` with every parameter `$1` replaced by `value`, which is SQL itself. What only looks
/// like one is left alone: in a string, a quoted name, a comment, a longer number or a name.
pub(super) fn replace(sql: &str, value: &str) -> String {
    tokens(sql).map(|token| if token == "$1" { value } else { token }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_parameters() {
        for (sql, expected) in [
            ("a = $1", "a = X"),
            ("$1", "X"),
            ("f($1,$1)", "f(X,X)"),
            ("a=$1::uuid AND b<>$1", "a=X::uuid AND b<>X"),
            ("a = -$1", "a = -X"),
            ("'it''s' || $1", "'it''s' || X"),
            ("E'\\'' || $1", "E'\\'' || X"),
            ("'\\' || $1 || '\\'", "'\\' || X || '\\'"),
            ("\"a\"\"b\" = $1", "\"a\"\"b\" = X"),
            ("$$a$$ || $1", "$$a$$ || X"),
            ("1 -- '\n = $1", "1 -- '\n = X"),
            ("/* ' /* */ ' */ $1", "/* ' /* */ ' */ X"),
            ("e = $1", "e = X"),
            ("'ü' || $1 || 'é'", "'ü' || X || 'é'"),
            ("E'a'\n'b\\'' || $1", "E'a'\n'b\\'' || X"),
            ("E'a' -- '\n  '\\'' || $1", "E'a' -- '\n  '\\'' || X"),
        ] {
            assert_eq!(replace(sql, "X"), expected, "{sql}");
        }
    }

    #[test]
    fn leaves_alone_what_only_looks_like_one() {
        for sql in [
            "$10",
            "$2",
            "'$1'",
            "'it''s $1'",
            "E'\\'$1'",
            "e'\\\\\\'$1'",
            "\"$1\"",
            "\"a\"\"$1\"",
            "$$ $1 $$",
            "$x$ $1 $$ $1 $x$",
            "$é$ $1 $é$",
            "-- $1",
            "/* $1 */",
            "/* /* */ $1 */",
            "a$1",
            "é$1",
            "_$1",
            "'$1",
            "/* $1",
            "$x$ $1",
            "U&'$1'",
            "E'a'\n'\\'$1'",
            "table$1.b",
        ] {
            assert_eq!(replace(sql, "X"), sql, "{sql}");
        }
    }
}
