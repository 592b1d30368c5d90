//! The shape of a query by its pieces: enough to leave its order out, to add columns, and to turn
//! `x IN (SELECT ..)` into a join. What is not understood is left alone.

use super::tokens;

/// One piece of a query that is no blank and no comment.
#[derive(Debug, Clone, Copy)]
struct Piece<'q> {
    text: &'q str,
    at: usize,
    /// How many parentheses and CASEs it is in.
    depth: usize,
    /// What follows a dot or AS is a name, whatever it reads.
    is_name: bool,
}

impl Piece<'_> {
    /// Whether it is this word or sign, in no parentheses.
    fn is(&self, word: &str) -> bool {
        self.depth == 0 && self.reads(word)
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    fn reads(&self, word: &str) -> bool {
        !self.is_name && self.text.eq_ignore_ascii_case(word)
    }

    fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let (mut found, mut at, mut depth): (Vec<Piece<'_>>, usize, usize) = (Vec::new(), 0, 0);
    for text in tokens(sql) {
        let is_blank = text.starts_with(|first: char| first.is_ascii_whitespace());
        if !(is_blank || text.starts_with("--") || text.starts_with("/*")) {
            let is_name = found.last().is_some_and(|last| last.text == "." || last.text.eq_ignore_ascii_case("as"));
            let mut piece = Piece { text, at, depth, is_name: is_name && text != "(" };
            if text == ")" || piece.reads("end") {
                depth = depth.saturating_sub(1);
                piece.depth = depth;
            } else if text == "(" || piece.reads("case") {
                depth += 1;
            }
            found.push(piece);
        }
        at += text.len();
    }
    found
}

/// With these the order of rows, or which of them there are, is a part of what a query means.
const LIMITS: [&str; 4] = ["limit", "offset", "fetch", "for"];
/// With these a query's rows are no rows of its tables.
const MADE: [&str; 7] = ["distinct", "group", "having", "window", "union", "intersect", "except"];

/// The query without the ORDER BY at its end, where that only sorts.
pub(crate) fn without_order(sql: &str) -> &str {
    let pieces = pieces(sql);
    let picks = |pair: &[Piece<'_>]| pair[0].is("distinct") && pair[1].is("on");
    if pieces.iter().any(|piece| piece.is_one_of(&LIMITS)) || pieces.windows(2).any(picks) {
        return sql;
    }
    let order = pieces.windows(2).rfind(|pair| pair[0].is("order") && pair[1].is("by"));
    order.map_or(sql, |pair| sql.split_at(pair[0].at).0)
}

/// Whether its rows come from one of several queries.
pub(crate) fn is_compound(sql: &str) -> bool {
    pieces(sql).iter().any(|piece| piece.is_one_of(&["union", "intersect", "except"]))
}

/// The query with more columns behind its own: these of a table that it names. None where its rows are
/// no rows of its tables. Whether the columns are that table's is for the database to say.
pub(crate) fn with_columns(sql: &str, table: &str, columns: &[String]) -> Option<String> {
    let pieces = pieces(sql);
    let select = Select::of(sql, &pieces)?;
    let name = select.name_of(table)?;
    let column = |column: &String| format!(", {name}.{column}");
    let more: String = columns.iter().map(column).collect();
    let (before, after) = sql.split_at(select.from_at);
    Some(format!("{before}\n{more}\n{after}"))
}

/// The query with each `x IN (SELECT .. = $1 ..)` of its WHERE as a join with the pairs of x and what
/// `$1` is compared with: so it can be asked for many values of `$1` at once. None where there is
/// nothing to turn.
pub(crate) fn joined(sql: &str) -> Option<String> {
    let pieces = pieces(sql);
    let select = Select::of(sql, &pieces).filter(|select| !select.has_sign("*"))?;
    let mut pairs = Vec::new();
    let conditions: Vec<String> = select
        .conditions()
        .into_iter()
        .map(|condition| {
            let Some((value, turned)) = select.turn(condition, "SELECT DISTINCT") else {
                return select.text(condition);
            };
            let name = format!("orgvault_{}", pairs.len());
            pairs.push(format!("{} AS {name}(orgvault_value, orgvault_owner)", turned.sql));
            format!("{value} = {name}.orgvault_value AND {name}.orgvault_owner = {}", turned.parameter)
        })
        .collect();
    let (head, tail) = (sql.split_at(select.from_end).0, sql.split_at(select.end).1);
    let (pairs, filter) = (pairs.join("\n, "), conditions.join("\nAND "));
    (!pairs.is_empty()).then(|| format!("{head}\n, {pairs}\nWHERE {filter}\n{tail}"))
}

/// A query whose rows are rows of its tables.
struct Select<'p, 'q> {
    sql: &'q str,
    items: &'p [Piece<'q>],
    /// Where FROM stands, and where its tables end.
    from_at: usize,
    from_end: usize,
    from: &'p [Piece<'q>],
    filter: &'p [Piece<'q>],
    /// Where its conditions end.
    end: usize,
}

/// The values of an `IN`, each with what `$1` is compared with where it is one of them.
struct Pairs {
    /// In parentheses.
    sql: String,
    /// `$1`, or a cast of it.
    parameter: String,
}

impl<'p, 'q> Select<'p, 'q> {
    fn of(sql: &'q str, pieces: &'p [Piece<'q>]) -> Option<Self> {
        let order = pieces.windows(2).position(|pair| pair[0].is("order") && pair[1].is("by"));
        let (body, _order) = pieces.split_at(order.unwrap_or(pieces.len()));
        let is_operator = |at: usize| at > 0 && body.get(at - 1).is_some_and(|before| before.is("distinct"));
        let from = body.iter().enumerate().position(|(at, piece)| piece.is("from") && !is_operator(at))?;
        let (head, rest) = (body.get(..from)?, body.get(from + 1..)?);
        let filter = rest.iter().position(|piece| piece.is("where")).unwrap_or(rest.len());
        let (tables, filter) = rest.split_at(filter);
        let is_plain = !pieces.iter().any(|piece| piece.is_one_of(&LIMITS))
            && !rest.iter().any(|piece| piece.is_one_of(&MADE) && !piece.is("distinct"))
            && !head.get(1)?.is("distinct")
            && head.first()?.is("select");
        is_plain.then_some(())?;
        Some(Self {
            sql,
            items: head.get(1..)?,
            from_at: body.get(from)?.at,
            from_end: tables.last()?.end(),
            from: tables,
            filter: filter.get(1..).unwrap_or_default(),
            end: body.last()?.end(),
        })
    }

    fn text(&self, pieces: &[Piece<'_>]) -> String {
        let range = pieces.first().zip(pieces.last()).map(|(first, last)| first.at..last.end());
        range.and_then(|range| self.sql.get(range)).unwrap_or_default().to_owned()
    }

    /// Whether what it gives is written with this sign, in no parentheses.
    fn has_sign(&self, sign: &str) -> bool {
        self.items.iter().any(|piece| piece.depth == 0 && piece.text == sign)
    }

    /// What it calls a table: its alias, or else its name.
    fn name_of(&self, table: &str) -> Option<&'q str> {
        const JOINS: [&str; 10] =
            ["join", "left", "right", "full", "inner", "cross", "natural", "on", "using", "tablesample"];
        let begins = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| self.from.get(before));
            before.is_none_or(|it| it.is(",") || it.is("join") || it.is("only") || it.text == ".")
        };
        let is_table = |piece: &Piece<'_>| piece.depth == 0 && unquoted(piece.text) == unquoted(table);
        let at = self.from.iter().enumerate().position(|(at, piece)| is_table(piece) && begins(at))?;
        let after = self.from.get(at + 1).filter(|piece| piece.text.eq_ignore_ascii_case("as"));
        let alias = self.from.get(at + 1 + usize::from(after.is_some()));
        let is_alias =
            |piece: &&Piece<'q>| piece.depth == 0 && is_name(piece.text) && (piece.is_name || !piece.is_one_of(&JOINS));
        alias.filter(is_alias).or(self.from.get(at)).map(|piece| piece.text)
    }

    /// What is tied together with AND; where something is tied with OR, all of it is one condition.
    fn conditions(&self) -> Vec<&'p [Piece<'q>]> {
        if self.filter.is_empty() {
            return Vec::new();
        }
        if self.filter.iter().any(|piece| piece.is("or")) {
            return vec![self.filter];
        }
        let mut of_between = false;
        let is_tie = |piece: &Piece<'_>| {
            let is_and = piece.is("and");
            of_between |= piece.is("between");
            is_and && !std::mem::take(&mut of_between)
        };
        self.filter.split(is_tie).collect()
    }

    /// `x IN (SELECT ..)` as x and the pairs of the SELECT.
    fn turn(&self, condition: &'p [Piece<'q>], select: &str) -> Option<(String, Pairs)> {
        let at = condition.iter().position(|piece| piece.is("in"))?;
        let (value, rest) = condition.split_at(at);
        let [_in, open, .., close] = rest else { return None };
        let is_one = open.is("(") && close.is(")") && rest.iter().filter(|piece| piece.is(")")).count() == 1;
        let inner = self.sql.get(open.end()..close.at).filter(|_| is_one && is_simple(value))?;
        Some((self.text(value), Pairs::of(inner, select)?))
    }
}

impl Pairs {
    /// Those of a query that gives one column and has one condition about `$1`.
    fn of(sql: &str, select: &str) -> Option<Self> {
        let pieces = pieces(sql);
        let inner = Select::of(sql, &pieces).filter(|inner| !inner.has_sign("*") && !inner.has_sign(","))?;
        let (bound, mut free): (Vec<_>, Vec<_>) = inner.conditions().into_iter().partition(|it| has_parameter(it));
        let [condition] = bound.as_slice() else { return None };
        // A call may make one row of all of them.
        let is_plain = !has_parameter(inner.from) && is_simple(inner.items) && !inner.has_sign("(");
        is_plain.then_some(())?;
        let (mut from, mut conditions) = (inner.text(inner.from), Vec::new());
        let (owner, parameter) = if let Some((owner, parameter)) = comparison(condition) {
            (inner.text(owner), inner.text(parameter))
        } else {
            let (value, pairs) = inner.turn(condition, "SELECT")?;
            from = format!("{from}\n, {} AS orgvault_0(orgvault_value, orgvault_owner)", pairs.sql);
            conditions.push(format!("{value} = orgvault_0.orgvault_value"));
            ("orgvault_0.orgvault_owner".to_owned(), pairs.parameter)
        };
        conditions.extend(free.drain(..).map(|condition| inner.text(condition)));
        let filter =
            if conditions.is_empty() { String::new() } else { format!("\nWHERE {}", conditions.join("\nAND ")) };
        let items = inner.text(inner.items);
        Some(Self { sql: format!("({select} {items}\n, {owner} FROM {from}{filter}\n)"), parameter })
    }
}

/// Both sides of `x = $1`: what it is compared with, and `$1` with its casts.
fn comparison<'p, 'q>(condition: &'p [Piece<'q>]) -> Option<(&'p [Piece<'q>], &'p [Piece<'q>])> {
    let at = condition.iter().position(|piece| piece.is("="))?;
    let (left, right) = (condition.get(..at)?, condition.get(at + 1..)?);
    let is_type = |pair: &[Piece<'_>]| match pair[1].text {
        ":" | "." => true,
        text => is_name(text) && matches!(pair[0].text, ":" | "."),
    };
    let is_parameter =
        |side: &[Piece<'_>]| side.first().is_some_and(|first| first.text == "$1") && side.windows(2).all(is_type);
    match (is_parameter(left), is_parameter(right)) {
        (false, true) => is_simple(left).then_some((left, right)),
        (true, false) => is_simple(right).then_some((right, left)),
        _ => None,
    }
}

/// Whether it is one column or one call: nothing in it binds less than `=` does, or has `$1`.
fn is_simple(operand: &[Piece<'_>]) -> bool {
    const WORDS: [&str; 14] =
        ["not", "and", "or", "in", "is", "between", "like", "ilike", "similar", "case", "exists", "any", "all", "some"];
    let fits = |piece: &Piece<'_>| {
        piece.depth > 0
            || (is_name(piece.text) && !piece.is_one_of(&WORDS))
            || matches!(piece.text, "." | ":" | "(" | ")")
    };
    let begins = operand.first().is_some_and(|first| is_name(first.text));
    begins && operand.iter().all(fits) && !has_parameter(operand)
}

fn has_parameter(pieces: &[Piece<'_>]) -> bool {
    pieces.iter().any(|piece| piece.text == "$1")
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first == '"' || first == '_' || first.is_alphabetic())
        && !(text.ends_with('\'') && text.len() > 1)
}

/// A name as its database compares it, roughly: the database has the last word.
fn unquoted(name: &str) -> String {
    let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    inside.map_or_else(|| name.to_lowercase(), |inside| inside.replace("\"\"", "\"").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str) -> String {
        sql.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_order_that_only_sorts_is_left_out() {
        for (sql, expected) in [
            ("SELECT a FROM t ORDER BY a", "SELECT a FROM t "),
            ("SELECT a FROM t", "SELECT a FROM t"),
            ("SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY 1", "SELECT a FROM t UNION ALL SELECT b FROM u "),
            ("SELECT array_agg(a ORDER BY b) FROM t", "SELECT array_agg(a ORDER BY b) FROM t"),
            ("SELECT 'ORDER BY' FROM t order by a -- x", "SELECT 'ORDER BY' FROM t "),
            ("SELECT t.order, a AS order FROM t", "SELECT t.order, a AS order FROM t"),
        ] {
            assert_eq!(without_order(sql), expected);
        }
        for kept in [
            "SELECT a FROM t ORDER BY a LIMIT 3",
            "SELECT a FROM t ORDER BY a OFFSET 3",
            "SELECT a FROM t ORDER BY a FETCH FIRST ROW ONLY",
            "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b",
            "SELECT a FROM t ORDER BY a FOR SHARE",
        ] {
            assert_eq!(without_order(kept), kept);
        }
    }

    #[test]
    fn columns_are_added_by_what_the_query_calls_the_table() {
        let added = |sql: &str| with_columns(sql, "items", &["id".to_owned()]).map(|sql| words(&sql));
        for (sql, name) in [
            ("SELECT a FROM items WHERE b = $1", "items"),
            ("SELECT a FROM items i WHERE b = $1", "i"),
            ("SELECT a FROM items AS \"I\" WHERE b = $1", "\"I\""),
            ("SELECT a FROM app.Items JOIN users u ON u.id = items.owner", "Items"),
            ("SELECT a FROM users u JOIN \"items\" it ON it.owner = u.id", "it"),
            ("SELECT a FROM users u, items LEFT JOIN x ON true", "items"),
            ("SELECT a IS DISTINCT FROM b FROM items", "items"),
            ("SELECT EXTRACT(day FROM a) FROM items", "items"),
        ] {
            let expected = sql.rsplit_once(" FROM ").map(|(items, from)| format!("{items} , {name}.id FROM {from}"));
            assert_eq!(added(sql), expected, "{sql}");
        }
        for none in [
            "SELECT DISTINCT a FROM items",
            "SELECT a FROM items GROUP BY a",
            "SELECT a FROM items UNION SELECT b FROM items",
            "WITH items AS (SELECT 1) SELECT a FROM items",
            "SELECT a FROM (SELECT * FROM items) x",
            "SELECT a FROM users",
            "SELECT a FROM items LIMIT 1",
        ] {
            assert_eq!(added(none), None, "{none}");
        }
    }

    #[test]
    fn a_membership_becomes_a_join_with_its_pairs() {
        for (sql, expected) in [
            (
                "SELECT id FROM issues WHERE project_id IN (SELECT id FROM projects WHERE workspace_id = $1)",
                "SELECT id FROM issues , (SELECT DISTINCT id , workspace_id FROM projects ) AS \
                 orgvault_0(orgvault_value, orgvault_owner) WHERE project_id = orgvault_0.orgvault_value AND \
                 orgvault_0.orgvault_owner = $1",
            ),
            (
                "SELECT id FROM labels l JOIN x ON true WHERE l.a > 0 AND l.issue_id IN (SELECT id FROM issues WHERE \
                 project_id IN (SELECT p.id FROM projects p WHERE $1::uuid = p.w AND p.a BETWEEN 1 AND 2)) ORDER BY id",
                "SELECT id FROM labels l JOIN x ON true , (SELECT DISTINCT id , orgvault_0.orgvault_owner FROM issues , \
                 (SELECT p.id , p.w FROM projects p WHERE p.a BETWEEN 1 AND 2 ) AS orgvault_0(orgvault_value, \
                 orgvault_owner) WHERE project_id = orgvault_0.orgvault_value ) AS orgvault_0(orgvault_value, \
                 orgvault_owner) WHERE l.a > 0 AND l.issue_id = orgvault_0.orgvault_value AND \
                 orgvault_0.orgvault_owner = $1::uuid ORDER BY id",
            ),
        ] {
            assert_eq!(joined(sql).map(|sql| words(&sql)).as_deref(), Some(expected), "{sql}");
        }
    }

    #[test]
    fn what_would_be_another_query_as_a_join_is_left_alone() {
        for sql in [
            "SELECT id FROM issues WHERE workspace_id = $1",
            "SELECT * FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1)",
            "SELECT id FROM issues WHERE p NOT IN (SELECT id FROM projects WHERE w = $1)",
            "SELECT id FROM issues WHERE a OR p IN (SELECT id FROM projects WHERE w = $1)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1 OR w IS NULL)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1::uuid OR w IS NULL)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1 IS NOT FALSE)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w <= $1)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1 AND v = $1)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE NOT w = $1)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1 LIMIT 3)",
            "SELECT id FROM issues WHERE p IN (SELECT max(id) FROM projects WHERE w = $1 GROUP BY v)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1) = false",
            "SELECT id FROM issues WHERE p + 1 IN (SELECT id FROM projects WHERE w = $1)",
            "SELECT id FROM issues WHERE (p, q) IN (SELECT id, v FROM projects WHERE w = $1)",
            "SELECT id FROM issues WHERE p IN (SELECT id FROM a WHERE w = $1 UNION SELECT id FROM b)",
            "SELECT DISTINCT id FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1)",
            "SELECT count(*) FROM issues WHERE p IN (SELECT id FROM projects WHERE w = $1) GROUP BY q",
            "SELECT id FROM issues WHERE p IN (SELECT first_value(id) OVER () FROM projects WHERE w = $1)",
            "SELECT id FROM issues WHERE p IN ($1)",
        ] {
            assert_eq!(joined(sql), None, "{sql}");
        }
    }
}
