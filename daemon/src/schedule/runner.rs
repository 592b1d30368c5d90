//! Looks at the clock, and begins the runs that are due.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use orgvault_api::{Run, Trigger, clock::Timestamp, gid::Gid};
use orgvault_config::{Config, HookEvent, ScheduleConfig};
use tokio::sync::{MutexGuard, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    due::{Act, Due, due, is_set_back, next},
    run_driver::RunDriver,
    stale::Stale,
    ticker::Ticker,
    uncovered::Uncovered,
};
use crate::{
    catalog::{Catalog, CatalogError, Followed, OpenRun, Unlisted},
    context::Context,
    export::Engine,
    hook::{Hooks, Notice},
    lifecycle::Vital,
};

/// What schedules work with.
pub struct ScheduleParts {
    /// Sources, catalog and clock.
    pub context: Arc<Context>,
    /// Runs the exports.
    pub engine: Engine,
    /// Tells the outside.
    pub hooks: Hooks,
    /// The configuration; when another one is sent, its schedules are followed.
    pub config: watch::Receiver<Arc<Config>>,
    /// Where its tasks are counted.
    pub tracker: TaskTracker,
    /// Is told when the clock or a run dies: nobody would look at the time, or end the run.
    pub vital: Vital,
    /// Nothing begins after it; what waits goes on after the next start.
    pub stop: CancellationToken,
}

/// A handle to the running schedules. Cheap to clone.
#[derive(Clone)]
pub struct Schedules(pub(super) Arc<SchedulesState>);

pub(super) struct SchedulesState {
    pub(super) context: Arc<Context>,
    pub(super) engine: Engine,
    pub(super) hooks: Hooks,
    pub(super) config: watch::Receiver<Arc<Config>>,
    pub(super) tracker: TaskTracker,
    pub(super) vital: Vital,
    pub(super) stop: CancellationToken,
    /// Each look at the clock; runs look at it with the schedules.
    pub(super) beat: watch::Sender<()>,
    /// One at a time decides what is due.
    state: tokio::sync::Mutex<State>,
    /// What each schedule's open run is.
    open: Mutex<HashMap<String, Gid>>,
    /// The runs that cannot go on now, and why.
    stuck: Mutex<BTreeMap<Gid, String>>,
}

/// How far the schedules were followed.
#[derive(Default)]
pub(super) struct State {
    /// The configuration that the rest was made for.
    config: Arc<Config>,
    /// All that the catalog knows, by schedule.
    pub(super) followed: HashMap<String, Followed>,
    /// How often somebody paused or resumed one.
    pub(super) changes: u64,
}

impl State {
    /// Up to when the schedules are dealt with that may begin a run.
    fn since(&self, open: &HashMap<String, Gid>) -> HashMap<String, Timestamp> {
        let since = |(name, followed): (&String, &Followed)| Some((name.clone(), followed.since?));
        let free = self.followed.iter().filter(|(name, _)| !open.contains_key(*name));
        free.filter_map(since).collect()
    }
}

impl Schedules {
    /// Takes up the runs that an earlier daemon left open, and looks at the clock from now on.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn start(parts: ScheduleParts) -> Result<Self, CatalogError> {
        let ScheduleParts { context, engine, hooks, config, tracker, vital, stop } = parts;
        let schedules = Self(Arc::new(SchedulesState {
            context,
            engine,
            hooks,
            config,
            tracker,
            vital,
            stop,
            beat: watch::channel(()).0,
            state: tokio::sync::Mutex::default(),
            open: Mutex::default(),
            stuck: Mutex::default(),
        }));
        drop(schedules.state().await?);
        for open in schedules.catalog().open_runs().await? {
            tracing::info!(schedule = open.run.schedule, run = %open.run.gid, "the run goes on");
            schedules.drive(open);
        }
        let runner = schedules.clone();
        schedules.0.tracker.spawn(async move {
            runner.0.vital.endless("the clock of the schedules", runner.follow_the_clock()).await;
        });
        Ok(schedules)
    }

    /// Each look at the clock.
    #[must_use]
    pub fn beats(&self) -> watch::Receiver<()> {
        self.0.beat.subscribe()
    }

    async fn follow_the_clock(&self) {
        let mut ticker = match Ticker::start().await {
            Ok(ticker) => ticker,
            Err(error) => return tracing::error!("cannot start the schedules' ticker: {error}"),
        };
        let (mut planned, mut stale, mut uncovered) = (Planned::default(), Stale::default(), Uncovered::default());
        loop {
            tokio::select! {
                () = ticker.beat() => {}
                () = self.0.stop.cancelled() => break,
            }
            let looked = self.look(&mut planned).await;
            self.is_stuck("schedules_stuck", "cannot look after the schedules", looked.err());
            let looked = stale.look(self).await;
            self.is_stuck("freshness_stuck", "cannot look for archives that are too old", looked.err());
            let looked = uncovered.look(self).await;
            self.is_stuck("coverage_stuck", "cannot look for sources whose coverage is not as meant", looked.err());
            self.0.beat.send_replace(());
        }
        ticker.stop().await;
    }

    /// Says what cannot be done now; it is tried again at the next beat.
    fn is_stuck(&self, code: &'static str, act: &str, error: Option<CatalogError>) {
        self.0.context.notices.set(code, error.map(|error| format!("{act}: {error}")));
    }

    /// Says why a run cannot go on now, or that it can.
    pub(super) fn run_is_stuck(&self, run: Gid, error: Option<&CatalogError>) {
        let mut stuck = self.0.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) => drop(stuck.insert(run, error.to_string())),
            None => drop(stuck.remove(&run)),
        }
        let message = stuck.first_key_value().map(|(run, error)| format!("run {run} cannot go on now: {error}"));
        self.0.context.notices.set("run_stuck", message);
    }

    /// Does what is due, if the time has come.
    async fn look(&self, planned: &mut Planned) -> Result<(), CatalogError> {
        let now = self.now();
        let open = self.open().clone();
        let config = self.0.config.borrow().clone();
        let changes = self.state().await?.changes;
        if planned.holds(&config, &open, changes, now) {
            return Ok(());
        }
        self.begin_due().await?;
        let state = self.state().await?;
        let open = self.open().clone();
        let since = state.since(&open);
        *planned = Planned {
            next: next(&config.schedules, &since),
            latest: since.values().max().copied(),
            config: Some(config),
            open,
            changes,
        };
        Ok(())
    }

    /// Begins the runs that are due now.
    pub(super) async fn begin_due(&self) -> Result<(), CatalogError> {
        let mut state = self.state().await?;
        let config = Arc::clone(&state.config);
        let (now, since) = (self.now(), state.since(&self.open()));
        for Due { schedule, act } in due(&config.schedules, &since, now) {
            match act {
                Act::Run { trigger, at } => {
                    self.begin(schedule, trigger, at, Some(now)).await?;
                }
                Act::Skip { at } => tracing::warn!(schedule = schedule.name, due_at = %at, "missed, and passed over"),
                Act::Follow => tracing::warn!(schedule = schedule.name, "the clock was set back: followed from now on"),
            }
            if let Some(followed) = state.followed.get_mut(&schedule.name) {
                let after = Followed { since: Some(now), ..followed.clone() };
                if !matches!(act, Act::Run { .. }) {
                    self.catalog().put_schedule(&schedule.name, &after).await?;
                }
                *followed = after;
            }
        }
        Ok(())
    }

    /// Begins a run; none where one of the schedule is open, or the daemon stops.
    pub(super) async fn begin(
        &self,
        schedule: &ScheduleConfig,
        trigger: Trigger,
        due_at: Timestamp,
        since: Option<Timestamp>,
    ) -> Result<Option<Run>, CatalogError> {
        if self.0.stop.is_cancelled() {
            return Ok(None);
        }
        let now = self.now();
        let config = self.0.config.borrow().clone();
        let sources = config.sources.iter().filter(|source| schedule.sources.matches(&source.name));
        let unlisted = |name: &String| Unlisted { source: name.clone(), attempts: 0, not_before: now };
        let run = Run {
            gid: self.0.engine.gid(now),
            schedule: schedule.name.clone(),
            due_at,
            started_at: now,
            finished_at: None,
            trigger,
            organizations: 0,
            open: 0,
            finished: 0,
            failed: 0,
            failures: Vec::new(),
            warnings: Vec::new(),
        };
        let open = OpenRun { run: run.clone(), unlisted: sources.map(|source| unlisted(&source.name)).collect() };
        if !self.catalog().begin_run(&open, since).await? {
            return Ok(None);
        }
        tracing::info!(schedule = run.schedule, run = %run.gid, trigger = trigger.name(), due_at = %due_at, "run begins");
        self.0.hooks.fire(Notice::run(HookEvent::Start, &run));
        self.drive(open);
        Ok(Some(run))
    }

    fn drive(&self, open: OpenRun) {
        let (name, gid) = (open.run.schedule.clone(), open.run.gid);
        self.open().insert(name, gid);
        let drive = RunDriver::new(self.clone(), open);
        let vital = self.0.vital.clone();
        self.0.tracker.spawn(async move { vital.finite("a run", drive.finish()).await });
    }

    /// The run has ended.
    pub(super) fn ended(&self, run: &Run) {
        self.open().remove(&run.schedule);
    }

    /// How far the schedules were followed, by the newest configuration.
    pub(super) async fn state(&self) -> Result<MutexGuard<'_, State>, CatalogError> {
        let mut state = self.0.state.lock().await;
        let config = self.0.config.borrow().clone();
        if !Arc::ptr_eq(&config, &state.config) {
            state.followed = self.catalog().schedules().await?;
            for (name, followed) in follow(&config.schedules, &state.followed, self.now()) {
                self.catalog().put_schedule(&name, &followed).await?;
                state.followed.insert(name, followed);
            }
            state.config = config;
        }
        Ok(state)
    }

    /// What each schedule's open run is.
    pub(super) fn open(&self) -> std::sync::MutexGuard<'_, HashMap<String, Gid>> {
        // Each change is one call, so a panic cannot leave it torn.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn catalog(&self) -> &Catalog {
        &self.0.context.catalog
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.context.clock.now()
    }
}

/// When to look at the schedules again: most beats have nothing to do.
#[derive(Default)]
struct Planned {
    config: Option<Arc<Config>>,
    open: HashMap<String, Gid>,
    changes: u64,
    next: Option<Timestamp>,
    latest: Option<Timestamp>,
}

impl Planned {
    fn holds(&self, config: &Arc<Config>, open: &HashMap<String, Gid>, changes: u64, now: Timestamp) -> bool {
        self.config.as_ref().is_some_and(|planned| Arc::ptr_eq(planned, config))
            && self.open == *open
            && self.changes == changes
            && self.next.is_none_or(|next| now < next)
            && self.latest.is_none_or(|latest| !is_set_back(latest, now))
    }
}

/// What changes of what is known of the schedules when they are configured so: one that is new, on
/// again or due at other times is followed from `now` on, and one that is off or gone is not.
pub(crate) fn follow(
    schedules: &[ScheduleConfig],
    known: &HashMap<String, Followed>,
    now: Timestamp,
) -> Vec<(String, Followed)> {
    let mut changes = Vec::new();
    for schedule in schedules {
        let calendar = format!("{} {}", schedule.calendar.text(), schedule.calendar.zone());
        let before = known.get(&schedule.name);
        let paused = before.is_some_and(|before| before.paused);
        let same = before.filter(|before| before.calendar == calendar).and_then(|before| before.since);
        let since = (schedule.enabled && !paused).then(|| same.unwrap_or(now));
        let after = Followed { calendar, since, paused };
        if before != Some(&after) {
            changes.push((schedule.name.clone(), after));
        }
    }
    for (name, before) in known {
        if before.since.is_some() && !schedules.iter().any(|schedule| schedule.name == *name) {
            changes.push((name.clone(), Followed { since: None, ..before.clone() }));
        }
    }
    changes
}
