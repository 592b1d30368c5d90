//! The app's job of an export: gone on with where there is one, asked for where there is none, and waited for.

use std::time::Duration;

use chrono::TimeDelta;
use orgvault_api::{Job, JobState, clock::Timestamp};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Failure, Order};
use crate::{
    catalog::ArchiveFilter,
    product::api::{self, DownloadFrom, JobPhase},
    source::{
        SourceError, SourceFault,
        api::{Created, NoAnswer, Told, before_poll, path_of},
    },
    store::Stored,
};

/// An app that was asked a moment ago may not list the job yet.
const SETTLED: TimeDelta = TimeDelta::minutes(1);
/// Between two looks for a job whose creation was not answered.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// An app that asks to wait is asked for a job so often, and one that is not there.
const CREATIONS: (u32, u32) = (6, 3);
/// A job that is finished may have no link yet; so often that is asked again.
const LINKLESS: u32 = 5;
/// A job that is so many times as old as one may take is given up.
const GIVEN_UP: u32 = 7;

/// Where the file of an export is, and the job that makes it.
pub(super) struct Link {
    /// None where the download is asked directly.
    pub(super) job: Option<Job>,
    /// When the app was asked.
    pub(super) requested_at: Timestamp,
    /// What the app said last, until it is used.
    told: Option<Told>,
    /// Where the file is, once that is told.
    pub(super) at: Option<String>,
    /// Whether an earlier export has asked for it.
    pub(super) is_adopted: bool,
    /// How often it was asked how far it is.
    polls: u32,
}

impl Link {
    fn of(job: Job, told: Option<Told>, is_adopted: bool) -> Self {
        Self { requested_at: job.requested_at, job: Some(job), told, at: None, is_adopted, polls: 0 }
    }

    /// The app's own word for the state, or ours.
    pub(super) fn word(&self) -> &str {
        let job = self.job.as_ref();
        job.map_or("direct", |job| job.remote_state.as_deref().unwrap_or_else(|| job.state.name()))
    }

    pub(super) fn remote_id(&self) -> Option<&str> {
        self.job.as_ref()?.remote_id.as_deref()
    }
}

impl Order<'_> {
    /// The job of this export; without one the place of the file.
    pub(super) async fn job(&self) -> Result<Link, Failure> {
        let Some(rule) = &self.rule.job else {
            let requested_at = self.now();
            return Ok(Link { job: None, requested_at, told: None, at: None, is_adopted: false, polls: 0 });
        };
        match self.shop.catalog.open_job(&self.tenant, self.export.format).await? {
            Some(job) if job.state == JobState::Requested => self.lost(rule, job).await,
            Some(mut job) if self.is_here(&job).await? => {
                self.over(&mut job, "its file is here").await?;
                self.create(rule).await
            }
            Some(job) => Ok(Link::of(job, None, true)),
            None => self.create(rule).await,
        }
    }

    /// Whether the file of a job was published by a daemon that died before it could say so.
    async fn is_here(&self, job: &Job) -> Result<bool, Failure> {
        let archives = self.shop.catalog.archives(&ArchiveFilter { tenant: Some(self.tenant.clone()) }).await?;
        let of_it = |archive: &Stored| {
            let received = archive.received.as_ref().filter(|_| archive.format == self.export.format);
            received.is_some_and(|it| it.requested_at == job.requested_at && it.job == job.remote_id)
        };
        Ok(archives.iter().any(of_it))
    }

    /// Asks for a job: written down first, asked then, and what was answered written down at once.
    async fn create(&self, rule: &api::Job) -> Result<Link, Failure> {
        let (mut set_aside, mut tries) = (None, 1);
        loop {
            self.tell("waiting", None, self.now(), Some("its turn: so often may the token ask".to_owned()));
            let asking = self.unless_stopped(self.api.prepare(rule, &self.export.organization)).await?;
            let asking = asking.map_err(Failure::Source)?;
            let mut job = self.request(set_aside.take()).await?;
            self.tell("requested", None, job.requested_at, None);
            match self.api.create(self.rule, rule, &asking, tries).await {
                Ok(Created::Heard(told)) => return self.heard(rule, job, told).await,
                Ok(Created::Busy { sentence }) => self.busy(rule, &mut job, &sentence).await?,
                Err(NoAnswer { heard: false, again: Some(wait), error }) if tries < creations(&error) => {
                    tries += 1;
                    self.set_aside(&mut job, wait, &error.to_string()).await?;
                }
                Err(NoAnswer { heard: false, error, .. }) => {
                    self.over(&mut job, &error.to_string()).await?;
                    return Err(Failure::Source(error));
                }
                Err(NoAnswer { heard: true, error, .. }) => {
                    job.note = Some(error.to_string());
                    self.shop.catalog.update_job(&job).await?;
                    return self.lost(rule, job).await;
                }
            }
            set_aside = Some(job);
        }
    }

    /// Writes down that the app is asked now.
    async fn request(&self, set_aside: Option<Job>) -> Result<Job, Failure> {
        let catalog = &self.shop.catalog;
        let Some(mut job) = set_aside else {
            return Ok(catalog.request_job(&self.export.organization, self.export.format, self.now()).await?);
        };
        job.state = JobState::Requested;
        job.requested_at = self.now();
        catalog.update_job(&job).await?;
        Ok(job)
    }

    /// Waits before the app is asked again that has not taken the job in: whoever ends while this waits leaves nothing
    /// behind that may have been heard.
    async fn set_aside(&self, job: &mut Job, wait: Duration, why: &str) -> Result<(), Failure> {
        self.over(job, why).await?;
        self.tell("refused", None, job.requested_at, Some(why.to_owned()));
        self.unless_stopped(sleep(wait)).await
    }

    async fn heard(&self, rule: &api::Job, mut job: Job, told: Told) -> Result<Link, Failure> {
        job.remote_id.clone_from(&told.remote_id);
        job.remote_state = Some(told.word.clone());
        job.state = if told.phase == JobPhase::Finished { JobState::Finished } else { JobState::Waiting };
        self.shop.catalog.update_job(&job).await?;
        self.tell(&told.word, told.remote_id.as_deref(), job.requested_at, None);
        if let Some(why) = self.stale(&job, &told).await? {
            self.over(&mut job, &why).await?;
            return Err(self.fault(SourceFault::StaleExport, "take its answer for a new export", &why));
        }
        // With a status of its own, that is asked next: what the creation says is no link.
        let told =
            (rule.status.is_none() && matches!(self.rule.download.from, DownloadFrom::Pointer(_))).then_some(told);
        Ok(Link::of(job, told, false))
    }

    /// Why what the app answered is an older job than the one that was asked for.
    async fn stale(&self, job: &Job, told: &Told) -> Result<Option<String>, Failure> {
        let id = told.remote_id.as_deref().unwrap_or_default();
        if !id.is_empty() && self.shop.catalog.had_job(&self.tenant, self.export.format, id).await? {
            return Ok(Some(format!("the app answered with job {id}, whose file was asked for before")));
        }
        let created = told.created_at.filter(|_| told.is_older_than(job.requested_at));
        Ok(created.map(|at| format!("the app answered with a job that it had created at {}", at.to_rfc3339())))
    }

    /// Another job of the organization is not over: waits for that, as long as one may take.
    async fn busy(&self, rule: &api::Job, job: &mut Job, sentence: &str) -> Result<(), Failure> {
        let waits = format!("another export of it over there: {sentence}");
        let deadline = self.begun + self.api.at_most(rule);
        let wait = rule.poll_every.min(Duration::from_secs(30));
        if Instant::now() + wait >= deadline {
            self.over(job, sentence).await?;
            return Err(self.fault(
                SourceFault::JobBusy,
                &format!("ask for an export of {}", self.tenant.id),
                sentence,
            ));
        }
        self.set_aside(job, wait, &waits).await
    }

    /// The app may have heard, and its answer was lost: the job is found again where the app lists its jobs or has one
    /// of an organization; else nothing is asked before it has to be over.
    async fn lost(&self, rule: &api::Job, mut job: Job) -> Result<Link, Failure> {
        self.tell("requested", None, job.requested_at, Some("whether the app has heard".to_owned()));
        if let Some(find) = &rule.find {
            return self.find(rule, find, job).await;
        }
        let tells_by_itself = rule.status.is_some() || matches!(self.rule.download.from, DownloadFrom::Path(_));
        if rule.id.is_none() && tells_by_itself {
            job.state = JobState::Waiting;
            self.shop.catalog.update_job(&job).await?;
            return Ok(Link::of(job, None, true));
        }
        let at_most = TimeDelta::from_std(self.api.at_most(rule)).unwrap_or(TimeDelta::MAX);
        let until = job.requested_at.checked_add_signed(at_most).filter(|until| self.now() < *until);
        let Some(until) = until else {
            self.over(&mut job, "the answer to its creation was lost").await?;
            return Box::pin(self.create(rule)).await;
        };
        let words = format!(
            "the app was asked at {}, and its answer was lost{}; it is not asked again before {}",
            job.requested_at.to_rfc3339(),
            job.note.as_ref().map_or_else(String::new, |note| format!(" ({note})")),
            until.to_rfc3339()
        );
        Err(self.fault(
            SourceFault::UnknownJob,
            &format!("tell what became of the export of {}", self.tenant.id),
            &words,
        ))
    }

    async fn find(&self, rule: &api::Job, find: &api::Find, mut job: Job) -> Result<Link, Failure> {
        loop {
            let is_settled = self.now() - job.requested_at >= SETTLED;
            if let Some(id) = self.api.find(find, &job).await?
                && !self.shop.catalog.had_job(&self.tenant, self.export.format, &id).await?
            {
                job.remote_id = Some(id);
                job.state = JobState::Waiting;
                self.shop.catalog.update_job(&job).await?;
                return Ok(Link::of(job, None, true));
            }
            if is_settled {
                self.over(&mut job, "the app does not list it: it was not heard").await?;
                return Box::pin(self.create(rule)).await;
            }
            self.unless_stopped(sleep_until(Instant::now() + LOOK_AGAIN)).await?;
        }
    }

    /// Waits until the job is finished, and has a fresh link.
    pub(super) async fn finished(&self, link: &mut Link) -> Result<(), Failure> {
        let Some(rule) = &self.rule.job else {
            link.at = path_of(self.rule, &self.export.organization, "");
            return Ok(());
        };
        let mut linkless = 0;
        loop {
            let told = match link.told.take() {
                Some(told) => told,
                None => self.look(rule, link).await?,
            };
            if self.note(link, &told).await? {
                return Ok(());
            }
            match told.phase {
                JobPhase::Waiting => self.wait(rule, link).await?,
                JobPhase::Finished if linkless < LINKLESS => {
                    linkless += 1;
                    self.pause(before_poll(linkless, rule.poll_every), link, "a link: there is none yet").await?;
                }
                JobPhase::Finished => {
                    let words = "the app says that it is finished, and gives no link";
                    return Err(self.fault(SourceFault::LinkExpired, "fetch its file", words));
                }
                JobPhase::Failed | JobPhase::Gone => self.ended(rule, link, &told).await?,
            }
        }
    }

    /// Asks how far the job is, and again as long as a job may take where there is no answer.
    async fn look(&self, rule: &api::Job, link: &Link) -> Result<Told, Failure> {
        let deadline = self.begun + self.api.at_most(rule);
        for tries in 1.. {
            let Some(job) = &link.job else { return Err(Failure::Unfinished) };
            match self.api.look(self.rule, rule, job, tries).await {
                Ok(told) => return Ok(told),
                Err(NoAnswer { again: Some(wait), error, .. }) if Instant::now() + wait < deadline => {
                    self.pause(wait, link, &error.to_string()).await?;
                }
                Err(NoAnswer { error, .. }) => return Err(Failure::Source(error)),
            }
        }
        Err(Failure::Unfinished)
    }

    /// Writes down what the app said; true where the file can be fetched.
    async fn note(&self, link: &mut Link, told: &Told) -> Result<bool, Failure> {
        let now = self.now();
        let Some(job) = &mut link.job else { return Ok(true) };
        let is_finished = told.phase == JobPhase::Finished;
        job.polled_at = Some(now);
        job.remote_state = Some(told.word.clone());
        job.state = if is_finished { JobState::Finished } else { JobState::Waiting };
        job.note = None;
        self.shop.catalog.update_job(job).await?;
        let id = job.remote_id.clone().unwrap_or_default();
        let path = path_of(self.rule, &self.export.organization, &id);
        link.at = if is_finished { told.link.clone().or(path) } else { None };
        self.tell(&told.word, link.remote_id(), link.requested_at, None);
        Ok(link.at.is_some())
    }

    /// The file is not there yet, whatever the app says of its job.
    pub(super) async fn not_yet(&self, link: &mut Link) -> Result<(), Failure> {
        let Some(rule) = &self.rule.job else {
            let words = "the app says that it is not ready";
            return Err(self.fault(SourceFault::JobTooSlow, "fetch its file", words));
        };
        self.wait(rule, link).await
    }

    /// Waits for the next time to ask, as long as a job may take.
    async fn wait(&self, rule: &api::Job, link: &mut Link) -> Result<(), Failure> {
        let at_most = self.api.at_most(rule);
        let wait = before_poll(link.polls, rule.poll_every);
        link.polls += 1;
        let now = Instant::now();
        if now + wait >= self.begun + at_most {
            let age = self.now() - link.requested_at;
            let words =
                format!("the app calls its state `{}`, {} minutes after it was asked", link.word(), age.num_minutes());
            let failure = if self.rule.download.dated && link.at.is_some() {
                self.fault(SourceFault::StaleExport, "fetch its file", "only an older one was there")
            } else {
                self.fault(SourceFault::JobTooSlow, "wait for its job", &words)
            };
            if age > TimeDelta::from_std(at_most * GIVEN_UP).unwrap_or(TimeDelta::MAX) {
                self.close(link, "given up: it was never finished").await?;
            }
            return Err(failure);
        }
        self.pause(wait, link, "the app").await
    }

    /// There is no file, or none any more. A job of an earlier export is asked for anew, and so is one whose creation was
    /// the end of it: its link was good once.
    async fn ended(&self, rule: &api::Job, link: &mut Link, told: &Told) -> Result<(), Failure> {
        let reason = told.reason.clone().unwrap_or_else(|| format!("the app calls its state `{}`", told.word));
        self.close(link, &reason).await?;
        let is_used = rule.status.is_none() && told.phase == JobPhase::Gone;
        if link.is_adopted || is_used {
            tracing::info!(gid = %self.export.gid, "its job has no file any more, and is asked for anew: {reason}");
            *link = self.create(rule).await?;
            return Ok(());
        }
        Err(self.fault(SourceFault::JobFailed, &format!("export {}", self.tenant.id), &reason))
    }

    async fn over(&self, job: &mut Job, note: &str) -> Result<(), Failure> {
        job.state = JobState::Over;
        job.note = Some(note.to_owned());
        Ok(self.shop.catalog.update_job(job).await?)
    }
}

fn creations(error: &SourceError) -> u32 {
    let (asked_to_wait, absent) = CREATIONS;
    if error.code() == "rate_limited" { asked_to_wait } else { absent }
}
