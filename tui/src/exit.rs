//! Exit codes, and what ends a command without its result.

use std::{error::Error, fmt::Display, io::ErrorKind, process::ExitCode};

use orgvault_api::{Problem, client::ClientError, text::chain};

const HOW_TO_START: &str = "start it with `systemctl start orgvaultd`, and look at it with `journalctl -u orgvaultd`\n\
    another socket is named with --socket PATH or ORGVAULT_SOCKET";

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done; warnings may have been printed.
    Ok = 0,
    /// Not done, or nobody knows whether it was.
    Failed = 1,
    /// The arguments are wrong or name more than one thing.
    Usage = 2,
    /// Some of what was asked for is missing, damaged, or would be refused by the app's importer.
    Incomplete = 3,
    /// No daemon answers on the socket.
    Unreachable = 4,
    /// The daemon or the socket's mode refuses this user.
    NotAllowed = 5,
    /// The console's terminal went away (SIGHUP).
    HungUp = 129,
    /// The exports were cancelled.
    Canceled = 130,
    /// The console was ended by SIGTERM.
    Terminated = 143,
}

/// The exit codes as `--help` and the documentation list them.
pub(crate) const TABLE: [(Exit, &str); 9] = [
    (Exit::Ok, "done (warnings too)"),
    (Exit::Failed, "failed, or the outcome is unknown"),
    (Exit::Usage, "wrong usage, or a name that is not unique"),
    (Exit::Incomplete, "incomplete (some of several failed), damaged, or not importable"),
    (Exit::Unreachable, "the daemon cannot be reached"),
    (Exit::NotAllowed, "not allowed"),
    (Exit::HungUp, "the console's terminal went away"),
    (Exit::Canceled, "cancelled"),
    (Exit::Terminated, "the console was ended by SIGTERM"),
];

impl Exit {
    /// The number that the process ends with.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended without its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// Stable: the daemon's own code, or `usage`, `unreachable`, `unknown_outcome`, …
    pub(crate) code: String,
    /// One sentence: the act, the place and the cause.
    pub(crate) message: String,
    /// What to do about it; may be empty.
    pub(crate) hint: String,
}

impl Failure {
    /// A failure with its own exit code and without a hint.
    pub(crate) fn new(exit: Exit, code: &str, message: impl Display) -> Self {
        Self { exit, code: code.to_owned(), message: message.to_string(), hint: String::new() }
    }

    /// The arguments cannot be meant so.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// `act` (a lower-case fragment with its place) failed because of `cause`.
    pub(crate) fn caused(code: &str, act: impl Display, cause: &(dyn Error + 'static)) -> Self {
        Self::new(Exit::Failed, code, format_args!("{act}: {}", chain(cause)))
    }

    /// The same with what to do about it.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Display) -> Self {
        Self { hint: hint.to_string(), ..self }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { exit: exit_of(&problem), code: problem.code, message: problem.detail, hint: problem.hint }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (code, hint) = (error.code().to_owned(), error.hint().to_owned());
        let exit = match error {
            ClientError::Problem(problem) => return problem.into(),
            ClientError::Unreachable { ref source, .. } if source.kind() == ErrorKind::PermissionDenied => {
                Exit::NotAllowed
            }
            ClientError::Unreachable { .. } => Exit::Unreachable,
            ClientError::Lost { .. } | ClientError::Protocol { .. } | ClientError::Write { .. } => Exit::Failed,
        };
        let hint = if exit == Exit::Unreachable { HOW_TO_START.to_owned() } else { hint };
        Self { exit, code, message: chain(&error), hint }
    }
}

/// What a refusal of the daemon means for the exit code: an unknown name is a failure, an
/// ambiguous one is usage.
fn exit_of(problem: &Problem) -> Exit {
    match problem.status {
        401 | 403 => Exit::NotAllowed,
        400 | 422 => Exit::Usage,
        _ if problem.code.starts_with("ambiguous_") => Exit::Usage,
        _ if ["not_importable", "archive_damaged"].contains(&problem.code.as_str()) => Exit::Incomplete,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, code: &str) -> Problem {
        Problem { status, title: String::new(), code: code.into(), detail: "why".into(), hint: String::new() }
    }

    #[test]
    fn the_table_lists_every_code_once() {
        let codes: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 129, 130, 143]);
    }

    #[test]
    fn a_refusal_has_its_exit_code() {
        for (status, code, exit) in [
            (403, "not_allowed", Exit::NotAllowed),
            (400, "bad_request", Exit::Usage),
            (409, "ambiguous_organization", Exit::Usage),
            (404, "unknown_organization", Exit::Failed),
            (409, "already_final", Exit::Failed),
            (409, "not_importable", Exit::Incomplete),
            (503, "stopping", Exit::Failed),
        ] {
            assert_eq!(Failure::from(problem(status, code)).exit, exit, "{status} {code}");
        }
    }
}
