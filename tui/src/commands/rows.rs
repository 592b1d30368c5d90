//! `orgvault rows`: rows of one section of an archive.

use std::path::Path;

use orgvault_api::{
    Row, RowsPage,
    client::RowsQuery,
    text::{chain, printable},
};
use orgvault_archive::{
    manifest::Manifest,
    rows::{RowsError, rows},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    exit::{Exit, Failure},
    lines::Lines,
    names::{GidOrFile, behind_links},
    session::Session,
    table,
};

/// A cell longer than this is cut on the terminal; `--json` has all of it.
const CELL_WIDTH: usize = 1000;

/// Which rows of which archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault rows 1234567890 workItems --limit 5
  orgvault rows 1234567890 comments --search invoice
  orgvault rows ./acme.json.gz timeLogs --json   without a daemon

Digits alone are a GID; a file whose name is digits is written as ./123.")]
pub(crate) struct Args {
    /// The archive, or a file (needs no daemon)
    #[arg(value_name = "GID|FILE")]
    archive: GidOrFile,
    /// The section, as `orgvault show` lists it
    section: String,
    /// Skip so many rows: what the last line of the page before says
    #[arg(long, value_name = "N")]
    after: Option<u64>,
    /// At most so many rows
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Only rows in which this text occurs
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// Reads the page and prints it.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let query = RowsQuery { after: args.after, limit: Some(args.limit), search: args.search.clone() };
    let page = match &args.archive {
        GidOrFile::Gid(gid) => session.client.rows(*gid, &args.section, &query).await?,
        GidOrFile::File(path) => from_file(&behind_links(path), &args.section, &query)?,
    };
    session.out.show(&page, |_look| lines(&page))?;
    Ok(Exit::Ok)
}

/// Reads without a daemon.
fn from_file(path: &Path, section: &str, query: &RowsQuery) -> Result<RowsPage, Failure> {
    let manifest = Manifest::beside(path).map_err(|error| Failure::new(Exit::Incomplete, "damaged", chain(&error)))?;
    let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let page = rows(path, manifest.as_ref(), section, query.after.unwrap_or(0), limit, query.search.as_deref());
    page.map_err(|error| match error {
        RowsError::Damaged { .. } => Failure::new(Exit::Incomplete, "damaged", chain(&error)),
        _ => Failure::new(Exit::Failed, "file", chain(&error)),
    })
}

/// One block for each row, one line for each column: rows are wider than any terminal.
fn lines(page: &RowsPage) -> String {
    let width = page.columns.iter().map(|column| printable(column).width()).max().unwrap_or(0);
    let mut text = String::new();
    for row in &page.rows {
        for (column, value) in row.cells() {
            let name = printable(&column);
            let blanks = " ".repeat(width.saturating_sub(name.width()));
            text.line(format_args!("{name}{blanks}  {}", table::cut(&printable(&Row::shown(&value)), CELL_WIDTH)));
        }
        text.push('\n');
    }
    match (page.rows.len(), page.next) {
        (_, Some(next)) => text.line(format_args!("more: --after {next}")),
        (0, None) => text.push_str("no rows\n"),
        _ => {}
    }
    text
}
