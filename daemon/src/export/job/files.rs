//! The files that rows name: where an archive gets them from, and which it lacks.

use std::sync::Arc;

use orgvault_api::{Format, Progress, Warning};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    super::{
        Failure, once,
        pipeline::{Deadline, Piped, write_archive},
    },
    Opened, blocking,
};
use crate::{
    format::{ArchivePlan, Fetch, NamedFiles, Naming},
    source::Source,
};

/// Where the files of the archive come from; none where it holds none.
pub(super) async fn fetch(
    source: &Source,
    plan: &ArchivePlan,
    opened: &mut Opened,
    deadline: &Deadline,
) -> Result<Option<Fetch>, Failure> {
    let uploads = source.uploads().filter(|_| plan.definition.holds_files(plan.format));
    let Some(uploads) = uploads.cloned() else { return Ok(None) };
    let stop = CancellationToken::new();
    let opening = stop.clone();
    let place = blocking(move || uploads.open(&opening).map_err(Failure::Uploads));
    let place = deadline.bound(place).await.inspect_err(|_| stop.cancel())?;
    let named = if plan.format == Format::Full { Some(named(plan, opened, deadline).await?) } else { None };
    Ok(Some(Fetch { place, named, stop }))
}

/// The files that rows of the sections name: the rows of a `full` archive are those of tables, of which the definition
/// says nothing.
async fn named(plan: &ArchivePlan, opened: &mut Opened, deadline: &Deadline) -> Result<Arc<NamedFiles>, Failure> {
    let snapshot = &mut opened.snapshot;
    snapshot.show_sections();
    if opened.sections.is_none() {
        // Their tables are locked by it.
        deadline.bound(async { Ok(snapshot.counts().await?) }).await?;
    }
    let definition = Arc::clone(snapshot.definition());
    let names = |name: &str| definition.files.iter().any(|files| files.section == name);
    let sections = definition.sections.iter().enumerate().filter(|(_, section)| names(&section.name));
    let sections = sections.map(|(place, _)| place).collect();
    let plan = Arc::new(ArchivePlan { definition: Arc::clone(&definition), sections, ..plan.clone() });
    let (progress, naming) = (watch::channel(Progress::default()).0, Box::new(Naming::new(Arc::clone(&plan))));
    let Piped { output, .. } = write_archive(snapshot, &plan, naming, progress, deadline).await?;
    deadline.bound(async { Ok(snapshot.show_tables().await?) }).await?;
    Ok(Arc::new(output))
}

/// That rows name files which the archive does not hold: told once for all archives of a snapshot.
pub(super) async fn without(plan: &ArchivePlan, opened: &mut Opened) -> Result<Option<Warning>, Failure> {
    if !once::lacks_files(plan) || std::mem::replace(&mut opened.told_files, true) {
        return Ok(None);
    }
    opened.snapshot.show_sections();
    let named = opened.snapshot.named_files().await?;
    if plan.format == Format::Full {
        opened.snapshot.show_tables().await?;
    }
    Ok(once::files_not_included(plan, named))
}
