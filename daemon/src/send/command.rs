//! A command of the admin's that is given the archive's path: no shell, an almost empty
//! environment, bounded in time, and of its output only the end is kept.

use std::time::Duration;

use futures_util::future::BoxFuture;
use orgvault_api::{Archive, Format, units::format_duration};
use orgvault_config::{FILE_PLACEHOLDER, Variables};

use super::{
    answer,
    checked_archive::CheckedArchive,
    outcome::Outcome,
    target::{Delivery, Options, Target, Upload},
};
use crate::program::{self, ProgramError};

/// The end of the output that is kept, in bytes.
const KEPT: usize = 16 * 1024;

/// A command on this machine.
pub(crate) struct Command {
    pub(crate) argv: Vec<String>,
    pub(crate) environment: Variables,
    /// Whose archives it takes; of all products where that is not said.
    pub(crate) product: Option<String>,
    pub(crate) timeout: Duration,
}

impl Command {
    async fn run(&self, checked: &CheckedArchive, create_users: bool) -> Outcome {
        let (program, arguments) =
            self.argv.split_first().map_or(("", &*self.argv), |(program, rest)| (program.as_str(), rest));
        let file = match checked.to_file().await {
            Ok(file) => file,
            Err(error) => return checked.unreadable(&error),
        };
        let path = file.argument();
        let mut command = program::command(program);
        command
            .args(arguments.iter().map(|argument| argument.replace(FILE_PLACEHOLDER, &path)))
            .args(create_users.then_some("--create-users"))
            .envs(self.environment.reveal());
        let mut tail = Tail::default();
        let outcome = match program::run(command, self.timeout, |output| tail.push(output)).await {
            Ok(status) if status.success() => Outcome::sent(),
            Ok(status) => Outcome::unknown("command_failed", format!("{program} ended with {status}")),
            Err(ProgramError::Start(error)) => {
                return Outcome::refused("command_not_started", format!("cannot start {program}: {error}"))
                    .hint("is it there, and may the daemon's user run it?");
            }
            Err(ProgramError::Wait(error)) => {
                Outcome::unknown("command_lost", format!("cannot wait for {program}: {error}"))
            }
            Err(ProgramError::Limit) => {
                let limit = format_duration(self.timeout);
                Outcome::unknown("command_timeout", format!("{program} did not end within {limit} and was killed"))
            }
        };
        outcome.report(tail.lines())
    }
}

impl Target for Command {
    fn address(&self) -> String {
        self.argv.first().cloned().unwrap_or_default()
    }

    fn product(&self) -> Option<&'static str> {
        None
    }

    fn takes(&self) -> Option<&str> {
        self.product.as_deref()
    }

    fn formats(&self) -> Option<&'static [Format]> {
        None
    }

    fn options(&self) -> Options {
        Options { replace: false, create_users: true }
    }

    fn ignores(&self) -> &'static [&'static str] {
        // These come from the apps' APIs.
        &["zip_too_large", "upload_too_large", "number_not_json"]
    }

    fn upload(&self, archive: &Archive) -> Upload {
        Upload { bytes: archive.bytes, limit: None }
    }

    fn loses(&self, _archive: &Archive) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, delivery: Delivery<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(checked, delivery.request.create_users))
    }
}

/// The end of an output, and how much there was before it.
#[derive(Debug, Default)]
struct Tail {
    kept: Vec<u8>,
    dropped: u64,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        let over = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..over);
        self.dropped += over as u64;
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = answer::last_lines(&self.kept);
        if self.dropped > 0 {
            lines.insert(0, format!("… ({} bytes of output before this are left out)", self.dropped));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_an_output_is_kept() {
        let mut tail = Tail::default();
        tail.push(&vec![b'x'; 100_000]);
        tail.push(b"\nthe end\n");
        assert_eq!(tail.kept.len(), KEPT);
        assert_eq!(tail.dropped, 100_009 - KEPT as u64);
        let lines = tail.lines();
        assert!(lines[0].starts_with("… (83625 bytes"), "{}", lines[0]);
        assert_eq!(lines.last().unwrap(), "the end");
    }
}
