//! `orgvault cancel`: ends an export that is not final.

use orgvault_shared::{
    api::{Export, State},
    gid::Gid,
    text::printable,
};

use crate::{
    exit::{Exit, Failure},
    names,
    session::Session,
};

/// Which export.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The export, as `orgvault exports` lists it
    gid: Gid,
}

/// Asks the daemon to cancel it.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let export = session.client.cancel(args.gid).await?;
    session.out.show(&export, |_look| lines(&export))?;
    Ok(if export.state == State::Finished { Exit::Failed } else { Exit::Ok })
}

fn lines(export: &Export) -> String {
    let name = names::organization(&export.organization);
    let what = match export.state {
        State::Pending | State::Started => "is being cancelled",
        State::Finished => "had finished before",
        State::Error => "is cancelled",
    };
    format!("export {} of {} {what}\n", export.gid, printable(&name))
}
