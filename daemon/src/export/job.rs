//! One export of a job: from the snapshot that the job shares to a published archive.

mod checked;
mod files;
mod manifest;

use std::{sync::Arc, time::Instant};

use orgvault_api::{ArchiveState, Export, Format, Progress, Warning};
use orgvault_archive::naming::Kinds;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use self::checked::{Checked, check};
use super::{
    Failure,
    pipeline::{Deadline, Piped, write_to},
    preflight_warnings,
    receive::receive,
};
use crate::{
    context::Context,
    format::ArchivePlan,
    lifecycle::contained,
    product::Definition,
    source::{Snapshot, Source},
    store::{NewArchive, Partial, Store, StoreError, Stored},
};

/// How often an export is tried when the source says that trying again may help (a standby's
/// recovery conflict).
const TRIES: u32 = 3;

/// What an export needs to tell how far it is, and to learn that it is over.
pub(super) struct Watched {
    pub(super) progress: watch::Sender<Progress>,
    pub(super) canceled: CancellationToken,
    /// The daemon stops.
    pub(super) stop: CancellationToken,
    /// How many received files are proven at the same time.
    pub(super) proving: Arc<Semaphore>,
}

/// What the exports of a job share.
#[derive(Default)]
pub(super) struct JobState {
    /// Looked up once: a job ends under the configuration that it began with.
    source: Option<Arc<Source>>,
    opened: Option<Opened>,
    /// Whether it was lost after an archive of it was published: no other one may follow. None
    /// until it was looked whether a job before this one published some.
    lost: Option<bool>,
}

/// The snapshot that the exports of a job share.
struct Opened {
    snapshot: Snapshot,
    /// What was found of the sections of the source's own definition, once an archive of them was asked for.
    sections: Option<Found>,
    /// And of the tables of a `full` archive.
    tables: Option<Found>,
    /// Whether an archive of it is published.
    published: bool,
    /// Whether an archive of it says that it lacks the files of the app.
    told_files: bool,
}

/// What a snapshot says of the sections that it shows.
#[derive(Clone)]
struct Found {
    /// Their independent counts.
    counts: Arc<[u64]>,
    warnings: Arc<[Warning]>,
}

impl Opened {
    /// Shows what the format of the plan is made of, and counts it where nobody has.
    async fn show(&mut self, source: &Source, plan: &ArchivePlan) -> Result<Found, Failure> {
        let found = if plan.format == Format::Full {
            self.snapshot.show_tables().await?;
            &mut self.tables
        } else {
            self.snapshot.show_sections();
            &mut self.sections
        };
        if let Some(found) = found {
            return Ok(found.clone());
        }
        let counts = self.snapshot.counts().await?;
        refuse_gone(source, self.snapshot.definition(), plan, &counts)?;
        let warnings = self.snapshot.warnings().await?;
        Ok(found.insert(Found { counts: counts.into(), warnings: warnings.into() }).clone())
    }
}

impl JobState {
    /// Makes the archive of one export. A panic on the way is the failure of this one export.
    ///
    /// # Errors
    /// Whatever kept the archive from being made.
    pub(super) async fn export(
        &mut self,
        shop: &Context,
        export: &Export,
        watched: &Watched,
    ) -> Result<Stored, Failure> {
        match contained(Box::pin(self.try_to_export(shop, export, watched))).await {
            Ok(made) => made,
            Err(message) => {
                self.abandon().await;
                Err(Failure::Panicked { message })
            }
        }
    }

    /// Whether an archive of the job's snapshot, or of one before it, is published.
    pub(super) fn has_published(&self) -> bool {
        self.lost == Some(true) || self.opened.as_ref().is_some_and(|opened| opened.published)
    }

    /// Tries again where the source says that it may help.
    async fn try_to_export(&mut self, shop: &Context, export: &Export, watched: &Watched) -> Result<Stored, Failure> {
        let source = match &self.source {
            Some(source) => Arc::clone(source),
            None => Arc::clone(self.source.insert(find(shop, &export.organization.source)?)),
        };
        if let Some(api) = source.api() {
            return receive(shop, &source, api, export, watched).await;
        }
        let mut tries = 1;
        if self.lost.is_none() {
            self.lost = Some(shop.catalog.has_finished(export.request, &export.organization).await?);
        }
        loop {
            if self.lost == Some(true) {
                return Err(Failure::SnapshotLost);
            }
            let failure = match attempt(shop, &source, export, &mut self.opened, watched).await {
                Ok(archive) => return Ok(archive),
                Err(failure) => failure,
            };
            if matches!(failure, Failure::Gone { .. } | Failure::NotInRelease { .. }) {
                // Nothing of it was read: the other formats of the job may show it.
                return Err(failure);
            }
            self.abandon().await;
            let transient = failure.is_transient();
            if !transient || self.lost == Some(true) || tries == TRIES {
                return Err(failure);
            }
            tracing::info!(gid = %export.gid, tries, "trying again: {failure}");
            tries += 1;
        }
    }

    /// Gives the snapshot up: its rows query may still be running, so the connection is of no more
    /// use.
    pub(super) async fn abandon(&mut self) {
        if let Some(Opened { snapshot, published, .. }) = self.opened.take() {
            snapshot.abandon().await;
            self.lost = Some(published);
        }
    }

    /// Gives the snapshot's connection back.
    pub(super) async fn finish(self) {
        if let Some(Opened { snapshot, .. }) = self.opened
            && let Err(error) = snapshot.finish().await
        {
            tracing::debug!("the snapshot's connection was lost after the last archive: {error}");
        }
    }
}

/// Makes and publishes the archive of one organization of a source that is in no configuration, outside of the queue.
///
/// # Errors
/// Whatever kept the archive from being made.
pub async fn archive_of(
    context: &Context,
    source: Arc<Source>,
    export: &Export,
    stop: CancellationToken,
) -> Result<Stored, Failure> {
    let watched = Watched {
        progress: watch::channel(Progress::default()).0,
        canceled: stop.clone(),
        stop,
        proving: Arc::new(Semaphore::new(1)),
    };
    let mut state = JobState { source: Some(source), ..JobState::default() };
    let made = state.export(context, export, &watched).await;
    state.finish().await;
    made
}

fn find(shop: &Context, name: &str) -> Result<Arc<Source>, Failure> {
    shop.source(name).ok_or_else(|| Failure::NoSource { source_name: name.to_owned() })
}

async fn attempt(
    shop: &Context,
    source: &Source,
    export: &Export,
    opened: &mut Option<Opened>,
    watched: &Watched,
) -> Result<Stored, Failure> {
    let limit = source.config().export_timeout;
    let deadline = Deadline {
        canceled: watched.canceled.clone(),
        at: (!limit.is_zero()).then(|| tokio::time::Instant::now() + limit),
    };
    // Refused before anything is read: what no release of the app has.
    let plan_of_all = plan(shop, export, source.definition())?;
    let opened = if let Some(opened) = opened {
        opened
    } else {
        // Refused now, and not when hours have gone into it.
        let archives = Arc::clone(&shop.archives);
        blocking(move || Ok(archives.guard()?)).await?;
        opened.insert(deadline.bound(open(source, &export.organization.id)).await?)
    };
    let found = deadline.bound(opened.show(source, &plan_of_all)).await?;
    let mut plan = plan(shop, export, opened.snapshot.definition())?;
    plan.files = files::fetch(source, &plan, opened, &deadline).await?;
    plan.counted = plan.sections.iter().filter_map(|&index| found.counts.get(index).copied()).collect();
    let plan = Arc::new(plan);
    refuse_gone(source, &plan.definition, &plan, &found.counts)?;
    let archive = make(shop, export, (&plan, &found.warnings), opened, watched.progress.clone(), &deadline).await?;
    opened.published = true;
    Ok(archive)
}

async fn open(source: &Source, organization: &str) -> Result<Opened, Failure> {
    let snapshot = source.snapshot(organization).await?;
    Ok(Opened { snapshot, sections: None, tables: None, published: false, told_files: false })
}

/// An organization that has no row where the format has its one row is not there any more; the archive
/// need not hold that row itself, as a CSV of another section.
fn refuse_gone(source: &Source, counted: &Definition, plan: &ArchivePlan, counts: &[u64]) -> Result<(), Failure> {
    let own = counted.sections.iter().zip(counts).filter(|(section, _)| section.is_for(plan.format));
    if own.filter(|(section, _)| section.single).all(|(_, count)| *count > 0) {
        return Ok(());
    }
    let (organization, source_name) = (plan.organization.id.clone(), source.name().to_owned());
    Err(Failure::Gone { organization, source_name })
}

fn plan(shop: &Context, export: &Export, definition: &Arc<Definition>) -> Result<ArchivePlan, Failure> {
    let is_offered = definition.offers(&export.organization.kind, export.format);
    let sections = definition.sections_of(export.format, export.entity.as_deref()).filter(|_| is_offered);
    let asked = || match &export.entity {
        Some(entity) => format!("{} of {entity}", export.format),
        None => export.format.to_string(),
    };
    let not_offered = || match definition.lacks_for(export.format, export.entity.as_deref()) {
        Some(table) => Failure::NotInRelease {
            source_name: export.organization.source.clone(),
            table: table.to_owned(),
            asked: asked(),
        },
        None => Failure::NotOffered { product: definition.name.clone(), asked: asked() },
    };
    Ok(ArchivePlan {
        gid: export.gid,
        organization: export.organization.clone(),
        definition: Arc::clone(definition),
        format: export.format,
        sections: sections.ok_or_else(not_offered)?,
        counted: Arc::default(),
        gzip: export.gzip,
        importable: export.importable,
        level: shop.config().daemon.compression_level,
        started_at: export.started_at.unwrap_or(export.created_at),
        files: None,
    })
}

/// Writes, reads back, compares and publishes one archive.
async fn make(
    shop: &Context,
    export: &Export,
    (plan, told): (&Arc<ArchivePlan>, &[Warning]),
    opened: &mut Opened,
    progress: watch::Sender<Progress>,
    deadline: &Deadline,
) -> Result<Stored, Failure> {
    let begun = Instant::now();
    progress.send_modify(|progress| *progress = manifest::expected(plan));

    let headers = manifest::headers(&mut opened.snapshot, plan).await?;
    let (archives, planned) = (Arc::clone(&shop.archives), Arc::clone(plan));
    let floor = shop.config().daemon.min_free;
    let kinds = shop.kinds(&export.organization.source, &plan.definition).await?;
    let partial = blocking(move || Ok(create(archives.as_ref(), &planned, kinds, floor)?)).await?;
    let Piped { output, written, sent } = write_to(&mut opened.snapshot, plan, partial, progress, deadline).await?;
    let wrote = begun.elapsed();

    let without_files = deadline.bound(files::without(plan, opened)).await?;
    let mut manifest = manifest::manifest(export, plan, (opened, told), &written, headers);
    manifest.warnings.extend(without_files);
    manifest.finished_at = shop.clock.now();
    let Checked { sealed, mut manifest, reader, took } = blocking(move || check(output, manifest, &sent)).await?;
    let checked = begun.elapsed();
    manifest.warnings.extend(preflight_warnings::warnings(&manifest, &reader).await);
    let preflight = begun.elapsed().saturating_sub(checked);
    let archives = Arc::clone(&shop.archives);
    let (published, manifest) = blocking(move || Ok((archives.publish(sealed, &manifest)?, manifest))).await?;
    tracing::info!(
        gid = %export.gid,
        source = export.organization.source,
        organization = export.organization.id,
        bytes = manifest.bytes,
        write_seconds = wrote.as_secs_f64(),
        read_back_seconds = took.as_secs_f64(),
        preflight_seconds = preflight.as_secs_f64(),
        publish_seconds = begun.elapsed().saturating_sub(wrote + took + preflight).as_secs_f64(),
        "export finished"
    );
    Ok(Stored::new(published.key, &manifest, ArchiveState::Present))
}

/// Opens the partial file, and refuses where the disk has less than `floor` bytes left.
fn create(archives: &dyn Store, plan: &ArchivePlan, kinds: Kinds, floor: u64) -> Result<Partial, StoreError> {
    archives.check(floor)?;
    let new = NewArchive {
        organization: &plan.organization,
        exported_at: plan.started_at,
        gid: plan.gid,
        format: plan.format,
        gzip: plan.gzip,
    };
    archives.begin(&new, kinds)
}

/// Runs what waits for a disk on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Failure::Writer { cause })?
}
