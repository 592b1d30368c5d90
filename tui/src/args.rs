//! The command line: one variant for each file in `commands/`.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, builder::FalseyValueParser};

use crate::{commands, console::Options, exit, lines::Lines};

const SOCKET: &str = "/run/orgvault/orgvaultd.sock";

/// Exports each organization of a self-hosted app as a verified archive.
///
/// Talks to the daemon `orgvaultd` through its Unix socket.
#[derive(Debug, Parser)]
#[command(name = "orgvault", version, after_help = EXAMPLES, after_long_help = after_long_help())]
pub(crate) struct Cli {
    /// The daemon's socket
    #[arg(long, global = true, value_name = "PATH", env = "ORGVAULT_SOCKET", default_value = SOCKET, hide_env_values = true)]
    pub(crate) socket: PathBuf,

    /// Print results as one JSON document, and errors as one line of JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print no colours
    #[arg(long, global = true, env = "NO_COLOR", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(crate) no_color: bool,

    /// The daemon of another machine, over ssh
    #[arg(long, global = true, value_name = "USER@SERVER", env = "ORGVAULT_HOST", hide_env_values = true)]
    pub(crate) host: Option<String>,

    /// How the console looks and what it may do.
    #[command(flatten)]
    pub(crate) console: Options,

    /// What to do; without it the console opens.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the daemon, its archives and its queue
    Status(commands::status::Args),
    /// Judge the backups of every organization, for monitoring
    Health(commands::health::Args),
    /// Have the daemon read its configuration again
    Reload(commands::reload::Args),
    /// List the connected databases
    Sources(commands::sources::Args),
    /// Check that a database can be exported, line by line
    Check(commands::check::Args),
    /// List the organizations
    Orgs(commands::orgs::Args),
    /// Export organizations
    Export(commands::export::Args),
    /// List the exports
    Exports(commands::exports::Args),
    /// Cancel an export
    Cancel(commands::cancel::Args),
    /// List the archives
    Archives(commands::archives::Args),
    /// Show an archive and the export that made it
    Show(commands::show::Args),
    /// Compare two archives, section by section
    Compare(commands::compare::Args),
    /// Count an organization's rows in the live database
    Counts(commands::counts::Args),
    /// Print rows of an archive
    Rows(commands::rows::Args),
    /// Delete an archive
    Delete(commands::delete::Args),
    /// Keep an archive from every deletion
    Pin(commands::pin::Args),
    /// Let an archive be deleted again
    Unpin(commands::pin::Args),
    /// Show what retention keeps and drops, and delete what it drops
    Prune(commands::prune::Args),
    /// Read archives again and compare them with their manifests
    Verify(commands::verify::Args),
    /// Say what the app's own importer would refuse or change of an archive
    Preflight(commands::preflight::Args),
    /// Hand an archive to a running instance of the app
    Send(commands::send::Args),
    /// Check or rewrite a seed of TruePPM, without the daemon
    Seed(commands::seed::Args),
    /// Tell who was handed data, deleted, sent, or was refused
    Audit(commands::audit::Args),
    /// List the schedules
    Schedules(commands::schedules::Args),
    /// Run, pause or resume a schedule
    Schedule(commands::schedule::Args),
    /// Begin what is due and follow it (for a systemd timer)
    RunDue(commands::run_due::Args),
    /// Make, list and revoke tokens of service accounts
    Token(commands::token::Args),
    /// Look after the daemon's catalog
    Catalog(commands::catalog::Args),
    /// Write one file for somebody who helps
    Diagnose(commands::diagnose::Args),
    /// Print a completion script for a shell
    Completions(commands::completions::Args),
    /// Connect standard input and output to the daemon, for `--host`
    DialStdio(commands::dial_stdio::Args),
    /// Show all of it on a made-up database, without any set-up
    Demo(commands::demo::Args),
}

const EXAMPLES: &str = "\
Examples:
  orgvault status                           is the daemon there, and what does it hold?
  orgvault check tracker                    can the database be exported?
  orgvault export acme --wait               export one organization and wait for it
  orgvault export acme --out acme.json      the same, and copy the archive to a file
  orgvault verify --all                     are all archives whole?";

fn after_long_help() -> String {
    let mut text = format!("{EXAMPLES}\n\nExit codes:\n");
    for (exit, meaning) in exit::TABLE {
        text.line(format_args!("  {:<4} {meaning}", exit.code()));
    }
    text.push_str(
        "\nTimes are UTC. Without NO_COLOR, words may be coloured on a terminal; no colour means more than its word.",
    );
    text
}

/// What `orgvault` alone prints.
pub(crate) fn short_help() -> String {
    Cli::command().render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }
}
