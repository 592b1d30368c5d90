//! A scratch database of SQLite: a file in the directory of one drill, which goes with it.

use std::path::{Path, PathBuf};

use orgvault_config::SecretUrl;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::ScratchError;
use crate::restore::Target;

/// Its name.
const NAME: &str = "scratch.db";

/// Where it is.
#[derive(Debug, Clone)]
pub struct ScratchFile(PathBuf);

impl ScratchFile {
    pub(super) fn below(directory: &Path) -> Self {
        Self(directory.join(NAME))
    }

    /// Makes it, and opens it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(in crate::drill) async fn make(&self) -> Result<SqliteConnection, ScratchError> {
        let options = SqliteConnectOptions::new().filename(&self.0).create_if_missing(true).foreign_keys(false);
        let made = options.disable_statement_logging().connect().await;
        made.map_err(|cause| ScratchError::database("make the scratch database", cause))
    }

    /// For rows.
    pub(in crate::drill) fn target(&self) -> Target {
        Target::scratch_file("scratch", self.0.clone())
    }

    /// For what reads a source.
    pub(in crate::drill) fn url(&self) -> SecretUrl {
        let parts = self.0.iter().filter_map(|part| part.to_str()).filter(|part| *part != "/");
        let parts = parts.map(|part| format!("/{}", utf8_percent_encode(part, NON_ALPHANUMERIC)));
        SecretUrl::new(format!("sqlite://{}", parts.collect::<String>()))
    }
}
