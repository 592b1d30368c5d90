//! `orgvault send`: hands an archive to a running instance of the app.

use orgvault_api::{Replaced, SendAnswer, SendRecord, SendRequest, SendState, SendTrial, gid::Gid, text::printable};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    output::report,
    session::Session,
    table::{Look, Tone},
    units,
};

/// Which archive, and where to.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch, and they are independent")]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault send 1234567890 --to time-new --dry-run   look at everything, send nothing
  orgvault send 1234567890 --to time-new
  orgvault send 1234567890 --to plans --replace      TruePPM replaces its program of the same code
  orgvault send 1234567890 1234567891 --to plans     one after the other; a busy target is waited for

First it says what is always lost on this way, whatever the archive holds. Targets are [[target]] blocks of the daemon's configuration; sending is for owners. The app's own
importer decides: what it would refuse is not sent. An importer may double what it is given twice,
so what was sent, or may have been, goes out again only with --again; where the target itself can tell
(TruePPM), and where it took some parts only, it is just sent once more, and nothing is done twice.")]
pub(crate) struct Args {
    /// The archives
    #[arg(required = true, value_name = "GID")]
    gids: Vec<Gid>,
    /// The target
    #[arg(long, value_name = "TARGET")]
    to: String,
    /// Send it although it was sent there before, or may have been
    #[arg(long)]
    again: bool,
    /// Let the app replace what has the same name there (trueppm)
    #[arg(long)]
    replace: bool,
    /// Look at everything, ask the target where that writes nothing there (trueppm), and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Let the importer create users (command)
    #[arg(long)]
    create_users: bool,
}

/// The shape of `--json` for several archives.
#[derive(Debug, Serialize)]
struct Sends {
    sends: Vec<SendAnswer>,
}

/// Waits for the target's answers and prints them; all but `sent` is a failure. Of several archives one that is
/// not sent holds up no other.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let Args { again, replace, dry_run, create_users, .. } = *args;
    let request = SendRequest { to: args.to.clone(), again, replace, dry_run, create_users };
    if let [gid] = args.gids[..] {
        let answer = send(gid, &request, session).await?;
        if session.out.is_json() {
            session.out.show(&answer, |_look| String::new())?;
        }
        return Ok(if is_good(&answer) { Exit::Ok } else { Exit::Failed });
    }
    let mut sends = Vec::new();
    for gid in &args.gids {
        match send(*gid, &request, session).await {
            Ok(answer) => {
                sends.push(answer);
                session.out.lines(|_look| "\n".to_owned())?;
            }
            Err(failure) if is_of_one(&failure) => report(&failure, session.out.is_json()),
            Err(failure) => return Err(failure),
        }
    }
    let good = sends.iter().filter(|answer| is_good(answer)).count();
    let sends = Sends { sends };
    let done = if dry_run { "may go out" } else { "were sent" };
    session.out.show(&sends, |_look| format!("{good} of {} archives {done}\n", args.gids.len()))?;
    Ok(match good {
        all if all == args.gids.len() => Exit::Ok,
        0 => Exit::Failed,
        _some => Exit::Incomplete,
    })
}

/// Whether the next archive may fare better.
fn is_of_one(failure: &Failure) -> bool {
    let of_all = ["output", "connection_lost", "protocol"].contains(&failure.code.as_str());
    !of_all && !matches!(failure.exit, Exit::Unreachable | Exit::NotAllowed)
}

/// Sends one archive. People are told what is lost before anything goes out.
async fn send(gid: Gid, request: &SendRequest, session: &mut Session) -> Result<SendAnswer, Failure> {
    if !session.out.is_json() && !request.dry_run {
        let look_only = SendRequest { dry_run: true, ..request.clone() };
        let looked = session.client.send_archive(gid, &look_only).await?;
        session.out.lines(|look| before(&looked, look))?;
    }
    let answer = session.client.send_archive(gid, request).await?;
    let told =
        |look| if request.dry_run { before(&answer, look) + &tried(&answer, look) } else { after(&answer, look) };
    session.out.lines(told)?;
    Ok(answer)
}

fn is_good(answer: &SendAnswer) -> bool {
    answer.sent.as_ref().is_none_or(|record| record.state == SendState::Sent)
        && answer.trial.as_ref().is_none_or(|trial| trial.accepted)
}

/// What is known before anything goes out.
fn before(answer: &SendAnswer, look: Look) -> String {
    let mut text = format!(
        "archive  {}\nto       {} ({}), {}\nupload   {} ({} bytes{})\n",
        answer.gid,
        printable(&answer.target),
        printable(&answer.kind),
        printable(&answer.address),
        units::size(answer.upload_bytes),
        answer.upload_bytes,
        answer.parts.map_or_else(String::new, |parts| format!(", in {parts} parts")),
    );
    if let Some(preflight) = &answer.preflight {
        let findings: u64 = preflight.totals.iter().map(|total| total.count).sum();
        text.line(format_args!("finds    {}", found(findings, answer.gid)));
    }
    text.push_str(&losses(answer, look));
    if let Some(replaced) = answer.trial.as_ref().and_then(|trial| trial.replaces.as_ref()) {
        let Replaced { name, code, projects, tasks, .. } = replaced;
        let (projects, tasks) = (units::plural(*projects, "project"), units::plural(*tasks, "task"));
        let (name, code) = (printable(name), printable(code));
        text.line(format_args!(
            "there    the program {name} ({code}) with {projects} and {tasks}: only --replace replaces it"
        ));
    }
    text
}

/// What is lost on this way, one line each.
fn losses(answer: &SendAnswer, look: Look) -> String {
    let mut text = String::new();
    if answer.loses.is_empty() {
        text.line("loses    what is lost on this way is not known here");
    }
    for (number, loss) in answer.loses.iter().enumerate() {
        let label = if number == 0 { "loses" } else { "" };
        let code = look.paint(Tone::Careful, &printable(&loss.code));
        text.line(format_args!("{label:<8} {code}: {}", paragraph(&loss.message, 9)));
    }
    text
}

/// What came of a dry run.
fn tried(answer: &SendAnswer, look: Look) -> String {
    let mut text = String::from("\n");
    if let Some(SendTrial { accepted, error, report, .. }) = &answer.trial {
        let (tone, word) = if *accepted { (Tone::Good, "accepted") } else { (Tone::Bad, "refused") };
        text.part(look.paint(tone, word));
        if let Some(error) = error {
            text.part(format_args!("  {}: {}", printable(&error.code), paragraph(&error.message, 2)));
            if !error.hint.is_empty() {
                text.part(format_args!("\n  hint: {}", printable(&error.hint)));
            }
        }
        text.push('\n');
        for line in report {
            text.line(format_args!("  {}", printable(line)));
        }
    }
    text.line("nothing was sent: this was a dry run");
    text
}

/// What became of it.
fn after(answer: &SendAnswer, look: Look) -> String {
    let Some(record) = &answer.sent else { return String::new() };
    let mut text = String::from("\n");
    text.push_str(&ended(record, look));
    for line in &record.report {
        text.line(format_args!("  {}", printable(line)));
    }
    text
}

fn found(findings: u64, gid: Gid) -> String {
    match findings {
        0 => "no row that the importer would change beside what is always lost".to_owned(),
        _ => format!("{} that the importer would change (orgvault preflight {gid})", units::number(findings)),
    }
}

/// `refused  target_forbidden: …`.
fn ended(record: &SendRecord, look: Look) -> String {
    let mut text = look.paint(tone(record.state), record.state.name());
    if let Some(error) = &record.error {
        text.part(format_args!("  {}: {}", printable(&error.code), paragraph(&error.message, 2)));
        if !error.hint.is_empty() {
            text.part(format_args!("\n  hint: {}", printable(&error.hint)));
        }
    }
    text.push('\n');
    text
}

fn tone(state: SendState) -> Tone {
    match state {
        SendState::Sent => Tone::Good,
        SendState::Sending => Tone::Careful,
        SendState::Refused | SendState::Unknown => Tone::Bad,
    }
}

/// `sent       to time-new at …, asked for by ada`: where an archive was sent.
pub(crate) fn record_lines(records: &[SendRecord]) -> String {
    let mut text = String::new();
    for record in records {
        text.part(format_args!(
            "{:<10} to {} at {}, asked for by {}",
            record.state.name(),
            printable(&record.target),
            units::time(record.started_at),
            printable(&record.by)
        ));
        if let Some(error) = &record.error {
            text.part(format_args!(" ({})", printable(&error.code)));
        }
        text.push('\n');
    }
    text
}
