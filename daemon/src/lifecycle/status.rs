//! One line for `systemctl status`, told anew when exports begin and end.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::supervisor;
use crate::export::Engine;

/// Bursts of changes are told once.
const CALM: Duration = Duration::from_secs(1);

/// Tells the service manager what the daemon does, until the stop.
pub async fn tell_status(engine: Engine, stop: CancellationToken) {
    let mut events = engine.subscribe();
    let mut told = String::new();
    loop {
        let text = line(engine.load());
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
            () = stop.cancelled() => return,
        }
    }
}

fn line((pending, running): (usize, usize)) -> String {
    let exports = |number: usize| if number == 1 { "1 export".to_owned() } else { format!("{number} exports") };
    match (running, pending) {
        (0, 0) => "no exports".to_owned(),
        (running, 0) => format!("{} running", exports(running)),
        (running, pending) => format!("{} running, {pending} waiting", exports(running)),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn says_what_runs_and_what_waits() {
        assert_eq!(line((0, 0)), "no exports");
        assert_eq!(line((0, 1)), "1 export running");
        assert_eq!(line((7, 2)), "2 exports running, 7 waiting");
    }
}
