//! `orgvault pin` and `orgvault unpin`: the mark that keeps an archive from every deletion.

use orgvault_api::{gid::Gid, text::printable};

use crate::{
    exit::{Exit, Failure},
    names,
    session::Session,
};

/// Which archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "Neither retention nor `orgvault delete` deletes a pinned archive.")]
pub(crate) struct Args {
    /// The archive
    gid: Gid,
}

/// Sets or removes the pin.
pub(crate) async fn run(args: &Args, pinned: bool, session: &mut Session) -> Result<Exit, Failure> {
    let archive = session.client.pin(args.gid, pinned).await?;
    session.out.show(&archive, |_look| {
        let name = names::organization(&archive.organization);
        let is = if archive.pinned { "is pinned" } else { "is not pinned any more" };
        format!("archive {} of {} {is}\n", archive.gid, printable(&name))
    })?;
    Ok(Exit::Ok)
}
