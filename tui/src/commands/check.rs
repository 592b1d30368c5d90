//! `orgvault check`: every invariant of a source, one line each.

use orgvault_api::{
    CheckLine, CheckResult, Coverage, SectionCoverage, SourceCheck, client::ClientError, text::printable,
};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    lines::{self, Lines, paragraph},
    session::Session,
    table::{Look, Tone},
    units,
};

/// The status of an answer that tells of the source, and not of the daemon.
const BAD_GATEWAY: u16 = 502;

/// Which source, and how thoroughly.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault check                            every source
  orgvault check tracker --deep             also read every row for values that no archive can hold
  orgvault check tracker --coverage         also compare the rows of all organizations with their tables
  orgvault check tracker --grants | psql    give the role exactly what it needs

Ends with 1 if any line says `failed`.")]
pub(crate) struct Args {
    /// The source; all of them without it
    source: Option<String>,
    /// Also read every row for values that the formats cannot hold (takes as long as an export)
    #[arg(long)]
    deep: bool,
    /// Also look whether the rows of all organizations together are the rows of their tables
    #[arg(long)]
    coverage: bool,
    /// Print only the GRANT statements of exactly what is read
    #[arg(long)]
    grants: bool,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Checks {
    checks: Vec<Checked>,
}

/// One source.
#[derive(Debug, Serialize)]
struct Checked {
    #[serde(flatten)]
    check: SourceCheck,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
}

/// Checks and prints; a line that failed is exit code 1.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut checks = Vec::new();
    for source in names(args, session).await? {
        let mut check = session.client.check(&source, args.deep).await?;
        let coverage = if args.coverage { coverage(&mut check, session).await? } else { None };
        checks.push(Checked { check, coverage });
    }
    let checks = Checks { checks };
    let several = args.source.is_none();
    session.out.show(&checks, |look| {
        let shown =
            checks.checks.iter().map(|one| if args.grants { grants(&one.check) } else { lines(one, several, look) });
        shown.collect()
    })?;
    let failed = checks.checks.iter().any(Checked::is_failed);
    Ok(if failed && !args.grants { Exit::Failed } else { Exit::Ok })
}

async fn names(args: &Args, session: &Session) -> Result<Vec<String>, Failure> {
    match &args.source {
        Some(source) => Ok(vec![source.clone()]),
        None => Ok(session.client.sources().await?.sources.into_iter().map(|source| source.name).collect()),
    }
}

/// What the daemon found; none where the source cannot be asked, which is a line then.
async fn coverage(check: &mut SourceCheck, session: &Session) -> Result<Option<Coverage>, Failure> {
    match session.client.coverage(&check.source).await {
        Ok(coverage) => Ok(Some(coverage)),
        Err(ClientError::Problem(problem)) if problem.status == BAD_GATEWAY => {
            check.lines.push(CheckLine {
                name: "coverage".to_owned(),
                result: CheckResult::Failed,
                message: problem.detail,
                details: Vec::new(),
                hint: problem.hint,
            });
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

impl Checked {
    fn is_failed(&self) -> bool {
        let lines = self.check.lines.iter().any(|line| line.result == CheckResult::Failed);
        lines || self.coverage.as_ref().is_some_and(|coverage| coverage.failed().next().is_some())
    }
}

/// Statements are printed for a program to read: their control characters stay out, their line
/// ends stay in.
fn grants(check: &SourceCheck) -> String {
    lines::each(check.grants.lines().map(printable))
}

fn lines(Checked { check, coverage }: &Checked, several: bool, look: Look) -> String {
    let mut text = String::new();
    if several {
        text.line(format_args!("{}", printable(&check.source)));
    }
    let width = check.lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    for line in &check.lines {
        push_line(&mut text, line, width, look);
    }
    if let Some(coverage) = coverage {
        push_coverage(&mut text, coverage, look);
    }
    text
}

/// What was looked at, and a line for each section.
fn push_coverage(text: &mut String, coverage: &Coverage, look: Look) {
    let Coverage { organizations, refused, sections, excluded, shared, .. } = coverage;
    let (organizations, number) =
        (units::plural(*organizations, "organization"), units::plural(sections.len() as u64, "section"));
    text.line(format_args!("coverage of {number} by the rows of {organizations}:"));
    let width = sections.iter().map(|section| section.section.chars().count()).max().unwrap_or(0);
    for section in sections {
        push_line(text, &line_of(section), width, look);
    }
    for refused in refused {
        text.line(format_args!("not counted: {}", paragraph(refused, 2)));
    }
    if excluded + shared > 0 {
        let (excluded, shared) = (units::plural(*excluded, "excluded table"), units::plural(*shared, "shared table"));
        text.line(format_args!("not looked at: {excluded}, {shared} without a section"));
    }
}

fn line_of(section: &SectionCoverage) -> CheckLine {
    let SectionCoverage { section, result, message, details, hint, .. } = section.clone();
    CheckLine { name: section, result, message, details, hint }
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
