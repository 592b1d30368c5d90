//! One restore from its request to its answer: the archive is found and read through, the plan is made, and where
//! somebody agreed to it, what is there is archived first and the plan is done.

mod archived;
mod before;
mod error;

use std::sync::Arc;

use orgvault_api::{
    Actor, Archive, AuditEntry, OrganizationKey, RestoreAnswer, RestoreMode, RestorePlan, RestoreRequest, Restored,
};
use orgvault_config::{DatabaseKind, TargetConfig, TargetDatabase, TargetKind};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::archived::{Archived, Place, open};
pub use self::{before::BEFORE_RESTORE, error::RestorerError};
use crate::{
    context::Context,
    export::Engine,
    lifecycle::Stop,
    product::Definition,
    restore::{ArchivedRows, Renewal, Restore, Target, Tenant},
    send::Asker,
    store::Stored,
};

/// Puts archives back into databases.
#[derive(Clone)]
pub struct Restorer(Arc<RestorerState>);

struct RestorerState {
    context: Arc<Context>,
    engine: Engine,
    tracker: TaskTracker,
    stop: CancellationToken,
    deadline: CancellationToken,
}

impl Restorer {
    /// A restorer that begins nothing new after a soft stop, and whose restores are rolled back after the deadline.
    #[must_use]
    pub fn new(context: Arc<Context>, engine: Engine, tracker: TaskTracker, stop: &Stop) -> Self {
        let (stop, deadline) = (stop.soft.clone(), stop.deadline.clone());
        Self(Arc::new(RestorerState { context, engine, tracker, stop, deadline }))
    }

    /// Makes the plan, and does it where the request names it. What has begun goes on when the caller goes away.
    ///
    /// # Errors
    /// Whatever keeps it from being planned or done. The target is as it was then.
    pub async fn restore(
        &self,
        archive: Option<Stored>,
        request: RestoreRequest,
        asker: Asker,
    ) -> Result<RestoreAnswer, RestorerError> {
        let state = Arc::clone(&self.0);
        if state.stop.is_cancelled() {
            return Err(RestorerError::Stopping);
        }
        self.0.tracker.spawn(async move { state.run(archive, &request, &asker).await }).await?
    }
}

/// What is put back, and where.
struct Job {
    target: TargetConfig,
    database: TargetDatabase,
    definition: Arc<Definition>,
    rows: Arc<dyn ArchivedRows>,
    organization: OrganizationKey,
}

impl RestorerState {
    async fn run(
        &self,
        archive: Option<Stored>,
        request: &RestoreRequest,
        asker: &Asker,
    ) -> Result<RestoreAnswer, RestorerError> {
        let (target, database) = self.target(&request.into)?;
        let place = match &archive {
            Some(archive) => Place::Stored(Arc::clone(&self.context.archives), Box::new(archive.clone())),
            None => Place::File(request.file.clone().ok_or(RestorerError::NoArchive)?.into()),
        };
        let Archived { rows, product, organization } = tokio::task::spawn_blocking(move || open(place)).await??;
        let organization = archive.as_ref().map_or(organization, |archive| archive.organization.clone());
        let definition = self.definition(&organization.source, &product)?;
        let job = Job { target, database, definition, rows, organization };
        let about = About { job: &job, archive: archive.as_deref(), asker };
        if request.apply.is_some() {
            self.tell(&about, "restore.begin", "ok").await?;
        }
        // What is dropped is rolled back.
        let result = tokio::select! {
            biased;
            () = self.deadline.cancelled() => Err(RestorerError::Interrupted),
            result = self.carry_out(&job, request, asker) => result,
        };
        let action = if request.apply.is_some() { "restore.apply" } else { "restore.plan" };
        self.tell(&about, action, result.as_ref().err().map_or("ok", RestorerError::code)).await?;
        let Done { plan, restored, before } = result?;
        Ok(RestoreAnswer {
            archive: archive.map(|archive| archive.gid),
            organization: job.organization,
            target: job.target.name,
            plan,
            restored,
            before,
        })
    }

    async fn carry_out(&self, job: &Job, request: &RestoreRequest, asker: &Asker) -> Result<Done, RestorerError> {
        let (name, TargetDatabase { kind, url, tls, .. }) = (&job.target.name, &job.database);
        let renewal = match (&request.new_id, kind) {
            (None, _) => None,
            (Some(_), DatabaseKind::Postgres) if request.mode == RestoreMode::Scratch => {
                Some(Renewal { from: job.organization.id.clone() })
            }
            (Some(_), _) => return Err(RestorerError::NewId { mode: request.mode, kind: job.target.kind.name() }),
        };
        let mut target = match kind {
            DatabaseKind::Postgres => Target::new(name, crate::source::postgres_options(name, url, *tls)?),
            DatabaseKind::Sqlite => Target::file(name, crate::source::sqlite_file(name, url)?),
        };
        target.lock_timeout = job.database.lock_timeout;
        let id = request.new_id.as_ref().unwrap_or(&job.organization.id);
        let restore = Restore {
            target,
            rows: Arc::clone(&job.rows),
            tenant: Tenant::of(&job.definition, job.rows.as_ref(), id),
            mode: request.mode,
            renewal,
        };
        let Some(agreed) = &request.apply else {
            let plan = restore.plan().await?;
            return Ok(Done { plan, restored: None, before: None });
        };
        // A plan that is not done makes no archive, and takes no numbers.
        let replaces = request.mode == RestoreMode::Replace;
        let mut before = None;
        if replaces || request.new_id.is_some() {
            let plan = restore.check(agreed).await?;
            if replaces && !plan.identical {
                before = before::archive((&self.context, &self.engine), job, &self.stop, asker).await?;
            }
        }
        let restored = restore.apply(Some(agreed)).await?;
        Ok(Done { plan: restored.plan.clone(), restored: Some(restored), before })
    }

    fn target(&self, name: &str) -> Result<(TargetConfig, TargetDatabase), RestorerError> {
        let config = self.context.config();
        let databases = config.targets.iter().filter(|target| matches!(target.kind, TargetKind::Database(_)));
        let known: Vec<&str> = databases.map(|target| target.name.as_str()).collect();
        let unknown = || RestorerError::UnknownTarget { name: name.to_owned(), known: known.join(", ") };
        let target = config.targets.iter().find(|target| target.name == name).ok_or_else(unknown)?;
        match &target.kind {
            TargetKind::Database(database) => Ok((target.clone(), database.clone())),
            _ => Err(RestorerError::Kind { name: name.to_owned(), kind: target.kind.name() }),
        }
    }

    /// The daemon's own definition of the product: that of the source, else that of any source of the product.
    fn definition(&self, source: &str, product: &str) -> Result<Arc<Definition>, RestorerError> {
        let sources = self.context.sources.load();
        let own = sources.get(source).into_iter().chain(sources.values());
        let own = own.map(|source| source.definition()).find(|definition| definition.name == product);
        own.cloned().ok_or_else(|| RestorerError::UnknownProduct { product: product.to_owned() })
    }

    /// Tells the audit trail, and the log.
    async fn tell(&self, about: &About<'_>, action: &str, result: &str) -> Result<(), RestorerError> {
        let About { job, archive, asker } = about;
        let actor: Actor = asker.actor.clone();
        tracing::info!(
            target_name = job.target.name,
            organization = %job.organization.tenant(),
            user = asker.name,
            result,
            "{action}"
        );
        let entry = AuditEntry {
            from: asker.from.clone(),
            on: job.target.name.clone(),
            gid: archive.map(|archive| archive.gid),
            organization: Some(job.organization.clone()),
            result: result.to_owned(),
            ..AuditEntry::new(self.context.clock.now(), actor, action)
        };
        let audit = Arc::clone(&self.context.audit);
        tokio::task::spawn_blocking(move || audit.record(&entry)).await?.map_err(RestorerError::Audit)
    }
}

/// What a line of the audit trail is about.
struct About<'a> {
    job: &'a Job,
    archive: Option<&'a Archive>,
    asker: &'a Asker,
}

/// What became of a request.
struct Done {
    plan: RestorePlan,
    restored: Option<Restored>,
    before: Option<orgvault_api::gid::Gid>,
}
