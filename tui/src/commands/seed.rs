//! `orgvault seed check` and `orgvault seed fmt`: TruePPM's seeds without a daemon.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use orgvault_api::{
    SectionCount,
    text::{chain, printable},
};
use orgvault_archive::seed::{self, Document, ReadError};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::{
    exit::{Exit, Failure},
    lines::Lines,
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What to do with a seed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Read a seed strictly: every key, type and reference
    #[command(after_help = "\
Examples:
  orgvault seed check program.json

Needs no daemon. Ends with 3, and with line, column and path, where the document is refused. Whether TruePPM's
own importer takes it is asked by `orgvault preflight`.")]
    Check {
        /// The document; it may be compressed with gzip
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print a seed in its canonical form
    #[command(after_help = "\
Examples:
  orgvault seed fmt edited.json
  orgvault seed fmt edited.json --write

Needs no daemon. What is no seed is refused with 3, and the file stays as it is.")]
    Fmt {
        /// The document; it may be compressed with gzip
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Replace the file (one without gzip) instead of printing
        #[arg(long)]
        write: bool,
    },
}

/// What `seed check` found.
#[derive(Debug, Serialize)]
struct Check {
    file: String,
    schema_version: &'static str,
    /// Whether the bytes are those that `seed fmt` writes.
    canonical: bool,
    counts: Vec<SectionCount>,
}

/// Reads the file; a document that is refused is exit code 3.
pub(crate) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    match &args.act {
        Act::Check { file } => {
            let bytes = load(file)?;
            let document = seed::read(&bytes).map_err(|error| refused(file, &error))?;
            let check = check(file, &bytes, &document);
            session.out.show(&check, |look| lines(&check, look))?;
        }
        Act::Fmt { file, write } => {
            let bytes = load(file)?;
            // References may dangle: TruePPM itself writes such, and a form is all that is asked.
            let text = seed::to_string(&seed::parse(&bytes).map_err(|error| refused(file, &error))?);
            if !write {
                session.out.print(&text)?;
            } else if is_compressed(file)? {
                let refusal = format_args!("{} is compressed: --write replaces plain files", file.display());
                return Err(Failure::usage(refusal).hint("print it, and compress that: seed fmt FILE | gzip"));
            } else if text.as_bytes() != bytes {
                replace(file, &text)?;
            }
        }
    }
    Ok(Exit::Ok)
}

fn load(file: &Path) -> Result<Vec<u8>, Failure> {
    seed::load(file).map_err(|error| match error {
        seed::LoadError::TooLarge { .. } => Failure::new(Exit::Incomplete, "seed", error),
        seed::LoadError::Read { .. } => Failure::new(Exit::Failed, "file", chain(&error)),
    })
}

fn is_compressed(file: &Path) -> Result<bool, Failure> {
    let mut reader = File::open(file).map(BufReader::new).map_err(|error| cannot("read", file, &error))?;
    let head = reader.fill_buf().map_err(|error| cannot("read", file, &error))?;
    Ok(head.starts_with(&GZIP))
}

fn cannot(act: &str, file: &Path, error: &io::Error) -> Failure {
    Failure::caused("file", format_args!("cannot {act} {}", file.display()), error)
}

fn refused(file: &Path, error: &ReadError) -> Failure {
    Failure::new(Exit::Incomplete, "seed", format_args!("{}: {error}", file.display()))
}

fn check(file: &Path, bytes: &[u8], document: &Document) -> Check {
    let schema_version = document.version.name();
    let counts = seed::counts(document).into_iter().filter(|count| count.rows > 0).collect();
    let canonical = seed::to_string(document).as_bytes() == bytes;
    Check { file: file.display().to_string(), schema_version, canonical, counts }
}

fn lines(check: &Check, look: Look) -> String {
    let ok = look.paint(Tone::Good, "ok");
    let mut text = format!("{ok}  {} is a seed of version {}\n", printable(&check.file), check.schema_version);
    if !check.canonical {
        text.line("    not in its canonical form: `orgvault seed fmt` writes that");
    }
    let mut table = Table::new(&["SECTION", ">ROWS"]);
    for count in &check.counts {
        table.row([Cell::from(&count.name), units::number(count.rows).into()]);
    }
    text.push('\n');
    text.push_str(&table.lines(look));
    text
}

/// Replaces the file as a whole, or not at all.
fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| cannot("replace", file, &error);
    // What is behind a link is replaced, not the link.
    let place = fs::canonicalize(file).map_err(failed)?;
    let mode = fs::metadata(&place).map_err(failed)?.permissions();
    let directory = place.parent().unwrap_or(Path::new("/"));
    let mut partial =
        tempfile::Builder::new().prefix(".partial-").permissions(mode).tempfile_in(directory).map_err(failed)?;
    write_synced(&mut partial, text).map_err(failed)?;
    partial.persist(&place).map_err(|error| failed(error.error))?;
    Ok(())
}

fn write_synced(partial: &mut NamedTempFile, text: &str) -> io::Result<()> {
    io::Write::write_all(partial, text.as_bytes())?;
    partial.as_file().sync_all()
}
