//! An archive that is about to be sent: opened once, and found to be what was published.

use std::{
    fs::File,
    io::{self, Read, Seek},
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

use orgvault_api::Archive;
use orgvault_archive::naming::hex;
use orgvault_files::open;
use sha2::{Digest, Sha256};

use super::{SendError, outcome::Outcome};

const BLOCK: usize = 256 * 1024;

/// An archive's file, whose bytes have the published hash.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    file: File,
}

impl Parcel {
    /// Opens the archive's file and reads it through.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was published.
    pub(crate) fn open(archive: &Archive) -> Result<Self, SendError> {
        let path = PathBuf::from(&archive.path);
        let unreadable = |cause| SendError::Unreadable { path: path.clone(), cause };
        let mut file = open::in_place(&path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.size() != archive.bytes {
            return Err(SendError::Damaged { path, what: format!("it has not the {} bytes", archive.bytes) });
        }
        if hash(&mut file).map_err(unreadable)? != archive.sha256 {
            return Err(SendError::Damaged { path, what: format!("its SHA-256 is not {}", archive.sha256) });
        }
        Ok(Self { path, bytes: archive.bytes, sha256: archive.sha256.clone(), file })
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or("archive")
    }

    /// The file from its beginning. There is one reader at a time: they share a position.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn reader(&self) -> io::Result<tokio::fs::File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(tokio::fs::File::from_std(file))
    }

    /// How it ends where the file cannot be read any more, before anything went out.
    pub(crate) fn unreadable(&self, error: &io::Error) -> Outcome {
        Outcome::refused("archive_unreadable", format!("cannot read {}: {error}", self.path.display()))
    }
}

fn hash(file: &mut File) -> io::Result<String> {
    let (mut sha256, mut block) = (Sha256::new(), vec![0; BLOCK]);
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(hex(&sha256.finalize())),
            Ok(length) => sha256.update(block.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
