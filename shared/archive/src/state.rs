//! `.state.json`: what happened to an archive after it was published, and what a rebuild of the
//! catalog must not lose.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use orgvault_files::open;

use super::naming::STATE_SUFFIX;
use orgvault_api::{Drill, SendRecord, Verification, gid::Gid};

/// The version of states that this program writes, and the newest that it reads.
pub const STATE_VERSION: u32 = 1;
/// A state is small; a larger one is not read.
pub const LARGEST_STATE: u64 = 8 * 1024 * 1024;

/// What happened to one archive since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// [`STATE_VERSION`].
    pub state_version: u32,
    /// Which archive.
    pub gid: Gid,
    /// Its last verification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verification>,
    /// Where it was sent, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<SendRecord>,
    /// Of each verdict the last drill that ended with it, the newest last: one that says nothing of the archive takes
    /// nothing away from what another one has said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drills: Vec<Drill>,
    /// Whether a pin keeps it from every deletion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
}

/// Why a state is not used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot read the state {}: {cause}", path.display())]
    Read {
        /// The state.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The text is not JSON, or lacks something.
    #[error("the state is not what orgvault writes: {cause}")]
    Parse {
        /// Why, with line and column.
        #[source]
        cause: serde_json::Error,
    },
    /// It was written by a newer orgvault.
    #[error("the state has version {found} and this orgvault reads up to {STATE_VERSION}: update orgvault")]
    Newer {
        /// Its version.
        found: u32,
    },
}

#[derive(Deserialize)]
struct Version {
    state_version: u32,
}

impl StateFile {
    /// The state of an archive to which nothing has happened yet.
    #[must_use]
    pub fn new(gid: Gid) -> Self {
        Self { state_version: STATE_VERSION, gid, verified: None, sent: Vec::new(), drills: Vec::new(), pinned: false }
    }

    /// Takes a drill in that has ended.
    pub fn drilled(&mut self, drill: Drill) {
        self.drills.retain(|known| known.verdict != drill.verdict);
        self.drills.push(drill);
        self.drills.sort_by_key(|known| known.gid);
    }

    /// Reads a state's text.
    ///
    /// # Errors
    /// When it has a newer version or is no state.
    pub fn parse(text: &[u8]) -> Result<Self, StateError> {
        let parse = |cause| StateError::Parse { cause };
        let Version { state_version } = serde_json::from_slice(text).map_err(parse)?;
        if state_version > STATE_VERSION {
            return Err(StateError::Newer { found: state_version });
        }
        serde_json::from_slice(text).map_err(parse)
    }

    /// Reads the state beside the archive at `archive`; none where there is none.
    ///
    /// # Errors
    /// When there is one that cannot be used.
    pub fn beside(archive: &Path) -> Result<Option<Self>, StateError> {
        let path = state_path(archive);
        match open::read(&path, LARGEST_STATE) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(StateError::Read { path, cause }),
        }
    }

    /// The text that goes to disk.
    ///
    /// # Errors
    /// Never for a state of text and numbers.
    pub fn to_text(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Where the state of the archive at `archive` is.
#[must_use]
pub fn state_path(archive: &Path) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(STATE_SUFFIX);
    path.into()
}
