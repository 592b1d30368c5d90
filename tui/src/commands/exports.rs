//! `orgvault exports`: the jobs that made, make and will make archives.

use orgvault_api::{Export, Exports, State, client::ExportFilter, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table},
    units,
};

/// Which exports.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Newest last. `orgvault show GID` tells all of one. What ended longer ago than the daemon's
configuration keeps it (`history`) is forgotten.")]
pub(crate) struct Args {
    /// Only those in this state: pending, started, finished or error
    #[arg(long)]
    state: Option<State>,
    /// The newest so many (all of them without it)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// Asks the daemon and prints them.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let filter = ExportFilter { state: args.state, limit: args.limit, ..ExportFilter::default() };
    let exports = session.client.all_exports(&filter).await?;
    session.out.show(&exports, |look| lines(&exports, look))?;
    Ok(Exit::Ok)
}

fn lines(exports: &Exports, look: Look) -> String {
    let mut table =
        Table::new(&["GID", "ORGANIZATION", "FORMAT", "STATE", "ASKED FOR", "BY", ">TOOK", ">ROWS", ">SIZE"]);
    for export in &exports.exports {
        table.row(row(export));
    }
    let mut text = table.lines(look);
    if exports.exports.is_empty() {
        text.push_str("no exports\n");
    }
    for (export, error) in exports.exports.iter().filter_map(|export| Some((export, export.error.as_ref()?))) {
        text.line(format_args!("{}: {}: {}", export.gid, printable(&error.code), paragraph(&error.message, 2)));
    }
    if exports.next.is_some() {
        let shown = units::plural(exports.exports.len() as u64, "export");
        text.line(format_args!("these are the newest {shown}: there are older ones"));
    }
    text
}

fn row(export: &Export) -> [Cell; 9] {
    let took =
        export.started_at.zip(export.finished_at).map(|(start, end)| units::duration(units::between(start, end)));
    let rows = match (&export.progress, export.state) {
        (Some(progress), State::Started) => {
            format!("{} of {}", units::number(progress.rows), units::number(progress.rows_expected))
        }
        (_, State::Finished) => units::number(units::rows(&export.counts)),
        _ => String::new(),
    };
    [
        export.gid.to_string().into(),
        Cell::cut(&names::organization(&export.organization), NAME_WIDTH),
        names::format_of(export).into(),
        names::state(export.state),
        units::time(export.created_at).into(),
        Cell::cut(&export.requested_by, NAME_WIDTH),
        took.unwrap_or_default().into(),
        rows.into(),
        export.bytes.map(units::size).unwrap_or_default().into(),
    ]
}
