//! `orgvault reload`: the daemon reads its configuration and definitions again.

use orgvault_api::{Reloaded, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::Lines,
    session::Session,
    units,
};

/// `reload` takes no arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The files are checked first. If anything is wrong with them, the configuration in force stays, and
all that is wrong is said. Running exports end under the one that they began with.")]
pub(crate) struct Args {}

/// Asks the daemon.
pub(crate) async fn run(_args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let reloaded = session.client.reload().await?;
    session.out.show(&reloaded, |_look| lines(&reloaded))?;
    Ok(Exit::Ok)
}

fn lines(reloaded: &Reloaded) -> String {
    let mut text = format!("configured {}\n", units::time(reloaded.configured_at));
    for key in &reloaded.needs_restart {
        text.line(format_args!("{} counts from the next start on: `systemctl restart orgvaultd`", printable(key)));
    }
    text
}
