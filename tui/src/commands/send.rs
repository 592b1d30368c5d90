//! `orgvault send`: hands an archive to a running instance of the app.

use orgvault_api::{SendAnswer, SendRecord, SendRequest, SendState, gid::Gid, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
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

Targets are [[target]] blocks of the daemon's configuration; sending is for owners. The app's own
importer decides: what it would refuse is not sent. An importer may double what it is given twice,
so what was sent, or may have been, goes out again only with --again.")]
pub(crate) struct Args {
    /// The archive
    gid: Gid,
    /// The target
    #[arg(long, value_name = "TARGET")]
    to: String,
    /// Send it although it was sent there before, or may have been
    #[arg(long)]
    again: bool,
    /// Let the app replace what has the same name there (trueppm)
    #[arg(long)]
    replace: bool,
    /// Look at everything, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Let the importer create users (command)
    #[arg(long)]
    create_users: bool,
}

/// Waits for the target's answer and prints it; all but `sent` is a failure.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let Args { gid, again, replace, dry_run, create_users, .. } = *args;
    let request = SendRequest { to: args.to.clone(), again, replace, dry_run, create_users };
    let answer = session.client.send_archive(gid, &request).await?;
    session.out.show(&answer, |look| lines(&answer, look))?;
    Ok(match &answer.sent {
        Some(record) if record.state != SendState::Sent => Exit::Failed,
        _ => Exit::Ok,
    })
}

fn lines(answer: &SendAnswer, look: Look) -> String {
    let mut text = format!(
        "archive  {}\nto       {} ({}), {}\nupload   {} ({} bytes)\n",
        answer.gid,
        printable(&answer.target),
        printable(&answer.kind),
        printable(&answer.address),
        units::size(answer.upload_bytes),
        answer.upload_bytes,
    );
    if let Some(preflight) = &answer.preflight {
        let findings: u64 = preflight.totals.iter().map(|total| total.count).sum();
        text.line(format_args!("finds    {}", found(findings, answer.gid)));
    }
    let Some(record) = &answer.sent else {
        text.line("\nnothing was sent: this was a dry run");
        return text;
    };
    text.push('\n');
    text.push_str(&ended(record, look));
    for line in &record.report {
        text.line(format_args!("  {}", printable(line)));
    }
    text
}

fn found(findings: u64, gid: Gid) -> String {
    match findings {
        0 => "nothing that the importer would change".to_owned(),
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
