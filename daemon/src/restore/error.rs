//! Why nothing was restored. Every one of these leaves the target as it was.

use std::{io, sync::Arc};

use orgvault_api::RestorePlan;
use orgvault_archive::full::schema::QualifiedName;
use sqlx::postgres::PgDatabaseError;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The server refused, was not there, or did not answer.
    #[error("target {target}: cannot {act}: {words}")]
    Target {
        /// The target.
        target: Arc<str>,
        /// What kind of fault.
        fault: TargetFault,
        /// What was tried: `load public.users`.
        act: String,
        /// The server's own words.
        words: String,
    },
    /// The target's types do not take a value of the archive.
    #[error("target {target}: cannot {act}: {words} ({place})")]
    Refused {
        /// The target.
        target: Arc<str>,
        /// What was tried.
        act: String,
        /// The server's own words.
        words: String,
        /// Where, in the server's words.
        place: String,
        /// Whether it is a check, and not the type itself.
        is_check: bool,
    },
    /// The archive is of another kind of database.
    #[error("target {target} is {found}, and the archive is of {archive}: each has values that the other does not")]
    Kind {
        /// The target.
        target: Arc<str>,
        /// Of what the archive is.
        archive: &'static str,
        /// What the target is.
        found: &'static str,
    },
    /// The server is older than 12.
    #[error("target {target}: the server is PostgreSQL {version}, and a restore needs 12 or later")]
    Version {
        /// The target.
        target: Arc<str>,
        /// What it calls itself.
        version: String,
    },
    /// Somebody restores the same organization.
    #[error("target {target}: another restore of organization {organization} is under way")]
    Running {
        /// The target.
        target: Arc<str>,
        /// The organization.
        organization: String,
    },
    /// A table of the archive cannot be read.
    #[error("cannot read {table} of the archive: {source}")]
    Archive {
        /// The table.
        table: QualifiedName,
        /// Why.
        source: io::Error,
    },
    /// A table of the archive does not begin with the names of its columns.
    #[error("{table} of the archive begins with the columns {found} and its schema says {expected}")]
    Header {
        /// The table.
        table: QualifiedName,
        /// What it begins with.
        found: String,
        /// What the archive's schema says.
        expected: String,
    },
    /// A table of the archive has other rows than the archive says.
    #[error("{table} of the archive has {found} rows and the archive says {expected}")]
    Rows {
        /// The table.
        table: QualifiedName,
        /// Rows that were read.
        found: u64,
        /// Rows that the archive says.
        expected: u64,
    },
    /// The thread that reads the archive ended.
    #[error("the thread that reads {table} of the archive ended early")]
    Thread {
        /// The table.
        table: QualifiedName,
    },
    /// What would happen is not what somebody agreed to.
    #[error("target {target}: what would be done is not plan {asked} any more: it is plan {} now", plan.id)]
    PlanChanged {
        /// The target.
        target: Arc<str>,
        /// The plan that was asked for.
        asked: String,
        /// What would happen now.
        plan: Box<RestorePlan>,
    },
    /// The plan says that it cannot be done.
    #[error("target {target}: nothing is restored: {}", reasons(plan))]
    Blocked {
        /// The target.
        target: Arc<str>,
        /// The plan.
        plan: Box<RestorePlan>,
    },
    /// What was written is not what the archive holds; it was rolled back.
    #[error("target {target}: {table}{}: {words}; everything was rolled back", place(key, column))]
    Proof {
        /// The target.
        target: Arc<str>,
        /// What kind of fault.
        fault: ProofFault,
        /// The table.
        table: String,
        /// The key of the first row; may be empty.
        key: String,
        /// Its column; may be empty.
        column: String,
        /// What is wrong.
        words: String,
    },
}

/// What kind of fault of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetFault {
    /// No server answers.
    Unreachable,
    /// The login is refused.
    Login,
    /// The connection is gone.
    Lost,
    /// The role may not.
    Privilege,
    /// Row security filters what the role sees.
    RowSecurity,
    /// Somebody else holds a lock for too long.
    Locked,
    /// Somebody else changed the same rows meanwhile.
    Conflict,
    /// A value that must be unique is there.
    Unique,
    /// A row that is named is not there, or one that would go is named.
    Reference,
    /// A value that the target's schema refuses.
    Value,
    /// The schema is not what the statement needs.
    Schema,
    /// No space is left.
    Full,
    /// A limit of the server ended it.
    Timeout,
    /// A trigger or function of the app refused it.
    Raised,
    /// Anything else.
    Query,
}

/// What kind of fault a proof found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofFault {
    /// A trigger of the app changed a row.
    ChangedByTrigger,
    /// The target computes another value.
    GeneratedDiffers,
    /// Rows are there that were not loaded, or some are missing.
    RowsDiffer,
    /// Rows of others were changed, deleted or inserted.
    OtherRows,
    /// A row names one that is not there.
    Dangling,
}

impl ProofFault {
    /// Code and hint.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::ChangedByTrigger => (
                "changed_by_trigger",
                "the plan lists the triggers: switch the one off for as long as the restore takes \
                 (ALTER TABLE .. DISABLE TRIGGER ..)",
            ),
            Self::GeneratedDiffers => (
                "generated_differs",
                "the target computes the column in another way than the database that the archive is of: restore into \
                 the same release of the app",
            ),
            Self::RowsDiffer => (
                "rows_differ",
                "the row is not the organization's by the product's definition, or the target is of another release of \
                 the app",
            ),
            Self::OtherRows => (
                "other_rows_changed",
                "a trigger, a rule or a foreign key of the app writes rows beside those of the restore: the plan lists \
                 the triggers",
            ),
            Self::Dangling => ("reference_dangling", "the row that is named is not in the archive nor in the target"),
        }
    }
}

impl TargetFault {
    /// Code, whether the same restore may work when it is started anew, and hint.
    fn row(self) -> (&'static str, bool, &'static str) {
        match self {
            Self::Unreachable => (
                "target_unreachable",
                true,
                "look whether the server runs, or the file is a database, and at the target's url",
            ),
            Self::Login => ("target_login", false, "look at the target's url and at the server's pg_hba.conf"),
            Self::Lost => ("target_lost", true, "look into the server's log; then make a plan again"),
            Self::Privilege => {
                ("target_privilege", false, "restore as the role that owns the app's tables, or grant what is missing")
            }
            Self::RowSecurity => {
                ("row_security", false, "restore as a role with BYPASSRLS, or as the owner where it is not forced")
            }
            Self::Locked => ("target_locked", true, "somebody holds a lock: wait until they are done, and try again"),
            Self::Conflict => ("target_conflict", true, "the app changed the same rows meanwhile: make a plan again"),
            Self::Unique => ("unique_held", true, "make a plan again: it names the rows that have the value"),
            Self::Reference => ("reference_missing", true, "make a plan again: it names what is missing"),
            Self::Value => ("value_refused", false, "restore into the release of the app that the archive is of"),
            Self::Schema => ("target_schema", false, "restore into the release of the app that the archive is of"),
            Self::Full => ("target_full", true, "make room on the target's disk"),
            Self::Timeout => ("target_timeout", true, "raise the limits of the target's role"),
            Self::Raised => ("refused_by_trigger", false, "a trigger or a function of the app refuses the row"),
            Self::Query => ("target_query", false, ""),
        }
    }

    /// What an SQLSTATE means.
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    pub(super) fn of_sqlstate(code: &str) -> Self {
        match code {
            "28000" | "28P01" => Self::Login,
            "42501" => Self::Privilege,
            "55P03" => Self::Locked,
            "40001" | "40P01" => Self::Conflict,
            "23505" | "23P01" => Self::Unique,
            "23503" | "23001" => Self::Reference,
            "23502" | "23514" => Self::Value,
            "53100" | "53200" => Self::Full,
            "57014" | "25P03" | "25P04" => Self::Timeout,
            "57P01" | "57P02" | "57P04" | "57P05" => Self::Lost,
            "3D000" | "57P03" | "53300" => Self::Unreachable,
            "P0001" => Self::Raised,
            _ if code.starts_with("22") => Self::Value,
            _ if code.starts_with("08") => Self::Lost,
            _ if code.starts_with("42") || code.starts_with("3F") => Self::Schema,
            _ => Self::Query,
        }
    }
}

impl RestoreError {
    /// What was written is not what it has to be: in which table, and which row and column, where that is known.
    pub(super) fn proof(
        target: &Arc<str>,
        fault: ProofFault,
        table: String,
        (key, column): (String, String),
        words: String,
    ) -> Self {
        Self::Proof { target: Arc::clone(target), fault, table, key, column, words }
    }

    /// An error of sqlx while it did `act`.
    pub(super) fn from_sqlx(target: &Arc<str>, act: impl Into<String>, error: &sqlx::Error) -> Self {
        let (fault, words) = match error {
            sqlx::Error::Database(database) => judge(database.as_ref()),
            sqlx::Error::Io(io) => (TargetFault::Lost, io.to_string()),
            // Its text may quote the URL.
            sqlx::Error::Configuration(_) => (TargetFault::Login, "the url is not understood".to_owned()),
            _ => (TargetFault::Query, error.to_string()),
        };
        Self::Target { target: Arc::clone(target), fault, act: act.into(), words }
    }

    /// An error of sqlx while rows went into a staging table.
    pub(super) fn from_copy(target: &Arc<str>, act: &str, error: &sqlx::Error) -> Self {
        let postgres = error.as_database_error().and_then(|it| it.try_downcast_ref::<PgDatabaseError>());
        match postgres {
            Some(refusal) if TargetFault::of_sqlstate(refusal.code()) == TargetFault::Value => Self::Refused {
                target: Arc::clone(target),
                act: act.to_owned(),
                words: format!("{} ({})", refusal.message(), refusal.code()),
                place: refusal.r#where().unwrap_or_default().to_owned(),
                is_check: refusal.code().starts_with("23"),
            },
            _ => Self::from_sqlx(target, act, error),
        }
    }

    /// Stable: `target_unreachable`, `plan_changed`, `plan_blocked`, `changed_by_trigger`, …
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Target { fault, .. } => fault.row().0,
            Self::Refused { .. } => "value_refused",
            Self::Kind { .. } => "target_kind",
            Self::Version { .. } => "target_version",
            Self::Running { .. } => "restore_running",
            Self::Archive { .. } | Self::Thread { .. } => "archive_unreadable",
            Self::Header { .. } => "archive_columns",
            Self::Rows { .. } => "archive_rows",
            Self::PlanChanged { .. } => "plan_changed",
            Self::Blocked { .. } => "plan_blocked",
            Self::Proof { fault, .. } => fault.row().0,
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Target { fault, .. } => fault.row().2,
            Self::Refused { .. } => "restore into the release of the app that the archive is of",
            Self::Kind { .. } => "restore into the kind of database that the archive is of",
            Self::Version { .. } => "restore into a newer server",
            Self::Running { .. } => "wait until it is done, and make a plan again",
            Self::Archive { .. } | Self::Header { .. } | Self::Rows { .. } => {
                "`orgvault verify` tells what is wrong with the archive: take another one"
            }
            Self::Thread { .. } => "try again; the daemon's log has the cause",
            Self::PlanChanged { .. } => "read the new plan, and apply it by its own id",
            Self::Blocked { .. } => "do what the plan says of each finding that blocks it, and make a plan again",
            Self::Proof { fault, .. } => fault.row().1,
        }
    }

    /// Whether the same restore, started anew at once, may work.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Target { fault, .. } => fault.row().1,
            Self::Running { .. } => true,
            _ => false,
        }
    }

    /// The plan that was not done, where there is one.
    #[must_use]
    pub fn plan(&self) -> Option<&RestorePlan> {
        match self {
            Self::PlanChanged { plan, .. } | Self::Blocked { plan, .. } => Some(plan),
            _ => None,
        }
    }
}

fn judge(error: &dyn sqlx::error::DatabaseError) -> (TargetFault, String) {
    let code = error.code().unwrap_or_default();
    let fault = TargetFault::of_sqlstate(&code);
    let Some(postgres) = error.try_downcast_ref::<PgDatabaseError>() else {
        return (TargetFault::of_sqlite(code.parse().unwrap_or(1)), format!("{} ({code})", error.message()));
    };
    // It has no SQLSTATE of its own.
    let filtered = fault == TargetFault::Privilege
        && (postgres.routine() == Some("check_enable_rls") || postgres.message().contains("row-level security"));
    let fault = if filtered { TargetFault::RowSecurity } else { fault };
    let words = match postgres.detail() {
        Some(detail) => format!("{} ({code}; {detail})", postgres.message()),
        None => format!("{} ({code})", postgres.message()),
    };
    (fault, words)
}

/// The sentences of what blocks a plan.
fn reasons(plan: &RestorePlan) -> String {
    let blocking = plan.findings.iter().filter(|finding| finding.blocks);
    let reasons: Vec<String> = blocking
        .map(|finding| {
            let place = if finding.table.is_empty() { String::new() } else { format!("{}: ", finding.table) };
            format!("{place}{} ({})", finding.message, finding.code)
        })
        .collect();
    reasons.join("; ")
}

fn place(key: &str, column: &str) -> String {
    let key = if key.is_empty() { String::new() } else { format!(", key {key}") };
    if column.is_empty() { key } else { format!("{key}, column {column}") }
}
