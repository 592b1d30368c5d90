//! Names as PostgreSQL writes and reads them.

use std::{borrow::Cow, fmt::Write as _};

use orgvault_api::text::printable;

/// Every word that some version of PostgreSQL does not take as a name everywhere: what
/// `quote_ident` quotes, of 12 to 18.
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
const KEYWORDS: &str = "
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
char character check coalesce collate collation column concurrently constraint create cross current_catalog
current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not
notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real
references returning right row select session_user setof similar smallint some substring symmetric system_user table
tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose
when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable";

/// A name as SQL: quoted where it is not plainly lower case, or a word of the language. One
/// with characters that a terminal would obey is written with escapes.
pub(in crate::source) fn quoted(name: &str) -> Cow<'_, str> {
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if starts && plain && !KEYWORDS.split_ascii_whitespace().any(|word| word == name) {
        return Cow::Borrowed(name);
    }
    if printable(name) == name {
        return Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")));
    }
    let mut escaped = "U&\"".to_owned();
    for character in name.chars() {
        match character {
            '"' => escaped.push_str("\"\""),
            ' '..='~' if character != '\\' => escaped.push(character),
            // Writing to a string cannot fail.
            _ => write!(escaped, "\\+{:06X}", u32::from(character)).unwrap_or_default(),
        }
    }
    escaped.push('"');
    Cow::Owned(escaped)
}

/// The schema, where it has one, and the name that a definition's key means: `app.users`, and
/// as SQL writes it where a part holds a dot itself (`"my.app"."users"`).
pub(in crate::source) fn table(key: &str) -> (Option<String>, String) {
    if key.contains('"')
        && let Some(parts) = parts(key, '.')
    {
        match <[String; 2]>::try_from(parts) {
            Ok([schema, name]) => return (Some(schema), name),
            Err(mut parts) if parts.len() == 1 => return (None, parts.remove(0)),
            Err(_) => {}
        }
    }
    match key.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
        None => (None, key.to_owned()),
    }
}

/// The key that a definition has for a table; the schema is empty where the search path finds it.
pub(super) fn key(schema: &str, name: &str) -> String {
    let parts = [schema, name].into_iter().filter(|part| !part.is_empty());
    if [schema, name].iter().any(|part| part.contains(['.', '"'])) {
        let quoted: Vec<String> = parts.map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
        return quoted.join(".");
    }
    parts.collect::<Vec<_>>().join(".")
}

/// The schemas of a `search_path`, in their order; `"$user"` is `user`.
pub(super) fn search_path(setting: &str, user: &str) -> Vec<String> {
    let parts = parts(setting, ',').unwrap_or_default();
    let own = |name: String| if name == "$user" { user.to_owned() } else { name };
    parts.into_iter().filter(|name| !name.is_empty()).map(own).collect()
}

/// A list of names, each bare or quoted, with blanks around it. None where it is no such list.
fn parts(text: &str, separator: char) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let (part, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_part(quoted)?
        } else {
            let (bare, after) = rest.split_at_checked(rest.find(separator).unwrap_or(rest.len()))?;
            (bare.trim_end().to_owned(), after)
        };
        parts.push(part);
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(parts);
        }
        rest = rest.strip_prefix(separator)?;
    }
}

/// What follows an opening quote: the name, and what is behind its closing one.
fn quoted_part(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        for (name, expected) in [
            ("users", "users"),
            ("_a1", "_a1"),
            ("1a", "\"1a\""),
            ("", "\"\""),
            ("from", "\"from\""),
            ("between", "\"between\""),
            ("name", "name"),
            ("Näme", "\"Näme\""),
            ("a\"b.c", "\"a\"\"b.c\""),
            ("a$", "\"a$\""),
            ("a\nb\\\"", "U&\"a\\+00000Ab\\+00005C\"\"\""),
        ] {
            assert_eq!(quoted(name), expected);
        }
    }

    #[test]
    fn a_key_names_a_table() {
        for (key, schema, name) in [
            ("users", None, "users"),
            ("app.users", Some("app"), "users"),
            ("App One.Order", Some("App One"), "Order"),
            ("\"my.app\".\"a\"\"b\"", Some("my.app"), "a\"b"),
            ("app.\"my.table\"", Some("app"), "my.table"),
            ("\"my.table\"", None, "my.table"),
            ("a\"b", None, "a\"b"),
        ] {
            assert_eq!(table(key), (schema.map(str::to_owned), name.to_owned()), "{key}");
        }
    }

    #[test]
    fn the_key_of_a_table_names_it() {
        for (schema, name, expected) in [
            ("", "users", "users"),
            ("app", "Order lines", "app.Order lines"),
            ("", "my.table", "\"my.table\""),
            ("my.app", "a\"b", "\"my.app\".\"a\"\"b\""),
            ("", "\"", "\"\"\"\""),
            ("", "a\"", "\"a\"\"\""),
        ] {
            assert_eq!(key(schema, name), expected);
            let schema = (!schema.is_empty()).then(|| schema.to_owned());
            assert_eq!(table(expected), (schema, name.to_owned()));
        }
    }

    #[test]
    fn a_search_path_is_a_list_of_schemas() {
        assert_eq!(search_path("\"$user\", public", "me"), ["me", "public"]);
        assert_eq!(search_path("app,\"A, \"\"b\"\"\" , c", "me"), ["app", "A, \"b\"", "c"]);
        assert!(search_path("", "me").is_empty() && search_path("\"\"", "me").is_empty());
    }
}
