//! The file that an archive is written to: it has a partial name in its final directory and vanishes unless it is
//! published.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    num::NonZeroU64,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use orgvault_archive::{
    ArchiveReader,
    naming::{Kinds, PARTIAL_PREFIX},
};

use super::{
    super::partial::{Medium, NewArchive, Partial},
    LocalStore, Observer, Step, StoreError,
};
use crate::permissions;

/// Read by the daemon's group, written by its user.
pub(super) const FILE_MODE: u32 = 0o640;

/// After so many bytes the kernel is asked to begin writing them, so that the sync at the end does not
/// wait for all of them at once.
const WRITE_BACK: u64 = 8 * 1024 * 1024;

/// A file under a partial name.
struct PartialFile {
    /// Open until it is sealed: one that is closed after its renaming is told by a watch as written to.
    file: Option<File>,
    leftover: Leftover,
    /// Where the next byte goes.
    position: u64,
    /// Up to where the kernel was asked to begin writing.
    begun: u64,
    observer: Observer,
}

impl LocalStore {
    pub(super) fn begin(&self, archive: &NewArchive<'_>, kinds: Kinds) -> Result<Partial, StoreError> {
        self.guard()?;
        let directory = self.places().of(archive.organization, kinds)?;
        let name = archive.name();
        let key = self.key(&directory, name)?;
        let path = directory.join(format!("{PARTIAL_PREFIX}{name}"));
        let partial = Partial::new(Box::new(PartialFile::create(path, self.observer.clone())?), key, name);
        self.step(Step::Created);
        Ok(partial)
    }
}

impl PartialFile {
    fn create(path: PathBuf, observer: Observer) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(&path)
            .and_then(|file| permissions::of_file(&file, FILE_MODE).map(|()| file))
            .map_err(|cause| StoreError::new("create", &path, 0, cause))?;
        Ok(Self::over(file, Leftover(path), observer))
    }

    fn over(file: File, leftover: Leftover, observer: Observer) -> Self {
        Self { file: Some(file), leftover, position: 0, begun: 0, observer }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("it is sealed"))
    }

    /// On Linux this advice begins the writing of dirty pages without waiting for it
    /// (`mm/fadvise.c`); they are not dropped, because they are not clean yet.
    fn begin_write_back(&mut self) {
        let Some(length) = self.position.checked_sub(self.begun).filter(|length| *length >= WRITE_BACK) else { return };
        let Some(file) = &self.file else { return };
        let advice = rustix::fs::Advice::DontNeed;
        if let Err(cause) = rustix::fs::fadvise(file, self.begun, NonZeroU64::new(length), advice) {
            tracing::debug!(path = %self.leftover.0.display(), %cause, "no early writing here; the sync does it all");
        }
        self.begun = self.position;
    }
}

impl Medium for PartialFile {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file()?.write_all(bytes)?;
        self.position += bytes.len() as u64;
        self.begin_write_back();
        Ok(())
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file()?.seek(to)?;
        Ok(self.position)
    }

    fn seal(&mut self) -> io::Result<()> {
        self.file()?.sync_all()?;
        self.file = None;
        (self.observer)(Step::Sealed);
        Ok(())
    }

    fn reader(&self) -> io::Result<ArchiveReader> {
        ArchiveReader::in_place(&self.leftover.0)
    }

    fn failed(&self, act: &'static str, needed: u64, cause: io::Error) -> StoreError {
        StoreError::new(act, &self.leftover.0, needed, cause)
    }
}

impl fmt::Debug for PartialFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialFile").field("leftover", &self.leftover).finish_non_exhaustive()
    }
}

/// A file under a partial name, which goes when this does.
#[derive(Debug)]
pub(super) struct Leftover(pub(super) PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Ok(()) => {}
            // After publishing the name is gone.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => tracing::warn!(path = %self.0.display(), %cause, "cannot remove a partial file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::store::Key;

    const LARGE: usize = 512 * 1024;

    fn over(device: &str) -> Partial {
        let file = OpenOptions::new().write(true).open(device).unwrap();
        let medium = PartialFile::over(file, Leftover("/nowhere/.partial".into()), Arc::new(|_step| {}));
        let name = "20260131T093000Z-1.json".parse().unwrap();
        Partial::new(Box::new(medium), Key::parse("nowhere/1").unwrap(), name)
    }

    #[test]
    fn a_full_disk_is_told_with_its_facts_through_the_writers_around_it() {
        let mut around = io::BufWriter::with_capacity(10, over("/dev/full"));
        let error = around.write_all(&vec![0; LARGE]).unwrap_err();
        let error = StoreError::new("do something else", Path::new("/other"), 0, error);
        let StoreError::DiskFull { act, path, needed, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*act, path.as_path(), *needed), ("write", Path::new("/nowhere/.partial"), LARGE as u64));
    }

    #[test]
    fn the_last_bytes_and_the_sync_can_fail_too() {
        let mut partial = over("/dev/full");
        partial.write_all(b"few").unwrap();
        let error = partial.seal().unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { needed: 3, .. }), "{error:?}");
        let mut partial = over("/dev/null");
        partial.write_all(b"few").unwrap();
        let error = partial.seal().unwrap_err();
        assert!(matches!(error, StoreError::Failed { act: "sync", .. }), "{error:?}");
    }
}
