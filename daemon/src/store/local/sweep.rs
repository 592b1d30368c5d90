//! Cleaning up after a daemon that died: what it left unfinished is taken back, what it was
//! deleting is deleted.

use orgvault_archive::naming::{ArchiveName, MANIFEST_SUFFIX, PARTIAL_PREFIX};

use super::{
    LocalStore, StoreError, Swept, delete,
    place::sync_directory,
    sidecar,
    walk::{self, OrganizationDir},
};

impl LocalStore {
    /// Removes what was left under partial names, and archives that had got their final name but not yet their
    /// manifest's. The caller holds the state directory's lock, so that nobody is writing. A directory that cannot
    /// be cleaned is logged, because the other sources go on.
    pub(super) fn sweep(&self) -> Result<Swept, StoreError> {
        self.guard()?;
        let mut swept = Swept::default();
        let mut log = |error: StoreError| tracing::warn!("{error}: what was left unfinished there stays");
        for place in walk::places(self.root(), &mut log)? {
            if let Err(error) = self.sweep_place(&place, &mut swept) {
                log(error);
            }
        }
        Ok(swept)
    }

    fn sweep_place(&self, place: &OrganizationDir, swept: &mut Swept) -> Result<(), StoreError> {
        let Swept { removed, deletions } = swept;
        let names = walk::names(&place.path, false)?;
        let partials: Vec<&String> = names.iter().filter(|name| name.starts_with(PARTIAL_PREFIX)).collect();
        if partials.is_empty() {
            return Ok(());
        }
        let _guard = self.lock(&place.path);
        let (marks, partials): (Vec<&String>, Vec<&String>) =
            partials.into_iter().partition(|partial| delete::marked_name(partial).is_some());
        for name in marks.into_iter().filter_map(|mark| delete::marked_name(mark)) {
            let deletion = delete::marked(&place.path, name, self.key(&place.path, name)?);
            delete::carry_out(&place.path, name, &|_step| {})?;
            deletions.push(deletion);
        }
        for name in partials.iter().filter_map(|partial| unpublished(partial, &names)) {
            let archive = place.path.join(name.to_string());
            delete::remove(&archive)?;
            removed.push(archive.to_string_lossy().into_owned());
        }
        // The partial manifest is what tells an unpublished archive, so its removal comes after.
        sync_directory(&place.path)?;
        for partial in partials {
            let path = place.path.join(partial);
            delete::remove(&path)?;
            removed.push(path.to_string_lossy().into_owned());
        }
        // The crash may have come between the manifest's name and its lines.
        let sums = sidecar::sums_of_manifests(&place.path)?;
        sidecar::replace_sums(&place.path, &sums)?;
        sync_directory(&place.path)
    }
}

/// The archive that has its final name while its manifest has a partial one: it was never
/// published, and its export will be recorded as interrupted.
fn unpublished(partial: &str, names: &[String]) -> Option<ArchiveName> {
    let name: ArchiveName = partial.strip_prefix(PARTIAL_PREFIX)?.strip_suffix(MANIFEST_SUFFIX)?.parse().ok()?;
    let is_there = |wanted: &String| names.binary_search(wanted).is_ok();
    (is_there(&name.to_string()) && !is_there(&name.manifest())).then_some(name)
}
