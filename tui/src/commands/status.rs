//! `orgvault status`: the daemon as a whole.

use orgvault_api::{Status, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    session::Session,
    units,
};

/// `status` takes no arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 whenever the daemon answers.")]
pub(crate) struct Args {}

/// Asks the daemon and prints it.
pub(crate) async fn run(_args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let status = session.client.status().await?;
    session.out.show(&status, |_look| lines(&status))?;
    Ok(Exit::Ok)
}

fn lines(status: &Status) -> String {
    let Status { version, pid, archive_dir, pending, running, failed, .. } = status;
    let mut text = format!(
        "orgvaultd {}, pid {pid}, ready since {}\n\
         role       {}\n\
         sources    {}\n\
         archives   {}, {}, in {}\n\
         exports    {pending} pending, {running} running, {failed} failed in the last 24 hours\n",
        printable(version),
        units::time(status.started_at),
        status.role.name(),
        status.sources,
        units::number(status.archives),
        units::size(status.archive_bytes),
        printable(archive_dir),
    );
    text.line(format_args!("configured {}", units::time(status.configured_at)));
    for warning in &status.warnings {
        text.line(format_args!("warning    {}", paragraph(&warning.message, 11)));
    }
    text
}
