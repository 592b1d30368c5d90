//! How an archive is named everywhere but in its store.

use std::fmt;

use orgvault_api::gid::Gid;

/// A store's own name of an archive, relative to the store: `tracker/acme--1/20260131T093000Z-7.json`. It never
/// leads out of the store: each of its parts is a plain name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// What the keys of one organization begin with: `tracker/acme--1`. Empty for what concerns the whole store.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

/// An archive, as everybody but its store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArchiveRef {
    /// Its id.
    pub gid: Gid,
    /// Its name in the store.
    pub key: Key,
}

/// The text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an archive in a store")]
pub struct InvalidKey(pub String);

/// Parts of a key: those of the source, of the organization, and of the file.
const PARTS: usize = 3;

impl Key {
    /// The key that `text` is.
    ///
    /// # Errors
    /// When a part of it is none, or leads elsewhere.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        if is_relative(text) { Ok(Self(text.to_owned())) } else { Err(InvalidKey(text.to_owned())) }
    }

    /// As [`Key::parse`], of a text that may be of the time when absolute paths were kept: their last parts are
    /// the key.
    ///
    /// # Errors
    /// As [`Key::parse`].
    pub fn parse_stored(text: &str) -> Result<Self, InvalidKey> {
        if !text.starts_with('/') {
            return Self::parse(text);
        }
        let mut parts: Vec<&str> = text.rsplit('/').take(PARTS).collect();
        parts.reverse();
        Self::parse(&parts.join("/"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the file alone.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// What it has in common with the other archives of its organization.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        Prefix(self.0.rsplit_once('/').map_or("", |(prefix, _name)| prefix).to_owned())
    }
}

impl Prefix {
    /// The prefix that `text` is.
    ///
    /// # Errors
    /// When a part of it is none, or leads elsewhere.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        if is_relative(text) { Ok(Self(text.to_owned())) } else { Err(InvalidKey(text.to_owned())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the file of this name.
    ///
    /// # Errors
    /// When it is no plain name.
    pub fn key(&self, file_name: &str) -> Result<Key, InvalidKey> {
        Key::parse(&format!("{}/{file_name}", self.0))
    }
}

fn is_relative(text: &str) -> bool {
    text.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ArchiveRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leads_out_of_its_store() {
        let key = Key::parse("tracker/acme--1/20260131T093000Z-7.json").unwrap();
        assert_eq!((key.prefix().as_str(), key.file_name()), ("tracker/acme--1", "20260131T093000Z-7.json"));
        assert_eq!(key.prefix().key(key.file_name()).unwrap(), key);
        for text in ["", "/", "/a/b/c", "a//b", "a/../b", "..", "./a", "a/", "a\0"] {
            assert_eq!(Key::parse(text), Err(InvalidKey(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn an_absolute_path_of_an_old_catalog_is_a_key() {
        let key = |text: &str| Key::parse_stored(text).map(|key| key.as_str().to_owned()).ok();
        assert_eq!(key("/var/lib/orgvault/archives/tracker/acme--1/x.json").as_deref(), Some("tracker/acme--1/x.json"));
        assert_eq!(key("tracker/acme--1/x.json").as_deref(), Some("tracker/acme--1/x.json"));
        assert_eq!(key("/a/../x.json"), None);
        assert_eq!(key("/x.json"), None);
    }
}
