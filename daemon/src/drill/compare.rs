//! What was put back, against the archives that it came from.

mod native;
mod tables;

use std::{path::Path, sync::Arc};

use orgvault_api::{Archive, ArchiveState, Format, Proof, Verdict};
use orgvault_archive::{
    full::FullArchive,
    same::{Side, same_data},
};
use orgvault_config::{SecretUrl, SourceConfig, Tls};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    fault::DrillFault,
    scratch::{Scratch, ScratchError},
    written::Written,
};
use crate::{
    context::Context,
    export::{Failure, write_again},
    product::Definition,
    restore::ArchivedFull,
    source::Source,
    store::{Store, Stored},
};

/// The proof that says nothing of an archive by itself: the app goes on.
pub(super) const AGAINST: &str = "against";
/// What differs is told up to so many rows.
pub(super) const MOST: usize = 100;

/// That nothing could be compared with the source: it says as little of the archive as a difference.
pub(super) fn not_against(fault: &DrillFault) -> Proof {
    let message = format!("not compared: {}", fault.to_wire().message);
    Proof { name: AGAINST.to_owned(), format: None, same: false, message, differences: Vec::new() }
}

/// The database that was put back, as a source.
pub(super) struct Again<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) definition: &'a Arc<Definition>,
    pub(super) archive: &'a Stored,
    pub(super) url: &'a SecretUrl,
    /// Where what is exported again goes.
    pub(super) directory: &'a Path,
    pub(super) tracker: &'a TaskTracker,
    pub(super) cancel: &'a CancellationToken,
}

impl Again<'_> {
    /// Exports every native format that the archive's request has an archive of, and the archive itself, and compares.
    ///
    /// # Errors
    /// When something cannot be exported from there.
    pub(super) async fn compare(&self, opened: &Arc<ArchivedFull>, proofs: &mut Vec<Proof>) -> Result<(), DrillFault> {
        let source = self.source()?;
        let compared = async {
            for native in self.natives().await? {
                proofs.push(self.native(&source, &native).await?);
            }
            proofs.push(self.itself(&source, opened).await?);
            Ok(())
        };
        let compared = compared.await;
        source.close().await;
        compared
    }

    fn source(&self) -> Result<Arc<Source>, DrillFault> {
        let name = self.archive.organization.source.clone();
        let mut config = SourceConfig::new(name, self.definition.name.clone(), self.url.clone());
        config.tls = Tls::AsUrl;
        let source = Source::new(config, Arc::clone(self.definition), self.tracker.clone());
        source.map(Arc::new).map_err(|error| inconclusive(&Failure::Source(error)))
    }

    /// The archives of the same snapshot that the app could have made itself, but for those with files of the app,
    /// which no database holds.
    async fn natives(&self) -> Result<Vec<Stored>, DrillFault> {
        let catalog = &self.context.catalog;
        let all = catalog.archives_of(self.archive.request, &self.archive.organization.tenant()).await;
        let mut natives = all.map_err(|error| DrillFault::catalog(&error))?;
        natives.retain(|one| {
            one.format != Format::Full
                && one.snapshot == self.archive.snapshot
                && one.state == ArchiveState::Present
                && one.files.is_none()
        });
        natives.sort_by_key(|one| one.gid);
        Ok(natives)
    }

    async fn native(&self, source: &Arc<Source>, native: &Stored) -> Result<Proof, DrillFault> {
        let written = self.write(source, native).await?;
        let store = Arc::clone(&self.context.archives);
        let (native, format) = (native.clone(), native.format);
        let compare = move || {
            let same = is_same(&store, &native, &written);
            let what = match &native.entity {
                Some(entity) => format!("{format} of {entity}"),
                None => format.to_string(),
            };
            let (message, differences) = if same {
                (format!("exported again, {what} has the bytes of archive {}", native.gid), Vec::new())
            } else {
                let message = format!("exported again, {what} is not what archive {} holds", native.gid);
                (message, native::differences(store.as_ref(), &native, &|| written.open(), MOST))
            };
            Proof { name: "native_export".to_owned(), format: Some(format), same, message, differences }
        };
        blocking(compare).await
    }

    /// The archive itself, once more.
    async fn itself(&self, source: &Arc<Source>, opened: &Arc<ArchivedFull>) -> Result<Proof, DrillFault> {
        let written = self.write(source, self.archive).await?;
        let (sha256, gid, opened) = (self.archive.sha256.clone(), self.archive.gid, Arc::clone(opened));
        let compare = move || {
            let (same, message, differences) = if written.sha256() == sha256 {
                (true, format!("exported again, it has the bytes of archive {gid}"), Vec::new())
            } else {
                against_file(&opened, &written, &format!("archive {gid}"))
            };
            Proof { name: "same_archive".to_owned(), format: None, same, message, differences }
        };
        blocking(compare).await
    }

    /// The rows that a source has now, against those of the archive.
    ///
    /// # Errors
    /// When the source is not there, or cannot be read.
    pub(super) async fn against(&self, opened: &Arc<ArchivedFull>, name: &str) -> Result<Proof, DrillFault> {
        let source = self.context.source(name);
        let source = source.ok_or_else(|| DrillFault::NoSource { source_name: name.to_owned() })?;
        let written = self.write(&source, self.archive).await?;
        let (opened, name) = (Arc::clone(opened), name.to_owned());
        let compare = move || {
            let (same, message, differences) = against_file(&opened, &written, &format!("what {name} has now"));
            Proof { name: AGAINST.to_owned(), format: None, same, message, differences }
        };
        blocking(compare).await
    }

    /// Writes what an archive holds from a source, into the drill's directory.
    async fn write(&self, source: &Arc<Source>, archive: &Archive) -> Result<Written, DrillFault> {
        let beginning = self.directory.to_owned();
        let output = blocking(move || Written::begin(&beginning)).await??;
        let level = self.context.config().daemon.compression_level;
        let written = write_again(source, archive, level, output, self.cancel).await;
        let output = written.map_err(|failure| inconclusive(&failure))?;
        let ending = self.directory.to_owned();
        Ok(blocking(move || Written::end(&ending, output)).await??)
    }
}

/// Whether a file holds what the archive does: the same bytes, or the same contents in another compression.
fn is_same(store: &Arc<dyn Store>, archive: &Stored, written: &Written) -> bool {
    if archive.sha256 == written.sha256() {
        return true;
    }
    let again = Archive { sha256: written.sha256().to_owned(), ..archive.kept().clone() };
    let open_archive = || store.open(&archive.reference());
    let open_again = || written.open();
    same_data(Side { archive, open: &open_archive }, Side { archive: &again, open: &open_again }) == Some(true)
}

/// The rows of an archive against those of a `full` archive in a file, which `what` names.
fn against_file(opened: &ArchivedFull, written: &Written, what: &str) -> (bool, String, Vec<String>) {
    let other = written.open().map_err(|error| error.to_string());
    let other = other.and_then(|reader| FullArchive::open(reader).map_err(|error| error.to_string()));
    let other = other.map(|other| ArchivedFull::new(other, String::new()));
    match other.and_then(|other| tables::differences(opened, &other, MOST).map_err(|error| error.to_string())) {
        Ok(differences) if differences.is_empty() => (true, format!("every row is that of {what}"), differences),
        Ok(differences) => (false, format!("rows differ from {what}"), differences),
        Err(error) => (false, format!("it cannot be compared with {what}: {error}"), Vec::new()),
    }
}

fn inconclusive(failure: &Failure) -> DrillFault {
    match failure {
        Failure::Canceled => DrillFault::Canceled,
        Failure::Gone { .. } => DrillFault::Found { verdict: Verdict::Failed, error: failure.to_wire() },
        _ => DrillFault::Found { verdict: Verdict::Inconclusive, error: failure.to_wire() },
    }
}

/// Refuses a given server that is one that a source is on.
///
/// # Errors
/// When it is, or nobody knows.
pub(super) async fn is_no_source(context: &Context, scratch: &Scratch) -> Result<(), DrillFault> {
    let Some(own) = scratch.cluster().await? else { return Ok(()) };
    for (name, source) in context.sources.load().iter() {
        let unknown = |cause: String| ScratchError::Unknown { source_name: name.clone(), cause };
        match source.cluster().await {
            Ok(Some(cluster)) if cluster.is(&own) => {
                return Err(ScratchError::IsSource { source_name: name.clone() }.into());
            }
            Ok(_) => {}
            Err(error) => return Err(unknown(error.to_string()).into()),
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DrillFault> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|cause| ScratchError::Thread { cause })?)
}
