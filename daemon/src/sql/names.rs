//! The names in a query: which tables it reads, where it names their columns, and which items of its select
//! list do. Only what its tokens show; the database alone knows what a name means.

mod reference;

use std::ops::Range;

use self::reference::TableUse;
use super::tokens;

/// A token that is neither blank nor comment.
#[derive(Debug, Clone, Copy)]
struct Piece<'q> {
    text: &'q str,
    start: usize,
    /// How many brackets are open before it.
    depth: usize,
}

/// A query, and what its names mean.
#[derive(Debug)]
pub struct Names<'q> {
    sql: &'q str,
    pieces: Vec<Piece<'q>>,
    tables: Vec<TableUse>,
    items: Vec<Item>,
}

/// One item of the select list that is outside of all brackets.
#[derive(Debug, Clone)]
struct Item {
    /// Its pieces.
    pieces: Range<usize>,
    /// Its text, from the comma before it.
    text: Range<usize>,
}

impl<'q> Names<'q> {
    /// Takes a query apart.
    #[must_use]
    pub fn new(sql: &'q str) -> Self {
        let pieces = pieces(sql);
        let tables = reference::tables(&pieces);
        let items = items(&pieces);
        Self { sql, pieces, tables, items }
    }

    /// Whether it reads a table of this name; which schema is not looked at.
    #[must_use]
    pub fn reads(&self, table: &str) -> bool {
        self.tables.iter().any(|used| is_name(self.text(used.name), table))
    }

    /// Whether a column of a table is named, but not as an item of the select list.
    #[must_use]
    pub fn names_outside_of_items(&self, table: &str, column: &str) -> bool {
        let first = self.items.first().map_or(0, |item| item.pieces.start);
        let last = self.items.last().map_or(0, |item| item.pieces.end);
        self.references(0..self.pieces.len(), table, column).any(|place| !(first..last).contains(&place))
    }

    /// The names of the output columns whose items name a column of a table; none for one without a name.
    #[must_use]
    pub fn outputs(&self, table: &str, column: &str) -> Vec<Option<String>> {
        let naming = self.items.iter().filter(|item| self.is_naming(item, table, column));
        naming.map(|item| self.output(item)).collect()
    }

    /// Whether each item names one of these columns of a table.
    #[must_use]
    pub fn names_in_every_item(&self, table: &str, columns: &[String]) -> bool {
        self.items.iter().all(|item| columns.iter().any(|column| self.is_naming(item, table, column)))
    }

    /// The query without the items that name a column of a table; none where no item would be left.
    #[must_use]
    pub fn without(&self, table: &str, column: &str) -> Option<String> {
        let (first, last) = (self.items.first()?, self.items.last()?);
        let kept: Vec<&str> = self
            .items
            .iter()
            .filter(|item| !self.is_naming(item, table, column))
            .filter_map(|item| self.sql.get(item.text.clone()))
            .collect();
        let (before, after) = (self.sql.get(..first.text.start)?, self.sql.get(last.text.end..)?);
        (!kept.is_empty()).then(|| format!("{before}{}{after}", kept.join(",")))
    }

    /// The query with NULL in place of a column of a table.
    #[must_use]
    pub fn with_null(&self, table: &str, column: &str) -> String {
        let mut sql = self.sql.to_owned();
        let places: Vec<usize> = self.references(0..self.pieces.len(), table, column).collect();
        for place in places.into_iter().rev() {
            let is_qualified = place > 1 && self.text(place - 1) == ".";
            let first = if is_qualified { place - 2 } else { place };
            let (start, end) = (self.start(first), self.end(place));
            // An item that is nothing but the column keeps its name.
            let is_item = self.items.iter().any(|item| item.pieces == (first..place + 1));
            let null = if is_item { format!("NULL AS {}", self.text(place)) } else { "NULL".to_owned() };
            sql.replace_range(start..end, &null);
        }
        sql
    }

    fn is_naming(&self, item: &Item, table: &str, column: &str) -> bool {
        self.references(item.pieces.clone(), table, column).next().is_some()
    }

    /// The name of an item's column, where the query says one.
    fn output(&self, item: &Item) -> Option<String> {
        let last = item.pieces.end.checked_sub(1).filter(|last| item.pieces.contains(last))?;
        let alone = item.pieces.len() == 1;
        let named = last.checked_sub(1).is_some_and(|before| {
            let before = self.text(before);
            before == "." || before.eq_ignore_ascii_case("as") || !reference::begins_expression(before)
        });
        (alone || named).then(|| name(self.text(last))).flatten()
    }

    fn text(&self, place: usize) -> &'q str {
        self.pieces.get(place).map_or("", |piece| piece.text)
    }

    fn start(&self, place: usize) -> usize {
        self.pieces.get(place).map_or(self.sql.len(), |piece| piece.start)
    }

    fn end(&self, place: usize) -> usize {
        self.start(place) + self.text(place).len()
    }
}

fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let (mut start, mut depth) = (0, 0_usize);
    let mut pieces = Vec::new();
    for text in tokens(sql) {
        if text == ")" {
            depth = depth.saturating_sub(1);
        }
        let is_blank = text.starts_with(|first: char| first.is_ascii_whitespace());
        if !(is_blank || text.starts_with("--") || text.starts_with("/*")) {
            pieces.push(Piece { text, start, depth });
        }
        if text == "(" {
            depth += 1;
        }
        start += text.len();
    }
    pieces
}

/// The items between the first SELECT that is in no brackets and its FROM.
fn items(pieces: &[Piece<'_>]) -> Vec<Item> {
    let is = |place: usize, word: &str| {
        pieces.get(place).is_some_and(|piece| piece.depth == 0 && piece.text.eq_ignore_ascii_case(word))
    };
    let Some(select) = (0..pieces.len()).find(|place| is(*place, "select")) else { return Vec::new() };
    let mut first = select + 1;
    if is(first, "all") || is(first, "distinct") {
        first += 1;
    }
    if is(first, "on") {
        first = (first..pieces.len()).find(|place| is(*place, ")")).map_or(pieces.len(), |close| close + 1);
    }
    // `a IS DISTINCT FROM b` has a FROM that begins nothing.
    let is_end = |place: &usize| {
        (is(*place, "from") && !is(*place - 1, "distinct")) || ["union", "where"].iter().any(|word| is(*place, word))
    };
    let last = (first..pieces.len()).find(is_end).unwrap_or(pieces.len());
    let mut items = Vec::new();
    let mut begin = first;
    for place in first..=last {
        if place < last && !is(place, ",") {
            continue;
        }
        let comma = pieces.get(begin.saturating_sub(1)).map_or(0, |piece| piece.start + piece.text.len());
        let end = if place < last { pieces.get(place).map(|it| it.start) } else { end_of(pieces, last) };
        items.push(Item { pieces: begin..place, text: comma..end.unwrap_or(comma) });
        begin = place + 1;
    }
    items
}

/// Where the piece before this one ends.
fn end_of(pieces: &[Piece<'_>], place: usize) -> Option<usize> {
    pieces.get(place.checked_sub(1)?).map(|piece| piece.start + piece.text.len())
}

/// The table's own name in a definition's key: `users` of `app.users` and of `"my.app"."users"`.
#[must_use]
pub fn table_name(key: &str) -> String {
    let quoted = tokens(key).last().filter(|last| last.starts_with('"')).and_then(name);
    quoted.unwrap_or_else(|| key.split_once('.').map_or(key, |(_, name)| name).to_owned())
}

/// The name that a token is: as it stands, or without its quotes. None for anything else.
fn name(token: &str) -> Option<String> {
    if let Some(quoted) = token.strip_prefix('"') {
        return quoted.strip_suffix('"').map(|name| name.replace("\"\"", "\""));
    }
    let is_name = token.starts_with(super::is_name_start_char) && !token.ends_with('\'');
    is_name.then(|| token.to_owned())
}

/// Whether a token is this name; case counts only in quotes.
fn is_name(token: &str, wanted: &str) -> bool {
    let quoted = token.starts_with('"');
    name(token).is_some_and(|name| if quoted { name == wanted } else { name.eq_ignore_ascii_case(wanted) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_what_follows_from_and_join() {
        for (sql, tables, others) in [
            ("SELECT a FROM t, app.\"U\" u WHERE b IN (SELECT c FROM v)", &["t", "U", "v"][..], &["app", "u", "a"][..]),
            ("WITH x AS (SELECT 1) SELECT t FROM x JOIN ONLY y ON y.z = x.z", &["x", "y"], &["t", "z"]),
            (
                "SELECT a IS DISTINCT FROM t FROM unnest($1) AS u, LATERAL (SELECT * FROM w) v",
                &["w"],
                &["t", "unnest", "v"],
            ),
            ("SELECT 'x FROM t' FROM \"t2\" -- FROM t3\nORDER BY a, t4", &["t2"], &["t", "t3", "t4"]),
        ] {
            let names = Names::new(sql);
            assert!(tables.iter().all(|table| names.reads(table)), "{sql}");
            assert!(!others.iter().any(|other| names.reads(other)), "{sql}");
        }
    }

    #[test]
    fn columns_without_a_name_are_read_by_a_star_or_a_row() {
        for sql in [
            "SELECT * FROM t",
            "SELECT a, t.* FROM t",
            "SELECT DISTINCT * FROM t",
            "SELECT to_jsonb(t) FROM t",
            "SELECT a, x FROM app.t AS x",
            "SELECT json_agg(\"T\" ORDER BY a) FROM \"T\"",
            "SELECT a FROM t WHERE t IS NOT NULL",
            "SELECT a FROM t JOIN u ON u.id = (SELECT max(v) FROM v)",
        ] {
            assert!(Names::new(sql).reads_every_column(), "{sql}");
        }
        for sql in [
            "SELECT count(*), a * 2 FROM t /* * */",
            "SELECT t.a AS t, b t FROM t",
            "SELECT a, t(b) FROM x t",
            "SELECT a FROM t AS x, u JOIN app.v ON x.id = v.id",
            "SELECT lower(a), 't' FROM t",
        ] {
            assert!(!Names::new(sql).reads_every_column(), "{sql}");
        }
    }

    #[test]
    fn items_that_name_a_column_are_left_out() {
        for (sql, without) in [
            ("SELECT id, type, member_id\nFROM t", Some("SELECT id, member_id\nFROM t")),
            ("SELECT type, id FROM t", Some("SELECT id FROM t")),
            ("SELECT id, COALESCE(x.\"type\", 'work') AS kind FROM t AS x", Some("SELECT id FROM t AS x")),
            ("SELECT id, Type -- the last\nFROM t", Some("SELECT id -- the last\nFROM t")),
            ("SELECT DISTINCT ON (id, name) id, type FROM t", Some("SELECT DISTINCT ON (id, name) id FROM t")),
            (
                "SELECT id, u.type, t.type FROM t JOIN u ON u.id = t.id",
                Some("SELECT id, u.type FROM t JOIN u ON u.id = t.id"),
            ),
            ("SELECT id, kind AS type, kind type, 'type', type(id), id::type FROM t", None),
            ("SELECT id, CASE WHEN type = 'x' THEN 1 END FROM t", Some("SELECT id FROM t")),
            ("SELECT id, (SELECT max(type) FROM t) AS most FROM u", Some("SELECT id FROM u")),
            (
                "WITH u AS (SELECT type FROM v) SELECT id, type IS DISTINCT FROM 'x' AS y FROM t",
                Some("WITH u AS (SELECT type FROM v) SELECT id FROM t"),
            ),
        ] {
            assert_eq!(Names::new(sql).without("t", "type").as_deref(), Some(without.unwrap_or(sql)), "{sql}");
        }
        assert_eq!(Names::new("SELECT type FROM t").without("t", "type"), None);
        assert!(
            Names::new("SELECT type, t.kind FROM t").names_in_every_item("t", &["kind".to_owned(), "type".to_owned()])
        );
    }

    #[test]
    fn an_output_has_the_name_that_the_query_says() {
        let sql =
            "SELECT type, t.type, \"type\" AS \"The \"\"type\", upper(type) loud, upper(type), type || 'x' FROM t";
        let named = ["type", "type", "The \"type", "loud"].map(|name| Some(name.to_owned()));
        assert_eq!(Names::new(sql).outputs("t", "type"), [&named[..], &[None, None]].concat());
    }

    #[test]
    fn a_column_is_found_wherever_else_it_is_named() {
        for (sql, is_outside) in [
            ("SELECT type FROM t WHERE id = $1", false),
            ("SELECT id FROM t WHERE type = 'work'", true),
            ("SELECT id FROM t ORDER BY type", true),
            ("SELECT t.id FROM t JOIN u ON u.type = t.id", false),
            ("SELECT t.id FROM t JOIN u ON u.id = t.type", true),
            ("SELECT type FROM t UNION SELECT type FROM t", true),
            ("SELECT type FROM u WHERE type = 'x' ORDER BY type", false),
        ] {
            assert_eq!(Names::new(sql).names_outside_of_items("t", "type"), is_outside, "{sql}");
        }
    }

    #[test]
    fn null_stands_for_a_column_and_has_its_name_where_it_is_an_item() {
        let sql =
            "SELECT p.id, gone, CASE WHEN x THEN COALESCE(p.gone, now()) END AS gone FROM t p WHERE p.gone IS NULL";
        let null =
            "SELECT p.id, NULL AS gone, CASE WHEN x THEN COALESCE(NULL, now()) END AS gone FROM t p WHERE NULL IS NULL";
        assert_eq!(Names::new(sql).with_null("t", "gone"), null);
    }
}
