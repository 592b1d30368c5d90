//! The engine: takes exports in, runs them on a fixed number of workers, tells what changes, and
//! stops cleanly.

mod cancel;
mod end;
mod leftover;
mod record;
mod submit;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use orgvault_api::{Event, Export, LogLines, Progress, State, clock::Timestamp, gid::Gid};
use tokio::sync::{Notify, Semaphore, broadcast, oneshot, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::record::{Record, Unrecorded};
use super::{
    Failure,
    export_log::ExportLog,
    job::{JobState, Watched},
    queue::{Job, Lane, Queue},
};
use crate::{
    catalog::{CatalogError, ExportFilter},
    context::Context,
    gids::Gids,
    lifecycle::Vital,
};

pub use self::{cancel::CancelError, submit::SubmitError};

/// Exports of export APIs that are under way at the same time: they wait, and how many of one token may is its
/// definition's word.
const WAITERS: usize = 64;

/// What an engine works with.
pub struct EngineParts {
    /// Sources, archive directory and settings.
    pub context: Arc<Context>,
    /// Exports that run at the same time.
    pub workers: usize,
    /// Where its tasks are counted.
    pub tracker: TaskTracker,
    /// Is told of a worker that dies: no export waits for one that is not there.
    pub vital: Vital,
    /// No export starts after it; what waits stays pending.
    pub stop: CancellationToken,
    /// Running exports are canceled by it, as interrupted.
    pub abort: CancellationToken,
}

/// A handle to the running engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<EngineState>);

struct EngineState {
    context: Arc<Context>,
    workers: usize,
    /// Received files are proven by as many as there are workers: it is they who keep cores busy.
    proving: Arc<Semaphore>,
    gids: Gids,
    queue: Mutex<Queue>,
    /// Held while a request with a key is taken in.
    repeating: tokio::sync::Mutex<()>,
    running: Mutex<HashMap<Gid, Running>>,
    /// Canceled while they waited behind another export of their own job.
    cancel_requested: Mutex<HashSet<Gid>>,
    unrecorded: Mutex<Unrecorded>,
    /// The exports of runs whose end this daemon found when it started.
    found_ended: HashSet<Gid>,
    work: Notify,
    log: ExportLog,
    tracker: TaskTracker,
    stop: CancellationToken,
    abort: CancellationToken,
}

/// A started export, as it is known to those who watch or cancel it.
struct Running {
    export: Export,
    progress: watch::Receiver<Progress>,
    canceled: CancellationToken,
}

impl Engine {
    /// Records what a dead daemon left behind, takes its pending exports up again in their
    /// order (but for those of runs, which are [offered](Engine::offer) in their time), and starts
    /// the workers.
    ///
    /// # Errors
    /// When the catalog cannot be read or written.
    pub async fn start(parts: EngineParts) -> Result<Self, CatalogError> {
        let EngineParts { context, workers, tracker, vital, stop, abort } = parts;
        let leftover = leftover::ends(&context).await?;
        let pending = ExportFilter { state: Some(State::Pending), ..ExportFilter::default() };
        let mut pending = context.catalog.exports(pending).await?;
        pending.retain(|export| export.schedule.is_none());
        let mut queue = Queue::default();
        queue.push(pending, |export| lane_of(&context, export));
        let engine = Self(Arc::new(EngineState {
            context,
            workers,
            proving: Arc::new(Semaphore::new(workers)),
            gids: Gids::default(),
            queue: Mutex::new(queue),
            repeating: tokio::sync::Mutex::default(),
            running: Mutex::default(),
            cancel_requested: Mutex::default(),
            unrecorded: Mutex::default(),
            found_ended: leftover.iter().map(|end| end.export.gid).collect(),
            work: Notify::new(),
            log: ExportLog::default(),
            tracker,
            stop,
            abort,
        }));
        engine.record_leftover(leftover).await;
        let lanes = std::iter::repeat_n(Lane::Rows, workers).chain(std::iter::repeat_n(Lane::Api, WAITERS));
        for lane in lanes {
            let worker = engine.clone();
            let vital = vital.clone();
            engine.0.tracker.spawn(async move {
                vital.endless("a worker", Box::pin(worker.work(lane))).await;
                lock(&worker.0.queue).let_go();
            });
        }
        Ok(engine)
    }

    /// Starts the exports of one organization, which the catalog has as pending, if a worker is
    /// free for them; what is given resolves when they are over, however they ended.
    #[must_use]
    pub fn offer(&self, exports: Vec<Export>) -> Option<oneshot::Receiver<()>> {
        let mut queue = lock(&self.0.queue);
        // Asked under the lock, so that it is not taken in after the workers have let go.
        if self.0.stop.is_cancelled() {
            return None;
        }
        let lane = lane_of(&self.0.context, exports.first()?);
        let limit = if lane == Lane::Rows { self.0.workers } else { WAITERS };
        let over = queue.offer(exports, lane, limit)?;
        drop(queue);
        self.0.work.notify_waiters();
        Some(over)
    }

    /// Tells everybody who listens of exports that the catalog has taken in.
    pub fn announce(&self, exports: &[Export]) {
        for export in exports {
            self.note(export.gid, "info", format!("asked for by {}", export.requested_by));
            self.tell(export.clone());
        }
    }

    /// A gid that is higher than every one before.
    #[must_use]
    pub fn gid(&self, now: Timestamp) -> Gid {
        self.0.gids.next(now)
    }

    /// Changes from now on. Subscribe first, then read the lists, so that nothing is missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.context.events.subscribe()
    }

    /// Adds progress to the exports that are running.
    #[must_use]
    pub fn with_progress(&self, mut exports: Vec<Export>) -> Vec<Export> {
        let running = lock(&self.0.running);
        for export in &mut exports {
            if let Some(live) = running.get(&export.gid).filter(|_| export.state == State::Started) {
                *export = live.now();
            }
        }
        exports
    }

    /// What happened to one export, as far as it is still in memory.
    #[must_use]
    pub fn log(&self, gid: Gid) -> LogLines {
        self.0.log.of(gid)
    }

    fn note(&self, gid: Gid, level: &str, message: impl Into<String>) {
        self.0.log.note(gid, self.0.context.clock.now(), level, message);
    }

    /// How many exports wait and how many run.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (lock(&self.0.queue).pending(), lock(&self.0.running).len())
    }

    async fn work(&self, lane: Lane) {
        loop {
            // Enabled before the queue is looked at, so that no submit falls in between.
            let more = self.0.work.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if self.0.stop.is_cancelled() {
                return;
            }
            let next = lock(&self.0.queue).take(lane);
            if let Some(job) = next {
                Box::pin(self.run(job)).await;
                continue;
            }
            tokio::select! {
                () = more => {}
                () = self.0.stop.cancelled() => return,
            }
        }
    }

    /// Runs the exports of a job one after the other; each ends in the catalog, whatever happens.
    async fn run(&self, mut job: Job) {
        let mut shared = JobState::default();
        for export in &mut job.exports {
            let result = match self.begin(export).await {
                Ok(watched) => Box::pin(shared.export(&self.0.context, export, &watched)).await,
                Err(failure) => Err(failure),
            };
            let (failed, of_a_run) = (result.is_err(), export.schedule.is_some());
            if let Err(error) = self.end(export, result, &mut shared).await {
                // A published archive has its manifest on disk, so that the next start finds it.
                tracing::error!(gid = %export.gid, "the end of the export could not be recorded: {error}");
            }
            if failed && of_a_run && !shared.has_published() {
                // What is left still waits. Its run hands it over again, together with what it
                // tries again, so that all of them show one instant.
                break;
            }
        }
        shared.finish().await;
        lock(&self.0.queue).done(&job);
        drop(job);
        // Another job of this organization may have become free.
        self.0.work.notify_waiters();
    }

    /// The export starts now: it can be watched and canceled from here on.
    async fn begin(&self, export: &mut Export) -> Result<Watched, Failure> {
        export.state = State::Started;
        export.started_at = Some(self.0.context.clock.now());
        let (sender, progress) = watch::channel(Progress::default());
        let canceled = self.0.abort.child_token();
        if lock(&self.0.cancel_requested).remove(&export.gid) {
            canceled.cancel();
        }
        let running = Running { export: export.clone(), progress: progress.clone(), canceled: canceled.clone() };
        lock(&self.0.running).insert(export.gid, running);
        let recorded = self.until_recorded(Record::State(export));
        tokio::select! {
            biased;
            () = canceled.cancelled() => return Err(Failure::Canceled),
            recorded = recorded => recorded?,
        }
        if self.made_before(export).await? {
            return Err(Failure::AlreadyMade);
        }
        self.note(export.gid, "info", "started");
        self.tell(export.clone());
        self.0.tracker.spawn(self.clone().tell_progress(export.clone(), progress));
        let (stop, proving) = (self.0.stop.clone(), Arc::clone(&self.0.proving));
        Ok(Watched { progress: sender, canceled, stop, proving })
    }

    /// Whether a run has the archive that this export of it would make.
    async fn made_before(&self, export: &Export) -> Result<bool, CatalogError> {
        if export.schedule.is_none() {
            return Ok(false);
        }
        self.0.context.catalog.is_made(export).await
    }

    async fn tell_progress(self, mut export: Export, mut progress: watch::Receiver<Progress>) {
        let mut section = String::new();
        // Ends when the writer drops its end.
        while progress.changed().await.is_ok() {
            let now = progress.borrow_and_update().clone();
            if now.section != section {
                section.clone_from(&now.section);
                self.note(export.gid, "info", format!("writing {section} after {} rows", now.rows));
            }
            export.progress = Some(now);
            self.tell(export.clone());
        }
    }

    fn tell(&self, export: Export) {
        self.0.context.tell(Event::Export { export: Box::new(export) });
    }
}

impl Running {
    fn now(&self) -> Export {
        Export { progress: Some(self.progress.borrow().clone()), ..self.export.clone() }
    }
}

/// Who makes an export's archive: an app that has to be waited for keeps no worker from rows.
fn lane_of(context: &Context, export: &Export) -> Lane {
    let is_api = context.source(&export.organization.source).is_some_and(|source| source.api().is_some());
    if is_api { Lane::Api } else { Lane::Rows }
}

/// A panic while the lock was held cannot leave these structures torn: each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
