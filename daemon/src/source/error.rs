//! Why a source could not be read: a stable code, the server's own words, and what to do.

use std::{sync::Arc, time::Duration};

/// Why a source could not be read: each variant names the source and has a stable code. Never
/// holds a password, nor a URL that has one.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server refused, was not there, or did not answer.
    #[error("source {name}: cannot {act}: {words}")]
    Fault {
        /// The source.
        name: Arc<str>,
        /// What kind of fault.
        fault: Fault,
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
    /// A rows query gives a column of a type that no format can write.
    #[error("source {name}: column {column} of section {section} has the type {kind}, which no format can write")]
    ColumnType {
        /// The source.
        name: Arc<str>,
        /// The section.
        section: String,
        /// The column.
        column: String,
        /// Its type, as the source calls it.
        kind: String,
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

/// What kind of fault a source had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The URL is none that can be used.
    Url,
    /// TLS was refused, failed, or is not asked for.
    Tls,
    /// Nothing answers there.
    Unreachable,
    /// The server has no connection left.
    Busy,
    /// Wrong user, password or peer.
    Login,
    /// No such database.
    Database,
    /// An older server than this program can read.
    Version,
    /// A pooler gives each transaction another connection.
    Pooler,
    /// A table or column is missing.
    Schema,
    /// The live schema has more than the definition knows, and `strict_schema` is set.
    SchemaNewer,
    /// The role may not read something.
    Privilege,
    /// Row-level security would hide rows.
    RowFilter,
    /// The connection ended in the middle.
    Lost,
    /// No rows came for longer than `stall_timeout`.
    Stalled,
    /// The server ended the query: `statement_timeout`, or an administrator.
    Timeout,
    /// A lock on a table was not given in time.
    Locked,
    /// A standby had to choose between this query and its replay.
    Conflict,
    /// A table was rewritten or emptied in a way that snapshots do not see.
    Changed,
    /// A query changed a setting of the session, so that those after it may read other rows.
    Settings,
    /// A WAL database of SQLite cannot be read consistently.
    Wal,
    /// SQLite has no room for its temporary files, or no directory for them.
    Temporary,
    /// An SQLite file contradicts itself.
    Damaged,
    /// The server refused a query.
    Query,
    /// The server's answer is not what its protocol says.
    Protocol,
}

/// So much of a server's words is kept, in characters: a function can raise what it likes.
const MAX_WORDS: usize = 4_000;

/// Fault, code, whether the same export may work at once, hint.
const FAULTS: [(Fault, &str, bool, &str); 24] = [
    (Fault::Url, "source_url", false, "correct `url` of this source in the configuration"),
    (
        Fault::Tls,
        "source_tls",
        false,
        "add `sslmode=verify-full` (and `sslrootcert=FILE` for an own authority) to the source's url and enable TLS on \
         the server, or set `tls = \"as-url\"` for a network that you trust",
    ),
    (
        Fault::Unreachable,
        "source_unreachable",
        false,
        "check that the database runs (SQLite: that the file is there and may be read), and that the url is right",
    ),
    (Fault::Busy, "source_busy", true, "raise max_connections of the server or the connection limit of the role"),
    (
        Fault::Login,
        "source_login",
        false,
        "check user and password (url, url_file or .pgpass) and the server's pg_hba.conf",
    ),
    (Fault::Database, "source_database", false, "correct the database's name in the source's url"),
    (Fault::Version, "source_version", false, "PostgreSQL 12 or later is needed"),
    (Fault::Pooler, "source_pooler", false, "connect to PostgreSQL itself, or set pool_mode=session for this database"),
    (
        Fault::Schema,
        "source_schema",
        false,
        "`orgvault check SOURCE` lists what is missing: update the app to the version of the definition, or write a \
         definition for its own; is `product` the right one, and does the role's search_path show the app's schema?",
    ),
    (
        Fault::SchemaNewer,
        "schema_newer",
        false,
        "update orgvault or the definition, or set `strict_schema = false` to export what the definition knows",
    ),
    (
        Fault::Privilege,
        "source_privilege",
        false,
        "run the statements of `orgvault check SOURCE --grants` as the owner of the tables",
    ),
    (
        Fault::RowFilter,
        "source_row_filter",
        false,
        "give the role BYPASSRLS: with row-level security an archive would silently lack rows",
    ),
    (Fault::Lost, "source_lost", false, "the server ended the connection: look into its log, then export again"),
    (
        Fault::Stalled,
        "source_stalled",
        false,
        "look for locks or a full disk on the server, or raise `stall_timeout` (`first_row_timeout`, where no row came at all)",
    ),
    (
        Fault::Timeout,
        "source_timeout",
        false,
        "raise `statement_timeout` of this source, or ask who cancelled the query",
    ),
    (Fault::Locked, "source_locked", true, "another session holds a lock (a migration?): export again when it is over"),
    (
        Fault::Conflict,
        "source_conflict",
        true,
        "set hot_standby_feedback or a larger max_standby_streaming_delay on the standby",
    ),
    (Fault::Changed, "source_changed", true, "export again when the migration is over"),
    (
        Fault::Settings,
        "source_settings",
        false,
        "find the function that calls set_config or SET in the definition's queries: what it sets has to end with it \
         (CREATE FUNCTION .. SET name = value)",
    ),
    (
        Fault::Wal,
        "source_wal",
        false,
        "let orgvaultd write the database's directory or start the app, so that the -shm file is there; never \
         copy the database file alone",
    ),
    (
        Fault::Temporary,
        "source_temporary",
        false,
        "free space in the directory of temporary files (TMPDIR of orgvaultd, else /var/tmp), and let it write there",
    ),
    (
        Fault::Damaged,
        "source_damaged",
        false,
        "the database file is damaged: `PRAGMA integrity_check` says where; restore it, and keep the archives that you have",
    ),
    (Fault::Query, "source_query", false, ""),
    (Fault::Protocol, "source_protocol", false, "is it a PostgreSQL server? a proxy in between may alter its answers"),
];

impl Fault {
    fn row(self) -> (&'static str, bool, &'static str) {
        FAULTS
            .iter()
            .find(|(fault, ..)| *fault == self)
            .map_or(("source_query", false, ""), |(_, code, transient, hint)| (code, *transient, hint))
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(self) -> &'static str {
        self.row().2
    }

    /// What an SQLSTATE means for whoever reads, once connected.
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn of_sqlstate(code: &str) -> Self {
        match code {
            "28000" | "28P01" => Self::Login,
            "3D000" => Self::Database,
            "53300" => Self::Busy,
            "42501" => Self::Privilege,
            "42P01" | "42703" | "3F000" | "42883" | "42704" => Self::Schema,
            "40001" => Self::Conflict,
            "55P03" => Self::Locked,
            "57014" => Self::Timeout,
            "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => Self::Lost,
            "57P03" => Self::Unreachable,
            _ if code.starts_with("08") => Self::Lost,
            _ => Self::Query,
        }
    }
}

impl SourceError {
    pub(super) fn fault(name: &Arc<str>, fault: Fault, act: impl Into<String>, words: impl Into<String>) -> Self {
        let mut words = words.into();
        if let Some((end, _)) = words.char_indices().nth(MAX_WORDS) {
            words.truncate(end);
            words.push('…');
        }
        Self::Fault { name: Arc::clone(name), fault, act: act.into(), words, hint: fault.hint() }
    }

    /// With another hint than the fault's usual one.
    pub(super) fn with_hint(mut self, other: &'static str) -> Self {
        if let Self::Fault { hint, .. } = &mut self {
            *hint = other;
        }
        self
    }

    /// An error of sqlx while it did `act` on an open connection.
    pub(super) fn from_sqlx(name: &Arc<str>, act: &str, error: &sqlx::Error) -> Self {
        let (fault, words) = judge(error);
        Self::fault(name, fault, act, words)
    }

    /// An error of sqlx while it connected.
    pub(super) fn from_connect(name: &Arc<str>, act: &str, error: &sqlx::Error) -> Self {
        let (fault, words) = judge(error);
        let fault = match error {
            // This is how a refused certificate or handshake comes out of rustls.
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => Fault::Tls,
            _ if fault == Fault::Lost => Fault::Unreachable,
            _ => fault,
        };
        Self::fault(name, fault, act, words)
    }

    pub(super) fn stalled(name: &Arc<str>, act: &str, limit: Duration) -> Self {
        Self::fault(name, Fault::Stalled, act, format!("nothing came for {} s", limit.as_secs_f64()))
    }

    /// Stable: `source_unreachable`, `source_login`, `source_tls`, `source_database`,
    /// `source_schema`, `source_privilege`, `source_row_filter`, `source_lost`,
    /// `source_stalled`, `source_timeout`, `organization_id`, …
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fault { fault, .. } => fault.row().0,
            Self::OrganizationId { .. } => "organization_id",
            Self::RepeatedId { .. } => "duplicate_id",
            Self::ColumnType { .. } => "source_column_type",
            Self::Columns { .. } => "source_columns",
            Self::Value(_) => "source_value",
            Self::TooLong { .. } => "source_value_length",
            Self::WriterGone { .. } => "writer_gone",
        }
    }

    /// Whether the same export, started anew at once, may work.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Fault { fault, .. } if fault.row().1)
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Fault { hint, .. } => hint,
            Self::OrganizationId { .. } => "`orgvault orgs` lists the ids",
            Self::RepeatedId { .. } => "let the definition's `list` give each id once",
            Self::ColumnType { .. } => "cast the column to text in the definition's rows query",
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
    pub(super) fn kind(&self) -> Option<Fault> {
        match self {
            Self::Fault { fault, .. } => Some(*fault),
            _ => None,
        }
    }
}

/// The fault, and the words of whoever noticed it.
fn judge(error: &sqlx::Error) -> (Fault, String) {
    match error {
        sqlx::Error::Database(database) => judge_database(database.as_ref()),
        sqlx::Error::Io(io) => (Fault::Lost, io.to_string()),
        sqlx::Error::Tls(tls) => (Fault::Tls, tls.to_string()),
        sqlx::Error::WorkerCrashed => (Fault::Lost, error.to_string()),
        // Its text may quote the URL.
        sqlx::Error::Configuration(_) => (Fault::Url, "it is not understood".to_owned()),
        _ => (Fault::Protocol, error.to_string()),
    }
}

fn judge_database(error: &dyn sqlx::error::DatabaseError) -> (Fault, String) {
    let code = error.code().unwrap_or_default();
    let Some(postgres) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() else {
        return (Fault::Query, format!("{} ({code})", error.message()));
    };
    // row_security = off turns a filtered read into this error; it has no SQLSTATE of its own.
    let filtered = &*code == "42501" && postgres.routine() == Some("check_enable_rls")
        || postgres.message().contains("row-level security policy");
    let fault = if filtered { Fault::RowFilter } else { Fault::of_sqlstate(&code) };
    let words = match postgres.detail() {
        Some(detail) => format!("{} ({code}; {detail})", postgres.message()),
        None => format!("{} ({code})", postgres.message()),
    };
    (fault, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_own_row_with_a_code() {
        let codes: std::collections::HashSet<&str> = FAULTS.iter().map(|(_, code, ..)| *code).collect();
        assert_eq!(codes.len(), FAULTS.len());
        assert!(FAULTS.iter().all(|(fault, code, ..)| fault.row().0 == *code));
    }

    #[test]
    fn sqlstates_become_faults() {
        for (code, fault) in [
            ("28P01", Fault::Login),
            ("40001", Fault::Conflict),
            ("42P01", Fault::Schema),
            ("08006", Fault::Lost),
            ("22P02", Fault::Query),
        ] {
            assert_eq!(Fault::of_sqlstate(code), fault, "{code}");
        }
    }
}
