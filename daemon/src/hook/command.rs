//! A hook's program: without a shell unless one is asked for, and with as much of its output as
//! fits a log line.

use std::{io, process::ExitStatus, time::Duration};

use orgvault_config::HookAction;

use crate::program::{self, ProgramError};

/// The output that is kept; the rest is read and dropped, so that the program does not wait for us.
const KEPT: usize = 4 * 1024;

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
    variables: impl Iterator<Item = (String, String)>,
    limit: Duration,
) -> Result<String, CommandError> {
    // What is told of a fault names the program only: a shell's line and arguments may hold secrets.
    let program = HookAction::program(argv, shell);
    let mut command = program::command(program);
    if shell {
        command.arg("-c").args(argv);
    } else {
        command.args(argv.iter().skip(1));
    }
    command.envs(variables);
    let mut kept = Vec::new();
    let ended = program::run(command, limit, |output| keep(&mut kept, output)).await;
    let program = program.to_owned();
    let output = orgvault_api::text::printable(String::from_utf8_lossy(&kept).trim()).into_owned();
    match ended {
        Ok(status) if status.success() => Ok(output),
        Ok(status) => Err(CommandError::Status { program, status, output }),
        Err(ProgramError::Start(cause)) => Err(CommandError::Start { program, cause }),
        Err(ProgramError::Wait(cause)) => Err(CommandError::Wait { program, cause }),
        Err(ProgramError::Limit) => Err(CommandError::Limit { program, limit, output }),
    }
}

fn keep(kept: &mut Vec<u8>, output: &[u8]) {
    let room = KEPT.saturating_sub(kept.len()).min(output.len());
    kept.extend_from_slice(&output[..room]);
}
