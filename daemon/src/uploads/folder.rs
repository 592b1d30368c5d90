//! Files in a folder of this machine.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::Arc,
};

use orgvault_files::{
    beneath::Folder,
    open::{self, NotAFile},
};
use tokio_util::sync::CancellationToken;

use super::{FilePath, NoFile, OpenUploads, Upload, Uploads, UploadsError, UploadsFault};

/// The folder of a source.
#[derive(Debug)]
pub(super) struct FolderUploads {
    path: PathBuf,
}

impl FolderUploads {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Uploads for FolderUploads {
    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self, _stop: &CancellationToken) -> Result<Arc<dyn OpenUploads>, UploadsError> {
        match Folder::open(&self.path) {
            Ok(folder) => Ok(Arc::new(OpenFolder(folder))),
            Err(cause) => {
                let denied = cause.kind() == io::ErrorKind::PermissionDenied;
                let fault = if denied { UploadsFault::Denied } else { UploadsFault::Unreachable };
                Err(UploadsError { place: self.shown(), fault, words: cause.to_string() })
            }
        }
    }
}

#[derive(Debug)]
struct OpenFolder(Folder);

impl OpenUploads for OpenFolder {
    fn file(&self, path: &FilePath) -> Result<Box<dyn Upload>, NoFile> {
        let file = self.0.file(path.as_str()).map_err(|cause| no_file(&cause))?;
        let then = file.metadata().map_err(|cause| NoFile::Unreadable { why: cause.to_string() })?;
        Ok(Box::new(FileContent { then: State::of(&then), file }))
    }
}

fn no_file(cause: &io::Error) -> NoFile {
    if let Some(NotAFile { what }) = open::not_a_file(cause) {
        return NoFile::Refused { why: format!("it is {what}") };
    }
    match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NoFile::Missing,
        io::ErrorKind::InvalidFilename => NoFile::Refused { why: "a part of it is longer than any name".to_owned() },
        _ => NoFile::Unreadable { why: cause.to_string() },
    }
}

struct FileContent {
    file: File,
    /// As it was when it was opened.
    then: State,
}

/// What differs when somebody has written into a file.
#[derive(PartialEq, Eq)]
struct State {
    size: u64,
    modified: (i64, i64),
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.size(), modified: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

impl Read for FileContent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Upload for FileContent {
    fn has_changed(&self) -> bool {
        self.file.metadata().map_or(true, |now| State::of(&now) != self.then)
    }
}
