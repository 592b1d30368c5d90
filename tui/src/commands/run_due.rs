//! `orgvault run-due`: has the daemon begin what is due, and follows it; for a systemd timer.

use std::time::Duration;

use orgvault_api::{
    Run, Runs,
    client::{Client, ClientError},
};
use tokio::time::{Instant, sleep};

use crate::{
    commands::schedules::complaints,
    exit::{Exit, Failure},
    interrupt::Interrupts,
    lines::Lines,
    output::remark,
    session::Session,
    units,
};

/// How often the daemon is asked how far a run is.
const EVERY: Duration = Duration::from_millis(500);

/// Between two lines about the same run: a long one does not fill a log.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a daemon that does not answer is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// `run-due` takes no arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Follows every run that is open then, also those that began by themselves. Ends with 0 if all of it has
its archives or nothing was due, with 3 if some failed, with 1 if all did. Ctrl-C ends the following and
not the runs.")]
pub(crate) struct Args {}

/// Asks the daemon, and follows the runs to their end.
pub(crate) async fn run(_args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let runs = session.client.run_due().await?;
    follow(runs, session).await
}

/// Follows runs to their end, prints them, and judges them.
pub(crate) async fn follow(mut runs: Runs, session: &mut Session) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    for run in &mut runs.runs {
        tokio::select! {
            ended = until_the_end(&session.client, run) => ended?,
            () = interrupts.next() => {
                return Err(Failure::new(Exit::Canceled, "canceled", "not followed any more: the runs go on"));
            }
        }
    }
    session.out.show(&runs, |_look| outcome(&runs))?;
    Ok(exit(&runs))
}

async fn until_the_end(client: &Client, run: &mut Run) -> Result<(), Failure> {
    let mut heard = Instant::now();
    let mut told: Option<Instant> = None;
    while run.finished_at.is_none() {
        match client.run(run.gid).await {
            Ok(now) => {
                heard = Instant::now();
                let changed = (now.finished, now.failed) != (run.finished, run.failed);
                if changed && (now.finished_at.is_some() || told.is_none_or(|told| told.elapsed() >= PAUSE)) {
                    remark(&format!("{}\n", line(&now)));
                    told = Some(Instant::now());
                }
                *run = now;
            }
            Err(error) if heard.elapsed() < PATIENCE && may_come_back(&error) => {}
            Err(error) => return Err(error.into()),
        }
        if run.finished_at.is_none() {
            sleep(EVERY).await;
        }
    }
    Ok(())
}

/// A daemon that starts again takes its runs up again.
fn may_come_back(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable { .. } | ClientError::Lost { .. } => true,
        ClientError::Problem(problem) => matches!(problem.status, 429 | 503),
        _ => false,
    }
}

/// The runs that have begun, with their gids.
pub(crate) fn begun(runs: &Runs) -> String {
    crate::lines::each(runs.runs.iter().map(|run| format!("{}  {}", run.gid, run.schedule)))
}

fn outcome(runs: &Runs) -> String {
    let mut text = String::new();
    for run in &runs.runs {
        text.line(line(run));
        text.push_str(&complaints(&run.failures, &run.warnings));
    }
    if runs.runs.is_empty() {
        text.line("nothing is due");
    }
    text
}

fn line(run: &Run) -> String {
    let Run { schedule, organizations, finished, failed, open, .. } = run;
    let organizations = units::plural(*organizations, "organization");
    let left = if *open == 0 { String::new() } else { format!(", {} to go", units::number(*open)) };
    format!(
        "{schedule}: {organizations}, {} finished, {} failed{left}",
        units::number(*finished),
        units::number(*failed)
    )
}

fn exit(runs: &Runs) -> Exit {
    if runs.runs.iter().all(Run::is_whole) {
        Exit::Ok
    } else if runs.runs.iter().all(|run| run.finished == 0) {
        Exit::Failed
    } else {
        Exit::Incomplete
    }
}
