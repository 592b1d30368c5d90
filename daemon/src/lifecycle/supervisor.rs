//! What a service manager is told, by the notify protocol of `sd_notify(3)`; nothing happens where
//! none listens.

use std::{convert::Infallible, io, time::Duration};

use sd_notify::NotifyState;

/// The daemon answers on its socket, or does so again with a new configuration.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] ends it. `systemd` 253 and later want the time
/// with it (`Type=notify-reload`), and earlier ones take no harm from it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => log(&error),
    }
}

/// The daemon stops.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// What it does now, in a few words that `systemctl status` shows.
pub fn status(text: &str) {
    tell(&[NotifyState::Status(text)]);
}

/// Tells the watchdog, where there is one, that the loop that polls this is alive. Never ends.
pub async fn feed_watchdog() -> Infallible {
    match sd_notify::watchdog_enabled() {
        // Half the time that it waits, as `sd_watchdog_enabled(3)` recommends.
        Some(patience) => beat(patience / 2, || tell(&[NotifyState::Watchdog])).await,
        None => std::future::pending().await,
    }
}

async fn beat(every: Duration, mut tell: impl FnMut()) -> Infallible {
    let mut beats = tokio::time::interval(every.max(Duration::from_millis(1)));
    // After a block one beat is enough: catching up would hide it from nobody.
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        tell();
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log(&error);
    }
}

/// The manager notices by itself what it is not told.
fn log(error: &io::Error) {
    tracing::warn!("the service manager cannot be told how the daemon is: {error}");
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Instant};

    use super::*;

    #[tokio::test]
    async fn a_main_loop_that_is_blocked_feeds_no_watchdog() {
        let beats = RefCell::new(Vec::new());
        let every = Duration::from_millis(10);
        let block = Duration::from_millis(300);
        let blocked = RefCell::new(None);
        let main_loop = async {
            while beats.borrow().len() < 3 {
                tokio::time::sleep(every).await;
            }
            *blocked.borrow_mut() = Some(Instant::now());
            std::thread::sleep(block);
            let before = beats.borrow().len();
            while beats.borrow().len() < before + 3 {
                tokio::time::sleep(every).await;
            }
        };
        tokio::select! {
            never = beat(every, || beats.borrow_mut().push(Instant::now())) => match never {},
            () = main_loop => {}
        }
        let from = blocked.borrow().unwrap();
        let starved = beats.borrow().iter().filter(|beat| **beat > from && **beat < from + block).count();
        assert_eq!(starved, 0);
    }
}
