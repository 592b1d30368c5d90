//! Why a seed document could not be read.

use std::fmt;

use orgvault_api::text::printable;

/// What is wrong at one place of a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedFault {
    /// The bytes are no UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The text ends too early.
    #[error("the text ends where {expected} belongs: is the file cut off?")]
    Ends {
        /// What belongs there.
        expected: &'static str,
    },
    /// Another character than the grammar has.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A text that is no date, moment or version.
    #[error("{found} is no {expected}")]
    BadValue {
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A key that the block does not have.
    #[error("unknown key {key}: this block knows {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that it has.
        known: String,
    },
    /// A key that only version 2.0 has.
    #[error("{what} belongs to version 2.0, and this document says 1.0")]
    NewerVersion {
        /// What stands there.
        what: &'static str,
    },
    /// A key that the block must have.
    #[error("the key {key} is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A key that stands twice in one block.
    #[error("the key {key} stands twice in one block")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A version that this build does not read.
    #[error("unknown schema_version {found}: this build reads 1.0 and 2.0")]
    UnknownVersion {
        /// What stands there.
        found: String,
    },
    /// Nested deeper than any seed.
    #[error("nested deeper than {limit} levels, and a seed has at most {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A reference that names nothing.
    #[error("no {kind} {reference}")]
    Dangling {
        /// What it should name (`account`, `task`, …).
        kind: &'static str,
        /// The reference.
        reference: String,
    },
}

/// A document that could not be read: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, {path}: {fault}")]
pub struct ReadError {
    /// The JSON path (`$.projects[0].tasks[2].sprint`).
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub fault: SeedFault,
}

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Key(&'static str),
    Index(usize),
}

/// `$.projects[0].slug`.
pub(super) fn path_text(steps: &[Step]) -> String {
    let mut text = String::from("$");
    for step in steps {
        text.push_str(&step.to_string());
    }
    text
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, ".{key}"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Text of a document for a message: quoted, cut and harmless to a terminal.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", printable(&cut))
}

/// Line and column of a byte offset, both from 1.
pub(super) fn position(text: &[u8], at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let column = before.iter().skip(start).filter(|byte| (**byte & 0xC0) != 0x80).count() + 1;
    (line, column)
}
