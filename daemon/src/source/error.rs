//! Why a source could not be read: a stable code, the server's own words, and what to do.

mod fault;

use std::{sync::Arc, time::Duration};

pub use self::fault::SourceFault;

/// Why a source could not be read: each variant names the source and has a stable code. Never
/// holds a password, nor a URL that has one.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server refused, was not there, or did not answer.
    #[error("source {name}: cannot {act}: {words}")]
    SourceFault {
        /// The source.
        name: Arc<str>,
        /// What kind of fault.
        fault: SourceFault,
        /// What was tried: `connect`, `read section timeLogs`.
        act: String,
        /// The server's own words, or a list of what is missing.
        words: String,
        /// What to do about it; may be empty.
        hint: &'static str,
    },
    /// The organization's id is no value of the type that the queries compare it with.
    #[error("source {name}: `{id}` is no {expected}, so it is no organization's id")]
    OrganizationId {
        /// The source.
        name: Arc<str>,
        /// The id, shortened.
        id: String,
        /// The type.
        expected: &'static str,
    },
    /// The list of organizations has several ids that read alike (SQLite: `1` and `'1'`).
    #[error("source {name}: {times} organizations of the list have ids that read `{id}`")]
    RepeatedId {
        /// The source.
        name: Arc<str>,
        /// The id.
        id: String,
        /// How many.
        times: usize,
    },
    /// The columns of a query cannot be told apart, or one is missing.
    #[error("source {name}: {query} gives {fault}")]
    Columns {
        /// The source.
        name: Arc<str>,
        /// The query: `section timeLogs`.
        query: String,
        /// What is wrong.
        fault: ColumnFault,
    },
    /// A value does not fit the type that the definition states (SQLite).
    #[error(transparent)]
    Value(Box<UnfitValue>),
    /// A value is longer than an archive may hold.
    #[error(
        "source {name}: cannot {act}: a value of column {column} has {bytes} bytes, and an archive holds at most {} in one",
        crate::row::MAX_CELL_BYTES
    )]
    TooLong {
        /// The source.
        name: Arc<str>,
        /// What was tried: `read section timeLogs`.
        act: String,
        /// The column.
        column: String,
        /// How long it is.
        bytes: usize,
    },
    /// The writer of the archive is gone; it knows why.
    #[error("source {name}: the writer of the archive ended early")]
    WriterGone {
        /// The source.
        name: Arc<str>,
    },
}

/// What is wrong with the names of a query's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnFault {
    /// Two have one name.
    #[error("two columns `{column}`")]
    Repeated {
        /// The name.
        column: String,
    },
    /// The database made one up.
    #[error("a column without a name, `{column}`")]
    Unnamed {
        /// What the database calls it.
        column: String,
    },
    /// One that is needed is not there.
    #[error("no column `{column}`")]
    Missing {
        /// The name.
        column: String,
    },
}

/// A value that is none of the type that the definition states for its column.
#[derive(Debug, thiserror::Error)]
#[error("source {name}: {table}.{column} of row {id} holds {value}, which is no {expected}")]
pub struct UnfitValue {
    /// The source.
    pub name: Arc<str>,
    /// The base table.
    pub table: String,
    /// The row's id.
    pub id: String,
    /// The column.
    pub column: String,
    /// The value, shortened.
    pub value: String,
    /// The declared type.
    pub expected: &'static str,
}

/// So much of a server's words is kept, in characters: a function can raise what it likes.
const MAX_WORDS: usize = 4_000;

impl SourceError {
    pub(super) fn fault(name: &Arc<str>, fault: SourceFault, act: impl Into<String>, words: impl Into<String>) -> Self {
        let mut words = words.into();
        if let Some((end, _)) = words.char_indices().nth(MAX_WORDS) {
            words.truncate(end);
            words.push('…');
        }
        Self::SourceFault { name: Arc::clone(name), fault, act: act.into(), words, hint: fault.hint() }
    }

    /// With another hint than the fault's usual one.
    pub(super) fn with_hint(mut self, other: &'static str) -> Self {
        if let Self::SourceFault { hint, .. } = &mut self {
            *hint = other;
        }
        self
    }

    pub(super) fn stalled(name: &Arc<str>, act: &str, limit: Duration) -> Self {
        Self::fault(name, SourceFault::Stalled, act, format!("nothing came for {} s", limit.as_secs_f64()))
    }

    /// Stable: `source_unreachable`, `source_login`, `source_tls`, `source_database`,
    /// `source_schema`, `source_privilege`, `source_row_filter`, `source_lost`,
    /// `source_stalled`, `source_timeout`, `organization_id`, …
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SourceFault { fault, .. } => fault.row().0,
            Self::OrganizationId { .. } => "organization_id",
            Self::RepeatedId { .. } => "duplicate_id",
            Self::Columns { .. } => "source_columns",
            Self::Value(_) => "source_value",
            Self::TooLong { .. } => "source_value_length",
            Self::WriterGone { .. } => "writer_gone",
        }
    }

    /// Whether the same export, started anew at once, may work.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::SourceFault { fault, .. } if fault.row().1)
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::SourceFault { hint, .. } => hint,
            Self::OrganizationId { .. } => "`orgvault orgs` lists the ids",
            Self::RepeatedId { .. } => "let the definition's `list` give each id once",
            Self::Columns { .. } => {
                "give each column of the definition's query a name of its own: `c.name AS \"companyName\"`"
            }
            Self::Value(_) => "correct the row in the app's database, or the column's type in the definition",
            Self::TooLong { .. } => {
                "shorten the value in the app, or leave the column out of the definition's rows query"
            }
            Self::WriterGone { .. } => "",
        }
    }

    /// What kind of fault it is, where it is one of the server.
    pub(super) fn kind(&self) -> Option<SourceFault> {
        match self {
            Self::SourceFault { fault, .. } => Some(*fault),
            _ => None,
        }
    }
}
