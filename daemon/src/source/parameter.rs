//! `$1` of a query, found by the grammar of PostgreSQL's lexer.
//! <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>

/// `sql` with every parameter `$1` replaced by `value`, which is SQL itself. What only looks
/// like one is left alone: in a string, a quoted name, a comment, a longer number or a name.
/// Expects `standard_conforming_strings = on`.
pub(super) fn replace(sql: &str, value: &str) -> String {
    let mut lexer = Lexer { sql, at: 0 };
    let mut replaced = String::with_capacity(sql.len() + value.len());
    while let Some((token, is_parameter)) = lexer.next_token() {
        replaced.push_str(if is_parameter { value } else { token });
    }
    replaced
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    /// The next piece of the text, and whether it is `$1`. All pieces together are the text.
    fn next_token(&mut self) -> Option<(&'a str, bool)> {
        let start = self.at;
        let first = *self.bytes().first()?;
        match first {
            b'\'' => self.string(false),
            b'"' => self.until_doubled(b'"'),
            b'-' if self.bytes().starts_with(b"--") => self.line_comment(),
            b'/' if self.bytes().starts_with(b"/*") => self.block_comment(),
            b'$' => self.dollar(),
            byte if is_name_start(byte) => self.name(),
            // The rest of a number, so that `1e5` is no name.
            byte if byte.is_ascii_digit() => self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            _ => self.at += 1,
        }
        let token = self.sql.get(start..self.at).unwrap_or_default();
        Some((token, token == "$1"))
    }

    fn bytes(&self) -> &'a [u8] {
        self.sql.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) {
        self.at += self.bytes().iter().take_while(|byte| belongs(**byte)).count();
    }

    /// A name; `E'..'` is a string with backslash escapes.
    fn name(&mut self) {
        let start = self.at;
        self.skip_while(|byte| is_name_start(byte) || byte.is_ascii_digit() || byte == b'$');
        let is_escape = matches!(self.sql.as_bytes().get(start..self.at), Some(b"e" | b"E"));
        if is_escape && self.bytes().first() == Some(&b'\'') {
            self.string(true);
        }
    }

    /// A string, and those that continue it on a later line in the same way of escaping.
    fn string(&mut self, backslash: bool) {
        loop {
            self.quoted(b'\'', backslash);
            if !(backslash && self.continues()) {
                return;
            }
        }
    }

    fn until_doubled(&mut self, quote: u8) {
        self.quoted(quote, false);
    }

    /// From an opening quote to the closing one; a doubled quote is none.
    fn quoted(&mut self, quote: u8, backslash: bool) {
        self.at += 1;
        loop {
            match self.bytes() {
                [] => return,
                [b'\\', _, ..] if backslash => self.at += 2,
                [first, second, ..] if *first == quote && *second == quote => self.at += 2,
                [first, ..] if *first == quote => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Moves to the next quote where only blanks with a line break and comments are between.
    fn continues(&mut self) -> bool {
        let before = self.at;
        let mut has_break = false;
        loop {
            match self.bytes() {
                [b'\n' | b'\r', ..] => {
                    has_break = true;
                    self.at += 1;
                }
                [byte, ..] if byte.is_ascii_whitespace() => self.at += 1,
                [b'-', b'-', ..] => self.line_comment(),
                [b'\'', ..] if has_break => return true,
                _ => {
                    self.at = before;
                    return false;
                }
            }
        }
    }

    fn line_comment(&mut self) {
        self.skip_while(|byte| byte != b'\n' && byte != b'\r');
    }

    /// Comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_u32;
        loop {
            match self.bytes() {
                [] => return,
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.at += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// A parameter, a dollar-quoted string, or a lone dollar.
    fn dollar(&mut self) {
        let start = self.at;
        self.at += 1;
        if self.bytes().first().is_some_and(u8::is_ascii_digit) {
            return self.skip_while(|byte| byte.is_ascii_digit());
        }
        self.skip_while(|byte| is_name_start(byte) || byte.is_ascii_digit());
        if self.bytes().first() != Some(&b'$') {
            return;
        }
        self.at += 1;
        let tag = self.sql.get(start..self.at).unwrap_or_default();
        let rest = self.sql.get(self.at..).unwrap_or_default();
        self.at = rest.find(tag).map_or(self.sql.len(), |end| self.at + end + tag.len());
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn loses_no_byte(sql in "[$1'\"eE\\\\ /*\\-\nxé]{0,40}") {
            prop_assert_eq!(replace(&sql, "$1"), sql);
        }
    }
}
