//! `files` of a source: where the app keeps its files.

use std::path::PathBuf;

use super::values::absolute_path;
use crate::checked_toml::Value;

/// Where the files of an app are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesPlace {
    /// A folder of this machine, absolute.
    Folder(PathBuf),
}

/// `files`.
pub(super) fn place(value: &Value<'_>) -> Option<FilesPlace> {
    absolute_path(value).map(FilesPlace::Folder)
}
