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
        Ok(Box::new(FileContent { left: then.size(), then: State::of(&then), file }))
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
    /// No more is read than it had: one that is written to all the time never ends.
    left: u64,
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
        let count = (&self.file).take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}

impl Upload for FileContent {
    fn has_changed(&self) -> bool {
        let is_same = self.file.metadata().is_ok_and(|now| State::of(&now) == self.then);
        // Some file systems do not know a file's size before it was read.
        let has_ended = (&self.file).read(&mut [0]).is_ok_and(|more| more == 0);
        !(is_same && has_ended)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    fn read(content: &mut dyn Upload) -> Vec<u8> {
        let mut read = Vec::new();
        content.read_to_end(&mut read).unwrap();
        read
    }

    #[test]
    fn what_is_written_to_meanwhile_is_told_and_no_more_of_it_read_than_there_was() {
        let directory = tempfile::tempdir().unwrap();
        let place = FolderUploads::new(directory.path().to_owned()).open(&CancellationToken::new()).unwrap();
        let path = directory.path().join("file");
        let open = || place.file(&FilePath::new("file").unwrap()).ok().unwrap();
        fs::write(&path, "12345").unwrap();
        let mut content = open();
        assert_eq!((read(content.as_mut()), content.has_changed()), (b"12345".to_vec(), false));
        let mut content = open();
        File::options().append(true).open(&path).unwrap().write_all(b"678").unwrap();
        assert_eq!((read(content.as_mut()), content.has_changed()), (b"12345".to_vec(), true));
        let mut content = open();
        File::options().write(true).open(&path).unwrap().set_len(2).unwrap();
        assert_eq!((read(content.as_mut()), content.has_changed()), (b"12".to_vec(), true));
        // A new file of that name is not the one that is read.
        let mut content = open();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "other").unwrap();
        assert_eq!((read(content.as_mut()), content.has_changed()), (b"12".to_vec(), false));
    }

    #[test]
    fn a_file_whose_size_is_not_known_is_told_when_it_is_not_empty() {
        let place = FolderUploads::new("/proc".into()).open(&CancellationToken::new()).unwrap();
        let mut content = place.file(&FilePath::new("version").unwrap()).ok().unwrap();
        assert_eq!((read(content.as_mut()), content.has_changed()), (Vec::new(), true));
    }
}
