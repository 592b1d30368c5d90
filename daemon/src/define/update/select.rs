//! A rows query as a draft writes it: names, and what follows `FROM`.

use toml_edit::{Item, Table};

use super::replace;
use crate::{
    define::draft::wrapped,
    source::survey::quoted,
    sql::{Dialect, tokens},
};

/// `SELECT a, b FROM ..`: anything else in the list is the admin's own.
pub(super) struct Select {
    names: Vec<String>,
    /// From `FROM` on.
    pub(super) rest: String,
}

impl Select {
    /// The rows query of a section; none where no draft wrote it so.
    pub(super) fn read(section: &Table) -> Option<Self> {
        Self::parse(section.get("rows").and_then(Item::as_str)?)
    }

    fn parse(rows: &str) -> Option<Self> {
        let mut pieces = tokens(rows).skip_while(|token| is_blank(token));
        if !pieces.next()?.eq_ignore_ascii_case("select") {
            return None;
        }
        let (mut names, mut is_open) = (Vec::new(), true);
        for token in pieces.by_ref().filter(|token| !is_blank(token)) {
            if token.eq_ignore_ascii_case("from") && !is_open {
                let rest = format!("{token}{}", pieces.collect::<String>());
                return Some(Self { names, rest });
            }
            match token {
                "," if !is_open => is_open = true,
                name if is_open => {
                    names.push(name_of(name)?);
                    is_open = false;
                }
                _ => return None,
            }
        }
        None
    }

    /// Adds a name behind those that come before it in the table.
    pub(super) fn insert(&mut self, name: &str, order: &[String]) {
        let place = |name: &str| order.iter().position(|other| other == name);
        let at = self.names.iter().rposition(|other| place(other) < place(name)).map_or(0, |at| at + 1);
        self.names.insert(at, name.to_owned());
    }

    /// Takes a name out; whether it was there and is not the last.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.names.len();
        self.names.retain(|other| other != name);
        self.names.len() < before && !self.names.is_empty()
    }

    /// Writes the query back.
    pub(super) fn write(&self, section: &mut Table, dialect: Dialect) -> bool {
        let names: Vec<String> = self.names.iter().map(|name| quoted(name, dialect)).collect();
        let rows = format!("SELECT {}\n{}", wrapped(&names.join(", "), "  "), self.rest);
        section.get_mut("rows").is_some_and(|item| {
            replace(item, &rows);
            true
        })
    }
}

fn is_blank(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_whitespace())
}

/// The name that a token is.
fn name_of(token: &str) -> Option<String> {
    if let Some(quoted) = token.strip_prefix('"') {
        return Some(quoted.strip_suffix('"')?.replace("\"\"", "\""));
    }
    token.starts_with(|first: char| first.is_alphabetic() || first == '_').then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_of_names_is_a_drafts() {
        let select = Select::parse("SELECT id, \"from\",\n  \"a\"\"b\"\nFROM t\nWHERE x = $1").unwrap();
        assert_eq!((select.names.join(" "), select.rest.as_str()), ("id from a\"b".to_owned(), "FROM t\nWHERE x = $1"));
        for own in [
            "SELECT * FROM t",
            "SELECT a AS b FROM t",
            "SELECT t.a FROM t",
            "WITH x AS (SELECT 1) SELECT a FROM x",
            "SELECT count(a) FROM t",
        ] {
            assert!(Select::parse(own).is_none(), "{own}");
        }
    }

    #[test]
    fn a_column_comes_in_where_the_table_has_it() {
        let order = ["id", "a", "b", "c"].map(str::to_owned);
        let mut select = Select::parse("SELECT id, c FROM t").unwrap();
        select.insert("b", &order);
        assert_eq!(select.names, ["id", "b", "c"]);
        assert!(select.remove("b") && !select.remove("b"));
    }
}
