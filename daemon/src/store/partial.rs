//! An archive that is being written: no reader sees it unless it is published.

use std::{
    fmt,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use orgvault_api::{Format, OrganizationKey, clock::Timestamp, gid::Gid};
use orgvault_archive::{
    ArchiveReader, Manifest,
    naming::{self, ArchiveName},
};
use sha2::{Digest, Sha256};

use super::{ArchiveRef, Key, StoreError};

/// Small writes are gathered up to this.
const BUFFER: usize = 256 * 1024;

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

impl NewArchive<'_> {
    /// The name of its file.
    #[must_use]
    pub fn name(&self) -> ArchiveName {
        let Self { exported_at, gid, format, gzip, .. } = *self;
        ArchiveName { exported_at, gid, format, gzip }
    }
}

/// What a store gives to be written to. It takes large pieces: small ones are gathered before it. What it holds is
/// gone when it is dropped before it was published.
pub trait Medium: fmt::Debug + Send {
    /// Writes all of `bytes` at its position.
    ///
    /// # Errors
    /// When not all can be written.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Moves its position; gives it.
    ///
    /// # Errors
    /// When it cannot be moved there.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64>;

    /// Brings every byte to where a crash cannot take it.
    ///
    /// # Errors
    /// When that fails.
    fn seal(&mut self) -> io::Result<()>;

    /// What was sealed, for reading it back.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reader(&self) -> io::Result<ArchiveReader>;

    /// What went wrong while `act` was done to it, where it was to have `needed` bytes.
    fn failed(&self, act: &'static str, needed: u64, cause: io::Error) -> StoreError;
}

/// What an encoder writes. It is hashed while it is written from its start to its end; one that is also written
/// elsewhere (ZIP's local headers) has its hash from the reading back alone.
#[derive(Debug)]
pub struct Partial {
    medium: Box<dyn Medium>,
    key: Key,
    name: ArchiveName,
    buffer: Vec<u8>,
    /// Where the next byte goes, those in the buffer not counted.
    position: u64,
    bytes: u64,
    hash: Option<Sha256>,
}

/// An archive that is whole and durable, and not published yet.
#[derive(Debug)]
pub struct Sealed {
    medium: Box<dyn Medium>,
    key: Key,
    name: ArchiveName,
    bytes: u64,
    sha256: Option<String>,
}

impl Partial {
    /// An archive of this name that goes to `medium`, and is called `key` when it is published.
    #[must_use]
    pub fn new(medium: Box<dyn Medium>, key: Key, name: ArchiveName) -> Self {
        let (buffer, hash) = (Vec::with_capacity(BUFFER), Some(Sha256::new()));
        Self { medium, key, name, buffer, position: 0, bytes: 0, hash }
    }

    /// The name that it will have.
    #[must_use]
    pub fn name(&self) -> ArchiveName {
        self.name
    }

    /// Makes every byte durable. After this the archive is read back and then published.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the store does not take them.
    pub fn seal(mut self) -> Result<Sealed, StoreError> {
        self.write_buffer().map_err(|cause| self.medium.failed("write", self.bytes, cause))?;
        self.medium.seal().map_err(|cause| self.medium.failed("sync", self.bytes, cause))?;
        let sha256 = self.hash.map(|hash| naming::hex(&hash.finalize()));
        Ok(Sealed { medium: self.medium, key: self.key, name: self.name, bytes: self.bytes, sha256 })
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.put(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }

    /// The facts of an error are taken when it happens: once what was written is gone, so is the proof that the
    /// disk was full.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.position + bytes.len() as u64;
        self.medium.put(bytes).map_err(|cause| {
            let kind = cause.kind();
            io::Error::new(kind, self.medium.failed("write", end.max(self.bytes), cause))
        })?;
        match &mut self.hash {
            Some(hash) if self.position == self.bytes => hash.update(bytes),
            _ if bytes.is_empty() => {}
            _ => self.hash = None,
        }
        self.position = end;
        self.bytes = self.bytes.max(end);
        Ok(())
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
        self.position = self.medium.seek(to)?;
        Ok(self.position)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.position + self.buffer.len() as u64)
    }
}

impl Sealed {
    /// The archive, for reading it back.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn reader(&self) -> io::Result<ArchiveReader> {
        self.medium.reader()
    }

    /// What it is called when it is published.
    #[must_use]
    pub fn reference(&self) -> ArchiveRef {
        ArchiveRef { gid: self.name.gid, key: self.key.clone() }
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

    /// Whether a manifest speaks of this archive, as it was read back.
    ///
    /// # Errors
    /// When it speaks of another one than what is going to be at `place`.
    pub fn check(&self, place: impl AsRef<Path>, manifest: &Manifest) -> Result<(), StoreError> {
        let wrong = |stated: &dyn ToString, found: &dyn ToString| {
            let (stated, found) = (stated.to_string(), found.to_string());
            Err(StoreError::WrongManifest { path: place.as_ref().to_owned(), stated, found })
        };
        if manifest.file != self.name.to_string() {
            return wrong(&manifest.file, &self.name);
        }
        if manifest.bytes != self.bytes {
            return wrong(&format!("{} bytes", manifest.bytes), &format!("{} bytes", self.bytes));
        }
        match &self.sha256 {
            Some(sha256) if *sha256 != manifest.sha256 => wrong(&manifest.sha256, sha256),
            _ => Ok(()),
        }
    }
}
