//! Names with wildcards, as the configuration writes them: `*` stands for any text without `/`, `?`
//! for one character of it, `{a,b}` for either.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use orgvault_api::OrganizationKey;

/// A list of names, each of which may have wildcards.
#[derive(Clone, Default)]
pub struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

impl Patterns {
    /// Matches every name.
    #[must_use]
    pub fn all() -> Self {
        Self::new(vec!["*".to_owned()]).unwrap_or_default()
    }

    /// Matches the names that one of `texts` matches; none where there are none.
    ///
    /// # Errors
    /// When one of them is no pattern.
    pub fn new(texts: Vec<String>) -> Result<Self, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for text in &texts {
            set.add(GlobBuilder::new(text).literal_separator(true).build()?);
        }
        Ok(Self { set: set.build()?, texts })
    }

    /// The patterns, as they were written.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Those of the patterns that are plain names.
    pub fn plain(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str).filter(|text| !text.contains(['*', '?', '[', '{', '\\']))
    }

    /// Whether one of them names the organization: its slug, its id, `source/slug`, `source/id` or
    /// `source/kind/slug`.
    #[must_use]
    pub fn name(&self, organization: &OrganizationKey) -> bool {
        let OrganizationKey { source, kind, id, slug, .. } = organization;
        self.matches(slug)
            || self.matches(id)
            || [format!("{source}/{slug}"), format!("{source}/{id}"), format!("{source}/{kind}/{slug}")]
                .iter()
                .any(|name| self.matches(name))
    }

    /// Whether one of them matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.set.is_match(name)
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts.fmt(f)
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Patterns {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_its_part() {
        let patterns = |texts: &[&str]| Patterns::new(texts.iter().map(ToString::to_string).collect()).unwrap();
        for (pattern, name, fits) in [
            ("*", "acme", true),
            ("*", "tracker/acme", false),
            ("tracker/*", "tracker/acme", true),
            ("acme-?", "acme-1", true),
            ("acme-?", "acme-10", false),
            ("{acme,globex}", "globex", true),
            ("ACME", "acme", false),
        ] {
            assert_eq!(patterns(&[pattern]).matches(name), fits, "{pattern} {name}");
        }
        assert!(!patterns(&[]).matches("acme") && Patterns::all().matches("acme"));
        assert_eq!(patterns(&["a", "b*", "c?"]).plain().collect::<Vec<_>>(), ["a"]);
    }
}
