//! One send from its request to its record.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::BoxFuture;
use orgvault_api::{
    Actor, Archive, AuditEntry, SendAnswer, SendJob, SendLoss, SendParts, SendRecord, SendRequest, SendState, gid::Gid,
};
use orgvault_config::TargetConfig;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    SendError,
    looking::Looking,
    outcome::Outcome,
    record::{self, Beginning},
    target::{self, Delivery, Options, Progress, Target},
};
use crate::{catalog::CatalogError, context::Context, store::Stored};

/// Hands archives to targets.
#[derive(Clone)]
pub struct Sender(Arc<SenderState>);

struct SenderState {
    context: Arc<Context>,
    tracker: TaskTracker,
    stop: CancellationToken,
    abort: CancellationToken,
    /// What is on its way, by archive and target.
    running: Mutex<HashSet<(Gid, String)>>,
}

/// Who asks for a send, as its record and the audit trail name them.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The name.
    pub name: String,
    /// Who.
    pub actor: Actor,
    /// From where: `unix`, or an IP address.
    pub from: String,
}

/// One send while it goes on.
struct Claim<'a> {
    inner: &'a SenderState,
    key: (Gid, String),
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.inner.running().remove(&self.key);
    }
}

impl Sender {
    /// A sender that takes nothing new after `stop`, and gives up what is on its way at `abort`.
    #[must_use]
    pub fn new(context: Arc<Context>, tracker: TaskTracker, stop: CancellationToken, abort: CancellationToken) -> Self {
        Self(Arc::new(SenderState { context, tracker, stop, abort, running: Mutex::default() }))
    }

    /// Hands `archive` to `target` and says what became of it. A send that has begun goes on when
    /// the caller goes away, because what is half sent nobody knows anything of.
    ///
    /// # Errors
    /// All that keeps it from being sent at all. That the target refuses is an answer.
    pub async fn send(
        &self,
        archive: Stored,
        target: TargetConfig,
        request: SendRequest,
        asker: Asker,
    ) -> Result<SendAnswer, SendError> {
        let inner = Arc::clone(&self.0);
        if inner.stop.is_cancelled() {
            return Err(SendError::Stopping);
        }
        self.0.tracker.spawn(async move { inner.run(archive, &target, request, &asker).await }).await?
    }

    /// Shows as unknown what a killed daemon has left on its way.
    pub fn settle(&self, archive: &mut Archive) {
        let running = self.0.running();
        let goes_on = |target: &str| running.contains(&(archive.gid, target.to_owned()));
        record::settle(&mut archive.sent, self.0.context.clock.now(), goes_on);
    }
}

impl SenderState {
    async fn run(
        self: Arc<Self>,
        archive: Stored,
        target: &TargetConfig,
        request: SendRequest,
        asker: &Asker,
    ) -> Result<SendAnswer, SendError> {
        let taker = target::target(target)?;
        fits(&archive, target, taker.as_ref(), &request)?;
        let _claim = self.claim(archive.gid, &target.name)?;
        let earlier = self.earlier(&archive, &target.name).await?;
        let before = match record::beginning(&earlier, &target.name, request.again) {
            Beginning::New => None,
            Beginning::GoesOn(before) => Some(before.clone()),
            Beginning::Not(before) => return Err(sent_before(archive.gid, before)),
        };
        let looking = Looking {
            store: Arc::clone(&self.context.archives),
            archive: archive.clone(),
            target: target.name.clone(),
            takes: taker.takes().map(str::to_owned),
            product: taker.product(),
            ignores: taker.ignores(),
        };
        let (preflight, checked) = blocking(move || looking.look()).await??;
        let mut answer = SendAnswer {
            gid: archive.gid,
            target: target.name.clone(),
            kind: target.kind.name().to_owned(),
            address: taker.address(),
            upload_bytes: taker.upload(&archive).bytes,
            preflight,
            loses: loses(taker.as_ref(), &archive),
            parts: Some(taker.parts(&archive)).filter(|parts| *parts > 1),
            trial: None,
            sent: None,
        };
        if request.dry_run {
            if let Some(trial) = taker.try_out(&checked) {
                answer.trial = Some(trial.await);
            }
            return Ok(answer);
        }
        let key = record::key(&archive.sha256, &target.name, &answer.address, &earlier);
        let record = self.begin(&archive, &target.name, before.clone(), asker).await?;
        let progress = Kept { inner: &self, archive: &archive, record: &record };
        let before = before.as_ref();
        let delivery = Delivery { request: &request, archive: &archive, key: &key, before, progress: &progress };
        let outcome = tokio::select! {
            outcome = taker.deliver(&checked, delivery) => outcome,
            () = self.abort.cancelled() => record::interrupted(),
        };
        answer.sent = Some(self.end(&archive, record, outcome, asker).await);
        Ok(answer)
    }

    fn running(&self) -> MutexGuard<'_, HashSet<(Gid, String)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(&self, gid: Gid, target: &str) -> Result<Claim<'_>, SendError> {
        let key = (gid, target.to_owned());
        if self.running().insert(key.clone()) {
            Ok(Claim { inner: self, key })
        } else {
            Err(SendError::Busy { gid, target: key.1 })
        }
    }

    /// The records of earlier sends. What is on disk decides, not what the catalog remembers. Nothing is
    /// written.
    async fn earlier(&self, archive: &Stored, target: &str) -> Result<Vec<SendRecord>, SendError> {
        let (store, of, gid) = (Arc::clone(&self.context.archives), archive.reference(), archive.gid);
        let state = blocking(move || store.state(&of)).await??;
        let mut records = state.filter(|state| state.gid == gid).map(|state| state.sent).unwrap_or_default();
        self.settle_left(&mut records, target);
        Ok(records)
    }

    /// Whoever has the claim on a target knows that nobody carries on what began earlier.
    fn settle_left(&self, records: &mut [SendRecord], target: &str) {
        record::settle(records, self.context.clock.now(), |other| other != target);
    }

    /// Writes down that it is going to be sent, or that an earlier send is gone on with.
    async fn begin(
        self: &Arc<Self>,
        archive: &Stored,
        target: &str,
        before: Option<SendRecord>,
        asker: &Asker,
    ) -> Result<SendRecord, SendError> {
        let begun = before.is_some();
        let fresh = || SendRecord {
            target: target.to_owned(),
            state: SendState::Sending,
            by: asker.name.clone(),
            started_at: self.context.clock.now(),
            ended_at: None,
            error: None,
            report: Vec::new(),
            job: None,
            parts: None,
        };
        let record = before.map_or_else(fresh, |before| SendRecord {
            state: SendState::Sending,
            ended_at: None,
            error: None,
            report: Vec::new(),
            ..before
        });
        // What cannot be recorded is not handed out.
        self.tell(archive, &record, asker).await?;
        let (inner, new) = (Arc::clone(self), record.clone());
        let write = move |records: &mut Vec<SendRecord>| {
            inner.settle_left(records, &new.target);
            match record::begun(records, &new.target, new.started_at) {
                Some(before) if begun => *before = new,
                _ => records.push(new),
            }
        };
        self.update(archive, write).await?;
        Ok(record)
    }

    /// Writes down what became of it. Where that fails the record stays as it began, which means
    /// that nobody knows.
    async fn end(
        self: &Arc<Self>,
        archive: &Stored,
        mut record: SendRecord,
        outcome: Outcome,
        asker: &Asker,
    ) -> SendRecord {
        outcome.end(&mut record, self.context.clock.now());
        if let Err(error) = self.tell(archive, &record, asker).await {
            tracing::error!(gid = %archive.gid, "{error}");
        }
        let ended = record.clone();
        let write = move |records: &mut Vec<SendRecord>| {
            if let Some(begun) = record::begun(records, &ended.target, ended.started_at) {
                // How far it got was written there meanwhile.
                let (job, parts) = (begun.job.take(), begun.parts.take());
                *begun = SendRecord { job, parts, ..ended };
            }
        };
        match self.update(archive, write).await {
            Ok(mut kept) => record::begun(&mut kept, &record.target, record.started_at).cloned().unwrap_or(record),
            Err(error) => {
                let (gid, error) = (archive.gid, &error as &dyn std::error::Error);
                tracing::error!(%gid, target = record.target, error, "cannot write down how a send ended");
                record
            }
        }
    }

    /// Tells the audit trail of a send: when it begins, and how it ended.
    async fn tell(&self, archive: &Archive, record: &SendRecord, asker: &Asker) -> Result<(), SendError> {
        let result = match (record.state, &record.error) {
            (_, Some(error)) => error.code.as_str(),
            (SendState::Sent, None) => "ok",
            (state, None) => state.name(),
        };
        let entry = AuditEntry {
            from: asker.from.clone(),
            on: record.target.clone(),
            gid: Some(archive.gid),
            organization: Some(archive.organization.clone()),
            result: result.to_owned(),
            ..AuditEntry::new(self.context.clock.now(), asker.actor.clone(), "archive.send")
        };
        let audit = Arc::clone(&self.context.audit);
        blocking(move || audit.record(&entry)).await?.map_err(SendError::from)
    }

    /// Changes the records on disk, then those in the catalog, and tells everybody; gives them as they are now.
    async fn update(
        self: &Arc<Self>,
        archive: &Stored,
        change: impl FnOnce(&mut Vec<SendRecord>) + Send + 'static,
    ) -> Result<Vec<SendRecord>, SendError> {
        let (store, gid, of) = (Arc::clone(&self.context.archives), archive.gid, archive.reference());
        let write = move || store.update_state(&of, Box::new(|state| change(&mut state.sent)));
        let sent = blocking(write).await??.sent;
        if let Err(error) = self.list(gid, sent.clone()).await {
            tracing::warn!(%gid, "a send is kept beside its archive only: {error}");
        }
        Ok(sent)
    }

    /// An archive that was deleted meanwhile stays so.
    async fn list(&self, gid: Gid, sent: Vec<SendRecord>) -> Result<(), CatalogError> {
        let _storing = self.context.storing.lock().await;
        if let Some(mut listed) = self.context.catalog.archive(gid).await? {
            listed.sent = sent;
            self.context.catalog.put_archive(&listed).await?;
            self.context.tell_archive(&listed);
        }
        Ok(())
    }
}

/// How far one send is, in its record on disk.
struct Kept<'a> {
    inner: &'a Arc<SenderState>,
    archive: &'a Stored,
    record: &'a SendRecord,
}

impl Kept<'_> {
    async fn keep(&self, change: impl FnOnce(&mut SendRecord) + Send + 'static) {
        let (target, started_at) = (self.record.target.clone(), self.record.started_at);
        let write = move |records: &mut Vec<SendRecord>| {
            if let Some(begun) = record::begun(records, &target, started_at) {
                change(begun);
            }
        };
        if let Err(error) = self.inner.update(self.archive, write).await {
            let (gid, error) = (self.archive.gid, &error as &dyn std::error::Error);
            tracing::error!(%gid, target = self.record.target, error, "cannot write down how far a send is");
        }
    }
}

impl Progress for Kept<'_> {
    fn keep_job(&self, job: SendJob) -> BoxFuture<'_, ()> {
        Box::pin(self.keep(|record| record.job = Some(job)))
    }

    fn keep_parts(&self, parts: SendParts) -> BoxFuture<'_, ()> {
        Box::pin(self.keep(move |record| record.parts = Some(parts)))
    }
}

fn sent_before(gid: Gid, before: &SendRecord) -> SendError {
    SendError::SentBefore { gid, target: before.target.clone(), state: before.state, at: before.started_at }
}

fn loses(taker: &dyn Target, archive: &Archive) -> Vec<SendLoss> {
    let loss = |(code, message): (&str, &str)| SendLoss { code: code.to_owned(), message: message.to_owned() };
    taker.loses(archive).into_iter().map(loss).collect()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SendError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// Whether the target takes such an archive, and knows the options.
fn fits(archive: &Archive, target: &TargetConfig, taker: &dyn Target, request: &SendRequest) -> Result<(), SendError> {
    let (gid, name) = (archive.gid, &target.name);
    let Options { replace, create_users } = taker.options();
    let unknown = |option, kinds| Err(SendError::Option { option, target: name.clone(), kinds });
    if request.replace && !replace {
        return unknown("--replace", "targets of kind trueppm");
    }
    if request.create_users && !create_users {
        return unknown("--create-users", "targets of kind command");
    }
    if let Some(formats) = taker.formats()
        && (archive.gzip || !formats.contains(&archive.format))
    {
        let gzip = if archive.gzip { " with gzip" } else { "" };
        let format = format!("{}{gzip}", archive.format.name());
        return Err(SendError::Format { gid, format, target: name.clone(), takes: SendError::names(formats) });
    }
    let upload = taker.upload(archive);
    match upload.limit {
        Some(limit) if upload.bytes > limit => {
            Err(SendError::TooLarge { gid, target: name.clone(), bytes: upload.bytes, limit })
        }
        _ => Ok(()),
    }
}
