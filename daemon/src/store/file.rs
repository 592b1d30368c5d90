//! An archive for a program that takes a file and nothing else.

use std::{borrow::Cow, fmt, path::PathBuf};

/// A file of this machine that holds an archive, as long as this is kept.
pub struct ArchiveFile {
    path: PathBuf,
    /// What removes a copy.
    _copy: Option<Box<dyn Send + Sync>>,
}

impl ArchiveFile {
    /// The file in which the archive lies anyway.
    #[must_use]
    pub fn of(path: PathBuf) -> Self {
        Self { path, _copy: None }
    }

    /// A copy of an archive that lies elsewhere; when `copy` is dropped, it is removed.
    #[must_use]
    pub fn copy(path: PathBuf, copy: impl Send + Sync + 'static) -> Self {
        Self { path, _copy: Some(Box::new(copy)) }
    }

    /// What the program is told.
    #[must_use]
    pub fn argument(&self) -> Cow<'_, str> {
        self.path.to_string_lossy()
    }
}

impl fmt::Debug for ArchiveFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArchiveFile").field(&self.path).finish()
    }
}
