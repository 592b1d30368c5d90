//! `orgvault schedule run|pause|resume`: does something with one schedule.

use orgvault_api::{Runs, Schedules};

use crate::{
    commands::{run_due, schedules},
    exit::{Exit, Failure},
    session::Session,
};

/// What to do with which schedule.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A run that is asked for begins now, whatever the schedule's times, window and jitter say. A schedule
that is paused begins no run by itself, and what it misses is not caught up with.")]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Begin a run now
    Run {
        /// The schedule
        name: String,
        /// Follow the run to its end; 3 if some of it failed
        #[arg(long)]
        wait: bool,
    },
    /// Keep it from beginning runs
    Pause {
        /// The schedule
        name: String,
    },
    /// Let it begin runs again
    Resume {
        /// The schedule
        name: String,
    },
}

/// Asks the daemon and prints what became of it.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let schedule = match &args.act {
        Act::Run { name, wait } => {
            let runs = Runs { runs: vec![session.client.run_schedule(name).await?] };
            if *wait {
                return run_due::follow(runs, session).await;
            }
            session.out.show(&runs, |_look| run_due::begun(&runs))?;
            return Ok(Exit::Ok);
        }
        Act::Pause { name } => session.client.pause_schedule(name).await?,
        Act::Resume { name } => session.client.resume_schedule(name).await?,
    };
    let schedules = Schedules { schedules: vec![schedule] };
    session.out.show(&schedules, |look| schedules::lines(&schedules, look))?;
    Ok(Exit::Ok)
}
