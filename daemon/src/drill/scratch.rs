//! Scratch databases: on a PostgreSQL server that is started for one drill and removed with all that it holds, or
//! on a given one, which is never one that a source is on. Of SQLite, a file.
//!
//! What is about to be made is written down first (`left.rs`), so that the next start removes what a daemon that was
//! killed has left.

mod account;
mod error;
mod file;
mod given;
mod home;
mod left;
mod processes;
mod programs;
mod server;

use std::path::{Path, PathBuf};

use orgvault_api::gid::Gid;
use orgvault_config::{Scratch as ScratchConfig, SecretUrl};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio_util::task::TaskTracker;

use self::{given::Given, home::Home};
use crate::source::cluster::Cluster;

pub(crate) use self::error::is_full;
pub use self::{error::ScratchError, file::ScratchFile, left::sweep};

/// How a scratch database is made.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The drill's id, after which all that is made is called.
    pub gid: Gid,
    /// The daemon's own directory.
    pub state_dir: PathBuf,
    /// `[scratch]`.
    pub config: ScratchConfig,
    /// Whether it is on a PostgreSQL server; else it is a file of SQLite.
    pub needs_server: bool,
    /// The encoding of the database that the rows come from: `UTF8`.
    pub encoding: String,
}

/// A scratch database. Whoever has one [removes](Scratch::remove) it in the end; where nobody does, it is tried
/// when it is dropped, and by the next start.
#[derive(Debug)]
pub struct Scratch {
    place: Place,
}

/// Where it is.
#[derive(Debug)]
enum Place {
    Own(Home),
    Given(Given),
}

/// How it is reached.
#[derive(Debug, Clone)]
pub struct Reached {
    /// For what only a superuser may do: extensions. On a given server the role of its URL, which may be none.
    pub superuser: PgConnectOptions,
    /// For all else: a plain role that owns the database.
    pub owner: PgConnectOptions,
    /// As `owner`, for what reads a source.
    pub owner_url: SecretUrl,
    /// What the server calls itself: `PostgreSQL 15.18`.
    pub version: String,
}

impl Scratch {
    /// Writes down what is going to be made, and makes the directory of a server of our own.
    ///
    /// # Errors
    /// When the directory cannot be made, or a server of our own has no user to run as.
    pub async fn prepare(wanted: &Wanted) -> Result<Self, ScratchError> {
        let place = match &wanted.config.url {
            // A file is on no server.
            Some(url) if wanted.needs_server => Place::Given(Given::prepare(wanted, url).await?),
            _ => Place::Own(Home::prepare(wanted).await?),
        };
        Ok(Self { place })
    }

    /// Makes the database. Dropping the future leaves nothing that [`Scratch::remove`] does not find.
    ///
    /// # Errors
    /// When there is no server, or it does not do what it is asked for.
    pub async fn open(&self, wanted: &Wanted, tracker: &TaskTracker) -> Result<Reached, ScratchError> {
        match &self.place {
            Place::Own(home) => server::start(home, wanted, tracker).await,
            Place::Given(given) => given.open(wanted).await,
        }
    }

    /// The file of a scratch database of SQLite, which is not there yet.
    #[must_use]
    pub fn file(&self) -> ScratchFile {
        ScratchFile::below(self.directory())
    }

    /// Ends the server, or drops the database, and removes all that was made.
    ///
    /// # Errors
    /// When something is left: the next start tries again.
    pub async fn remove(self) -> Result<(), ScratchError> {
        match self.place {
            Place::Own(home) => home.remove().await,
            Place::Given(given) => given.remove().await,
        }
    }

    /// A directory for files of the drill, which goes with it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        match &self.place {
            Place::Own(home) => home.root(),
            Place::Given(given) => given.directory(),
        }
    }

    /// The given server; none where the server is our own, which is nobody else's.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn cluster(&self) -> Result<Option<Cluster>, ScratchError> {
        match &self.place {
            Place::Own(_) => Ok(None),
            Place::Given(given) => given.cluster().await.map(Some),
        }
    }
}

/// One connection.
///
/// # Errors
/// When it cannot be made.
pub(super) async fn connect(options: &PgConnectOptions, act: &'static str) -> Result<PgConnection, ScratchError> {
    PgConnection::connect_with(options).await.map_err(|cause| ScratchError::database(act, cause))
}
