//! The command line: one variant for each file in `commands/`.

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::FalseyValueParser};

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
    /// List and forget the jobs of apps whose export API a source is
    Jobs(commands::jobs::Args),
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
    /// Put an organization back into a database: print the plan, or do it
    Restore(commands::restore::Args),
    /// Hand an archive to a running instance of the app
    Send(commands::send::Args),
    /// Check or rewrite a seed of TruePPM, without the daemon
    Seed(commands::seed::Args),
    /// Tell who was handed data, deleted, sent, or was refused
    Audit(commands::audit::Args),
    /// Put archives back into a scratch database, to see that they can be
    Drill(commands::drill::Args),
    /// List drills, show what one has compared, or end it
    Drills(commands::drills::Args),
    /// Write signed evidence of an archive, for an auditor
    Evidence(commands::evidence::Args),
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
    command().render_help().to_string()
}

impl Cli {
    /// The arguments of this process.
    ///
    /// # Errors
    /// When they are wrong, or ask for help.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        Self::from_arg_matches(&command().try_get_matches()?)
    }
}

/// The definition, whose help is wrapped once, where it is shown.
pub(crate) fn command() -> clap::Command {
    flowing(Cli::command())
}

fn flowing(mut command: clap::Command) -> clap::Command {
    for below in command.get_subcommands_mut() {
        *below = flowing(std::mem::take(below));
    }
    match command.get_after_help().map(|help| unwrapped(&help.to_string())) {
        Some(help) => command.after_help(help),
        None => command,
    }
}

/// Puts the lines of each paragraph together; what is indented stays as it is.
fn unwrapped(text: &str) -> String {
    let mut flowing = String::new();
    let mut open = false;
    for line in text.lines() {
        let prose = !line.is_empty() && !line.starts_with(' ');
        if !flowing.is_empty() {
            flowing.push(if open && prose { ' ' } else { '\n' });
        }
        flowing.push_str(line);
        open = prose;
    }
    flowing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    /// A line of prose is as wide as there is room for, and no word of it stands alone.
    #[test]
    fn no_help_is_wrapped_twice() {
        let helps = |command: &clap::Command| {
            let below = command.get_subcommands().flat_map(|below| below.get_subcommands().chain([below]));
            below.chain([command]).filter_map(|one| one.get_after_help().map(ToString::to_string)).collect::<Vec<_>>()
        };
        let all = helps(&command());
        assert!(all.len() > 20, "{}", all.len());
        for help in all {
            let lines: Vec<&str> = help.lines().collect();
            let prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
            assert!(!lines.windows(2).any(|pair| prose(pair[0]) && prose(pair[1])), "{help}");
        }
        let mut command = command().term_width(72);
        let run_due = command.find_subcommand_mut("run-due").unwrap().clone().term_width(72).render_help().to_string();
        let (_, prose) = run_due.split_once("\n\nFollows").unwrap();
        let lines: Vec<&str> = prose.trim_end().lines().collect();
        let (_last, full) = lines.split_last().unwrap();
        assert!(full.iter().skip(1).all(|line| (56..=72).contains(&line.len())), "{lines:#?}");
    }

    #[test]
    fn paragraphs_and_examples_stay_apart() {
        assert_eq!(unwrapped("A b\nc.\n\n  x  y\n  z\n\nD\ne"), "A b c.\n\n  x  y\n  z\n\nD e");
        assert_eq!(unwrapped("Examples:\n  a\nB\nc"), "Examples:\n  a\nB c");
    }
}
