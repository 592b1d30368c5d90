//! One send from its request to its record.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use orgvault_api::{
    Actor, Archive, AuditEntry, SendAnswer, SendRecord, SendRequest, SendState,
    gid::Gid,
    preflight::{Preflight, Severity},
};
use orgvault_config::TargetConfig;
use orgvault_products::preflight::{self, PreflightError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    SendError,
    checked_archive::CheckedArchive,
    outcome::Outcome,
    record,
    target::{self, Options, Target},
};
use crate::{
    catalog::CatalogError,
    context::Context,
    store::{Store, Stored},
};

/// Reasons of a refusal that are told at once.
const REASONS: usize = 3;

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
        self.was_not_sent(&archive, &target.name, request.again).await?;
        let (ignores, product) = (taker.ignores(), taker.product());
        let (store, looked_at) = (Arc::clone(&self.context.archives), archive.clone());
        let (preflight, checked) = blocking(move || look(&store, &looked_at, product, ignores)).await??;
        let mut answer = SendAnswer {
            gid: archive.gid,
            target: target.name.clone(),
            kind: target.kind.name().to_owned(),
            address: taker.address(),
            upload_bytes: taker.upload(archive.bytes).bytes,
            preflight,
            sent: None,
        };
        if !request.dry_run {
            let record = self.begin(&archive, &target.name, asker).await?;
            let outcome = tokio::select! {
                outcome = taker.deliver(&checked, &request) => outcome,
                () = self.abort.cancelled() => record::interrupted(),
            };
            answer.sent = Some(self.end(&archive, record, outcome, asker).await);
        }
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

    /// What is on disk decides, not what the catalog remembers. Nothing is written.
    async fn was_not_sent(&self, archive: &Stored, target: &str, again: bool) -> Result<(), SendError> {
        let (store, of, gid) = (Arc::clone(&self.context.archives), archive.reference(), archive.gid);
        let state = blocking(move || store.state(&of)).await??;
        let mut records = state.filter(|state| state.gid == gid).map(|state| state.sent).unwrap_or_default();
        self.settle_left(&mut records, target);
        match record::left_something(&records, target) {
            Some(before) if !again => Err(SendError::SentBefore {
                gid,
                target: target.to_owned(),
                state: before.state,
                at: before.started_at,
            }),
            _ => Ok(()),
        }
    }

    /// Whoever has the claim on a target knows that nobody carries on what began earlier.
    fn settle_left(&self, records: &mut [SendRecord], target: &str) {
        record::settle(records, self.context.clock.now(), |other| other != target);
    }

    /// Writes down that it is going to be sent.
    async fn begin(self: &Arc<Self>, archive: &Stored, target: &str, asker: &Asker) -> Result<SendRecord, SendError> {
        let record = SendRecord {
            target: target.to_owned(),
            state: SendState::Sending,
            by: asker.name.clone(),
            started_at: self.context.clock.now(),
            ended_at: None,
            error: None,
            report: Vec::new(),
        };
        // What cannot be recorded is not handed out.
        self.tell(archive, &record, asker).await?;
        let (inner, new) = (Arc::clone(self), record.clone());
        let write = move |records: &mut Vec<SendRecord>| {
            inner.settle_left(records, &new.target);
            records.push(new);
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
                *begun = ended;
            }
        };
        if let Err(error) = self.update(archive, write).await {
            let (gid, error) = (archive.gid, &error as &dyn std::error::Error);
            tracing::error!(%gid, target = record.target, error, "cannot write down how a send ended");
        }
        record
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

    /// Changes the records on disk, then those in the catalog, and tells everybody.
    async fn update(
        self: &Arc<Self>,
        archive: &Stored,
        change: impl FnOnce(&mut Vec<SendRecord>) + Send + 'static,
    ) -> Result<(), SendError> {
        let (store, gid, of) = (Arc::clone(&self.context.archives), archive.gid, archive.reference());
        let write = move || store.update_state(&of, Box::new(|state| change(&mut state.sent)));
        let sent = blocking(write).await??.sent;
        if let Err(error) = self.list(gid, sent).await {
            tracing::warn!(%gid, "a send is kept beside its archive only: {error}");
        }
        Ok(())
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
    let upload = taker.upload(archive.bytes);
    match upload.limit {
        Some(limit) if upload.bytes > limit => {
            Err(SendError::TooLarge { gid, target: name.clone(), bytes: upload.bytes, limit })
        }
        _ => Ok(()),
    }
}

/// Reads the archive as its importer would, and then to see that it is whole.
fn look(
    store: &Arc<dyn Store>,
    archive: &Stored,
    product: Option<&str>,
    ignores: &[&str],
) -> Result<(Option<Preflight>, CheckedArchive), SendError> {
    let of = archive.reference();
    let checked = CheckedArchive::open(Arc::clone(store), archive)?;
    let product = match product {
        Some(product) => product.to_owned(),
        None => store.manifest(&of)?.map(|manifest| manifest.product.name).unwrap_or_default(),
    };
    let preflight = match preflight::preflight_of(&product, &checked.reader()) {
        Ok(preflight) => preflight,
        Err(PreflightError::UnknownProduct { .. }) => return Ok((None, checked)),
        Err(error) => return Err(error.into()),
    };
    let refused = |code: &str, severity| severity == Severity::Refuses && !ignores.contains(&code);
    if preflight.totals.iter().any(|total| refused(&total.code, total.severity)) {
        let reasons = preflight.findings.iter().filter(|finding| refused(&finding.code, finding.severity));
        let reasons: Vec<&str> = reasons.take(REASONS).map(|finding| finding.message.as_str()).collect();
        let (gid, reasons) = (archive.gid, reasons.join("; "));
        return Err(SendError::NotImportable { gid, product, reasons });
    }
    Ok((Some(preflight), checked))
}
