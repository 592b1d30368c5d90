//! Which tokens are tables, and which are columns of them.

use std::ops::Range;

use super::{Names, Piece, is_name};

/// A table of a FROM clause, by the places of its name and of what it is called there.
#[derive(Debug)]
pub(super) struct TableUse {
    pub(super) name: usize,
    alias: Option<usize>,
}

/// Words after which a FROM clause is over.
const ENDS_FROM: &str = "where group having window order limit offset fetch for union intersect except";

/// Words that may stand behind a table, and are no alias.
const NO_ALIAS: &str = "on using join inner left right full cross natural tablesample lateral returning";

/// Words that a name behind them is no alias of.
const BEFORE_EXPRESSIONS: &str = "
select distinct all and or not when then else case by where on in like ilike is between having from using
similar to escape any some collate set values limit offset filter over partition";

fn is_any(token: &str, words: &str) -> bool {
    words.split_ascii_whitespace().any(|word| token.eq_ignore_ascii_case(word))
}

/// Whether an expression may begin behind a token: then a name there is no alias of what stands before.
pub(super) fn begins_expression(token: &str) -> bool {
    let is_word = token.starts_with(crate::sql::is_name_start_char) || token.starts_with('"');
    let is_value = is_word || token.ends_with('\'') || token == ")" || token == "]";
    let is_number = token.starts_with(|first: char| first.is_ascii_digit() || first == '$');
    !(is_value || is_number) || is_any(token, BEFORE_EXPRESSIONS)
}

/// The tables that a query reads, in its order.
pub(super) fn tables(pieces: &[Piece<'_>]) -> Vec<TableUse> {
    let mut tables = Vec::new();
    // By open bracket: whether what is inside it is at a FROM clause.
    let mut from = vec![false];
    let mut is_expected = false;
    let mut place = 0;
    while let Some(piece) = pieces.get(place) {
        from.resize(piece.depth + 1, false);
        let before = place.checked_sub(1).and_then(|before| pieces.get(before)).map_or("", |piece| piece.text);
        match piece.text {
            word if word.eq_ignore_ascii_case("from") && !before.eq_ignore_ascii_case("distinct") => {
                is_expected = true;
                set_last(&mut from, true);
            }
            word if word.eq_ignore_ascii_case("join") => is_expected = true,
            word if is_any(word, ENDS_FROM) => set_last(&mut from, false),
            "," => is_expected = from.last() == Some(&true),
            "(" => is_expected = false,
            word if is_expected && is_any(word, "only lateral") => {}
            word if is_expected && super::name(word).is_some() => {
                place = take(pieces, place, &mut tables);
                is_expected = false;
            }
            _ => {}
        }
        place += 1;
    }
    tables
}

fn set_last(from: &mut [bool], is_at_from: bool) {
    if let Some(last) = from.last_mut() {
        *last = is_at_from;
    }
}

/// Takes a table whose name begins here; gives its last place.
fn take(pieces: &[Piece<'_>], first: usize, tables: &mut Vec<TableUse>) -> usize {
    let text = |place: usize| pieces.get(place).map_or("", |piece| piece.text);
    let mut name = first;
    while text(name + 1) == "." {
        name += 2;
    }
    if text(name + 1) == "(" {
        // A function.
        return name;
    }
    let behind = if text(name + 1).eq_ignore_ascii_case("as") { name + 2 } else { name + 1 };
    let is_alias =
        super::name(text(behind)).is_some() && ![NO_ALIAS, ENDS_FROM].iter().any(|words| is_any(text(behind), words));
    tables.push(TableUse { name, alias: is_alias.then_some(behind) });
    if is_alias { behind } else { name }
}

impl Names<'_> {
    /// Whether it reads columns that it does not name: `*`, or a row as a whole, `to_jsonb(users)`.
    #[must_use]
    pub fn reads_every_column(&self) -> bool {
        (0..self.pieces.len()).any(|place| self.is_star(place) || self.is_whole_row(place))
    }

    /// Neither that of `count(*)`, nor of a product.
    fn is_star(&self, place: usize) -> bool {
        let before = place.checked_sub(1).map_or("", |before| self.text(before));
        self.text(place) == "*" && (matches!(before, "." | ",") || is_any(before, "select all distinct"))
    }

    fn is_whole_row(&self, place: usize) -> bool {
        let before = place.checked_sub(1).map_or("", |before| self.text(before));
        let is_part = matches!(self.text(place + 1), "." | "(") || before == "." || before.eq_ignore_ascii_case("as");
        let Some(name) = super::name(self.text(place)).filter(|_| !is_part && begins_expression(before)) else {
            return false;
        };
        let is_place = |used: &TableUse| used.name == place || used.alias == Some(place);
        let is_called = |used: &TableUse| is_name(self.text(used.alias.unwrap_or(used.name)), &name);
        !self.tables.iter().any(is_place) && self.tables.iter().any(is_called)
    }

    /// The places of pieces that may be this column of a table.
    pub(super) fn references(&self, places: Range<usize>, table: &str, column: &str) -> impl Iterator<Item = usize> {
        places.filter(move |place| is_name(self.text(*place), column) && self.is_of(*place, table))
    }

    /// Whether a name is a column, and may be one of a table.
    fn is_of(&self, place: usize, table: &str) -> bool {
        let behind = self.text(place + 1);
        let before = place.checked_sub(1).map_or("", |before| self.text(before));
        if behind == "(" || behind == "." || before.eq_ignore_ascii_case("as") || before == ":" {
            return false;
        }
        if before == "." {
            let qualifier = place.checked_sub(2).map_or("", |qualifier| self.text(qualifier));
            return self.tables.iter().filter(|used| is_name(self.text(used.name), table)).any(|used| {
                let called = used.alias.unwrap_or(used.name);
                super::name(self.text(called)).is_some_and(|called| is_name(qualifier, &called))
            });
        }
        let is_table = self.tables.iter().any(|used| used.name == place || used.alias == Some(place));
        !is_table && self.reads(table) && (place == 0 || begins_expression(before))
    }
}
