//! Runs the real binary.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::stub::Stub;

/// What one run printed, and how it ended.
pub(crate) struct Ran {
    /// The exit code; none where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// Standard output of a run that ended with 0.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// All of it, for a snapshot.
    pub(crate) fn all(&self) -> String {
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        format!("exit code: {code}\n--- standard output\n{}--- standard error\n{}", self.out, self.err)
    }
}

/// The binary with `socket` and nothing else of this environment.
pub(crate) fn command(socket: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgvault"));
    command.env_clear().env("ORGVAULT_SOCKET", socket).args(args).stdin(Stdio::null());
    command
}

/// Runs a command against the stand-in.
pub(crate) fn run(stub: &Stub, args: &[&str]) -> Ran {
    command(&stub.socket(), args).output().unwrap().into()
}

/// Runs a command where no daemon is.
pub(crate) fn alone(args: &[&str]) -> Ran {
    command(Path::new("/nonexistent/orgvaultd.sock"), args).output().unwrap().into()
}
