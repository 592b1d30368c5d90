//! `orgvault completions`: a script that completes commands and options in a shell.

use clap_complete::Shell;
use serde::Serialize;

use crate::{
    args,
    exit::{Exit, Failure},
    session::Session,
};

/// For which shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault completions bash > /usr/share/bash-completion/completions/orgvault
  orgvault completions zsh > /usr/local/share/zsh/site-functions/_orgvault
  orgvault completions fish > ~/.config/fish/completions/orgvault.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Completions {
    shell: String,
    script: String,
}

/// Prints the script; asks no daemon.
pub(crate) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "orgvault", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let completions = Completions { shell: args.shell.to_string(), script };
    session.out.show(&completions, |_look| completions.script.clone())?;
    Ok(Exit::Ok)
}
