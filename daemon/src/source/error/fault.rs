//! The faults that a source may have: each with its code, whether it passes, and what to do.

/// What kind of fault a source had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFault {
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
    /// The definition has no words for a database of this kind.
    Dialect,
    /// A table or column is missing.
    Schema,
    /// The live schema has more than the definition knows, and `strict_schema` is set.
    SchemaNewer,
    /// There are tables that the definition says nothing of, and `strict_schema` is set.
    TablesUnknown,
    /// Rows of a table are rows of another one too, and a `full` archive would hold them twice, or lack columns.
    TableInherits,
    /// The role may not read something.
    Privilege,
    /// Row-level security would hide rows.
    RowFilter,
    /// The connection ended in the middle.
    Lost,
    /// Another server, of which the database has foreign tables, did not answer or refused.
    Foreign,
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
    /// Another refusal of an export API.
    ApiRefused,
    /// An export API does not know the token.
    Unauthorized,
    /// An export API knows the token, and it may not do this.
    Forbidden,
    /// An export API asks to wait longer than we do.
    RateLimited,
    /// The app makes something else for this organization, and was not ready in time.
    JobBusy,
    /// The app was asked for a job, and its answer was lost.
    UnknownJob,
    /// The app tells a state that the definition does not know.
    UnknownState,
    /// The app says that its job failed.
    JobFailed,
    /// The app was not ready within `at_most`.
    JobTooSlow,
    /// The file is of another organization, or of none.
    WrongOrganization,
    /// The file ends before its end.
    Truncated,
    /// The link of the file was refused, also a fresh one.
    LinkExpired,
    /// The app handed out an older job or file.
    StaleExport,
    /// What came is no file of this format.
    NotAnExport,
    /// The file contradicts itself.
    ExportDamaged,
    /// A redirect or a link leads where no file may come from.
    Redirected,
}

/// The fault, code, whether the same export may work at once, hint.
const FAULTS: [(SourceFault, &str, bool, &str); 44] = [
    (SourceFault::Url, "source_url", false, "correct `url` of this source in the configuration"),
    (
        SourceFault::Tls,
        "source_tls",
        false,
        "add `sslmode=verify-full` (and `sslrootcert=FILE` for an own authority) to the source's url and enable TLS on \
         the server, or set `tls = \"as-url\"` for a network that you trust",
    ),
    (
        SourceFault::Unreachable,
        "source_unreachable",
        false,
        "check that the database runs (SQLite: that the file is there and may be read), and that the url is right",
    ),
    (SourceFault::Busy, "source_busy", true, "raise max_connections of the server or the connection limit of the role"),
    (
        SourceFault::Login,
        "source_login",
        false,
        "check user and password (url, url_file or .pgpass) and the server's pg_hba.conf",
    ),
    (SourceFault::Database, "source_database", false, "correct the database's name in the url"),
    (SourceFault::Version, "source_version", false, "PostgreSQL 12 or later is needed"),
    (
        SourceFault::Pooler,
        "source_pooler",
        false,
        "connect to PostgreSQL itself, or set pool_mode=session for this database",
    ),
    (
        SourceFault::Dialect,
        "source_dialect",
        false,
        "write the query for this database too, or correct `url` or `product` of the source",
    ),
    (
        SourceFault::Schema,
        "source_schema",
        false,
        "`orgvault check SOURCE` lists what is missing: update the app to the version of the definition, or the \
         definition to that of the app (`orgvaultd define --update`); is `product` the right one, and does the role's \
         search_path show the app's schema?",
    ),
    (
        SourceFault::SchemaNewer,
        "schema_newer",
        false,
        "update orgvault or the definition (`orgvaultd define --update`); with `strict_schema = false` what the \
         definition knows is exported all the same",
    ),
    (
        SourceFault::TablesUnknown,
        "tables_unknown",
        false,
        "say in the definition what each is: the table of a [[section]], or a [table.NAME] with `shared = true` or \
         `excluded = \"reason\"`; `orgvaultd define --update` drafts it",
    ),
    (
        SourceFault::TableInherits,
        "table_inherits",
        false,
        "keep a pg_dump of such tables; the other formats export what their queries read",
    ),
    (
        SourceFault::Privilege,
        "source_privilege",
        false,
        "run the statements of `orgvault check SOURCE --grants` as the owner of the tables",
    ),
    (
        SourceFault::RowFilter,
        "source_row_filter",
        false,
        "give the role BYPASSRLS: with row-level security an archive would silently lack rows",
    ),
    (SourceFault::Lost, "source_lost", false, "the server ended the connection: look into its log, then export again"),
    (
        SourceFault::Foreign,
        "source_foreign",
        false,
        "look after the server that the foreign table is of, and the role's user mapping for it, then export again",
    ),
    (
        SourceFault::Stalled,
        "source_stalled",
        false,
        "look for locks or a full disk on the server, or raise `stall_timeout` (`first_row_timeout`, where no row came at all)",
    ),
    (
        SourceFault::Timeout,
        "source_timeout",
        false,
        "raise `statement_timeout` of this source, or ask who cancelled the query",
    ),
    (
        SourceFault::Locked,
        "source_locked",
        true,
        "another session holds a lock (a migration?): export again when it is over",
    ),
    (
        SourceFault::Conflict,
        "source_conflict",
        true,
        "set hot_standby_feedback or a larger max_standby_streaming_delay on the standby",
    ),
    (SourceFault::Changed, "source_changed", true, "export again when the migration is over"),
    (
        SourceFault::Settings,
        "source_settings",
        false,
        "find the function that calls set_config or SET in the definition's queries: what it sets has to end with it \
         (CREATE FUNCTION .. SET name = value)",
    ),
    (
        SourceFault::Wal,
        "source_wal",
        false,
        "let orgvaultd write the database's directory or start the app, so that the -shm file is there; never \
         copy the database file alone",
    ),
    (
        SourceFault::Temporary,
        "source_temporary",
        false,
        "free space in the directory of temporary files (TMPDIR of orgvaultd, else /var/tmp), and let it write there",
    ),
    (
        SourceFault::Damaged,
        "source_damaged",
        false,
        "the database file is damaged: `PRAGMA integrity_check` says where; restore it, and keep the archives that you have",
    ),
    (SourceFault::Query, "source_query", false, ""),
    (
        SourceFault::Protocol,
        "source_protocol",
        false,
        "is it a PostgreSQL server? a proxy in between may alter its answers",
    ),
    (
        SourceFault::ApiRefused,
        "api_error",
        false,
        "the sentence is the server's own; `orgvault check SOURCE` looks at the token and what it may see",
    ),
    (
        SourceFault::Unauthorized,
        "unauthorized",
        false,
        "make a new token over there, and write it into the source's token_file",
    ),
    (
        SourceFault::Forbidden,
        "forbidden",
        false,
        "the token's user needs the right to export this organization: docs/apis has a page for each product",
    ),
    (
        SourceFault::RateLimited,
        "rate_limited",
        false,
        "wait until the time that the server says; does somebody else use this token?",
    ),
    (
        SourceFault::JobBusy,
        "busy",
        false,
        "somebody else has asked for an export of it: export again when that is over",
    ),
    (
        SourceFault::UnknownJob,
        "unknown_job",
        false,
        "it may be making one: it is not asked again before that has to be over; `orgvault jobs` shows it, and `orgvault jobs forget ID` lets the next export ask at once",
    ),
    (
        SourceFault::UnknownState,
        "unknown_state",
        false,
        "nothing is lost: correct the definition's states, or update orgvault, and the next export goes on with this job",
    ),
    (
        SourceFault::JobFailed,
        "job_failed",
        false,
        "the sentence is the app's own; export again, which asks for a new job",
    ),
    (
        SourceFault::JobTooSlow,
        "job_too_slow",
        false,
        "nothing is lost: the next export goes on with this job; raise `at_most` of the source if its jobs take longer",
    ),
    (
        SourceFault::WrongOrganization,
        "wrong_organization",
        false,
        "look at `organizations` of the source, and at what its token may see; the file was not kept",
    ),
    (
        SourceFault::Truncated,
        "truncated",
        false,
        "the connection or a proxy cut it off, each time: export again, and look at what is between this machine and the app",
    ),
    (
        SourceFault::LinkExpired,
        "link_expired",
        false,
        "export again: each try takes a fresh link; does a proxy or a clock stand between?",
    ),
    (
        SourceFault::StaleExport,
        "stale_export",
        false,
        "the app keeps its last result for some time: export again later",
    ),
    (
        SourceFault::NotAnExport,
        "not_an_export",
        false,
        "open the app's export by hand: it may want a login, or be behind a proxy; the file was not kept",
    ),
    (
        SourceFault::ExportDamaged,
        "export_damaged",
        false,
        "export again; if it stays so, the app writes it so: its maker ought to know",
    ),
    (
        SourceFault::Redirected,
        "redirect_refused",
        false,
        "if that host is the app's own, add it to `download_hosts` of the source",
    ),
];

impl SourceFault {
    pub(super) fn row(self) -> (&'static str, bool, &'static str) {
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
}
