//! One line for `systemctl status`, told anew when exports begin and end and schedules are due.

use std::time::Duration;

use chrono::TimeDelta;
use orgvault_api::clock::Timestamp;
use orgvault_config::ScheduleConfig;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::{export::Engine, lifecycle::supervisor, schedule::Schedules};

/// Bursts of changes are told once.
const CALM: Duration = Duration::from_secs(1);
/// What changes without an event, as a schedule that is paused, is told this much later.
const LOOK: Duration = Duration::from_mins(1);

/// Tells the service manager what the daemon does, until the stop.
pub(super) async fn tell_status(engine: Engine, schedules: Schedules, stop: CancellationToken) {
    let mut events = engine.subscribe();
    let mut told = String::new();
    loop {
        let text = match schedules.upcoming().await {
            Ok(upcoming) => line(engine.load(), upcoming.first(), schedules.now()),
            Err(error) => format!("{}; cannot read the schedules: {error}", exports(engine.load())),
        };
        if text != told {
            supervisor::status(&text);
            told = text;
        }
        let changed = async {
            if let Err(RecvError::Closed) = events.recv().await {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(CALM).await;
            // All that came meanwhile is told together.
            events = engine.subscribe();
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}

fn line(load: (usize, usize), next: Option<(&ScheduleConfig, Timestamp)>, now: Timestamp) -> String {
    let exports = exports(load);
    let Some((schedule, due)) = next else { return exports };
    let format = if due - now < TimeDelta::days(1) { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    let due = due.with_timezone(&schedule.calendar.zone()).format(format);
    format!("{exports}, {} at {due}", schedule.name)
}

fn exports((pending, running): (usize, usize)) -> String {
    let exports = |number: usize| if number == 1 { "1 export".to_owned() } else { format!("{number} exports") };
    match (running, pending) {
        (0, 0) => "no exports".to_owned(),
        (running, 0) => format!("{} running", exports(running)),
        (running, pending) => format!("{} running, {pending} waiting", exports(running)),
    }
}

#[cfg(test)]
mod tests {
    use orgvault_config::{Config, Environment};

    use super::*;

    #[test]
    fn says_what_runs_and_what_waits() {
        assert_eq!(exports((0, 0)), "no exports");
        assert_eq!(exports((0, 1)), "1 export running");
        assert_eq!(exports((7, 2)), "2 exports running, 7 waiting");
    }

    #[test]
    fn says_when_which_schedule_is_due_in_its_own_zone() {
        let text = "[[source]]\nname = \"t\"\nproduct = \"rytask\"\nurl = \"sqlite:///t\"\n\
                    [[schedule]]\nname = \"nightly\"\ncron = \"0 2 * * *\"\ntimezone = \"Europe/Berlin\"\n";
        let config = Config::parse(text, &Environment::default()).unwrap();
        let due = "2026-11-22T01:00:00Z".parse().unwrap();
        let told = |now: &str| line((0, 2), Some((&config.schedules[0], due)), now.parse().unwrap());
        assert_eq!(told("2026-11-21T20:00:00Z"), "2 exports running, nightly at 02:00");
        assert_eq!(told("2026-11-20T20:00:00Z"), "2 exports running, nightly at 2026-11-22 02:00");
    }
}
