//! `orgvault preflight`: what the app's own importer would refuse or change of an archive.

use std::path::Path;

use orgvault_api::{
    preflight::{Finding, Preflight, Severity, Verdict},
    text::{chain, printable},
};
use orgvault_archive::manifest::Manifest;
use orgvault_products::preflight::{self, PreflightError};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{GidOrFile, behind_links},
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// Which archive, and whose importer.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault preflight 1234567890
  orgvault preflight export.zip                        without a daemon
  orgvault preflight export.zip --product solidtime    whatever the file looks like

Without --product, the manifest beside the file names the product; without a manifest, the file
itself shows it. Ends with 0 where the importer takes the file, even if it changes something, and
with 3 where it refuses it or crashes on it. Digits alone are a GID; a file named so is ./123.")]
pub(crate) struct Args {
    /// The archive, or a file (needs no daemon)
    #[arg(value_name = "GID|FILE")]
    archive: GidOrFile,
    /// The app whose importer is meant
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
}

/// Looks and prints; an archive that the importer does not take is exit code 3.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let product = args.product.as_deref();
    let found = match &args.archive {
        GidOrFile::Gid(gid) => session.client.preflight(*gid, product).await?,
        GidOrFile::File(path) => file(&behind_links(path), product)?,
    };
    session.out.show(&found, |look| lines(&args.archive, &found, look))?;
    Ok(match found.verdict {
        Verdict::Accepted => Exit::Ok,
        Verdict::Refused => Exit::Incomplete,
    })
}

/// Looks without a daemon.
fn file(path: &Path, product: Option<&str>) -> Result<Preflight, Failure> {
    let product = match product {
        Some(product) => product.to_owned(),
        None => product_of(path)?,
    };
    preflight::preflight(&product, path).map_err(|error| failed(&error))
}

fn product_of(path: &Path) -> Result<String, Failure> {
    let manifest = Manifest::beside(path).map_err(|error| {
        Failure::new(Exit::Failed, "file", chain(&error))
            .hint("name the app with --product, and the manifest is not read")
    })?;
    match manifest {
        Some(manifest) => Ok(manifest.product.name),
        None => Ok(preflight::recognize(path).map_err(|error| failed(&error))?.to_owned()),
    }
}

/// An unknown product is an argument that cannot be meant so, here as at the daemon.
fn failed(error: &PreflightError) -> Failure {
    let (exit, code) = match error {
        PreflightError::UnknownProduct { .. } => (Exit::Usage, "unknown_product"),
        PreflightError::Undecided { .. } => (Exit::Usage, "undecided_product"),
        PreflightError::Read { .. } => (Exit::Failed, "file"),
    };
    Failure::new(exit, code, chain(error))
}

/// The verdict, the findings with those that refuse first, and how many there are of each code.
fn lines(archive: &GidOrFile, found: &Preflight, look: Look) -> String {
    let mut text = verdict(archive, found, look);
    let (refusals, changes): (Vec<&Finding>, Vec<&Finding>) =
        found.findings.iter().partition(|finding| finding.severity == Severity::Refuses);
    if !found.findings.is_empty() {
        text.push('\n');
    }
    for finding in refusals.into_iter().chain(changes) {
        text.line(finding_line(finding, look));
    }
    let totals = totals(found).lines(look);
    if !totals.is_empty() {
        text.push('\n');
        text.push_str(&totals);
    }
    text
}

fn verdict(archive: &GidOrFile, found: &Preflight, look: Look) -> String {
    let archive = archive.to_string();
    let (product, archive) = (printable(&found.product), printable(&archive));
    let taken = look.paint(Tone::Good, "accepted");
    match found.verdict {
        Verdict::Accepted if found.totals.is_empty() => format!("{taken}  {product} would take {archive} as it is\n"),
        Verdict::Accepted => format!("{taken}  {product} would take {archive}, and change what is listed here\n"),
        Verdict::Refused => {
            let refused = look.paint(Tone::Bad, "REFUSED");
            format!("{refused}   {product} would refuse {archive}, or crash on it\n")
        }
    }
}

/// `refuses  tags.csv line 3, id 0a4c…: name_empty: the name is blank`.
fn finding_line(finding: &Finding, look: Look) -> String {
    let mut place = printable(&finding.file).into_owned();
    if let Some(line) = finding.line {
        place.part(format_args!(" line {line}"));
    }
    if let Some(id) = &finding.id {
        place.part(format_args!(", id {}", printable(id)));
    }
    if !place.is_empty() {
        place.push_str(": ");
    }
    let (tone, word) = word(finding.severity);
    format!("{}  {place}{}: {}", look.paint(tone, word), printable(&finding.code), paragraph(&finding.message, 2))
}

fn totals(found: &Preflight) -> Table {
    let mut table = Table::new(&["CODE", "IMPORTER", ">FOUND"]);
    for total in &found.totals {
        let (tone, word) = word(total.severity);
        table.row([Cell::from(&total.code), Cell::toned(tone, word), units::number(total.count).into()]);
    }
    table
}

fn word(severity: Severity) -> (Tone, &'static str) {
    match severity {
        Severity::Refuses => (Tone::Bad, "refuses"),
        Severity::Changes => (Tone::Careful, "changes"),
    }
}
