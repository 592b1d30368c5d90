//! `orgvault jobs`: what the apps make for exports of ours, where a source is an export API.

use clap::Subcommand;
use orgvault_api::{Job, Jobs, clock::Timestamp, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table},
    units,
};

/// Columns that an app's own id and words get.
const THEIR_WIDTH: usize = 24;

/// Without a command they are listed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault jobs              what is asked for, how far it is, and what it waits for
  orgvault jobs forget 12    ask the app for a new one with the next export

A job that is not over is gone on with by the next export of its organization, and never asked for twice.
Forget one that the app does not have any more, or whose creation was not answered.")]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List those that are not over
    List,
    /// Let the next export ask the app for a new one
    Forget {
        /// Our number of the job, as the list has it
        id: u64,
    },
}

/// Asks the daemon and prints what it says.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    match args.act {
        None | Some(Act::List) => {
            let jobs = session.client.jobs().await?;
            session.out.show(&jobs, |look| lines(&jobs, look))?;
        }
        Some(Act::Forget { id }) => {
            let job = session.client.forget_job(id).await?;
            session.out.show(&job, |_look| forgotten(&job))?;
        }
    }
    Ok(Exit::Ok)
}

fn forgotten(job: &Job) -> String {
    format!("forgot job {} of {}\n", job.id, printable(&names::organization(&job.organization)))
}

fn lines(Jobs { at, jobs }: &Jobs, look: Look) -> String {
    let mut table = Table::new(&["ID", "ORGANIZATION", "FORMAT", "STATE", "THEIR ID", "ASKED", ">AGE", "EXPORT"]);
    for job in jobs {
        table.row(row(job, *at));
    }
    let mut text = table.lines(look);
    if jobs.is_empty() {
        text.push_str("no jobs\n");
    }
    for (job, note) in jobs.iter().filter_map(|job| Some((job, job.note.as_ref()?))) {
        text.line(format_args!("{}: {}", job.id, paragraph(note, 2)));
    }
    text
}

fn row(job: &Job, now: Timestamp) -> [Cell; 8] {
    [
        job.id.to_string().into(),
        Cell::cut(&names::organization(&job.organization), NAME_WIDTH),
        job.format.name().into(),
        Cell::cut(word(job), THEIR_WIDTH),
        Cell::cut(job.remote_id.as_deref().unwrap_or_default(), THEIR_WIDTH),
        units::time(job.requested_at).into(),
        units::duration(units::between(job.requested_at, now)).into(),
        job.export.map(|gid| gid.to_string()).unwrap_or_default().into(),
    ]
}

/// The app's own word for its state, or ours where it has told none.
pub(crate) fn word(job: &Job) -> &str {
    job.remote_state.as_deref().unwrap_or_else(|| job.state.name())
}
