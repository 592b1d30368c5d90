//! `orgvault sources`: the connected databases.

use orgvault_api::{Format, Source, Sources, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    session::Session,
    table::{Cell, Look, Table, Tone},
};

/// `sources` takes no arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each source is asked just now. `orgvault check` says what is wrong with one that does not answer.
Ends with 3 if one does not answer, and with 1 if none does.")]
pub(crate) struct Args {}

/// Asks the daemon and prints them.
pub(crate) async fn run(_args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let sources = session.client.sources().await?;
    session.out.show(&sources, |look| lines(&sources, look))?;
    Ok(exit(&sources))
}

fn exit(sources: &Sources) -> Exit {
    let answering = sources.sources.iter().filter(|source| source.reachable).count();
    match answering {
        all if all == sources.sources.len() => Exit::Ok,
        0 => Exit::Failed,
        _some => Exit::Incomplete,
    }
}

fn lines(sources: &Sources, look: Look) -> String {
    let mut table = Table::new(&["NAME", "PRODUCT", "STATE", ">ORGANIZATIONS", "FORMATS", "VERSION", "LOCATION"]);
    for source in &sources.sources {
        let organizations = source.organizations.map(crate::units::number);
        table.row([
            Cell::from(&source.name),
            Cell::from(&source.product),
            state(source),
            Cell::from(organizations.unwrap_or_default()),
            Cell::from(Format::join(&source.formats, ", ")),
            Cell::from(source.version.as_deref().unwrap_or_default()),
            Cell::from(&source.location),
        ]);
    }
    let mut text = table.lines(look);
    for (source, error) in sources.sources.iter().filter_map(|source| Some((source, source.error.as_ref()?))) {
        text.line(format_args!("{}: {}", printable(&source.name), paragraph(error, 2)));
    }
    if sources.sources.is_empty() {
        text.push_str("no sources are configured\n");
    }
    text
}

fn state(source: &Source) -> Cell {
    match (source.reachable, &source.error) {
        (true, None) => Cell::toned(Tone::Good, "ok"),
        (true, Some(_)) => Cell::toned(Tone::Bad, "unreadable"),
        (false, _) => Cell::toned(Tone::Bad, "unreachable"),
    }
}
