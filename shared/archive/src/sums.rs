//! `SHA256SUMS` as GNU `sha256sum` writes and reads it: one line for each file, sorted by name.
//!
//! A name with a backslash, LF or CR is escaped and its line begins with a backslash (coreutils
//! manual, "cksum output modes").

use std::{collections::BTreeMap, fmt};

/// A larger `SHA256SUMS` is not read: it has the sums of more than 50,000 archives.
pub const LARGEST_SUMS: u64 = 16 * 1024 * 1024;

/// SHA-256 in lower-case hex, by file name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, String>);

/// The text is not what `sha256sum` writes.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of SHA256SUMS is not a SHA-256 and a file name")]
pub struct InvalidSums {
    /// The first line that is wrong, from 1.
    pub line: usize,
}

impl Sums {
    /// Reads the text of a `SHA256SUMS`; a later line for the same name wins.
    ///
    /// # Errors
    /// When a line is something else.
    pub fn parse(text: &str) -> Result<Self, InvalidSums> {
        let mut sums = Self::default();
        for (index, line) in text.split_terminator('\n').enumerate() {
            let (name, sha256) = parse_line(line).ok_or(InvalidSums { line: index + 1 })?;
            sums.insert(name, sha256);
        }
        Ok(sums)
    }

    /// Adds or replaces the sum of a file.
    pub fn insert(&mut self, name: String, sha256: String) {
        self.0.insert(name, sha256);
    }

    /// Takes a file out; says whether it was in.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// The sum of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, sha256) in &self.0 {
            if name.contains(['\\', '\n', '\r']) {
                let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
                writeln!(f, "\\{sha256}  {escaped}")?;
            } else {
                writeln!(f, "{sha256}  {name}")?;
            }
        }
        Ok(())
    }
}

fn parse_line(line: &str) -> Option<(String, String)> {
    let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (sha256, rest) = line.split_at_checked(64)?;
    let name = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"))?;
    let whole = sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) && !name.is_empty();
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    whole.then(|| (name, sha256.to_ascii_lowercase()))
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_what_gnu_writes() {
        let mut sums = Sums::default();
        sums.insert("b".into(), "0".repeat(64));
        sums.insert("a\n\\\r".into(), "f".repeat(64));
        let text = format!("\\{}  a\\n\\\\\\r\n{}  b\n", "f".repeat(64), "0".repeat(64));
        assert_eq!(sums.to_string(), text);
        assert_eq!(Sums::parse(&text).unwrap(), sums);
        assert!(sums.remove("b") && !sums.remove("b"));
    }

    #[test]
    fn locates_what_is_no_sum() {
        let good = format!("{} *a\n", "A".repeat(64));
        assert_eq!(Sums::parse(&good).unwrap().get("a").unwrap(), "a".repeat(64));
        for bad in ["x\n", "\n", &format!("{}  \n", "a".repeat(64)), &format!("{} a\n", "a".repeat(64))] {
            assert_eq!(Sums::parse(&format!("{good}{bad}")).unwrap_err().line, 2, "{bad:?}");
        }
        assert!(Sums::parse("").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn reads_back_what_it_wrote(names in proptest::collection::vec("[^\0/]{1,8}", 0..6)) {
            let mut sums = Sums::default();
            for name in names {
                sums.insert(name, "a".repeat(64));
            }
            prop_assert_eq!(Sums::parse(&sums.to_string()).unwrap(), sums);
        }
    }
}
