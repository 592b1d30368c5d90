//! `orgvault orgs`: the organizations of the sources.

use orgvault_api::{
    ExportError, Organization, OrganizationKey, Organizations, SourceFailure, health::Health, text::printable,
};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// Which organizations.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Soft-deleted organizations are listed too, marked `deleted`: they can be exported by their id.
`excluded` ones no schedule takes; `gone` ones have archives, and their source lists them no more.
Those of a source that does not answer are as it listed them last. Ends with 3 if one did not.")]
pub(crate) struct Args {
    /// Only those of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Only the soft-deleted ones
    #[arg(long)]
    deleted: bool,
}

/// Asks the daemon and prints them; a source that did not answer makes the list incomplete.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut listed = session.client.organizations(args.source.as_deref()).await?;
    if args.deleted {
        listed.organizations.retain(|organization| organization.deleted_at.is_some());
    }
    session.out.show(&listed, |look| lines(&listed, look))?;
    Ok(if listed.failures.is_empty() { Exit::Ok } else { Exit::Incomplete })
}

fn lines(listed: &Organizations, look: Look) -> String {
    let mut table =
        Table::new(&["ORGANIZATION", "ID", "NAME", "STATE", "LAST ARCHIVE", ">ROWS", ">SIZE", "LAST EXPORT"]);
    for organization in &listed.organizations {
        table.row(row(organization));
    }
    let mut text = table.lines(look);
    if listed.organizations.is_empty() {
        text.push_str("no organizations\n");
    }
    text.push_str(&failure_lines(&listed.failures));
    for organization in &listed.organizations {
        if let Some(error) = &organization.refusal {
            refusal(&organization.key, error, &mut text);
        }
    }
    text
}

/// The sources that could not be asked and the organizations that are refused, and why.
pub(crate) fn failure_lines(failures: &[SourceFailure]) -> String {
    let mut text = String::new();
    for failure in failures {
        let SourceFailure { source, organization, error } = failure;
        if let Some(organization) = organization {
            refusal(organization, error, &mut text);
            continue;
        }
        let message = paragraph(names::said_of(source, &error.message), 2);
        let source = printable(source);
        text.line(format_args!("source {source} {}: {message}", failure.what_it_does()));
        hint(error, &mut text);
    }
    text
}

fn refusal(organization: &OrganizationKey, error: &ExportError, text: &mut String) {
    let (name, message) = (names::organization(organization), paragraph(&error.message, 2));
    text.line(format_args!("{} is not exported: {message}", printable(&name)));
    hint(error, text);
}

fn hint(error: &ExportError, text: &mut String) {
    for line in error.hint.lines() {
        text.line(format_args!("  hint: {}", printable(line)));
    }
}

fn row(organization: &Organization) -> [Cell; 8] {
    let last = organization.last_archive.as_ref();
    [
        Cell::cut(&names::organization(&organization.key), 2 * NAME_WIDTH),
        Cell::from(&organization.key.id),
        Cell::cut(&organization.key.name, NAME_WIDTH),
        state(organization),
        last.map_or("never".into(), |last| units::time(last.exported_at)).into(),
        last.map(|last| units::number(last.rows)).unwrap_or_default().into(),
        last.map(|last| units::size(last.bytes)).unwrap_or_default().into(),
        organization.last_state.map_or("".into(), names::state),
    ]
}

/// What its source says of it, and since when nobody knows better.
fn state(one: &Organization) -> Cell {
    let (tone, word) = match one.health {
        _ if one.deleted_at.is_some() => (Tone::Careful, "deleted"),
        Health::Gone => (Tone::Careful, "gone"),
        _ if !one.in_all => (Tone::Plain, "part"),
        _ if !one.covered => (Tone::Plain, "excluded"),
        _ => (Tone::Plain, "active"),
    };
    match one.listed_at.filter(|_| one.health != Health::Gone) {
        Some(at) => Cell::toned(Tone::Careful, &format!("{word} at {}", units::time(at))),
        None => Cell::toned(tone, word),
    }
}
