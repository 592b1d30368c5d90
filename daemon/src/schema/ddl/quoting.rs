//! Names and literals as SQL writes them.

use orgvault_archive::full::schema::QualifiedName;

/// A name in quotes.
pub(in crate::schema) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name with its schema.
pub(in crate::schema) fn qualified(own: &QualifiedName) -> String {
    format!("{}.{}", name(&own.schema), name(&own.name))
}

/// A string; a backslash is one of its characters, as [`super::make()`] sees to.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_ends_nothing() {
        let odd = QualifiedName { schema: "a.b".to_owned(), name: "c\"; d'".to_owned() };
        assert_eq!(qualified(&odd), "\"a.b\".\"c\"\"; d'\"");
        assert_eq!(literal("it's \\' \"so\""), "'it''s \\'' \"so\"'");
    }
}
