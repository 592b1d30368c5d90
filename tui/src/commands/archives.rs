//! `orgvault archives`: the finished files.

use orgvault_api::{Archive, Archives, client::ArchiveFilter};

use crate::{
    exit::{Exit, Failure},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// Whose archives.
#[derive(Debug, clap::Args)]
#[command(after_help = "Newest last. `orgvault show GID` tells all of one, with its path.")]
pub(crate) struct Args {
    /// Only those of this organization: a slug, an id, `source/slug` or `source/kind/slug`
    #[arg(value_name = "ORG")]
    organization: Option<String>,
}

/// Asks the daemon and prints them.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let filter = ArchiveFilter { organization: args.organization.clone(), ..ArchiveFilter::default() };
    let archives = session.client.archives(&filter).await?;
    session.out.show(&archives, |look| lines(&archives, look))?;
    Ok(Exit::Ok)
}

fn lines(archives: &Archives, look: Look) -> String {
    let mut table =
        Table::new(&["GID", "ORGANIZATION", "FORMAT", "EXPORTED", ">ROWS", ">SIZE", "FILE", "VERIFIED", ">WARNINGS"]);
    for archive in &archives.archives {
        table.row(row(archive));
    }
    let mut text = table.lines(look);
    if archives.archives.is_empty() {
        text.push_str("no archives\n");
    }
    text
}

fn row(archive: &Archive) -> [Cell; 9] {
    let warnings = archive.warnings.len();
    [
        archive.gid.to_string().into(),
        Cell::cut(&names::organization(&archive.organization), NAME_WIDTH),
        names::archive_format(archive).into(),
        units::time(archive.exported_at).into(),
        units::number(units::rows(&archive.counts)).into(),
        units::size(archive.bytes).into(),
        names::archive_state(archive.state),
        verified(archive),
        if warnings == 0 { "".into() } else { warnings.to_string().into() },
    ]
}

fn verified(archive: &Archive) -> Cell {
    match &archive.verified {
        None => Cell::from("-"),
        Some(verification) if verification.ok => units::time(verification.at).into(),
        Some(_) => Cell::toned(Tone::Bad, "failed"),
    }
}
