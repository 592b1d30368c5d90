//! A command of the admin's that is given the archive's path: no shell, an almost empty
//! environment, bounded in time, and of its output only the end is kept.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, ExitStatus, Stdio},
    time::Duration,
};

use futures_util::future::BoxFuture;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use orgvault_shared::{
    api::{Format, SendRequest},
    config::FILE_PLACEHOLDER,
    units::format_duration,
};
use tokio::{io::AsyncReadExt, net::unix::pipe::Receiver, time::timeout};

use super::{
    answer,
    carrier::{Carrier, Options, Upload},
    outcome::Outcome,
    parcel::Parcel,
};

/// The end of the output that is kept, in bytes.
const KEPT: usize = 16 * 1024;
/// How long output may come after the command has ended: from what it left running.
const AFTERGLOW: Duration = Duration::from_secs(1);
/// All that the command finds in its environment.
const ENVIRONMENT: [(&str, &str); 2] =
    [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("LANG", "C.UTF-8")];

/// A command on this machine.
pub(super) struct Command {
    pub(super) argv: Vec<String>,
    pub(super) timeout: Duration,
}

impl Command {
    /// Starts it, with both of its outputs in one pipe.
    fn start(&self, parcel: &Parcel, create_users: bool) -> io::Result<(Running, Receiver)> {
        let path = parcel.path.to_string_lossy();
        let (program, arguments) = self.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (reader, writer) = io::pipe()?;
        let mut command = std::process::Command::new(program);
        command
            .args(arguments.iter().map(|argument| argument.replace(FILE_PLACEHOLDER, &path)))
            .args(create_users.then_some("--create-users"))
            .env_clear()
            .envs(ENVIRONMENT)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            // A time-out ends what it has started, too.
            .process_group(0);
        let child = command.spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        let receiver = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok((Running { child: Some(child), group, ended: false }, receiver))
    }

    async fn run(&self, parcel: &Parcel, create_users: bool) -> Outcome {
        let program = self.argv.first().map(String::as_str).unwrap_or_default();
        let (mut running, mut output) = match self.start(parcel, create_users) {
            Ok(started) => started,
            Err(error) => {
                return Outcome::refused("command_not_started", format!("cannot start {program}: {error}"))
                    .hint("is it there, and may the daemon's user run it?");
            }
        };
        let mut tail = Tail::default();
        let status = timeout(self.timeout, async {
            tokio::select! {
                status = running.wait() => status,
                () = async { tail.read(&mut output).await; std::future::pending().await } => Err(io::ErrorKind::InvalidInput.into()),
            }
        })
        .await;
        if let Ok(Ok(_)) = &status
            && timeout(AFTERGLOW, tail.read(&mut output)).await.is_err()
        {
            tracing::debug!(program, "something that a command has started still holds its output");
        }
        let report = tail.lines();
        let outcome = match status {
            Ok(Ok(status)) if status.success() => Outcome::sent(),
            Ok(Ok(status)) => Outcome::unknown("command_failed", format!("{program} ended with {status}")),
            Ok(Err(error)) => Outcome::unknown("command_lost", format!("cannot wait for {program}: {error}")),
            Err(_elapsed) => {
                let limit = format_duration(self.timeout);
                Outcome::unknown("command_timeout", format!("{program} did not end within {limit} and was killed"))
            }
        };
        outcome.report(report)
    }
}

impl Carrier for Command {
    fn address(&self) -> String {
        self.argv.join(" ")
    }

    fn product(&self) -> Option<&'static str> {
        None
    }

    fn formats(&self) -> Option<&'static [Format]> {
        None
    }

    fn options(&self) -> Options {
        Options { replace: false, create_users: true }
    }

    fn minds_not(&self) -> &'static [&'static str] {
        // These come from the apps' APIs.
        &["zip_too_large", "upload_too_large", "number_not_json"]
    }

    fn upload(&self, bytes: u64) -> Upload {
        Upload { bytes, limit: None }
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel, request: &'a SendRequest) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(parcel, request.create_users))
    }
}

/// A command that runs; dropped before its end, it is killed with all that it has started.
struct Running {
    child: Option<Child>,
    group: Pid,
    ended: bool,
}

impl Running {
    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let Some(mut child) = self.child.take() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let status = tokio::task::spawn_blocking(move || child.wait()).await.map_err(io::Error::other)?;
        self.ended = true;
        status
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended
            && let Err(error) = killpg(self.group, Signal::SIGKILL)
        {
            tracing::warn!(group = %self.group, "cannot kill a command: {error}");
        }
    }
}

/// The end of an output, and how much there was before it.
#[derive(Debug, Default)]
struct Tail {
    kept: Vec<u8>,
    dropped: u64,
}

impl Tail {
    /// Reads to the end. Dropping the future loses nothing.
    async fn read(&mut self, output: &mut Receiver) {
        let mut block = vec![0; KEPT];
        loop {
            match output.read(&mut block).await {
                Ok(0) => return,
                Ok(length) => self.push(block.get(..length).unwrap_or_default()),
                Err(error) => {
                    tracing::debug!("the output of a command broke off: {error}");
                    return;
                }
            }
        }
    }

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
