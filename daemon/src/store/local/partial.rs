//! A file that is being written: it has a partial name in its final directory and vanishes unless
//! it is published.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    num::NonZeroU64,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use orgvault_api::{Format, OrganizationKey, clock::Timestamp, gid::Gid};
use orgvault_archive::naming::{self, ArchiveName, Kinds, PARTIAL_PREFIX};
use sha2::{Digest, Sha256};

use super::{LocalStore, Observer, Step, StoreError};
use crate::permissions;

/// Read by the daemon's group, written by its user.
pub(super) const FILE_MODE: u32 = 0o640;
/// Small writes are gathered up to this.
const BUFFER: usize = 256 * 1024;

/// After so many bytes the kernel is asked to begin writing them, so that the sync at the end does not
/// wait for all of them at once.
const WRITE_BACK: u64 = 8 * 1024 * 1024;

/// What decides an archive's name.
#[derive(Debug, Clone, Copy)]
pub struct NewArchive<'a> {
    /// Whose rows it will hold.
    pub organization: &'a OrganizationKey,
    /// When its export started.
    pub exported_at: Timestamp,
    /// Its id.
    pub gid: Gid,
    /// How it is written.
    pub format: Format,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
}

/// The file that an encoder writes. It is hashed while it is written from its start to its end; one
/// that is also written elsewhere (ZIP's local headers) has its hash from the reading back alone.
pub struct Partial {
    file: File,
    leftover: Leftover,
    name: ArchiveName,
    buffer: Vec<u8>,
    /// Where the next byte goes, those in the buffer not counted.
    position: u64,
    bytes: u64,
    /// Up to where the kernel was asked to begin writing.
    begun: u64,
    hash: Option<Sha256>,
    observer: Observer,
}

/// A partial file that is whole and on disk, and not published yet.
#[derive(Debug)]
pub struct Sealed {
    pub(super) leftover: Leftover,
    pub(super) name: ArchiveName,
    bytes: u64,
    sha256: Option<String>,
}

impl LocalStore {
    /// Starts an archive's file, in the organization's directory. Where there is none yet, its name
    /// hangs on how many kinds the source has.
    ///
    /// # Errors
    /// When the directory or the file cannot be created.
    pub fn partial(&self, archive: &NewArchive<'_>, kinds: Kinds) -> Result<Partial, StoreError> {
        self.guard()?;
        let directory = self.places().of(archive.organization, kinds)?;
        let NewArchive { exported_at, gid, format, gzip, .. } = *archive;
        let partial =
            Partial::create(&directory, ArchiveName { exported_at, gid, format, gzip }, self.observer.clone())?;
        self.step(Step::Created);
        Ok(partial)
    }
}

impl Partial {
    fn create(directory: &Path, name: ArchiveName, observer: Observer) -> Result<Self, StoreError> {
        let path = directory.join(format!("{PARTIAL_PREFIX}{name}"));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(&path)
            .and_then(|file| permissions::of_file(&file, FILE_MODE).map(|()| file))
            .map_err(|cause| StoreError::new("create", &path, 0, cause))?;
        Ok(Self::over(file, Leftover(path), name, observer))
    }

    fn over(file: File, leftover: Leftover, name: ArchiveName, observer: Observer) -> Self {
        let (buffer, hash) = (Vec::with_capacity(BUFFER), Some(Sha256::new()));
        Self { file, leftover, name, buffer, position: 0, bytes: 0, begun: 0, hash, observer }
    }

    /// The name that it will have.
    #[must_use]
    pub fn name(&self) -> ArchiveName {
        self.name
    }

    /// Where it is now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.leftover.0
    }

    /// Brings every byte to the disk. After this the file is read back and then published.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the disk does not take them.
    pub fn seal(mut self) -> Result<Sealed, StoreError> {
        self.write_buffer().map_err(|cause| StoreError::new("write", &self.leftover.0, self.bytes, cause))?;
        self.file.sync_all().map_err(|cause| StoreError::new("sync", &self.leftover.0, self.bytes, cause))?;
        (self.observer)(Step::Sealed);
        let sha256 = self.hash.map(|hash| naming::hex(&hash.finalize()));
        Ok(Sealed { leftover: self.leftover, name: self.name, bytes: self.bytes, sha256 })
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.put(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }

    /// The facts of an error are taken when it happens: once the partial file is gone, so is the
    /// proof that the disk was full.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.position + bytes.len() as u64;
        self.file.write_all(bytes).map_err(|cause| {
            let kind = cause.kind();
            io::Error::new(kind, StoreError::new("write", &self.leftover.0, end.max(self.bytes), cause))
        })?;
        match &mut self.hash {
            Some(hash) if self.position == self.bytes => hash.update(bytes),
            _ if bytes.is_empty() => {}
            _ => self.hash = None,
        }
        self.position = end;
        self.bytes = self.bytes.max(end);
        self.begin_write_back();
        Ok(())
    }

    /// On Linux this advice begins the writing of dirty pages without waiting for it
    /// (`mm/fadvise.c`); they are not dropped, because they are not clean yet.
    fn begin_write_back(&mut self) {
        let Some(length) = self.position.checked_sub(self.begun).filter(|length| *length >= WRITE_BACK) else { return };
        let advice = rustix::fs::Advice::DontNeed;
        if let Err(cause) = rustix::fs::fadvise(&self.file, self.begun, NonZeroU64::new(length), advice) {
            tracing::debug!(path = %self.leftover.0.display(), %cause, "no early writing here; the sync does it all");
        }
        self.begun = self.position;
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.write_buffer()?;
        }
        if bytes.len() >= BUFFER {
            self.put(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_buffer()
    }
}

impl Seek for Partial {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.write_buffer()?;
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.position + self.buffer.len() as u64)
    }
}

impl Sealed {
    /// Where it is now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.leftover.0
    }

    /// The name that it will have.
    #[must_use]
    pub fn name(&self) -> ArchiveName {
        self.name
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its SHA-256 as it was written; none where it was not written from start to end.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
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
    use std::sync::Arc;

    use super::*;

    fn over(device: &str) -> Partial {
        let file = OpenOptions::new().write(true).open(device).unwrap();
        let name = "20260131T093000Z-1.json".parse().unwrap();
        Partial::over(file, Leftover("/nowhere/.partial".into()), name, Arc::new(|_step| {}))
    }

    #[test]
    fn a_full_disk_is_told_with_its_facts_through_the_writers_around_it() {
        let mut around = io::BufWriter::with_capacity(10, over("/dev/full"));
        let error = around.write_all(&vec![0; 2 * BUFFER]).unwrap_err();
        let error = StoreError::new("do something else", Path::new("/other"), 0, error);
        let StoreError::DiskFull { act, path, needed, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*act, path.as_path(), *needed), ("write", Path::new("/nowhere/.partial"), 2 * BUFFER as u64));
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
