//! The file that a target is.

use std::{io, os::unix::fs::MetadataExt as _, path::Path};

/// What tells it from every other file, one under the same name too.
///
/// # Errors
/// When there is no file of this name.
pub(super) async fn number(file: &Path) -> io::Result<String> {
    let found = tokio::fs::metadata(file).await?;
    if found.is_file() {
        Ok(format!("{}:{}", found.dev(), found.ino()))
    } else {
        Err(io::Error::other("it is no file"))
    }
}
