//! A program that is run: without a shell unless one is asked for, with an environment of our own,
//! within a time, and with as much of its output as fits a log line.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    signal::unix::{SignalKind, signal},
};

/// The output that is kept; the rest is read and dropped, so that the program does not wait for us.
const KEPT: usize = 4 * 1024;

/// Where programs are looked for where the daemon's own environment does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a killed program may take to be gone.
const DYING: Duration = Duration::from_secs(1);

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// It could not be started.
    #[error("cannot start {program}: {cause}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// It could not be waited for.
    #[error("cannot wait for {program}: {cause}")]
    Wait {
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// It was too slow.
    #[error("{program} was killed after {} s; its output began: {output}", limit.as_secs_f32())]
    Limit {
        /// The program.
        program: String,
        /// How long it had.
        limit: Duration,
        /// What it printed.
        output: String,
    },
    /// It says that it failed.
    #[error("{program} ended with {status}; its output began: {output}")]
    Status {
        /// The program.
        program: String,
        /// Its exit code, or the signal.
        status: ExitStatus,
        /// What it printed.
        output: String,
    },
}

/// Runs a program to its end; gives the beginning of what it printed.
pub(super) async fn run(
    argv: &[String],
    shell: bool,
    variables: impl Iterator<Item = (&'static str, String)>,
    limit: Duration,
) -> Result<String, CommandError> {
    let (program, arguments) = argv.split_first().map_or(("", argv), |(program, rest)| (program.as_str(), rest));
    let mut command = Command::new(if shell { "/bin/sh" } else { program });
    if shell {
        command.args(["-c", program]);
    }
    command.args(arguments).env_clear().envs(variables);
    let program = program.to_owned();
    let (mut running, mut output) =
        start(command).map_err(|cause| CommandError::Start { program: program.clone(), cause })?;
    let mut kept = Vec::new();
    let ended = tokio::time::timeout(limit, running.finish(&mut output, &mut kept)).await;
    let text = |kept: &[u8]| orgvault_shared::text::printable(String::from_utf8_lossy(kept).trim()).into_owned();
    match ended {
        Ok(Ok(status)) if status.success() => Ok(text(&kept)),
        Ok(Ok(status)) => Err(CommandError::Status { program, status, output: text(&kept) }),
        Ok(Err(cause)) => Err(CommandError::Wait { program, cause }),
        Err(_elapsed) => {
            running.kill().await;
            Err(CommandError::Limit { program, limit, output: text(&kept) })
        }
    }
}

fn start(mut command: Command) -> io::Result<(Running, pipe::Receiver)> {
    // Listened to before there is anything to hear of.
    let ended = signal(SignalKind::child())?;
    let (reader, writer) = io::pipe()?;
    let path = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
    command.env("PATH", path).env("LANG", "C.UTF-8").current_dir("/");
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    // A group of its own, so that what it starts is killed with it.
    let child = command.process_group(0).spawn()?;
    // It holds our ends of the pipe, without which the output would have no end.
    drop(command);
    let running = Running { child, ended };
    Ok((running, pipe::Receiver::from_owned_fd(reader.into())?))
}

/// A program that runs; dropped, it is killed with all that it started.
struct Running {
    child: Child,
    /// Some child of the daemon has ended.
    ended: tokio::signal::unix::Signal,
}

impl Running {
    /// Reads what it prints until it has ended; what it left running may print on.
    async fn finish(&mut self, output: &mut pipe::Receiver, kept: &mut Vec<u8>) -> io::Result<ExitStatus> {
        let mut buffer = vec![0; 64 * 1024];
        let mut open = true;
        loop {
            tokio::select! {
                read = output.read(&mut buffer), if open => {
                    let count = read?;
                    open = count > 0;
                    keep(kept, &buffer[..count]);
                }
                status = ended(&mut self.child, &mut self.ended) => {
                    let status = status?;
                    while kept.len() < KEPT && let Ok(count @ 1..) = output.try_read(&mut buffer) {
                        keep(kept, &buffer[..count]);
                    }
                    return Ok(status);
                }
            }
        }
    }

    async fn kill(&mut self) {
        self.kill_group();
        let gone = tokio::time::timeout(DYING, ended(&mut self.child, &mut self.ended)).await;
        if gone.is_err() {
            tracing::warn!(pid = self.child.id(), "a hook's program does not die");
        }
    }

    fn kill_group(&self) {
        if let Err(error) = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL) {
            tracing::debug!(pid = self.child.id(), "cannot kill a hook's program: {error}");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // While it is not waited for, its id is its own.
        if let Ok(None) = self.child.try_wait() {
            self.kill_group();
            if let Err(error) = self.child.try_wait() {
                tracing::debug!(pid = self.child.id(), "cannot wait for a hook's program: {error}");
            }
        }
    }
}

async fn ended(child: &mut Child, some: &mut tokio::signal::unix::Signal) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        some.recv().await;
    }
}

fn keep(kept: &mut Vec<u8>, output: &[u8]) {
    let room = KEPT.saturating_sub(kept.len()).min(output.len());
    kept.extend_from_slice(&output[..room]);
}
