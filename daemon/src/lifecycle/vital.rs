//! Panics: where one is the fault of a single piece of work, and where it ends the daemon, which a
//! service manager then starts again.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

/// A task ended that the daemon cannot do without.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{task} ended, which nobody asked for, so that orgvaultd stops: {how}")]
pub struct Death {
    task: &'static str,
    how: String,
}

/// Looks after the tasks that the daemon cannot do without: the first one that dies stops it.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vital {
    stop: CancellationToken,
    death: Arc<OnceLock<Death>>,
}

impl Vital {
    /// Stops by `stop`.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop, death: Arc::default() }
    }

    /// Does `work`, which must not end before the stop.
    pub async fn endless(&self, task: &'static str, work: impl Future<Output = ()>) {
        match contained(work).await {
            Ok(()) if self.stop.is_cancelled() => {}
            Ok(()) => self.died(task, "it had come to its end".to_owned()),
            Err(panic) => self.died(task, panic),
        }
    }

    /// Does `work`, which may end at any time, but not by a panic.
    pub async fn finite(&self, task: &'static str, work: impl Future<Output = ()>) {
        if let Err(panic) = contained(work).await {
            self.died(task, panic);
        }
    }

    /// What has died, if anything has.
    #[must_use]
    pub fn death(&self) -> Option<Death> {
        self.death.get().cloned()
    }

    fn died(&self, task: &'static str, how: String) {
        let death = Death { task, how };
        tracing::error!("{death}");
        // Only the first one is told in the end: the others may follow from it.
        let _first = self.death.get_or_init(|| death);
        self.stop.cancel();
    }
}

/// Does `work`; where it panics, gives what the panic says. What the work held must be dropped or
/// set right by the caller.
///
/// # Errors
/// The words of the panic.
pub async fn contained<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| words(panic.as_ref()))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_panics_or_ends_by_itself_stops_the_daemon_and_the_first_is_told() {
        let vital = Vital::new(CancellationToken::new());
        vital.finite("one run", async {}).await;
        assert!(!vital.stop.is_cancelled() && vital.death().is_none());
        vital.endless("the clock", async { panic!("no hands") }).await;
        vital.endless("a worker", async {}).await;
        assert!(vital.stop.is_cancelled());
        let told = vital.death().unwrap().to_string();
        assert_eq!(told, "the clock ended, which nobody asked for, so that orgvaultd stops: no hands");
    }

    #[tokio::test]
    async fn what_ends_because_it_was_asked_to_is_no_death() {
        let vital = Vital::new(CancellationToken::new());
        vital.stop.cancel();
        vital.endless("a worker", async {}).await;
        assert!(vital.death().is_none());
        vital.endless("a worker", async { panic!("at the end {}", 1) }).await;
        assert!(vital.death().unwrap().to_string().ends_with("at the end 1"));
    }
}
