//! `orgvault counts`: rows of an organization in the live database.

use orgvault_api::{Counts, SectionCount, text::printable};

use crate::{
    commands::compare::change,
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

/// The same beside the counts of an earlier archive, with the sections that only that one has at
/// the end.
pub(crate) fn beside(counts: &[SectionCount], previous: &[SectionCount], look: Look) -> String {
    let mut table = Table::new(&["SECTION", ">ROWS", ">PREVIOUS", ">CHANGE"]);
    let of = |counts: &[SectionCount], name: &str| counts.iter().find(|it| it.name == name).map(|it| it.rows);
    let gone = previous.iter().filter(|it| of(counts, &it.name).is_none());
    for name in counts.iter().chain(gone).map(|count| count.name.as_str()) {
        table.row(line(name, of(counts, name), of(previous, name)));
    }
    table.row(line("total", Some(units::rows(counts)), Some(units::rows(previous))));
    table.lines(look)
}

fn line(name: &str, rows: Option<u64>, previous: Option<u64>) -> [Cell; 4] {
    let shown = |rows: Option<u64>| Cell::from(rows.map_or("-".to_owned(), units::number));
    [name.into(), shown(rows), shown(previous), change(previous, rows)]
}
