//! The queries of a definition, in the words of the databases that a product may be on.

use std::collections::BTreeMap;

use super::Definition;
use crate::sql::Dialect;

/// One query: the text for each database that it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(BTreeMap<Dialect, String>);

impl Query {
    /// The text for a database; none where the product is not on such a one.
    #[must_use]
    pub fn text(&self, dialect: Dialect) -> Option<&str> {
        self.0.get(&dialect).map(String::as_str)
    }

    /// Every text, and which database it is for.
    pub fn texts(&self) -> impl Iterator<Item = (Dialect, &str)> {
        self.0.iter().map(|(dialect, text)| (*dialect, text.as_str()))
    }

    /// The same for each database, with other texts.
    #[must_use]
    pub(super) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        self.texts().map(|(dialect, text)| (dialect, change(text))).collect()
    }

    /// Whether it is for no database.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Dialect, String)> for Query {
    fn from_iter<T: IntoIterator<Item = (Dialect, String)>>(texts: T) -> Self {
        Self(texts.into_iter().collect())
    }
}

/// One text that serves every database.
impl From<String> for Query {
    fn from(text: String) -> Self {
        Dialect::ALL.into_iter().map(|dialect| (dialect, text.clone())).collect()
    }
}

impl From<&str> for Query {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// All queries of a definition in the words of one database, in the definition's order, without the
/// semicolon that may end one in a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queries {
    /// Lists the organizations.
    pub list: String,
    /// Those of each section.
    pub sections: Vec<SectionQueries>,
    /// The rows of each warning.
    pub warnings: Vec<String>,
}

/// The queries of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionQueries {
    /// What is written.
    pub rows: String,
    /// How many rows there must be.
    pub count: String,
}

/// A query has no text for a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("product {product} says `{query}` only for other databases than {}", .dialect.title())]
pub struct Unspoken {
    /// The product.
    pub product: String,
    /// The query: `section.rows of timeLogs`.
    pub query: String,
    /// The database.
    pub dialect: Dialect,
}

impl Definition {
    /// Its queries in the words of one database.
    ///
    /// # Errors
    /// When one of them has none.
    pub fn queries(&self, dialect: Dialect) -> Result<Queries, Unspoken> {
        let spoken = |query: &Query, key: &str, of: &str| {
            let unspoken = || {
                let query = if of.is_empty() { key.to_owned() } else { format!("{key} of {of}") };
                Unspoken { product: self.name.clone(), query, dialect }
            };
            let text = query.text(dialect).ok_or_else(unspoken)?;
            Ok(text.trim_end_matches(|end: char| end.is_whitespace() || end == ';').to_owned())
        };
        let of_section = |section: &super::Section| {
            let rows = spoken(&section.rows, "section.rows", &section.name)?;
            Ok(SectionQueries { rows, count: spoken(&section.count, "section.count", &section.name)? })
        };
        Ok(Queries {
            list: spoken(&self.organization.list, "organization.list", "")?,
            sections: self.sections.iter().map(of_section).collect::<Result<_, Unspoken>>()?,
            warnings: self
                .warnings
                .iter()
                .map(|warning| spoken(&warning.rows, "warning.rows", &warning.code))
                .collect::<Result<_, Unspoken>>()?,
        })
    }
}
