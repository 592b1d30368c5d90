//! Why there is no scratch database. None of it says anything of an archive.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use orgvault_api::{ExportError, text::printable, units::format_duration};

/// What a program prints last is told up to so many characters.
const TOLD: usize = 400;
/// How systems say that there is no room.
const FULL: [&str; 4] =
    ["No space left on device", "File too large", "Disk quota exceeded", "database or disk is full"];
/// `disk_full` of PostgreSQL.
const DISK_FULL: &str = "53100";

/// Why there is no scratch database.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// There are no PostgreSQL programs.
    #[error("there is no PostgreSQL server on this machine: initdb and postgres are not in {}", list(looked))]
    NoPrograms {
        /// Where they were looked for.
        looked: Vec<PathBuf>,
    },
    /// The daemon is root, and PostgreSQL refuses that.
    #[error("PostgreSQL does not run as root, and there is neither a user {user:?} nor `nobody`")]
    Account {
        /// Who is configured.
        user: String,
    },
    /// A directory cannot be used.
    #[error("cannot {act} {}: {cause}", path.display())]
    Directory {
        /// What was tried.
        act: &'static str,
        /// With which.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The user who runs the server may not enter the directory.
    #[error("{user} may not enter {}", path.display())]
    Closed {
        /// Who.
        user: String,
        /// Which directory.
        path: PathBuf,
    },
    /// `initdb` or `postgres` ended, or could not be started.
    #[error("{program} does not start: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it printed last.
        said: String,
        /// Whether it has printed that there is no room.
        full: bool,
    },
    /// It took too long.
    #[error("{program} was not ready within {}", format_duration(*limit))]
    Slow {
        /// Which.
        program: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// The scratch database refused.
    #[error("cannot {act}: {cause}")]
    Database {
        /// What was tried.
        act: &'static str,
        /// What it says.
        #[source]
        cause: Box<sqlx::Error>,
    },
    /// The given server is one that a source is on.
    #[error("the scratch server is the one that source {source_name} is on")]
    IsSource {
        /// Which source.
        source_name: String,
    },
    /// Whether the given server is one that a source is on is not known.
    #[error("whether the scratch server is the one that source {source_name} is on cannot be told: {cause}")]
    Unknown {
        /// Which source.
        source_name: String,
        /// Why.
        cause: String,
    },
    /// A thread that worked on it died.
    #[error("a thread that worked on a scratch database died: {cause}")]
    Thread {
        /// How.
        #[source]
        cause: tokio::task::JoinError,
    },
    /// Something that was made is still there.
    #[error("something of a drill is left: {what}")]
    Left {
        /// What.
        what: String,
    },
}

impl ScratchError {
    pub(in crate::drill) fn directory(act: &'static str, path: &Path, cause: io::Error) -> Self {
        Self::Directory { act, path: path.to_owned(), cause }
    }

    pub(super) fn database(act: &'static str, cause: sqlx::Error) -> Self {
        Self::Database { act, cause: Box::new(cause) }
    }

    /// A program that ended; `output` is what it printed last.
    pub(super) fn program(program: &'static str, output: &str) -> Self {
        let lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
        let text = lines.collect::<Vec<_>>().join(" / ");
        let skip = text.chars().count().saturating_sub(TOLD);
        let said: String = printable(&text).chars().skip(skip).collect();
        // A server says more after it: that it ends, and whom it has refused meanwhile.
        let full = FULL.iter().any(|words| output.contains(words));
        Self::Program { program, said: if said.is_empty() { "it said nothing".to_owned() } else { said }, full }
    }

    /// Stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        if self.is_full() {
            return "scratch_full";
        }
        match self {
            Self::NoPrograms { .. } => "scratch_no_server",
            Self::Account { .. } | Self::Closed { .. } => "scratch_user",
            Self::Directory { .. } => "scratch_directory",
            Self::Program { .. } => "scratch_start",
            Self::Slow { .. } => "scratch_slow",
            Self::Database { .. } => "scratch_database",
            Self::IsSource { .. } => "scratch_is_source",
            Self::Unknown { .. } => "scratch_unknown",
            Self::Thread { .. } => "scratch_thread",
            Self::Left { .. } => "scratch_left",
        }
    }

    fn hint(&self) -> &'static str {
        if self.is_full() {
            return "make room, or set `directory` of [scratch] to a larger disk";
        }
        match self {
            Self::NoPrograms { .. } => {
                "install it (Debian: apt-get install postgresql), or set `bin_dir` or `url` of [scratch]"
            }
            Self::Account { .. } => "name an unprivileged user as `user` of [scratch]",
            Self::Closed { .. } => "set `directory` of [scratch] to one that this user may enter",
            Self::Directory { .. } => "set `directory` of [scratch] to one that the daemon may write to",
            Self::Slow { .. } => "a larger `start_timeout` of [scratch] gives it more time",
            Self::IsSource { .. } => "give another server as `url` of [scratch], or none: then one is started",
            Self::Unknown { .. } => "let the source answer, or take `url` of [scratch] away: then one is started",
            Self::Left { .. } => "the next start of orgvaultd tries again",
            Self::Program { .. } | Self::Database { .. } | Self::Thread { .. } => "",
        }
    }

    /// The words of the wire.
    #[must_use]
    pub fn to_wire(&self) -> ExportError {
        let (code, message, hint) = (self.code().to_owned(), self.to_string(), self.hint().to_owned());
        ExportError { code, message, hint }
    }

    fn is_full(&self) -> bool {
        match self {
            Self::Directory { cause, .. } => is_about_room(cause),
            Self::Program { full, .. } => *full,
            Self::Database { cause, .. } => is_full(cause),
            _ => false,
        }
    }
}

fn is_about_room(cause: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(cause.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Whether a scratch database says that its disk is full.
#[must_use]
pub(crate) fn is_full(cause: &sqlx::Error) -> bool {
    cause.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some(DISK_FULL) || FULL.iter().any(|words| error.message().contains(words))
    })
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
