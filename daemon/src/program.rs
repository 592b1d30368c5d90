//! A program of the admin's that is run: in a process group of its own, within a time, with both
//! of its outputs in one pipe that never makes it wait.

mod orphans;

use std::{
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use self::orphans::Awaited;
pub use self::orphans::reap_orphans;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::{Child, Command},
    time::timeout,
};

/// Where programs are looked for where the daemon's own environment does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long output may come after the program has ended: what it printed last, and what comes
/// from others that it left running.
const AFTERGLOW: Duration = Duration::from_secs(1);
/// How long a killed program may take to be gone.
const DYING: Duration = Duration::from_secs(1);
/// Read at once, in bytes.
const BLOCK: usize = 64 * 1024;

/// Why a program has no exit status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    /// It could not be started.
    #[error("cannot start it: {0}")]
    Start(#[source] io::Error),
    /// It could not be waited for.
    #[error("cannot wait for it: {0}")]
    Wait(#[source] io::Error),
    /// It was too slow, and was killed with all that it had started.
    #[error("it did not end in time and was killed")]
    Limit,
}

/// A program with nothing in its environment but where programs are, and a language.
pub(crate) fn command(program: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
    let mut command = Command::new(program);
    command.env_clear().env("PATH", path).env("LANG", "C.UTF-8").current_dir("/");
    command
}

/// Runs a program to its end within `limit`; `heard` is given all that it prints, piece by piece.
/// Dropped before its end, the program is killed with all that it has started.
pub(crate) async fn run(
    command: Command,
    limit: Duration,
    mut heard: impl FnMut(&[u8]),
) -> Result<ExitStatus, ProgramError> {
    let (mut running, mut output) = start(command).map_err(ProgramError::Start)?;
    let ended = timeout(limit, async {
        tokio::select! {
            status = running.child.wait() => status,
            never = async { read(&mut output, &mut heard).await; std::future::pending().await } => never,
        }
    });
    match ended.await {
        Ok(status) => {
            let status = status.map_err(ProgramError::Wait)?;
            if timeout(AFTERGLOW, read(&mut output, &mut heard)).await.is_err() {
                tracing::debug!("something that a program has started still holds its output");
            }
            Ok(status)
        }
        Err(_elapsed) => {
            running.kill().await;
            Err(ProgramError::Limit)
        }
    }
}

fn start(mut command: Command) -> io::Result<(Running, pipe::Receiver)> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let (child, awaited) = Awaited::start(command.process_group(0))?;
    // It holds our ends of the pipe, without which the output would have no end.
    drop(command);
    Ok((Running { child, _awaited: awaited }, pipe::Receiver::from_owned_fd(reader.into())?))
}

/// Reads to the end. Dropping the future loses nothing.
async fn read(output: &mut pipe::Receiver, heard: &mut impl FnMut(&[u8])) {
    let mut block = vec![0; BLOCK];
    loop {
        match output.read(&mut block).await {
            Ok(0) => return,
            Ok(length) => heard(block.get(..length).unwrap_or_default()),
            Err(error) => {
                tracing::debug!("the output of a program broke off: {error}");
                return;
            }
        }
    }
}

/// A program that goes on until somebody ends it; its outputs are heard all the time.
pub(crate) struct Service {
    running: Running,
    output: pipe::Receiver,
}

impl Service {
    /// Starts it in a process group of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(command: Command) -> io::Result<Self> {
        let (running, output) = start(command)?;
        Ok(Self { running, output })
    }

    /// Hears what it prints until it has ended. Dropped before, the program is killed.
    pub(crate) async fn hear(mut self, mut heard: impl FnMut(&[u8])) {
        let status = tokio::select! {
            status = self.running.child.wait() => status,
            never = async { read(&mut self.output, &mut heard).await; std::future::pending().await } => never,
        };
        match status {
            Ok(status) => tracing::debug!(%status, "a program that goes on has ended"),
            Err(error) => tracing::warn!("cannot wait for a program: {error}"),
        }
        if timeout(AFTERGLOW, read(&mut self.output, &mut heard)).await.is_err() {
            tracing::debug!("something that a program has started still holds its output");
        }
    }
}

/// A program that runs; dropped, it is killed with all that it has started.
struct Running {
    child: Child,
    _awaited: Awaited,
}

impl Running {
    async fn kill(&mut self) {
        let id = self.child.id();
        self.kill_group();
        if timeout(DYING, self.child.wait()).await.is_err() {
            tracing::warn!(pid = id, "a program does not die");
        }
    }

    /// While it is not waited for, its id is its own.
    fn kill_group(&self) {
        if let Some(id) = self.child.id()
            && let Err(error) = killpg(Pid::from_raw(id.cast_signed()), Signal::SIGKILL)
        {
            tracing::warn!(pid = id, "cannot kill a program: {error}");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill_group();
    }
}
