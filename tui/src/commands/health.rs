//! `orgvault health`: whether the backups of every organization are as they should be, in the
//! words and numbers of monitoring plugins (Monitoring Plugins Development Guidelines).

use orgvault_api::{
    Organization, Organizations, SourceFailure, Status, Warning,
    clock::Timestamp,
    health::{Health, Level, Tally},
    text::printable,
};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph, sentence},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table},
    units,
};

/// How to say it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ends with 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN, which is also what a daemon that does not answer is:

  ok, running         OK
  never, shrinking    WARNING, as are warnings of the daemon as a whole
  gone                WARNING: it has archives, and its source does not list it any more
  refused             WARNING: the app's own importer would refuse the newest archive
  stale               CRITICAL: the newest archive is older than [freshness] allows
  failed, damaged     CRITICAL, as is a source that does not answer

Organizations that no schedule takes are not judged, unless an archive of theirs is damaged; without
any schedule, those that `export --all` takes are. A canceled export changes nothing.")]
pub(crate) struct Args {
    /// Print one line with performance data, as monitoring plugins do
    #[arg(long)]
    nagios: bool,
}

/// What monitoring makes of it; the numbers are those of its plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verdict {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl From<Level> for Verdict {
    fn from(level: Level) -> Self {
        match level {
            Level::Ok => Self::Ok,
            Level::Warning => Self::Warning,
            Level::Critical => Self::Critical,
        }
    }
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The exit code of the same number: here it has the plugins' meaning.
    fn exit(self) -> Exit {
        match self {
            Self::Ok => Exit::Ok,
            Self::Warning => Exit::Failed,
            Self::Critical => Exit::Usage,
            Self::Unknown => Exit::Incomplete,
        }
    }
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Judgement {
    verdict: Verdict,
    /// One sentence.
    summary: String,
    /// Those that are judged and not well, worst first.
    organizations: Vec<Organization>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<SourceFailure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    #[serde(skip)]
    perfdata: String,
}

/// Asks the daemon and judges.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let asked = async { Ok::<_, Failure>((session.client.status().await?, session.client.organizations(None).await?)) };
    let judgement = match asked.await {
        Ok((status, organizations)) => judge(status, organizations, session.clock.now()),
        Err(failure) => unknown(failure),
    };
    let verdict = judgement.verdict;
    session.out.show(&judgement, |look| if args.nagios { line(&judgement) } else { lines(&judgement, look) })?;
    Ok(verdict.exit())
}

fn unknown(failure: Failure) -> Judgement {
    Judgement {
        verdict: Verdict::Unknown,
        summary: failure.message,
        organizations: Vec::new(),
        failures: Vec::new(),
        warnings: Vec::new(),
        perfdata: String::new(),
    }
}

fn judge(status: Status, organizations: Organizations, now: Timestamp) -> Judgement {
    let Organizations { organizations, failures } = organizations;
    let tally = Tally::of(&organizations);
    let left_out = organizations.iter().filter(|one| one.in_all && !one.is_judged()).count() as u64;
    let judged: Vec<Organization> = organizations.into_iter().filter(Organization::is_judged).collect();
    let perfdata = perfdata(&tally, &judged, now);
    let by_sources = if failures.is_empty() { Verdict::Ok } else { Verdict::Critical };
    // Polling costs time and no safety.
    let wrong = |warning: &Warning| !warning.code.ends_with("_polled");
    let by_daemon = if status.warnings.iter().any(wrong) { Verdict::Warning } else { Verdict::Ok };
    let mut parts = vec![counted(&tally, left_out)];
    parts.extend(failures.iter().map(|failure| format!("source {} {}", failure.source, failure.what_it_does())));
    parts.extend(status.warnings.iter().map(|warning| sentence(&warning.message)));
    let mut unwell: Vec<Organization> = judged.into_iter().filter(|one| one.health.level() > Level::Ok).collect();
    unwell.sort_by_key(|one| std::cmp::Reverse(one.health));
    let verdict = Verdict::from(tally.level()).max(by_sources).max(by_daemon);
    let summary = parts.join(", ");
    Judgement { verdict, summary, organizations: unwell, failures, warnings: status.warnings, perfdata }
}

/// `1 failed, 2 gone of 12 organizations (3 more that no schedule takes)`.
fn counted(tally: &Tally, left_out: u64) -> String {
    let unwell = tally.worst_first().filter(|(health, _)| health.level() > Level::Ok);
    let unwell: Vec<String> = unwell.map(|(health, number)| format!("{number} {}", health.name())).collect();
    let all = units::plural(tally.total(), "organization");
    let more = if left_out > 0 { format!(" ({left_out} more that no schedule takes)") } else { String::new() };
    if unwell.is_empty() { format!("{all} ok{more}") } else { format!("{} of {all}{more}", unwell.join(", ")) }
}

/// How many there are of each health, and the age of the oldest newest archive in seconds.
fn perfdata(tally: &Tally, organizations: &[Organization], now: Timestamp) -> String {
    let count = |health: Health| format!("{}={};;;0", health.name(), tally.count(health));
    let mut data: Vec<String> = Health::ALL.into_iter().map(count).collect();
    // One that is gone gets no newer one.
    let listed = organizations.iter().filter(|one| one.health != Health::Gone);
    let archives = listed.filter_map(|one| one.last_archive.as_ref());
    if let Some(oldest) = archives.map(|archive| archive.exported_at).min() {
        data.push(format!("oldest={}s;;;0", units::between(oldest, now).as_secs()));
    }
    data.join(" ")
}

/// `ORGVAULT OK - 12 organizations ok | ok=12;;;0 …`: a bar would end the sentence early.
fn line(judgement: &Judgement) -> String {
    let summary = judgement.summary.replace('|', "/");
    let mut text = format!("ORGVAULT {} - {}", judgement.verdict.name(), sentence(&summary));
    if !judgement.perfdata.is_empty() {
        text.part(format_args!(" | {}", judgement.perfdata));
    }
    text.push('\n');
    text
}

fn lines(judgement: &Judgement, look: Look) -> String {
    let mut table = Table::new(&["HEALTH", "ORGANIZATION", "LAST ARCHIVE", "WHY"]);
    for organization in &judgement.organizations {
        let last = organization.last_archive.as_ref().map(|archive| units::time(archive.exported_at));
        table.row([
            names::health(organization.health),
            Cell::cut(&names::organization(&organization.key), NAME_WIDTH),
            last.unwrap_or_else(|| "-".to_owned()).into(),
            organization.reason.as_ref().map(|reason| sentence(&reason.message)).unwrap_or_default().into(),
        ]);
    }
    let mut text = table.lines(look);
    for SourceFailure { source, error, .. } in &judgement.failures {
        let said = paragraph(names::said_of(source, &error.message), 2);
        text.line(format_args!("source {}: {said}", printable(source)));
        for line in error.hint.lines() {
            text.line(format_args!("  hint: {}", printable(line)));
        }
    }
    for warning in &judgement.warnings {
        text.line(format_args!("warning: {}", paragraph(&warning.message, 2)));
    }
    text.line(format_args!("{}: {}", judgement.verdict.name(), sentence(&judgement.summary)));
    text
}
