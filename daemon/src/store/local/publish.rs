//! Publishing: from a sealed partial file to an archive with its manifest and its lines in
//! `SHA256SUMS`.
//!
//! Everything that needs room on the disk is written and synced under partial names first, so
//! that a full disk is met before anything has a final name. Then come the names, in the order in
//! which a crash between any two of them does no harm: archive, sync, manifest, `SHA256SUMS`, sync.
//! Four syncs of small things for each archive, and the one of its data.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{MutexGuard, PoisonError},
};

use orgvault_archive::{
    manifest::{Manifest, manifest_path},
    naming::{ArchiveName, MANIFEST_SUFFIX, PARTIAL_PREFIX, SUMS_NAME},
    state::{StateFile, state_path},
};
use orgvault_files::{
    durable,
    room::{Room, room},
};

use super::{
    ArchiveRef, ChangeState, LocalStore, Sealed, Step, StoreError, delete,
    error::Lack,
    medium::Leftover,
    place::{Places, create_directory, sync_directory},
    sidecar,
};

impl LocalStore {
    /// Gives the sealed file and its manifest their final names.
    pub(super) fn publish(&self, sealed: Sealed, manifest: &Manifest) -> Result<ArchiveRef, StoreError> {
        let published = sealed.reference();
        let (directory, name) = self.place(&published)?;
        let directory = directory.as_path();
        let partial = directory.join(format!("{PARTIAL_PREFIX}{name}"));
        let archive = directory.join(name.to_string());
        sealed.check(&archive, manifest)?;
        self.claim()?;
        let _guard = self.lock(directory);
        let (manifest_partial, sums_partial) = self.prepare(directory, &archive, manifest)?;
        let directory_file = sidecar::open_directory(directory)?;
        let sync = || {
            durable::sync_open(&directory_file)
                .map_err(|cause| StoreError::new("sync the directory", directory, 0, cause))
        };

        sidecar::rename_new(&partial, &archive)?;
        let mut names = Unfinished { name, archive: archive.clone(), manifest: false, finished: false };
        self.step(Step::Renamed);
        sync()?;
        self.step(Step::DirectorySynced);
        sidecar::rename_new(&manifest_partial.0, &manifest_path(&archive))?;
        names.manifest = true;
        self.step(Step::ManifestRenamed);
        sidecar::rename_over(&sums_partial.0, &sidecar::sums_path(directory))?;
        self.step(Step::SumsRenamed);
        sync()?;
        names.finish();
        // Its partial name is gone, and with it what there was to remove.
        drop(sealed);
        self.step(Step::Published);
        Ok(published)
    }

    pub(super) fn update_state(&self, of: &ArchiveRef, change: ChangeState<'_>) -> Result<StateFile, StoreError> {
        let (directory, name) = self.place(of)?;
        let (directory, archive) = (directory.as_path(), directory.join(name.to_string()));
        let (archive, gid) = (archive.as_path(), of.gid);
        self.guard()?;
        let _guard = self.lock(directory);
        let unusable = |cause| StoreError::new("read the state of", archive, 0, io::Error::other(cause));
        let found = StateFile::beside(archive).map_err(unusable)?;
        let mut state = found.filter(|state| state.gid == gid).unwrap_or_else(|| StateFile::new(gid));
        change(&mut state);
        let path = state_path(archive);
        let text = state.to_text().map_err(|cause| StoreError::new("write", &path, 0, io::Error::other(cause)))?;
        // A state without its manifest would outlive an archive that was deleted meanwhile.
        fs::symlink_metadata(manifest_path(archive))
            .map_err(|cause| StoreError::new("write the state of", archive, 0, cause))?;
        let partial = sidecar::write_partial(directory, &name.state(), &text)?;
        sidecar::rename_over(&partial.0, &path)?;
        sync_directory(directory)?;
        Ok(state)
    }

    pub(super) fn check(&self, needed: u64) -> Result<(), StoreError> {
        let root = self.root();
        let failed = |cause: io::Error| StoreError::new("write to", root, needed, cause);
        self.guard()?;
        if !root.is_dir() {
            create_directory(root.parent().unwrap_or(root), root)?;
            // It is there now, so it can be locked.
            self.guard()?;
        }
        let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        rustix::fs::access(root, access).map_err(|cause| failed(cause.into()))?;
        let left = room(root).map_err(failed)?;
        let (free, path) = (left.bytes.unwrap_or(u64::MAX), root.to_owned());
        let lack = match left {
            Room { no_inodes: true, .. } => Lack::Inodes,
            _ if free < needed => Lack::Room,
            _ => return Ok(()),
        };
        Err(StoreError::DiskFull {
            act: "write to",
            path,
            needed,
            free,
            lack,
            cause: io::ErrorKind::StorageFull.into(),
        })
    }

    pub(super) fn places(&self) -> MutexGuard<'_, Places> {
        // What it holds is only a memory of the directory, looked at again before each use.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepare(
        &self,
        directory: &Path,
        archive: &Path,
        manifest: &Manifest,
    ) -> Result<(Leftover, Leftover), StoreError> {
        let text = manifest
            .to_text()
            .map_err(|cause| StoreError::new("write", &manifest_path(archive), 0, io::Error::other(cause)))?;
        let name = format!("{}{}", manifest.file, MANIFEST_SUFFIX);
        let manifest_partial = sidecar::write_partial(directory, &name, &text)?;
        self.step(Step::ManifestWritten);
        let mut sums = sidecar::load_sums(directory)?;
        sidecar::add_to_sums(&mut sums, manifest, &text);
        let sums_partial = sidecar::write_partial(directory, SUMS_NAME, sums.to_string().as_bytes())?;
        self.step(Step::SumsWritten);
        Ok((manifest_partial, sums_partial))
    }
}

/// An archive that has its final name and may yet fail: then it goes, its manifest first.
struct Unfinished {
    name: ArchiveName,
    archive: PathBuf,
    /// Whether the manifest under its final name is this archive's.
    manifest: bool,
    finished: bool,
}

impl Unfinished {
    fn finish(mut self) {
        self.finished = true;
    }

    fn take_back(&self) -> Result<(), StoreError> {
        if self.manifest {
            delete::remove(&manifest_path(&self.archive))?;
        }
        delete::remove(&self.archive)?;
        let directory = self.archive.parent().unwrap_or(Path::new("/"));
        let mut sums = sidecar::load_sums(directory)?;
        let changed = sidecar::remove_from_sums(&mut sums, self.name);
        if changed { sidecar::replace_sums(directory, &sums) } else { Ok(()) }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        if let Err(error) = self.take_back() {
            tracing::error!(path = %self.archive.display(), "cannot take back an archive that failed: {error}");
        }
    }
}
