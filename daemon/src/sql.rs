//! SQL: the databases that it is written for, and its text taken apart by the grammar of PostgreSQL's
//! lexer, which SQLite's is close to.
//! <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>

mod count;
mod names;
mod shape;

pub(crate) use count::counted_rows;
pub use names::{Names, table_name};
pub(crate) use shape::{is_compound, joined, with_columns, without_order};

/// A kind of database that a definition may have words for. How one is read is told by the driver of
/// its name, below `source/sql/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dialect {
    name: &'static str,
    title: &'static str,
}

impl Dialect {
    /// PostgreSQL.
    pub const POSTGRES: Self = Self { name: "postgres", title: "PostgreSQL" };
    /// SQLite.
    pub const SQLITE: Self = Self { name: "sqlite", title: "SQLite" };
    /// Every one, by name.
    pub const ALL: [Self; 2] = [Self::POSTGRES, Self::SQLITE];

    /// Its key in a definition: `postgres`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What people call it: `PostgreSQL`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.title
    }
}

/// The pieces of `sql`, which together are the text again: a string, a quoted name, a comment, a
/// parameter (`$1`), a name, a number, blanks, or else one character. Expects
/// `standard_conforming_strings = on`.
pub fn tokens(sql: &str) -> impl Iterator<Item = &str> {
    Lexer { sql, at: 0 }
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Iterator for Lexer<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let start = self.at;
        let first = *self.bytes().first()?;
        match first {
            b'\'' => self.string(false),
            b'"' => self.quoted(b'"', false),
            b'-' if self.bytes().starts_with(b"--") => self.line_comment(),
            b'/' if self.bytes().starts_with(b"/*") => self.block_comment(),
            b'$' => self.dollar(),
            byte if byte.is_ascii_whitespace() => self.skip_while(|byte| byte.is_ascii_whitespace()),
            byte if is_name_start(byte) => self.name(),
            // The rest of a number, so that `1e5` is no name.
            byte if byte.is_ascii_digit() => self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            _ => self.at += 1,
        }
        self.sql.get(start..self.at)
    }
}

impl<'a> Lexer<'a> {
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

fn is_name_start_char(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_what_is_one_piece() {
        for (sql, pieces) in [
            ("a = $1::uuid", &["a", " ", "=", " ", "$1", ":", ":", "uuid"][..]),
            ("'it''s' || E'\\'' ", &["'it''s'", " ", "|", "|", " ", "E'\\''", " "]),
            ("\"a\"\"b\"-- ;\n;", &["\"a\"\"b\"", "-- ;", "\n", ";"]),
            ("/* /* */ ; */$x$ ; $x$$10", &["/* /* */ ; */", "$x$ ; $x$", "$10"]),
            ("a$1 1e5 '$1", &["a$1", " ", "1e5", " ", "'$1"]),
        ] {
            assert_eq!(tokens(sql).collect::<Vec<_>>(), pieces, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn loses_no_byte(sql in "[$1'\"eE\\\\ /*\\-\nxé;]{0,40}") {
            prop_assert_eq!(tokens(&sql).collect::<String>(), sql);
        }
    }
}
