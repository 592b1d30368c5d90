//! Archives on disk: how they are named, what their manifests say, how they are verified and
//! how their rows are read back. Needs no daemon.
//!
//! ```no_run
//! use std::path::Path;
//!
//! let report = orgvault_archive::verify(Path::new("acme--1/20260101T020000Z-7.json"), None)?;
//! assert!(report.ok());
//! # Ok::<(), orgvault_archive::VerifyError>(())
//! ```
//!
//! Directories are named so that no text of a database leads out of them:
//!
//! ```
//! assert!(!orgvault_archive::naming::clean_slug("../Acme & Söhne").contains('/'));
//! ```

pub mod full;
pub mod manifest;
pub mod naming;
pub mod reader;
pub mod received;
pub mod rows;
pub mod same;
pub mod sections;
pub mod seed;
pub mod state;
pub mod sums;
pub mod verify;

mod container;
mod content;
mod document;
mod table;
mod tarball;

pub use manifest::{Manifest, ManifestError};
pub use reader::{ArchiveReader, Ranges};
pub use rows::{RowsError, rows};
pub use state::{StateError, StateFile};
pub use verify::{ArchiveFault, Expected, Report, VerifyError, read_back, verify};
