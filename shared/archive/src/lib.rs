//! Archives on disk: how they are named, what their manifests say, how they are verified and
//! how their rows are read back. Needs no daemon.

pub mod manifest;
pub mod naming;
pub mod reader;
pub mod rows;
pub mod same;
pub mod seed;
pub mod state;
pub mod sums;
pub mod verify;

mod container;
mod content;
mod document;
mod table;

pub use manifest::{Manifest, ManifestError};
pub use reader::{ArchiveReader, Ranges};
pub use rows::{RowsError, rows};
pub use state::{StateError, StateFile};
pub use verify::{Expected, Fault, Report, VerifyError, read_back, verify};
