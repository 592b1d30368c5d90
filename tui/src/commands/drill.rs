//! `orgvault drill`: puts archives back into a scratch database to see that they can be.

use std::time::Duration;

use orgvault_api::{
    Drill, DrillRequest, DrillState, DrillsAsked, ExportError, Sample, SkippedDrill, Verdict, gid::Gid, text::printable,
};
use serde::Serialize;

use crate::{
    commands::drills,
    exit::{Exit, Failure},
    interrupt::Interrupts,
    lines::{Lines, paragraph},
    names,
    output::remark,
    session::Session,
    table::Look,
};

/// How often the daemon is asked how far a drill is.
const AGAIN: Duration = Duration::from_millis(250);

/// What to drill, and whether to wait for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault drill acme --wait             the newest full archive of acme
  orgvault drill --archive 1234567890    this one
  orgvault drill --all                   of every organization that has one, one after the other
  orgvault drill --sample 1/7            a seventh of them; seven days take all
  orgvault drill acme --against tracker  compare with the rows that tracker has now, too

The archive is loaded into a PostgreSQL that is started for it, or into a database on the server of
[scratch]; its native formats are exported from there again and compared with their archives, and
all of it is removed. Ends with --wait with 0 if all passed, 3 if one failed, 1 if one said nothing.
docs/drills.md tells more.")]
pub(crate) struct Args {
    /// The organizations
    #[arg(value_name = "ORG", required_unless_present_any = ["all", "sample", "archives"])]
    organizations: Vec<String>,
    /// These archives
    #[arg(long = "archive", value_name = "GID")]
    archives: Vec<Gid>,
    /// Every organization that has a full archive
    #[arg(long, conflicts_with_all = ["organizations", "archives", "sample"])]
    all: bool,
    /// Those of them whose day it is: 1/7 is a seventh
    #[arg(long, value_name = "1/N", conflicts_with_all = ["organizations", "archives"])]
    sample: Option<Sample>,
    /// Compare with the rows that this source has now, too
    #[arg(long, value_name = "SOURCE")]
    against: Option<String>,
    /// Wait until they have ended, and print what came out; Ctrl-C cancels them
    #[arg(long)]
    wait: bool,
}

/// The shape of `--json` with `--wait`.
#[derive(Debug, Serialize)]
struct DrillOutput {
    drills: Vec<Drill>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedDrill>,
}

/// Asks for the drills, and does what `--wait` says.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let asked = session.client.start_drills(&request(args)).await?;
    remark(&skipped(&asked.skipped));
    if !args.wait {
        session.out.show(&asked, |_look| gids(&asked))?;
        return Ok(if asked.skipped.is_empty() { Exit::Ok } else { Exit::Incomplete });
    }
    let ended = wait(&asked, session).await?;
    let output = DrillOutput { drills: ended, skipped: asked.skipped };
    session.out.show(&output, |look| results(&output.drills, look))?;
    Ok(exit(&output))
}

fn request(args: &Args) -> DrillRequest {
    DrillRequest {
        organizations: args.organizations.clone(),
        archives: args.archives.clone(),
        all: args.all,
        sample: args.sample,
        against: args.against.clone(),
    }
}

async fn wait(asked: &DrillsAsked, session: &Session) -> Result<Vec<Drill>, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let mut ended = Vec::with_capacity(asked.drills.len());
    for drill in &asked.drills {
        loop {
            let now = session.client.drill(drill.gid).await?;
            if now.state == DrillState::Ended {
                ended.push(now);
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = interrupts.next() => return Err(cancel(asked, session).await),
            }
        }
    }
    Ok(ended)
}

/// Those that have ended already stay as they are.
async fn cancel(asked: &DrillsAsked, session: &Session) -> Failure {
    for drill in &asked.drills {
        if let Err(error) = session.client.cancel_drill(drill.gid).await {
            remark(&format!("drill {} was not canceled: {error}\n", drill.gid));
        }
    }
    Failure::new(Exit::Canceled, "canceled", "the drills were canceled")
}

fn gids(asked: &DrillsAsked) -> String {
    let mut text = String::new();
    for drill in &asked.drills {
        text.line(drill.gid);
    }
    text
}

fn skipped(skipped: &[SkippedDrill]) -> String {
    let mut text = String::new();
    for SkippedDrill { organization, reason: ExportError { message, hint, .. } } in skipped {
        let name = names::organization(organization);
        text.line(format_args!("{}: {}", printable(&name), paragraph(message, 2)));
        text.line(format_args!("  hint: {}", paragraph(hint, 8)));
    }
    text
}

fn results(drills: &[Drill], look: Look) -> String {
    drills.iter().map(|drill| drills::details(drill, look)).collect::<Vec<_>>().join("\n")
}

fn exit(output: &DrillOutput) -> Exit {
    let any = |verdict| output.drills.iter().any(|drill| drill.verdict == Some(verdict));
    if any(Verdict::Failed) {
        Exit::Incomplete
    } else if any(Verdict::Inconclusive) {
        Exit::Failed
    } else if output.skipped.is_empty() {
        Exit::Ok
    } else {
        Exit::Incomplete
    }
}
