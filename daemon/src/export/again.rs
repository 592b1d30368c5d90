//! An archive that is there is written once more from another database: where the rows are the same, so are the bytes.

use std::{
    io::{Seek, Write},
    sync::Arc,
};

use orgvault_api::{Archive, Format, Progress};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    pipeline::{Deadline, write_to},
};
use crate::{
    format::ArchivePlan,
    source::{Snapshot, Source},
};

/// Writes what `archive` holds from `source` into `output`, under the id, the time and the names of the archive.
///
/// # Errors
/// When the source cannot be read, or the format cannot be written.
pub async fn write_again<W: Write + Seek + Send + 'static>(
    source: &Source,
    archive: &Archive,
    level: u32,
    output: W,
    canceled: &CancellationToken,
) -> Result<W, Failure> {
    let mut snapshot = source.snapshot(&archive.organization.id).await?;
    let written = write(&mut snapshot, archive, level, output, canceled).await;
    match &written {
        Ok(_) => snapshot.finish().await?,
        Err(_) => snapshot.abandon().await,
    }
    written
}

async fn write<W: Write + Seek + Send + 'static>(
    snapshot: &mut Snapshot,
    archive: &Archive,
    level: u32,
    output: W,
    canceled: &CancellationToken,
) -> Result<W, Failure> {
    if archive.format == Format::Full {
        snapshot.show_tables().await?;
    }
    // It takes the locks, too.
    let counts = snapshot.counts().await?;
    let definition = Arc::clone(snapshot.definition());
    let asked = || Failure::NotOffered { product: definition.name.clone(), asked: archive.format.to_string() };
    let sections = definition.sections_of(archive.format, archive.entity.as_deref()).ok_or_else(asked)?;
    let plan = Arc::new(ArchivePlan {
        gid: archive.gid,
        organization: archive.organization.clone(),
        format: archive.format,
        counted: sections.iter().filter_map(|&section| counts.get(section).copied()).collect(),
        sections,
        gzip: archive.gzip,
        importable: archive.importable,
        level,
        started_at: archive.exported_at,
        files: None,
        definition,
    });
    let progress = watch::channel(Progress::default()).0;
    let deadline = Deadline { canceled: canceled.clone(), at: None };
    let piped = write_to(snapshot, &plan, output, progress, &deadline).await?;
    Ok(piped.output)
}
