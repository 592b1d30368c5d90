//! `orgvault delete`: removes one archive for good.

use orgvault_api::{Archive, gid::Gid, text::printable};
use serde::Serialize;

use crate::{
    confirm,
    exit::{Exit, Failure},
    names,
    output::remark,
    session::Session,
    units,
};

/// Which archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault delete 1234567890                    asks for the gid typed again
  orgvault delete 1234567890 --yes 1234567890   for scripts")]
pub(crate) struct Args {
    /// The archive
    gid: Gid,
    /// Do not ask: the same gid again
    #[arg(long, value_name = "GID")]
    yes: Option<Gid>,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct DeleteOutput {
    deleted: Archive,
}

/// Shows what would go, asks, and deletes it.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    if let Some(yes) = args.yes {
        confirm::same(&args.gid.to_string(), &yes.to_string(), confirm::NOTHING_DELETED)?;
    } else {
        let archive = session.client.archive(args.gid).await?;
        remark(&question(&archive));
        confirm::typed_again(&args.gid.to_string(), &mut std::io::stdin().lock(), confirm::NOTHING_DELETED)?;
    }
    let deleted = DeleteOutput { deleted: session.client.delete_archive(args.gid).await? };
    session.out.show(&deleted, |_look| lines(&deleted.deleted))?;
    Ok(Exit::Ok)
}

fn question(archive: &Archive) -> String {
    format!("This deletes {} for good.\nType its gid again to go on: ", describe(archive))
}

fn lines(archive: &Archive) -> String {
    format!("deleted {}\n", describe(archive))
}

fn describe(archive: &Archive) -> String {
    format!(
        "archive {} of {} ({}, {}, exported {}), {}",
        archive.gid,
        printable(&names::organization(&archive.organization)),
        printable(&names::archive_format(archive)),
        units::size(archive.bytes),
        units::time(archive.exported_at),
        printable(&archive.path),
    )
}
