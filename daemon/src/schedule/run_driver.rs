//! One run, from the listing of its organizations to the end of its last export. All that it knows
//! is in the catalog, so that it goes on after a restart.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use orgvault_api::{
    Export, ExportError, OrganizationKey, Run, SourceFailure, State, Tenant, Trigger, clock::Timestamp,
};
use orgvault_config::{HookEvent, ScheduleConfig};

use super::{
    plan,
    retry::{self, Again},
    runner::Schedules,
};
use crate::{
    catalog::{Attempt, CatalogError, OpenRun, Unlisted},
    hook::Notice,
    product::Definition,
    source::{Listed, SourceError},
};

/// Organizations that are read from the catalog at once.
const BATCH: u32 = 64;

/// Who asked for the exports of a run.
const REQUESTED_BY: &str = "orgvaultd";

/// Drives one run.
pub(super) struct RunDriver {
    schedules: Schedules,
    open: OpenRun,
    /// Organizations whose time has come.
    batch: VecDeque<Vec<Export>>,
    /// Sources that are being asked, and organizations that are being exported.
    busy: FuturesUnordered<BoxFuture<'static, Ended>>,
    asked: HashSet<String>,
    exported: HashSet<Tenant>,
}

/// Something that the run waited for.
enum Ended {
    Listed { source: String, answer: Result<Vec<Listed>, SourceError> },
    Exported(OrganizationKey),
}

/// Whether the outcome of an organization is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tell {
    Always,
    /// Where an export was found started, so that the daemon before this one has not told of it.
    FoundEnded,
}

impl RunDriver {
    pub(super) fn new(schedules: Schedules, open: OpenRun) -> Self {
        Self {
            schedules,
            open,
            batch: VecDeque::new(),
            busy: FuturesUnordered::new(),
            asked: HashSet::new(),
            exported: HashSet::new(),
        }
    }

    /// Goes on until the run has ended, or the daemon stops and what runs has ended.
    pub(super) async fn finish(mut self) {
        let mut beat = self.schedules.0.beat.subscribe();
        let stop = self.schedules.0.stop.clone();
        let mut taken_up = false;
        let mut ended = None;
        loop {
            let going_on = async {
                if !taken_up {
                    self.take_up().await?;
                    taken_up = true;
                }
                self.go_on(&mut ended).await
            };
            let gone_on = going_on.await;
            self.schedules.run_is_stuck(self.open.run.gid, gone_on.as_ref().err());
            // A daemon that stops does not try again; the next one does.
            let over = gone_on.unwrap_or_else(|_said| stop.is_cancelled());
            if over || (stop.is_cancelled() && self.exported.is_empty()) {
                return;
            }
            tokio::select! {
                Some(done) = self.busy.next(), if ended.is_none() => ended = Some(done),
                _ = beat.changed() => {}
                () = stop.cancelled(), if !stop.is_cancelled() => {}
            }
        }
    }

    /// Takes in what has ended, and begins what may begin. True when the run is over.
    async fn go_on(&mut self, ended: &mut Option<Ended>) -> Result<bool, CatalogError> {
        match ended {
            Some(Ended::Listed { source, answer }) => self.listed(source, answer).await?,
            Some(Ended::Exported(organization)) => self.settle(&organization.clone(), Tell::Always).await?,
            None => {}
        }
        match ended.take() {
            Some(Ended::Listed { source, .. }) => drop(self.asked.remove(&source)),
            Some(Ended::Exported(organization)) => drop(self.exported.remove(&organization.tenant())),
            None => {}
        }
        if self.schedules.0.stop.is_cancelled() {
            return Ok(false);
        }
        let schedule = self.schedule();
        let now = self.schedules.now();
        if self.may_start(schedule.as_ref(), now) {
            self.ask_sources(now);
            self.offer(schedule.as_ref(), now).await?;
        }
        self.end_if_over().await
    }

    /// What failed when the daemon before this one ended is tried again.
    async fn take_up(&mut self) -> Result<(), CatalogError> {
        for organization in self.schedules.catalog().failed_in(self.open.run.gid).await? {
            self.settle(&organization, Tell::FoundEnded).await?;
        }
        Ok(())
    }

    /// The schedule, as it is configured now; none where it is not any more.
    fn schedule(&self) -> Option<ScheduleConfig> {
        let config = self.schedules.0.config.borrow();
        config.schedules.iter().find(|schedule| schedule.name == self.open.run.schedule).cloned()
    }

    /// Whoever asks for a run decides when it is.
    fn may_start(&self, schedule: Option<&ScheduleConfig>, now: Timestamp) -> bool {
        let window = schedule.and_then(|schedule| Some((schedule.window?, schedule.calendar.zone())));
        self.open.run.trigger == Trigger::Asked || window.is_none_or(|(window, zone)| window.contains(now, zone))
    }

    fn ask_sources(&mut self, now: Timestamp) {
        for Unlisted { source, not_before, .. } in &self.open.unlisted {
            // A clock that was set back may say that the time is far away.
            let too_early = now < *not_before && *not_before - now <= retry::wait(u32::MAX);
            if too_early || !self.asked.insert(source.clone()) {
                continue;
            }
            let (name, context) = (source.clone(), Arc::clone(&self.schedules.0.context));
            self.busy.push(
                async move {
                    let answer = match context.source(&name) {
                        Some(connected) => context.list(&connected).await,
                        None => Ok(Vec::new()),
                    };
                    Ended::Listed { source: name, answer }
                }
                .boxed(),
            );
        }
    }

    /// A source has answered, or not: its exports join the run, or it is asked again later.
    async fn listed(&mut self, source: &str, answer: &Result<Vec<Listed>, SourceError>) -> Result<(), CatalogError> {
        let mut open = self.open.clone();
        let place = open.unlisted.iter().position(|unlisted| unlisted.source == source);
        let Some(mut unlisted) = place.map(|place| open.unlisted.remove(place)) else { return Ok(()) };
        let schedule = self.schedule();
        let now = self.schedules.now();
        match answer {
            Ok(listed) => {
                let connected = self.schedules.0.context.source(source);
                let (organizations, attempts) = match schedule.as_ref().zip(connected) {
                    Some((schedule, connected)) => {
                        let definition = connected.definition_now().await;
                        self.attempts(&mut open.run, schedule, &definition, source, listed, now)
                    }
                    None => (0, Vec::new()),
                };
                self.schedules.catalog().list_source(&open, organizations, &attempts).await?;
                let exports: Vec<Export> = attempts.into_iter().map(|attempt| attempt.export).collect();
                self.schedules.0.engine.announce(&exports);
            }
            Err(error) => {
                unlisted.attempts += 1;
                let retries = schedule.map_or(0, |schedule| schedule.retries);
                if retry::is_transient(error.code()) && unlisted.attempts <= retries {
                    unlisted.not_before = now + retry::wait(unlisted.attempts);
                    tracing::warn!(
                        source,
                        tries = unlisted.attempts,
                        "cannot list organizations, trying again: {error}"
                    );
                    open.unlisted.push(unlisted);
                } else {
                    tracing::error!(source, tries = unlisted.attempts, "cannot list organizations: {error}");
                    let (code, hint) = (error.code().to_owned(), error.hint().to_owned());
                    let error = ExportError { code, message: error.to_string(), hint };
                    open.run.failures.push(SourceFailure { source: source.to_owned(), organization: None, error });
                }
                self.schedules.catalog().update_run(&open).await?;
            }
        }
        self.open = open;
        Ok(())
    }

    /// The exports of one source, and of how many organizations.
    fn attempts(
        &self,
        run: &mut Run,
        schedule: &ScheduleConfig,
        definition: &Definition,
        source: &str,
        listed: &[Listed],
        now: Timestamp,
    ) -> (u64, Vec<Attempt>) {
        run.warnings.extend(plan::not_offered(source, definition, &plan::missing(&schedule.formats, definition)));
        let mut attempts = Vec::new();
        let mut organizations = 0;
        for Listed { key, refusal, warnings, .. } in listed.iter().filter(|listed| listed.is_taken_by(schedule)) {
            let archives = plan::archives(&schedule.formats, definition, &key.kind);
            organizations += u64::from(!archives.is_empty() || refusal.is_some());
            if let Some(fault) = refusal {
                tracing::error!(source, organization = key.id, code = fault.code(), "not exported: {fault}");
                let (organization, error) = (Some(key.clone()), fault.to_wire());
                run.failures.push(SourceFailure { source: source.to_owned(), organization, error });
                continue;
            }
            let jitter = if run.trigger == Trigger::Asked { std::time::Duration::ZERO } else { schedule.jitter };
            let not_before = run.started_at + plan::delay(key, jitter);
            for (format, entity) in archives {
                let export = Export {
                    gid: self.schedules.0.engine.gid(now),
                    request: run.gid,
                    organization: key.clone(),
                    format,
                    entity,
                    gzip: definition.gzips(&key.kind, format, schedule.gzip),
                    importable: false,
                    state: State::Pending,
                    created_at: now,
                    started_at: None,
                    finished_at: None,
                    progress: None,
                    error: None,
                    warnings: warnings.clone(),
                    counts: Vec::new(),
                    bytes: None,
                    requested_by: REQUESTED_BY.to_owned(),
                    schedule: Some(run.schedule.clone()),
                };
                attempts.push(Attempt { export, number: 1, not_before });
            }
        }
        (organizations, attempts)
    }

    /// Hands organizations to the engine while it has a worker for them.
    async fn offer(&mut self, schedule: Option<&ScheduleConfig>, now: Timestamp) -> Result<(), CatalogError> {
        let limit = schedule.and_then(|schedule| schedule.max_parallel).unwrap_or(usize::MAX);
        while self.exported.len() < limit {
            if self.batch.is_empty() {
                // Those that were handed over may be pending still.
                let limit = BATCH + u32::try_from(self.exported.len()).unwrap_or(0);
                let waiting = self.schedules.catalog().waiting(self.open.run.gid, now, limit).await?;
                let is_new = |exports: &Vec<Export>| {
                    exports.first().is_some_and(|first| !self.exported.contains(&first.organization.tenant()))
                };
                self.batch = waiting.into_iter().filter(is_new).collect();
            }
            let Some(exports) = self.batch.front() else { return Ok(()) };
            let Some(over) = self.schedules.0.engine.offer(exports.clone()) else { return Ok(()) };
            let Some(first) = self.batch.pop_front().and_then(|exports| exports.into_iter().next()) else { continue };
            let organization = first.organization;
            self.schedules.0.hooks.fire(Notice::start(&self.open.run, &organization));
            self.exported.insert(organization.tenant());
            // However it ended: the catalog says how.
            self.busy.push(over.map(|_over| Ended::Exported(organization)).boxed());
        }
        Ok(())
    }

    /// The exports of an organization have ended: some are tried again, else the outcome is told.
    async fn settle(&mut self, organization: &OrganizationKey, tell: Tell) -> Result<(), CatalogError> {
        let run = &self.open.run;
        let Schedules(inner) = &self.schedules;
        let attempts = self.schedules.catalog().attempts(run.gid, organization).await?;
        let now = self.schedules.now();
        let retries = self.schedule().map_or(0, |schedule| schedule.retries);
        let again = |Again { export, number, not_before }: Again<'_>| Attempt {
            export: Export {
                gid: inner.engine.gid(now),
                state: State::Pending,
                created_at: now,
                started_at: None,
                finished_at: None,
                error: None,
                ..export.clone()
            },
            number,
            not_before,
        };
        let again: Vec<Attempt> = retry::again(&attempts, retries, now).into_iter().map(again).collect();
        if !again.is_empty() {
            self.schedules.catalog().try_again(&again).await?;
            let exports: Vec<Export> = again.into_iter().map(|attempt| attempt.export).collect();
            tracing::info!(organization = organization.id, exports = exports.len(), "tried again later");
            inner.engine.announce(&exports);
            return Ok(());
        }
        let exports: Vec<&Export> = retry::last(&attempts).into_iter().map(|attempt| &attempt.export).collect();
        let tell = tell == Tell::Always || exports.iter().any(|export| inner.engine.found_ended(export.gid));
        // What is left of a job that failed waits, and a daemon that stops may not have begun it.
        if tell && exports.iter().all(|export| export.state.is_final()) {
            inner.hooks.fire(Notice::organization(run, organization, &exports));
        }
        Ok(())
    }

    async fn end_if_over(&mut self) -> Result<bool, CatalogError> {
        if !(self.open.unlisted.is_empty() && self.busy.is_empty() && self.batch.is_empty()) {
            return Ok(false);
        }
        let catalog = self.schedules.catalog();
        let Some(mut run) = catalog.run(self.open.run.gid).await? else { return Ok(true) };
        if run.open > 0 {
            return Ok(false);
        }
        let now = self.schedules.now();
        catalog.finish_run(run.gid, now).await?;
        run.finished_at = Some(now);
        self.schedules.ended(&run);
        let Run { schedule, gid, organizations, finished, failed, .. } = &run;
        tracing::info!(schedule, run = %gid, organizations, finished, failed, "run ended");
        let event = match (run.is_whole(), run.warnings.is_empty()) {
            (false, _) => HookEvent::Failure,
            (true, false) => HookEvent::Warning,
            (true, true) => HookEvent::Success,
        };
        self.schedules.0.hooks.fire(Notice::run(event, &run));
        Ok(true)
    }
}
