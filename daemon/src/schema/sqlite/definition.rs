//! What the statements that made tables and indexes say and no pragma does.

use crate::sql::tokens;

/// Words that may stand before `AUTOINCREMENT`, which is no name without quotes.
const BEFORE: [&str; 8] = ["key", "asc", "desc", "abort", "rollback", "fail", "ignore", "replace"];

/// Whether a table numbers its rows without ever giving a number again.
pub(super) fn is_autoincrement(create_table: &str) -> bool {
    let words: Vec<&str> = tokens(create_table).filter(|token| !is_blank(token)).collect();
    let is_any = |word: &str, words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
    words
        .windows(2)
        .any(|pair| matches!(pair, [before, word] if is_any(before, &BEFORE) && is_any(word, &["autoincrement"])))
}

/// The statement that makes a table of the same form, under a name that is SQL already. The schema table has a statement
/// as `CREATE TABLE ` and what followed in the app's own.
pub(crate) fn renamed(create_table: &str, name: &str) -> String {
    let rest = create_table.get("CREATE TABLE ".len()..).unwrap_or_default();
    let end = match rest.bytes().next() {
        Some(b'[') => rest.find(']').map(|at| at + 1),
        Some(quote @ (b'"' | b'`' | b'\'')) => closing(rest.as_bytes(), quote),
        _ => rest.find(|end: char| end.is_whitespace() || end == '(' || end == '/'),
    };
    format!("CREATE TABLE {name} {}", end.and_then(|end| rest.get(end..)).unwrap_or_default())
}

/// Behind the quote that ends a name which begins with one; a doubled one ends nothing.
fn closing(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == quote)? + 1;
        if text.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether a trigger fires where rows are inserted, or deleted.
pub(crate) fn fires_on(create_trigger: &str, event: &str) -> bool {
    let events = ["insert", "delete", "update"];
    let words = tokens(create_trigger).filter(|token| !is_blank(token));
    let head = words.take_while(|word| !word.eq_ignore_ascii_case("on"));
    let last = head.filter(|word| events.iter().any(|one| one.eq_ignore_ascii_case(word))).last();
    last.is_some_and(|last| last.eq_ignore_ascii_case(event))
}

/// What an index is over, with collations and without directions, and its condition.
pub(super) fn index(create_index: &str) -> (Vec<String>, Option<String>) {
    let (mut parts, mut predicate) = (Vec::new(), None::<String>);
    let (mut depth, mut part) = (0_u32, String::new());
    for token in tokens(create_index) {
        match (token, &mut predicate) {
            (token, Some(text)) => text.push_str(token),
            ("(", None) if depth == 0 => depth = 1,
            (")", None) if depth == 1 => {
                parts.push(without_direction(&part));
                part.clear();
                depth = 0;
            }
            (",", None) if depth == 1 => {
                parts.push(without_direction(&part));
                part.clear();
            }
            ("(", None) => {
                depth += 1;
                part.push_str(token);
            }
            (")", None) => {
                depth = depth.saturating_sub(1);
                part.push_str(token);
            }
            (token, None) if depth == 0 && token.eq_ignore_ascii_case("where") => predicate = Some(String::new()),
            (token, None) if depth > 0 => part.push_str(token),
            _ => {}
        }
    }
    (parts, predicate.map(|text| text.trim().to_owned()))
}

fn without_direction(part: &str) -> String {
    let part = part.trim();
    let without = ["asc", "desc"].into_iter().find_map(|direction| {
        let at = part.len().checked_sub(direction.len())?;
        let (rest, end) = part.split_at_checked(at)?;
        (end.eq_ignore_ascii_case(direction) && rest.ends_with(char::is_whitespace)).then(|| rest.trim_end())
    });
    without.unwrap_or(part).to_owned()
}

fn is_blank(token: &str) -> bool {
    token.starts_with(char::is_whitespace) || token.starts_with("--") || token.starts_with("/*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autoincrement_is_a_word_and_no_name() {
        assert!(is_autoincrement("CREATE TABLE a (id INTEGER PRIMARY KEY /* x */ AutoIncrement)"));
        assert!(is_autoincrement("CREATE TABLE a (id INTEGER PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT)"));
        for sql in ["id INTEGER PRIMARY KEY, \"autoincrement\" TEXT", "[autoincrement]", "x TEXT -- KEY AUTOINCREMENT"]
        {
            assert!(!is_autoincrement(&format!("CREATE TABLE a ({sql}\n)")), "{sql}");
        }
    }

    #[test]
    fn a_copy_has_the_form_and_not_the_name() {
        for name in ["t", "\"t\"\"(\"", "[t (]", "`t`", "'t'"] {
            assert_eq!(
                renamed(&format!("CREATE TABLE {name} (id) STRICT"), "temp.x"),
                "CREATE TABLE temp.x  (id) STRICT"
            );
        }
        assert_eq!(renamed("CREATE TABLE t(id)", "x"), "CREATE TABLE x (id)");
    }

    #[test]
    fn a_trigger_fires_on_one_event() {
        let trigger = "CREATE TRIGGER \"update\" AFTER INSERT ON t BEGIN DELETE FROM u; END";
        assert_eq!(["insert", "delete", "update"].map(|event| fires_on(trigger, event)), [true, false, false]);
        assert!(fires_on("CREATE TRIGGER IF NOT EXISTS x BEFORE UPDATE OF a ON t BEGIN SELECT 1; END", "update"));
    }

    #[test]
    fn an_index_is_over_its_parts() {
        let sql = "CREATE UNIQUE INDEX \"i(\" ON t (lower(name, 'a,b') DESC, b COLLATE nocase asc) WHERE x IN (1, 2)";
        let (parts, predicate) = index(sql);
        assert_eq!(parts, ["lower(name, 'a,b')", "b COLLATE nocase"]);
        assert_eq!(predicate.as_deref(), Some("x IN (1, 2)"));
        assert_eq!(index("CREATE UNIQUE INDEX i ON t(a,b)"), (vec!["a".to_owned(), "b".to_owned()], None));
    }
}
