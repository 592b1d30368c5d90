//! An archive that is about to be sent: opened once, and found to be what was published.

use std::{
    io::{self, Read},
    sync::Arc,
};

use orgvault_archive::{ArchiveReader, naming::hex};
use sha2::{Digest, Sha256};

use super::{SendError, outcome::Outcome};
use crate::store::{ArchiveFile, ArchiveRef, Store, Stored};

const BLOCK: usize = 256 * 1024;

/// An archive whose bytes have the published hash.
#[derive(Debug)]
pub(crate) struct CheckedArchive {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    store: Arc<dyn Store>,
    archive: ArchiveRef,
    reader: ArchiveReader,
}

impl CheckedArchive {
    /// Opens the archive and reads it through.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was published.
    pub(crate) fn open(store: Arc<dyn Store>, archive: &Stored) -> Result<Self, SendError> {
        let of = archive.reference();
        let name = || store.locate(&of.key);
        let unreadable = |cause| SendError::Unreadable { name: name(), cause };
        let reader = store.open(&of).map_err(unreadable)?;
        if reader.size() != archive.bytes {
            return Err(SendError::Damaged { name: name(), what: format!("it has not the {} bytes", archive.bytes) });
        }
        if hash(reader.again()).map_err(unreadable)? != archive.sha256 {
            return Err(SendError::Damaged { name: name(), what: format!("its SHA-256 is not {}", archive.sha256) });
        }
        Ok(Self { bytes: archive.bytes, sha256: archive.sha256.clone(), archive: of, reader, store })
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> &str {
        self.archive.key.file_name()
    }

    /// The archive from its beginning.
    pub(crate) fn reader(&self) -> ArchiveReader {
        self.reader.again()
    }

    /// The archive as a file, for a program that takes nothing else.
    ///
    /// # Errors
    /// When there is none any more, or it cannot be copied.
    pub(crate) async fn to_file(&self) -> io::Result<ArchiveFile> {
        let (store, archive) = (Arc::clone(&self.store), self.archive.clone());
        tokio::task::spawn_blocking(move || store.to_file(&archive)).await?
    }

    /// How it ends where the archive cannot be read any more, before anything went out.
    pub(crate) fn unreadable(&self, error: &io::Error) -> Outcome {
        Outcome::refused("archive_unreadable", format!("cannot read {}: {error}", self.reader.name()))
    }
}

fn hash(mut reader: ArchiveReader) -> io::Result<String> {
    let (mut sha256, mut block) = (Sha256::new(), vec![0; BLOCK]);
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok(hex(&sha256.finalize())),
            Ok(length) => sha256.update(block.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
