//! What a drill exports again: a file in its own directory, which no store knows, and which goes with it.

use std::{
    fs::File,
    io::{self, BufWriter, Read as _},
    path::{Path, PathBuf},
};

use orgvault_archive::{naming::hex, reader::ArchiveReader};
use sha2::{Digest as _, Sha256};

use super::scratch::ScratchError;

/// Read at once, in bytes.
const BLOCK: usize = 256 * 1024;
const ACT: &str = "write";

/// Something that was exported again.
#[derive(Debug)]
pub(super) struct Written {
    file: PathBuf,
    sha256: String,
}

impl Written {
    /// Begins it, instead of the one before.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin(directory: &Path) -> Result<BufWriter<File>, ScratchError> {
        let file = place(directory);
        let made = File::create(&file).map_err(|cause| ScratchError::directory(ACT, &file, cause))?;
        Ok(BufWriter::new(made))
    }

    /// Ends it, and reads what it hashes to.
    ///
    /// # Errors
    /// When it cannot be written to its end, or read.
    pub(super) fn end(directory: &Path, buffer: BufWriter<File>) -> Result<Self, ScratchError> {
        let file = place(directory);
        let written = buffer.into_inner().map_err(io::IntoInnerError::into_error).map(drop);
        let hashed = written.and_then(|()| hash(&file));
        let sha256 = hashed.map_err(|cause| ScratchError::directory(ACT, &file, cause))?;
        Ok(Self { file, sha256 })
    }

    /// In lower-case hex.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(&self) -> io::Result<ArchiveReader> {
        ArchiveReader::in_place(&self.file)
    }
}

fn place(directory: &Path) -> PathBuf {
    directory.join("again")
}

fn hash(file: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut block) = (File::open(file)?, Sha256::new(), vec![0; BLOCK]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(block.get(..length).unwrap_or_default()),
        }
    }
}
