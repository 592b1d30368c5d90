//! `orgvault catalog rebuild`: makes the catalog anew from the archive directory.

use orgvault_api::{Rebuilt, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::Lines,
    session::Session,
    units,
};

/// What to do with the catalog.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Make the list of archives anew from the archive directory
    #[command(after_help = "Ends with 3 if a file could not be taken in.")]
    Rebuild,
}

/// Asks the daemon; files that could not be taken in make it incomplete.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    match args.act {
        Act::Rebuild => {
            let rebuilt = session.client.rebuild_catalog().await?;
            session.out.show(&rebuilt, |_look| lines(&rebuilt))?;
            Ok(if rebuilt.skipped.is_empty() { Exit::Ok } else { Exit::Incomplete })
        }
    }
}

fn lines(rebuilt: &Rebuilt) -> String {
    let mut text = format!("the catalog lists {}\n", units::plural(rebuilt.archives, "archive"));
    for skipped in &rebuilt.skipped {
        text.line(format_args!("skipped: {}", printable(skipped)));
    }
    text
}
