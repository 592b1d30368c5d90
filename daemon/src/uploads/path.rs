//! Paths of files, as rows name them: somebody's text, which must lead nowhere but below the source's place.

use std::fmt;

/// No file system and no bucket has longer names.
const LONGEST: usize = 4095;

/// A path that leads below the place that it is looked for in: `a/b.png`, without `.`, `..` and empty parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FilePath(String);

/// Why a text is not taken for the path of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It begins with a slash.
    #[error("it begins with /")]
    Absolute,
    /// One of its parts is `..`.
    #[error("it leads upwards")]
    Upwards,
    /// It names the place itself.
    #[error("it names no file")]
    Nothing,
    /// It is longer than any name can be.
    #[error("it is longer than {LONGEST} bytes")]
    Long,
    /// It holds a character that no name has.
    #[error("it holds a NUL")]
    Nul,
}

impl FilePath {
    /// Reads the text of a row.
    ///
    /// # Errors
    /// When it could lead elsewhere: on other systems a backslash divides a path too, and that is where an
    /// archive may be unpacked.
    pub fn new(text: &str) -> Result<Self, Refusal> {
        if text.starts_with(['/', '\\']) {
            return Err(Refusal::Absolute);
        }
        if text.split(['/', '\\']).any(|part| part == "..") {
            return Err(Refusal::Upwards);
        }
        if text.contains('\0') {
            return Err(Refusal::Nul);
        }
        if text.len() > LONGEST {
            return Err(Refusal::Long);
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.is_empty() { Err(Refusal::Nothing) } else { Ok(Self(parts.join("/"))) }
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_below_its_place_or_is_refused() {
        for (text, path) in [
            ("a", "a"),
            ("a/ü b\n.png", "a/ü b\n.png"),
            (" ", " "),
            ("./a//b/.", "a/b"),
            ("..a/b..", "..a/b.."),
            ("C:/x", "C:/x"),
            ("a\\b", "a\\b"),
        ] {
            assert_eq!(FilePath::new(text).as_ref().map(FilePath::as_str), Ok(path), "{text:?}");
        }
        for (text, refusal) in [
            ("/etc/passwd", Refusal::Absolute),
            ("\\\\host\\share", Refusal::Absolute),
            ("..", Refusal::Upwards),
            ("a/../../b", Refusal::Upwards),
            ("a\\..\\b", Refusal::Upwards),
            (".", Refusal::Nothing),
            ("./", Refusal::Nothing),
            ("a\0b", Refusal::Nul),
        ] {
            assert_eq!(FilePath::new(text), Err(refusal), "{text:?}");
        }
        assert_eq!(FilePath::new(&"a".repeat(4096)), Err(Refusal::Long));
    }
}
