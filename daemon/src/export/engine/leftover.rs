//! What a daemon that died has left started.

use orgvault_api::{Export, State, gid::Gid};

use super::{Engine, Failure, Record, end::suspend};
use crate::{
    catalog::{CatalogError, ExportFilter},
    context::Context,
    store::{NewArchive, Stored},
};

/// How an export has ended.
pub(super) struct End {
    pub(super) export: Export,
    archive: Option<Stored>,
}

/// What was started has ended: well, where its archive was published and only the catalog did not
/// learn of it, else interrupted.
pub(super) async fn ends(context: &Context) -> Result<Vec<End>, CatalogError> {
    let Context { catalog, clock, .. } = context;
    let started = ExportFilter { state: Some(State::Started), ..ExportFilter::default() };
    let mut ends = Vec::new();
    for mut export in catalog.exports(started).await? {
        if goes_on(context, &export).await {
            continue;
        }
        export.finished_at = Some(clock.now());
        let archive = published(context, &export);
        if let Some(archive) = &archive {
            export.finish(archive);
        } else {
            // In a run no other archive can join one of the same snapshot any more.
            let lost = export.schedule.is_some() && catalog.has_finished(export.request, &export.organization).await?;
            let failure = if lost { Failure::SnapshotLost } else { Failure::Interrupted };
            export.state = State::Error;
            export.error = Some(failure.to_wire());
        }
        ends.push(End { export, archive });
    }
    Ok(ends)
}

/// Whether the app still makes its archive: then the export waits again, and goes on with that job.
async fn goes_on(context: &Context, export: &Export) -> bool {
    let is_api = context.source(&export.organization.source).is_some_and(|source| source.api().is_some());
    if !is_api || published(context, export).is_some() {
        return false;
    }
    let job = context.catalog.open_job(&export.organization.tenant(), export.format).await;
    if !matches!(job, Ok(Some(_))) {
        return false;
    }
    let mut again = export.clone();
    suspend(&mut again);
    // What cannot be recorded ends as interrupted, and a new export goes on with the job.
    context.catalog.update_export(&again).await.is_ok()
}

fn published(context: &Context, export: &Export) -> Option<Stored> {
    let Export { organization, gid, format, gzip, .. } = export;
    let (gid, format, gzip) = (*gid, *format, *gzip);
    context.archives.published(&NewArchive { organization, exported_at: export.started_at?, gid, format, gzip })
}

impl Engine {
    /// Records what was left. What the catalog does not take now is recorded later: nothing of it
    /// keeps the daemon from starting.
    pub(super) async fn record_leftover(&self, leftover: Vec<End>) {
        for End { export, archive } in leftover {
            let how = export.error.as_ref().map_or("it was published", |error| &error.message);
            tracing::warn!(gid = %export.gid, "an export that an earlier daemon had started has ended: {how}");
            if Record::of(&export, archive.as_ref()).write(&self.0.context.catalog).await.is_err() {
                self.record_later(export, archive);
            }
        }
    }

    /// Records an end in a task of its own.
    pub(super) fn record_later(&self, mut export: Export, archive: Option<Stored>) {
        let engine = self.clone();
        self.0.tracker.spawn(async move {
            if let Err(error) = engine.record(&mut export, archive.as_ref()).await {
                tracing::error!(gid = %export.gid, "the end of the export could not be recorded: {error}");
            }
            engine.tell(export);
        });
    }

    /// Whether the export was found started when this daemon began, and so ended without anybody
    /// who was told of it.
    #[must_use]
    pub(crate) fn found_ended(&self, gid: Gid) -> bool {
        self.0.found_ended.contains(&gid)
    }
}
