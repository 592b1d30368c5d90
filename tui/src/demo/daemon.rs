//! The daemon of the demo, a child of this process.

use std::{future::Future, path::Path, process::Stdio};

use orgvault_api::{DemoReady, text::printable};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::program;
use crate::exit::{Exit, Failure};

/// The running daemon. It ends when this does, however this ends: it reads from a pipe that nobody
/// else holds.
#[derive(Debug)]
pub(crate) struct DemoDaemon {
    child: Child,
    lifeline: ChildStdin,
    ready: DemoReady,
}

impl DemoDaemon {
    /// Starts the daemon on a database that it makes in `folder`, and waits until it listens.
    ///
    /// # Errors
    /// When there is no such program, or it does not start.
    pub(crate) async fn start(folder: &Path) -> Result<Self, Failure> {
        let program = program::find().await?;
        let act = format!("cannot run {}", program.display());
        let mut child = Command::new(&program)
            .arg("demo")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the console alone, which then ends the daemon.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::caused("demo", act, &error))?;
        let (lifeline, output) = (child.stdin.take(), child.stdout.take());
        if let (Some(lifeline), Some(output)) = (lifeline, output)
            && let Some(ready) = first_line(output).await
        {
            return Ok(Self { child, lifeline, ready });
        }
        Err(ended(child).await)
    }

    /// Where it is.
    pub(crate) fn ready(&self) -> &DemoReady {
        &self.ready
    }

    /// Does `work`, and then stops the daemon.
    ///
    /// # Errors
    /// When the daemon ends before, or with what `work` fails with.
    pub(crate) async fn during<T>(mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let done = tokio::select! {
            done = work => Some(done),
            _ended = self.child.wait() => None,
        };
        let Some(done) = done else { return Err(ended(self.child).await) };
        drop(self.lifeline);
        let stopped = self.child.wait().await;
        let stopped = stopped.map_err(|error| Failure::caused("demo", "cannot wait for the daemon", &error))?;
        match done {
            Ok(_) if !stopped.success() => Err(ended(self.child).await),
            done => done,
        }
    }
}

async fn first_line(output: ChildStdout) -> Option<DemoReady> {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await.ok()?;
    serde_json::from_str(&line).ok()
}

/// What a daemon said that ended, or that is of no use.
async fn ended(mut child: Child) -> Failure {
    let mut said = String::new();
    if let Some(mut errors) = child.stderr.take()
        && let Err(error) = errors.read_to_string(&mut said).await
    {
        return Failure::caused("demo", "the daemon ended, and what it said cannot be read", &error);
    }
    let said = match said.trim() {
        "" => "it said nothing",
        said => said,
    };
    Failure::new(Exit::Failed, "demo", format_args!("the daemon ended early: {}", printable(said)))
}
