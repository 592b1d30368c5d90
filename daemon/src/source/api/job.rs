//! The app's jobs: what is asked, and what the answers mean. Nothing here remembers anything.

use chrono::TimeDelta;
use orgvault_api::{Job as Known, OrganizationKey, clock::Timestamp};
use serde_json::Value;

use super::{
    ApiSource,
    answer::{Answer, instant, text},
    client::{NoAnswer, Question},
    limiter::Ask,
    list::Pages,
    template::Filling,
};
use crate::{
    product::api::{ApiExport, DownloadFrom, Find, Job, JobPhase, Method, Status},
    source::{SourceError, SourceFault},
};

/// Clocks differ, and an app may note a job a moment before it answers.
const TOLERANCE: TimeDelta = TimeDelta::minutes(1);

/// What the app said when it was asked for a job.
#[derive(Debug)]
pub(crate) enum Created {
    /// It makes it, or has made it.
    Heard(Told),
    /// It makes another one, and this one was not taken in.
    Busy {
        /// The server's sentence.
        sentence: String,
    },
}

/// What the app said of a job.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its own id of it.
    pub(crate) remote_id: Option<String>,
    /// How far it is.
    pub(crate) phase: JobPhase,
    /// Its own word for that.
    pub(crate) word: String,
    /// Where the file is, where the answer says it and the job is finished.
    pub(crate) link: Option<String>,
    /// When the app says that it was created, by our clock.
    pub(crate) created_at: Option<Timestamp>,
    /// Why it failed.
    pub(crate) reason: Option<String>,
}

impl Told {
    /// The app knows it no more.
    fn unknown() -> Self {
        let reason = Some("the app does not know the job any more".to_owned());
        Self {
            remote_id: None,
            phase: JobPhase::Gone,
            word: "unknown".to_owned(),
            link: None,
            created_at: None,
            reason,
        }
    }

    /// Whether it is an older job than one that was asked for at `requested_at`.
    pub(crate) fn is_older_than(&self, requested_at: Timestamp) -> bool {
        self.created_at.is_some_and(|created| created + TOLERANCE < requested_at)
    }
}

impl ApiSource {
    /// Gets ready to ask the app for a job, and waits until that may be done: all that is not the asking itself.
    ///
    /// # Errors
    /// When a list that the request needs cannot be had.
    pub(crate) async fn prepare(&self, job: &Job, organization: &OrganizationKey) -> Result<Question, SourceError> {
        let filling = Filling { organization, job: "" };
        let lists = self.gather(job, filling).await?;
        let question = Question {
            method: job.create.method,
            path: filling.path(&job.create.path),
            body: job.create.body.as_ref().map(|body| filling.json(body, &lists)),
            ask: Ask::Job,
            act: format!("ask for an export of {}", organization.id),
        };
        self.client.limiter.admit(Ask::Job).await;
        Ok(question)
    }

    /// Asks the app for a job, for the `tries`th time (from 1) as far as it was not heard before.
    ///
    /// # Errors
    /// When it refuses, or does not answer: then it may have heard.
    pub(crate) async fn create(
        &self,
        export: &ApiExport,
        job: &Job,
        question: &Question,
        tries: u32,
    ) -> Result<Created, NoAnswer> {
        let act = &question.act;
        let answer = self.client.ask_now(question, tries).await?;
        let errors = &self.client.api.errors;
        if job.busy.iter().any(|busy| answer.meets(busy, errors)) {
            return Ok(Created::Busy { sentence: self.client.discreet(&answer.sentence(errors)) });
        }
        // A server that failed may have made the job all the same.
        let heard = answer.status >= 500;
        // A page for people is not from the app, so that it has not heard.
        if !answer.is_success() || answer.is_refused(errors) || answer.is_page() {
            return Err(NoAnswer { heard, ..self.client.refused(&answer, act).into() });
        }
        let mut told = self.heard(job, &answer, act)?;
        told.link = link(export, &told, &answer);
        Ok(Created::Heard(told))
    }

    /// The lists that the body of the request needs. One that is not there is empty: what that means the app says.
    async fn gather(&self, job: &Job, filling: Filling<'_>) -> Result<Vec<(String, Vec<Value>)>, SourceError> {
        let mut lists = Vec::new();
        for gather in &job.gather {
            let act = format!("list {} of {}", gather.name, filling.organization.id);
            let (path, items, next) = (filling.path(&gather.path), gather.items.as_str(), &gather.next);
            let pages = Pages { path, items, next, act: &act, may_be_missing: true };
            let items = self.every_item(&pages).await?;
            let values = items.iter().filter_map(|item| item.pointer(&gather.value).cloned());
            lists.push((gather.name.clone(), values.collect()));
        }
        Ok(lists)
    }

    fn heard(&self, job: &Job, answer: &Answer, act: &str) -> Result<Told, SourceError> {
        let remote_id = match &job.id {
            Some(pointer) => Some(answer.text_at(pointer).ok_or_else(|| {
                self.client.fault(SourceFault::UnknownJob, act, &format!("its answer has no id at `{pointer}`"))
            })?),
            None => None,
        };
        let mut told = self.told(job, answer, act).or_else(|error| {
            // Without a status of its own the answer is the end of it; with one that is asked next.
            if job.status.is_some() || job.states.is_empty() { Ok(self.waiting(job, answer)) } else { Err(error) }
        })?;
        told.remote_id = remote_id;
        Ok(told)
    }

    fn waiting(&self, job: &Job, answer: &Answer) -> Told {
        let created_at = self.created_at(job, answer);
        let (phase, word) = (JobPhase::Waiting, self.word(job, answer));
        Told { remote_id: None, phase, word, link: None, created_at, reason: None }
    }

    /// The app's own word for a state; what stands there may be a link.
    fn word(&self, job: &Job, answer: &Answer) -> String {
        self.client.discreet(&answer.word(&job.states))
    }

    /// Asks how far a job is, for the `tries`th time (from 1) since there was an answer.
    ///
    /// # Errors
    /// When the app does not answer, refuses, or says what the definition does not know.
    pub(crate) async fn look(
        &self,
        export: &ApiExport,
        job: &Job,
        known: &Known,
        tries: u32,
    ) -> Result<Told, NoAnswer> {
        let Some(status) = &job.status else {
            // The download tells.
            let phase =
                if matches!(export.download.from, DownloadFrom::Path(_)) { JobPhase::Finished } else { JobPhase::Gone };
            let word = "not told".to_owned();
            return Ok(Told { remote_id: None, phase, word, link: None, created_at: None, reason: None });
        };
        let id = known.remote_id.as_deref().unwrap_or_default();
        let act = if id.is_empty() {
            format!("ask how far the export of {} is", known.organization.id)
        } else {
            format!("ask how far job {id} is")
        };
        let Some(answer) = self.status(status, known, &act, tries).await? else { return Ok(Told::unknown()) };
        let errors = &self.client.api.errors;
        if matches!(answer.status, 404 | 410) && answer.phase(&job.states, errors).is_none() {
            return Ok(Told::unknown());
        }
        let mut told = self.told(job, &answer, &act)?;
        told.link = link(export, &told, &answer);
        Ok(told)
    }

    /// What the app says of a job; none where it lists its jobs, and this one not.
    async fn status(&self, status: &Status, known: &Known, act: &str, tries: u32) -> Result<Option<Answer>, NoAnswer> {
        let id = known.remote_id.as_deref().unwrap_or_default();
        let path = Filling { organization: &known.organization, job: id }.path(&status.path);
        let mut answer = self.client.ask_once(&question(path, act), tries).await?;
        if let Some(item) = &status.item {
            let items =
                answer.json.as_ref().and_then(|json| json.pointer(&item.items)).and_then(|items| items.as_array());
            let found = items
                .and_then(|items| items.iter().find(|one| one.pointer(&item.id).and_then(text).as_deref() == Some(id)));
            if !answer.is_success() {
                return Err(self.client.refused(&answer, act).into());
            }
            let Some(found) = found.cloned() else { return Ok(None) };
            answer.json = Some(found);
        }
        Ok(Some(answer))
    }

    /// What an answer says of a job.
    fn told(&self, job: &Job, answer: &Answer, act: &str) -> Result<Told, SourceError> {
        let errors = &self.client.api.errors;
        let Some(phase) = answer.phase(&job.states, errors) else {
            let is_document = answer.is_success() && !answer.is_refused(errors) && answer.json.is_some();
            if !is_document {
                return Err(self.client.refused(answer, act));
            }
            let words =
                format!("the app calls its state `{}`, which the definition does not know", answer.word(&job.states));
            return Err(self.client.fault(SourceFault::UnknownState, act, &words));
        };
        let reason = job.reason.as_ref().and_then(|pointer| answer.text_at(pointer));
        let reason = reason.map(|reason| self.client.discreet(&reason));
        let created_at = self.created_at(job, answer);
        Ok(Told { remote_id: None, phase, word: self.word(job, answer), link: None, created_at, reason })
    }

    /// When the app says that a job was created, by our clock.
    fn created_at(&self, job: &Job, answer: &Answer) -> Option<Timestamp> {
        let created = instant(answer.at(job.created_at.as_ref()?)?)?;
        let ahead = answer.ahead(self.client.clock.now()).unwrap_or_default();
        created.checked_sub_signed(ahead)
    }

    /// The newest job that was created since an instant, where the app lists them: how one is found again of whose
    /// creation the answer was lost.
    ///
    /// # Errors
    /// When the app cannot be asked.
    pub(crate) async fn find(&self, find: &Find, known: &Known) -> Result<Option<String>, SourceError> {
        let act = format!("look for the job of {} that was asked for", known.organization.id);
        let path = Filling { organization: &known.organization, job: "" }.path(&find.path);
        let answer = self.client.ask(&question(path, &act)).await.map_err(|none| none.error)?;
        let items =
            answer.json.as_ref().and_then(|json| json.pointer(&find.item.items)).and_then(|items| items.as_array());
        let Some(items) = items.filter(|_| answer.is_success()) else { return Err(self.client.refused(&answer, &act)) };
        let ahead = answer.ahead(self.client.clock.now()).unwrap_or_default();
        let dated = items.iter().filter_map(|item| {
            let created = instant(item.pointer(&find.created_at)?)?.checked_sub_signed(ahead)?;
            Some((created, item.pointer(&find.item.id).and_then(text)?))
        });
        let newest = dated.filter(|(created, _)| *created + TOLERANCE >= known.requested_at).max();
        Ok(newest.map(|(_, id)| id))
    }
}

fn question(path: String, act: &str) -> Question {
    Question { method: Method::Get, path, body: None, ask: Ask::Usual, act: act.to_owned() }
}

/// Where the file of a job that is finished is, where the answer says it.
fn link(export: &ApiExport, told: &Told, answer: &Answer) -> Option<String> {
    match &export.download.from {
        DownloadFrom::Pointer(pointer) if told.phase == JobPhase::Finished => {
            answer.text_at(pointer).filter(|link| !link.is_empty())
        }
        _ => None,
    }
}
