//! The files that an app keeps beside its database, as a source says: in a folder of this machine, or in a bucket.
//!
//! What is here blocks, and is called on threads that may: archives are written on such threads already.

mod bucket;
mod folder;
mod path;

use std::{fmt, io::Read, sync::Arc, time::Duration};

use orgvault_config::FilesPlace;
use tokio_util::sync::CancellationToken;

pub use self::path::{FilePath, Refusal};

/// Where the files of a source are.
pub trait Uploads: fmt::Debug + Send + Sync {
    /// Where that is, for people.
    fn shown(&self) -> String;

    /// Looks whether it is there and may be read. What waits ends when `stop` is canceled.
    ///
    /// # Errors
    /// When it is gone, or refuses us as a whole.
    fn open(&self, stop: &CancellationToken) -> Result<Arc<dyn OpenUploads>, UploadsError>;
}

/// A place of files that answered.
pub trait OpenUploads: fmt::Debug + Send + Sync {
    /// Opens one file.
    ///
    /// # Errors
    /// When there is none that may be read, or the place itself is gone.
    fn file(&self, path: &FilePath) -> Result<Box<dyn Upload>, NoFile>;
}

/// The content of one file. A reading that fails because the place is gone has an [`UploadsError`] as its cause.
pub trait Upload: Read {
    /// Whether it is another one now than when it was opened.
    fn has_changed(&self) -> bool;
}

/// Why there is no content for a path.
#[derive(Debug)]
pub enum NoFile {
    /// Nothing has that name.
    Missing,
    /// It leads elsewhere, or is no file.
    Refused {
        /// In words.
        why: String,
    },
    /// It cannot be read.
    Unreadable {
        /// In the system's words.
        why: String,
    },
    /// Nothing can be read there.
    Gone(UploadsError),
}

/// What is wrong with a place as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadsFault {
    /// It does not answer, or is not there.
    Unreachable,
    /// It does not let us read.
    Denied,
    /// It would be asked without TLS over a network.
    Tls,
}

/// Why no file of a source can be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot read the files of the app in {place}: {words}")]
pub struct UploadsError {
    /// Where they should be.
    pub place: String,
    /// What kind of fault.
    pub fault: UploadsFault,
    /// The system's or the server's own words.
    pub words: String,
}

impl UploadsError {
    /// The place did not answer for so long.
    #[must_use]
    pub fn silent(place: String, limit: Duration) -> Self {
        let words = format!("no answer within {} s", limit.as_secs_f64());
        Self { place, fault: UploadsFault::Unreachable, words }
    }

    /// Stable: `files_unreachable`, `files_denied`, `files_tls`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.fault {
            UploadsFault::Unreachable => "files_unreachable",
            UploadsFault::Denied => "files_denied",
            UploadsFault::Tls => "files_tls",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.fault {
            UploadsFault::Unreachable => {
                "check `files` of the source, and that the folder is mounted or the bucket's server answers"
            }
            UploadsFault::Denied => {
                "let the daemon's user read the folder; of a bucket its key (`files_environment_file`) has to list it and \
                 get what is in it"
            }
            UploadsFault::Tls => "use https, or set `tls = \"as-url\"` of the source for a network that you trust",
        }
    }
}

/// The place that the configuration names.
#[must_use]
pub fn uploads(place: &FilesPlace) -> Arc<dyn Uploads> {
    match place {
        FilesPlace::Folder(path) => Arc::new(folder::FolderUploads::new(path.clone())),
        FilesPlace::Bucket(bucket) => Arc::new(bucket::BucketUploads::new(bucket.clone())),
    }
}
