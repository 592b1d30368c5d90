//! `orgvault compare`: two archives, section by section.

use orgvault_api::{Comparison, OrganizationKey, gid::Gid, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::Lines,
    names,
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// Which two archives.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 whether they differ or not.")]
pub(crate) struct Args {
    /// The first archive
    #[arg(value_name = "GID")]
    left: Gid,
    /// The second archive
    #[arg(value_name = "OTHER")]
    right: Gid,
}

/// Asks the daemon and prints the differences.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let comparison = session.client.compare(args.left, args.right).await?;
    session.out.show(&comparison, |look| lines(&comparison, look))?;
    Ok(Exit::Ok)
}

fn lines(comparison: &Comparison, look: Look) -> String {
    let mut table = Table::new(&["SECTION", ">FIRST", ">SECOND", ">CHANGE"]);
    for section in &comparison.sections {
        let shown = |rows: Option<u64>| rows.map_or("-".to_owned(), units::number);
        table.row([
            Cell::from(&section.name),
            shown(section.left).into(),
            shown(section.right).into(),
            change(section.left, section.right),
        ]);
    }
    let mut text = table.lines(look);
    if let Some((left, right)) = apart(comparison) {
        text.line(format_args!("these are two organizations: {left} and {right}"));
    }
    text.line(verdict(comparison));
    text
}

/// What the two are called, where they are not the same organization.
fn apart(comparison: &Comparison) -> Option<(String, String)> {
    let (left, right) = (comparison.left_organization.as_ref()?, comparison.right_organization.as_ref()?);
    let tenant = |key: &OrganizationKey| (key.source.clone(), key.kind.clone(), key.id.clone());
    let name = |key: &OrganizationKey| {
        let name = names::organization(key);
        format!("{} ({})", printable(&name), printable(&key.name))
    };
    (tenant(left) != tenant(right)).then(|| (name(left), name(right)))
}

fn verdict(comparison: &Comparison) -> &'static str {
    match (comparison.identical, comparison.same_data) {
        (true, _) => "the files hold the same bytes",
        (false, Some(true)) => {
            "the data is the same: the files differ in the time of the export, or in their compression"
        }
        (false, Some(false)) => "the data differs",
        (false, None) => "the files differ",
    }
}

/// From `left` rows to `right` rows: `=`, `+97`, `-3`.
pub(crate) fn change(left: Option<u64>, right: Option<u64>) -> Cell {
    let (Some(left), Some(right)) = (left, right) else { return Cell::toned(Tone::Careful, "not in both") };
    match right.checked_sub(left) {
        Some(0) => Cell::from("="),
        Some(more) => Cell::from(format!("+{}", units::number(more))),
        None => Cell::toned(Tone::Careful, &format!("-{}", units::number(left - right))),
    }
}
