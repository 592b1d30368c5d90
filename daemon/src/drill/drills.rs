//! The drills of the daemon: they wait in the catalog, and one goes on at a time, beside the exports.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orgvault_api::{Drill, DrillState, LastDrill, Verdict, clock::Timestamp, gid::Gid};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{attempt, clock, fault::DrillFault, scratch};
use crate::{
    catalog::CatalogError,
    context::Context,
    gids::Gids,
    hook::{Hooks, Notice},
    keep,
    lifecycle::{Vital, contained},
    store::Stored,
};

/// How often it is tried to write down how a drill ended.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// What drills work with.
pub struct DrillParts {
    /// Archives, sources, catalog and clock.
    pub context: Arc<Context>,
    /// Tells the outside.
    pub hooks: Hooks,
    /// Beats once a second.
    pub beat: watch::Receiver<()>,
    /// Where its tasks are counted.
    pub tracker: TaskTracker,
    /// Is told when the worker or the clock dies.
    pub vital: Vital,
    /// Nothing begins after it, and what goes on ends.
    pub stop: CancellationToken,
}

/// A handle to the drills. Cheap to clone.
#[derive(Clone)]
pub struct Drills(Arc<DrillsInner>);

struct DrillsInner {
    context: Arc<Context>,
    hooks: Hooks,
    tracker: TaskTracker,
    stop: CancellationToken,
    gids: Gids,
    work: Notify,
    /// Held while what is open in the catalog is changed.
    changing: tokio::sync::Mutex<()>,
    running: Mutex<Option<(Gid, CancellationToken)>>,
}

/// What cannot be done with a drill.
#[derive(Debug, thiserror::Error)]
pub enum DrillsError {
    /// There is none with this gid.
    #[error("there is no drill {0}")]
    Unknown(Gid),
    /// It has ended already.
    #[error("drill {0} has ended already")]
    Ended(Gid),
    /// The daemon stops.
    #[error("orgvaultd stops, and takes in nothing new")]
    Stopping,
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl Drills {
    /// Removes what an earlier daemon has left, says of what it was at that it was interrupted, and goes on with
    /// what waits.
    ///
    /// # Errors
    /// When the catalog cannot be read or written.
    pub async fn start(parts: DrillParts) -> Result<Self, CatalogError> {
        let DrillParts { context, hooks, beat, tracker, vital, stop } = parts;
        let config = context.config();
        scratch::sweep(&config.daemon.state_dir, &config.scratch).await;
        let drills = Self(Arc::new(DrillsInner {
            context,
            hooks,
            tracker,
            stop,
            gids: Gids::default(),
            work: Notify::new(),
            changing: tokio::sync::Mutex::default(),
            running: Mutex::default(),
        }));
        for drill in drills.context().catalog.open_drills().await? {
            if drill.state == DrillState::Started {
                drills.ended(drill, Err(DrillFault::Interrupted)).await;
            }
        }
        let (worker, alive) = (drills.clone(), vital.clone());
        drills.0.tracker.spawn(async move { alive.endless("the drills", worker.work()).await });
        let follower = drills.clone();
        drills.0.tracker.spawn(async move {
            vital.endless("the clock of the drills", clock::follow_the_clock(follower, beat)).await;
        });
        Ok(drills)
    }

    /// Takes drills of these archives in, in this order.
    ///
    /// # Errors
    /// When the daemon stops, or the catalog cannot be written: then those before it are taken in.
    pub async fn ask(&self, archives: Vec<Stored>, against: Option<&str>, by: &str) -> Result<Vec<Drill>, DrillsError> {
        if self.0.stop.is_cancelled() {
            return Err(DrillsError::Stopping);
        }
        let mut asked = Vec::with_capacity(archives.len());
        for archive in archives {
            let drill = Drill {
                gid: self.0.gids.next(self.now()),
                state: DrillState::Pending,
                archive: archive.gid,
                sha256: archive.sha256.clone(),
                organization: archive.organization.clone(),
                by: by.to_owned(),
                started_at: self.now(),
                ended_at: None,
                verdict: None,
                error: None,
                server: String::new(),
                rows: 0,
                recovery_ms: None,
                proofs: Vec::new(),
                against: against.map(str::to_owned),
            };
            self.context().catalog.put_drill(&drill).await?;
            asked.push(drill);
        }
        self.0.work.notify_one();
        Ok(asked)
    }

    /// Cancels one that waits or goes on; gives it as it is then.
    ///
    /// # Errors
    /// When there is none, it has ended, or the catalog refuses.
    pub async fn cancel(&self, gid: Gid) -> Result<Drill, DrillsError> {
        let changing = self.0.changing.lock().await;
        let drill = self.context().catalog.drill(gid).await?.ok_or(DrillsError::Unknown(gid))?;
        match drill.state {
            DrillState::Ended => Err(DrillsError::Ended(gid)),
            DrillState::Started => {
                if let Some((_, cancel)) = self.running().as_ref().filter(|(running, _)| *running == gid) {
                    cancel.cancel();
                }
                Ok(drill)
            }
            DrillState::Pending => {
                let ended = self.judged(drill, &Err(DrillFault::Canceled));
                self.context().catalog.put_drill(&ended).await?;
                drop(changing);
                Ok(ended)
            }
        }
    }

    /// The one that goes on, and how to end it.
    fn running(&self) -> MutexGuard<'_, Option<(Gid, CancellationToken)>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn context(&self) -> &Arc<Context> {
        &self.0.context
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.context.clock.now()
    }

    async fn work(self) {
        while !self.0.stop.is_cancelled() {
            let next = self.begin().await;
            self.0
                .context
                .notices
                .set("drills_stuck", next.as_ref().err().map(|error| format!("no drill begins: {error}")));
            match next {
                Ok(Some((drill, cancel))) => self.drill(drill, cancel).await,
                Ok(None) => self.wait(None).await,
                Err(_told) => self.wait(Some(PATIENCE)).await,
            }
        }
    }

    async fn wait(&self, most: Option<std::time::Duration>) {
        let over = async {
            match most {
                Some(most) => tokio::time::sleep(most).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.0.work.notified() => {}
            () = over => {}
            () = self.0.stop.cancelled() => {}
        }
    }

    /// The next one that waits, as begun.
    async fn begin(&self) -> Result<Option<(Drill, CancellationToken)>, CatalogError> {
        let _changing = self.0.changing.lock().await;
        let open = self.context().catalog.open_drills().await?;
        let Some(mut drill) = open.into_iter().find(|drill| drill.state == DrillState::Pending) else {
            return Ok(None);
        };
        drill.state = DrillState::Started;
        drill.started_at = self.now();
        self.context().catalog.put_drill(&drill).await?;
        let cancel = self.0.stop.child_token();
        *self.running() = Some((drill.gid, cancel.clone()));
        Ok(Some((drill, cancel)))
    }

    async fn drill(&self, drill: Drill, cancel: CancellationToken) {
        tracing::info!(drill = %drill.gid, archive = %drill.archive, "a drill begins");
        let mut found = drill.clone();
        let work = attempt::attempt(self.context(), &self.0.tracker, &mut found, &cancel);
        let outcome = match contained(Box::pin(work)).await {
            Ok(outcome) => outcome,
            Err(message) => Err(DrillFault::Panicked { message }),
        };
        let outcome = match outcome {
            Err(DrillFault::Canceled) if self.0.stop.is_cancelled() => Err(DrillFault::Interrupted),
            outcome => outcome,
        };
        self.ended(found, outcome).await;
        *self.running() = None;
    }

    /// The drill with its verdict.
    fn judged(&self, mut drill: Drill, outcome: &Result<(), DrillFault>) -> Drill {
        drill.state = DrillState::Ended;
        drill.ended_at = Some(self.now());
        drill.verdict = Some(attempt::verdict(&drill.proofs, outcome.as_ref().err()));
        drill.error = attempt::error(&drill, outcome.as_ref().err());
        drill
    }

    /// Writes down how it ended, in the catalog, beside the archive and in the audit trail, and tells of it.
    async fn ended(&self, drill: Drill, outcome: Result<(), DrillFault>) {
        let drill = self.judged(drill, &outcome);
        let verdict = drill.verdict.map(Verdict::name).unwrap_or_default();
        let error = drill.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        if drill.verdict == Some(Verdict::Passed) {
            tracing::info!(drill = %drill.gid, archive = %drill.archive, rows = drill.rows, recovery_ms = drill.recovery_ms, "a drill passed");
        } else {
            tracing::error!(drill = %drill.gid, archive = %drill.archive, verdict, "a drill did not pass: {error}");
        }
        // Whoever sees that it has ended finds it beside its archive, too.
        keep::drilled(self.context(), &drill).await;
        while let Err(error) = self.context().catalog.put_drill(&drill).await {
            tracing::error!(drill = %drill.gid, "it cannot be written down how a drill ended: {error}");
            if self.0.stop.is_cancelled() {
                break;
            }
            tokio::time::sleep(PATIENCE).await;
        }
        if let (Some(last), true) = (LastDrill::of(&drill), drill.verdict != Some(Verdict::Passed)) {
            self.0.hooks.fire(Notice::drill(&drill.organization, &last, &error));
        }
    }
}
