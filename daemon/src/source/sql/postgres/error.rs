//! What PostgreSQL's errors mean for whoever reads.

use std::sync::Arc;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::source::error::{SourceError, SourceFault};

impl SourceError {
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
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => SourceFault::Tls,
            _ if fault == SourceFault::Lost => SourceFault::Unreachable,
            _ => fault,
        };
        Self::fault(name, fault, act, words)
    }
}

/// What an SQLSTATE means for whoever reads, once connected. Where the session goes on after it, a connection that
/// failed (class 08) is none of ours: it is one to the server of a foreign table.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn of_sqlstate(code: &str, goes_on: bool) -> SourceFault {
    match code {
        _ if code.starts_with("HV") || goes_on && code.starts_with("08") => SourceFault::Foreign,
        "28000" | "28P01" => SourceFault::Login,
        "3D000" => SourceFault::Database,
        "53300" => SourceFault::Busy,
        "42501" => SourceFault::Privilege,
        "42P01" | "42703" | "3F000" | "42883" | "42704" => SourceFault::Schema,
        "40001" => SourceFault::Conflict,
        "55P03" => SourceFault::Locked,
        "57014" => SourceFault::Timeout,
        "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => SourceFault::Lost,
        "57P03" => SourceFault::Unreachable,
        _ if code.starts_with("08") => SourceFault::Lost,
        _ => SourceFault::Query,
    }
}

/// The fault, and the words of whoever noticed it.
fn judge(error: &sqlx::Error) -> (SourceFault, String) {
    match error {
        sqlx::Error::Database(database) => judge_database(database.as_ref()),
        sqlx::Error::Io(io) => (SourceFault::Lost, io.to_string()),
        sqlx::Error::Tls(tls) => (SourceFault::Tls, tls.to_string()),
        sqlx::Error::WorkerCrashed => (SourceFault::Lost, error.to_string()),
        // Its text may quote the URL.
        sqlx::Error::Configuration(_) => (SourceFault::Url, "it is not understood".to_owned()),
        _ => (SourceFault::Protocol, error.to_string()),
    }
}

fn judge_database(error: &dyn sqlx::error::DatabaseError) -> (SourceFault, String) {
    let code = error.code().unwrap_or_default();
    let Some(postgres) = error.try_downcast_ref::<PgDatabaseError>() else {
        return (SourceFault::Query, format!("{} ({code})", error.message()));
    };
    // row_security = off turns a filtered read into this error; it has no SQLSTATE of its own.
    let filtered = &*code == "42501" && postgres.routine() == Some("check_enable_rls")
        || postgres.message().contains("row-level security policy");
    let fault =
        if filtered { SourceFault::RowFilter } else { of_sqlstate(&code, postgres.severity() == PgSeverity::Error) };
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
    fn sqlstates_become_faults() {
        for (code, goes_on, fault) in [
            ("28P01", false, SourceFault::Login),
            ("40001", true, SourceFault::Conflict),
            ("42P01", true, SourceFault::Schema),
            ("08006", false, SourceFault::Lost),
            ("08006", true, SourceFault::Foreign),
            ("HV00N", true, SourceFault::Foreign),
            ("22P02", true, SourceFault::Query),
        ] {
            assert_eq!(of_sqlstate(code, goes_on), fault, "{code}");
        }
    }
}
