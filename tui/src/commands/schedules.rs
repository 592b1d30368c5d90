//! `orgvault schedules`: what is exported by itself, and when.

use orgvault_api::{Run, Schedule, Schedules, SourceFailure, Warning, text::printable};

use crate::{
    commands::orgs::failure_lines,
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// How much of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "`orgvault schedule run|pause|resume NAME` does something with one.")]
pub(crate) struct Args {
    /// The next so many times of each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    next: u64,
}

/// Asks the daemon and prints them.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let schedules = session.client.schedules(args.next).await?;
    session.out.show(&schedules, |look| lines(&schedules, look))?;
    Ok(Exit::Ok)
}

/// Schedules as a table, and what their newest runs complain of.
pub(crate) fn lines(schedules: &Schedules, look: Look) -> String {
    let mut table = Table::new(&["SCHEDULE", "CRON", "ZONE", "STATE", "NEXT", "LAST RUN", ">FINISHED", ">FAILED"]);
    for schedule in &schedules.schedules {
        table.row(row(schedule));
        for later in schedule.next.iter().skip(1) {
            let mut cells = [const { String::new() }; 8].map(Cell::from);
            cells[4] = units::time(*later).into();
            table.row(cells);
        }
    }
    let mut text = table.lines(look);
    if schedules.schedules.is_empty() {
        text.push_str("no schedules: the daemon's configuration has no [[schedule]]\n");
    }
    for run in schedules.schedules.iter().filter_map(|schedule| schedule.last_run.as_ref()) {
        text.push_str(&complaints(&run.failures, &run.warnings));
    }
    text
}

/// What a run says besides its numbers.
pub(crate) fn complaints(failures: &[SourceFailure], warnings: &[Warning]) -> String {
    let mut text = failure_lines(failures);
    for warning in warnings {
        text.line(format_args!("warning {}: {}", printable(&warning.code), paragraph(&warning.message, 2)));
    }
    text
}

fn row(schedule: &Schedule) -> [Cell; 8] {
    let state = match (schedule.enabled, schedule.paused, schedule.last_run.as_ref()) {
        (false, ..) => Cell::toned(Tone::Careful, "off"),
        (true, true, _) => Cell::toned(Tone::Careful, "paused"),
        (true, false, Some(Run { finished_at: None, .. })) => Cell::toned(Tone::Plain, "running"),
        (true, false, _) => Cell::toned(Tone::Plain, "waiting"),
    };
    let last = schedule.last_run.as_ref();
    let failed = last.map(|run| run.failed + run.failures.len() as u64);
    [
        Cell::from(&schedule.name),
        Cell::from(&schedule.cron),
        Cell::from(&schedule.timezone),
        state,
        schedule.next.first().map_or("never".into(), |next| units::time(*next)).into(),
        last.map_or("never".into(), |run| units::time(run.started_at)).into(),
        last.map(|run| units::number(run.finished)).unwrap_or_default().into(),
        match failed {
            Some(failed @ 1..) => Cell::toned(Tone::Bad, &units::number(failed)),
            failed => failed.map(units::number).unwrap_or_default().into(),
        },
    ]
}
