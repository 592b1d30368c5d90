//! `orgvault check`: every invariant of a source, one line each.

use orgvault_api::{CheckLine, CheckResult, SourceCheck, text::printable};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    lines::{self, Lines, paragraph},
    session::Session,
    table::{Look, Tone},
};

/// Which source, and how thoroughly.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault check                            every source
  orgvault check tracker --deep             also read every row for values that no archive can hold
  orgvault check tracker --grants | psql    give the role exactly what it needs

Ends with 1 if any line says `failed`.")]
pub(crate) struct Args {
    /// The source; all of them without it
    source: Option<String>,
    /// Also read every row for values that the formats cannot hold (takes as long as an export)
    #[arg(long)]
    deep: bool,
    /// Print only the GRANT statements of exactly what is read
    #[arg(long)]
    grants: bool,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Checks {
    checks: Vec<SourceCheck>,
}

/// Checks and prints; a line that failed is exit code 1.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut checks = Vec::new();
    for source in names(args, session).await? {
        checks.push(session.client.check(&source, args.deep).await?);
    }
    let checks = Checks { checks };
    let several = args.source.is_none();
    session.out.show(&checks, |look| {
        let shown =
            checks.checks.iter().map(|check| if args.grants { grants(check) } else { lines(check, several, look) });
        shown.collect()
    })?;
    let failed = checks.checks.iter().flat_map(|check| &check.lines).any(|line| line.result == CheckResult::Failed);
    Ok(if failed && !args.grants { Exit::Failed } else { Exit::Ok })
}

async fn names(args: &Args, session: &Session) -> Result<Vec<String>, Failure> {
    match &args.source {
        Some(source) => Ok(vec![source.clone()]),
        None => Ok(session.client.sources().await?.sources.into_iter().map(|source| source.name).collect()),
    }
}

/// Statements are printed for a program to read: their control characters stay out, their line
/// ends stay in.
fn grants(check: &SourceCheck) -> String {
    lines::each(check.grants.lines().map(printable))
}

fn lines(check: &SourceCheck, several: bool, look: Look) -> String {
    let mut text = String::new();
    if several {
        text.line(format_args!("{}", printable(&check.source)));
    }
    let width = check.lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    for line in &check.lines {
        push_line(&mut text, line, width, look);
    }
    text
}

fn push_line(text: &mut String, line: &CheckLine, width: usize, look: Look) {
    let (tone, word) = word(line.result);
    let blanks = " ".repeat(8 - word.len());
    let CheckLine { name, message, details, hint, .. } = line;
    text.line(format_args!(
        "{}{blanks}{:<width$}  {}",
        look.paint(tone, word),
        printable(name),
        paragraph(message, 10)
    ));
    for detail in details {
        text.line(format_args!("          - {}", paragraph(detail, 12)));
    }
    for line in hint.lines() {
        text.line(format_args!("          hint: {}", printable(line)));
    }
}

fn word(result: CheckResult) -> (Tone, &'static str) {
    match result {
        CheckResult::Ok => (Tone::Good, "ok"),
        CheckResult::Warning => (Tone::Careful, "warning"),
        CheckResult::Failed => (Tone::Bad, "failed"),
        CheckResult::Skipped => (Tone::Careful, "skipped"),
    }
}
