//! `orgvault counts`: rows of an organization in the live database.

use orgvault_shared::{
    api::{Counts, SectionCount},
    text::printable,
};

use crate::{
    exit::{Exit, Failure},
    names,
    session::Session,
    table::{Cell, Look, Table},
    units,
};

/// Whose rows.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Counted now in the database, in one snapshot; `orgvault show GID` has the counts of an archive."
)]
pub(crate) struct Args {
    /// A slug, an id, `source/slug` or `source/kind/slug`
    #[arg(value_name = "ORG")]
    organization: String,
}

/// Asks the daemon and prints them.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let counts = session.client.counts(&args.organization).await?;
    session.out.show(&counts, |look| lines(&counts, look))?;
    Ok(Exit::Ok)
}

fn lines(counts: &Counts, look: Look) -> String {
    let name = names::organization(&counts.organization);
    format!("{}\n{}", printable(&name), table(&counts.counts, look))
}

/// Sections with their rows, and a last line with their sum.
pub(crate) fn table(counts: &[SectionCount], look: Look) -> String {
    let mut table = Table::new(&["SECTION", ">ROWS"]);
    for count in counts {
        table.row([Cell::from(&count.name), units::number(count.rows).into()]);
    }
    table.row(["total".into(), units::number(units::rows(counts)).into()]);
    table.lines(look)
}
