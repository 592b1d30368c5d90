//! What makes the schedules look at the clock: one repeated job of tokio-cron-scheduler.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Each second. A job of its kind "repeated" would be stuck for ever after one beat that comes too
/// late (a sleeping machine): it counts on from the beat before, and not from now.
const EACH_SECOND: &str = "* * * * * *";

/// Silent for so long, it is wound up again: it waits for an instant of the machine's clock, which
/// is far away when that clock was set back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Beats once a second.
pub(super) struct Ticker {
    scheduler: JobScheduler,
    beat: Arc<Notify>,
}

impl Ticker {
    /// Starts it.
    ///
    /// # Errors
    /// When the scheduler refuses.
    pub(super) async fn start() -> Result<Self, JobSchedulerError> {
        let beat = Arc::new(Notify::new());
        Ok(Self { scheduler: wind_up(&beat).await?, beat })
    }

    /// Waits for the next beat.
    pub(super) async fn beat(&mut self) {
        if tokio::time::timeout(PATIENCE, self.beat.notified()).await.is_ok() {
            return;
        }
        tracing::info!("the machine slept or its clock was set: the schedules' ticker is wound up again");
        self.stop().await;
        match wind_up(&self.beat).await {
            Ok(scheduler) => self.scheduler = scheduler,
            Err(error) => tracing::error!("cannot wind the ticker up, schedules are looked at less often: {error}"),
        }
    }

    /// Ends it.
    pub(super) async fn stop(&mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!("the ticker did not stop: {error}");
        }
    }
}

async fn wind_up(beat: &Arc<Notify>) -> Result<JobScheduler, JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    scheduler.init().await?;
    let beat = Arc::clone(beat);
    let job = Job::new(EACH_SECOND, move |_id, _scheduler| beat.notify_one())?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
