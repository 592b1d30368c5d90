//! The three steps of a stop, each of which implies the ones before.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

/// What is asked of the daemon from outside: to stop, in three steps, and to read its configuration
/// again.
#[derive(Debug, Clone)]
pub struct Stop {
    /// No new export starts; running ones may finish.
    pub soft: CancellationToken,
    /// Running exports are canceled and cleaned up.
    pub deadline: CancellationToken,
    /// Everything ends now; the next start cleans up.
    pub hard: CancellationToken,
    /// The configuration is read again.
    pub reload: Arc<Notify>,
}

impl Default for Stop {
    fn default() -> Self {
        let hard = CancellationToken::new();
        let deadline = hard.child_token();
        Self { soft: deadline.child_token(), deadline, hard, reload: Arc::default() }
    }
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches the two from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn catch() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The name of the next one that arrives.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// A file that reaches the limit of file sizes (`LimitFSIZE=`) fails the write from now on, instead of
/// ending the process by SIGXFSZ: to catch the signal is enough (setrlimit(2)). Programs that are
/// started get the usual behaviour back.
///
/// # Errors
/// When the system refuses.
pub fn outlive_file_limit() -> io::Result<()> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// Each SIGHUP asks for the configuration to be read again.
///
/// # Errors
/// When the system refuses to catch it.
pub async fn follow_hangups(reload: Arc<Notify>) -> io::Result<Infallible> {
    let mut hangups = signal(SignalKind::hangup())?;
    loop {
        match hangups.recv().await {
            Some(()) => reload.notify_one(),
            None => std::future::pending().await,
        }
    }
}

/// The first signal is a soft stop, `timeout` after it the deadline; a second signal is the hard
/// stop. Never ends: drop it when the daemon has ended.
pub async fn follow_signals(mut signals: Signals, stop: Stop, timeout: Duration) -> Infallible {
    escalate(async || signals.next().await, stop, timeout).await;
    std::future::pending().await
}

async fn escalate(mut next: impl AsyncFnMut() -> &'static str, stop: Stop, timeout: Duration) {
    let signal = next().await;
    tracing::info!(signal, ?timeout, "stopping: running exports may finish; a second signal ends them");
    stop.soft.cancel();
    let mut second = std::pin::pin!(next());
    let signal = tokio::select! {
        signal = &mut second => signal,
        () = tokio::time::sleep(timeout) => {
            tracing::warn!("the time to stop is over: running exports are canceled");
            stop.deadline.cancel();
            second.await
        }
    };
    tracing::warn!(signal, "stopping at once");
    stop.hard.cancel();
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn steps(stop: &Stop) -> [bool; 3] {
        [&stop.soft, &stop.deadline, &stop.hard].map(CancellationToken::is_cancelled)
    }

    async fn after(seconds: &[u64], look: u64) -> [bool; 3] {
        let stop = Stop::default();
        let mut waits = seconds.iter();
        let next = async || match waits.next() {
            Some(&wait) => {
                tokio::time::sleep(Duration::from_secs(wait)).await;
                "TEST"
            }
            None => pending().await,
        };
        let escalation = escalate(next, stop.clone(), Duration::from_mins(1));
        drop(tokio::time::timeout(Duration::from_secs(look), escalation).await);
        steps(&stop)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_signal_is_soft_then_comes_the_deadline_and_a_second_signal_ends_all() {
        assert_eq!(after(&[10], 9).await, [false, false, false]);
        assert_eq!(after(&[10], 69).await, [true, false, false]);
        assert_eq!(after(&[10], 71).await, [true, true, false]);
        assert_eq!(after(&[10, 5], 16).await, [true, true, true]);
        assert_eq!(after(&[10, 65], 76).await, [true, true, true]);
    }

    #[test]
    fn each_step_implies_the_ones_before() {
        let stop = Stop::default();
        stop.deadline.cancel();
        assert_eq!(steps(&stop), [true, true, false]);
        let stop = Stop::default();
        stop.hard.cancel();
        assert_eq!(steps(&stop), [true, true, true]);
    }
}
