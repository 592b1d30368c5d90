//! `orgvault drills`: what drills there were, and what they proved.

use std::time::Duration;

use orgvault_api::{Drill, DrillState, Drills, Proof, Verdict, clock::Timestamp, gid::Gid, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// Which drills.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault drills                        the newest, and how long each took to put everything back
  orgvault drills 1234567890             everything that one has compared
  orgvault drills 1234567890 --cancel    end it")]
pub(crate) struct Args {
    /// One drill: everything that it has compared
    drill: Option<Gid>,
    /// End it
    #[arg(long, requires = "drill")]
    cancel: bool,
    /// Only those of this archive
    #[arg(long, value_name = "GID", conflicts_with = "drill")]
    archive: Option<Gid>,
    /// Only the newest so many
    #[arg(long, conflicts_with = "drill")]
    limit: Option<u64>,
}

/// Asks the daemon and prints what it says.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    if let Some(gid) = args.drill {
        let client = &session.client;
        let drill = if args.cancel { client.cancel_drill(gid).await? } else { client.drill(gid).await? };
        session.out.show(&drill, |look| details(&drill, look))?;
    } else {
        let drills = session.client.drills(args.archive, args.limit).await?;
        session.out.show(&drills, |look| lines(&drills, look))?;
    }
    Ok(Exit::Ok)
}

fn lines(Drills { at, drills }: &Drills, look: Look) -> String {
    let header = ["GID", "ORGANIZATION", "ARCHIVE", "VERDICT", "BEGAN", ">AGE", ">ROWS", ">RECOVERY", "WHY NOT"];
    let mut table = Table::new(&header);
    for drill in drills {
        table.row(row(drill, *at));
    }
    let mut text = table.lines(look);
    if drills.is_empty() {
        text.push_str("no drills\n");
    }
    text
}

fn row(drill: &Drill, now: Timestamp) -> [Cell; 9] {
    [
        drill.gid.to_string().into(),
        Cell::cut(&names::organization(&drill.organization), NAME_WIDTH),
        drill.archive.to_string().into(),
        verdict(drill),
        units::time(drill.started_at).into(),
        units::duration(units::between(drill.started_at, now)).into(),
        units::number(drill.rows).into(),
        recovery(drill).unwrap_or_default().into(),
        drill.error.as_ref().map(|error| printable(&error.code).into_owned()).unwrap_or_default().into(),
    ]
}

/// How it ended, or how far it is.
fn verdict(drill: &Drill) -> Cell {
    match (drill.state, drill.verdict) {
        (DrillState::Ended, Some(Verdict::Passed)) => Cell::toned(Tone::Good, "passed"),
        (DrillState::Ended, Some(Verdict::Failed)) => Cell::toned(Tone::Bad, "failed"),
        (DrillState::Ended, _) => Cell::toned(Tone::Careful, "inconclusive"),
        (state, _) => state.name().to_owned().into(),
    }
}

/// The measured recovery time.
pub(crate) fn recovery(drill: &Drill) -> Option<String> {
    drill.recovery_ms.map(|milliseconds| units::duration(Duration::from_millis(milliseconds)))
}

/// All of one drill.
pub(crate) fn details(drill: &Drill, look: Look) -> String {
    let word = drill.verdict.map_or(drill.state.name(), Verdict::name);
    let tone = match drill.verdict {
        Some(Verdict::Passed) => Tone::Good,
        Some(Verdict::Failed) => Tone::Bad,
        _ => Tone::Careful,
    };
    let mut text = format!("drill      {}, asked for by {}\n", drill.gid, printable(&drill.by));
    text.line(format_args!("of         {}", printable(&names::organization(&drill.organization))));
    text.line(format_args!("archive    {}, sha256 {}", drill.archive, printable(&drill.sha256)));
    text.line(format_args!("began      {}", units::time(drill.started_at)));
    text.line(format_args!("verdict    {}", look.paint(tone, word)));
    if let Some(error) = &drill.error {
        text.line(format_args!("error      {}: {}", printable(&error.code), paragraph(&error.message, 11)));
        if !error.hint.is_empty() {
            text.line(format_args!("           hint: {}", paragraph(&error.hint, 17)));
        }
    }
    if let Some(recovery) = recovery(drill) {
        let rows = units::plural(drill.rows, "row");
        text.line(format_args!("recovery   {recovery} for {rows}, on {}", printable(&drill.server)));
    }
    for proof in &drill.proofs {
        proof_lines(proof, look, &mut text);
    }
    text
}

fn proof_lines(proof: &Proof, look: Look, text: &mut String) {
    let word = if proof.same { look.paint(Tone::Good, "same      ") } else { look.paint(Tone::Bad, "DIFFERS   ") };
    let format = proof.format.map(|format| format!(" {format}")).unwrap_or_default();
    text.line(format_args!("{word} {}{format}: {}", printable(&proof.name), paragraph(&proof.message, 11)));
    for difference in &proof.differences {
        text.line(format_args!("           - {}", paragraph(difference, 13)));
    }
}
