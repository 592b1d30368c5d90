//! The directory of a scratch server of our own: its data, its socket, and files of the drill.

use std::{
    fs,
    os::unix::{ffi::OsStrExt as _, fs::DirBuilderExt as _},
    path::{Path, PathBuf},
};

use super::{
    ScratchError, Wanted,
    account::Account,
    left::{self, DATA, Left, Made, PREFIX},
};

/// What a Unix socket's address holds, without its last NUL.
const LONGEST_SOCKET: usize = 107;
/// The name of the socket below its directory.
const SOCKET: &str = "/.s.PGSQL.5432";
/// Where the data lies where the server's user may not enter the daemon's own directories.
const OUTSIDE: &str = "/var/tmp";
/// Where the socket is where all else has too long a name.
const SHORT: &str = "/tmp";

/// The directories of one scratch server. Dropped, they are removed on a thread of their own.
#[derive(Debug)]
pub(super) struct Home {
    root: PathBuf,
    sockets: PathBuf,
    account: Option<Account>,
    left: Option<Left>,
}

impl Home {
    /// Makes the directories, for their user alone.
    ///
    /// # Errors
    /// When they cannot be made, or there is no user for them.
    pub(super) async fn prepare(wanted: &Wanted) -> Result<Self, ScratchError> {
        let wanted = wanted.clone();
        blocking(move || Self::make(&wanted)).await
    }

    fn make(wanted: &Wanted) -> Result<Self, ScratchError> {
        // A file needs neither a user of its own nor a socket.
        let account = if wanted.needs_server { Account::of(&wanted.config.user)? } else { None };
        let name = format!("{PREFIX}{}", wanted.gid);
        let root = base(wanted, account)?.join(&name);
        let sockets = if fits(&root) || !wanted.needs_server { root.clone() } else { Path::new(SHORT).join(&name) };
        let mut made = vec![root.clone()];
        if sockets != root {
            made.push(sockets.clone());
        }
        let records: Vec<Made> = made.iter().cloned().map(Made::Directory).collect();
        let left = Left::write(&wanted.state_dir, wanted.gid, &records)?;
        let home = Self { root, sockets, account, left: Some(left) };
        made.push(home.data());
        for directory in made {
            let done = fs::DirBuilder::new().mode(0o700).create(&directory);
            done.map_err(|cause| ScratchError::directory("make", &directory, cause))?;
            account.map_or(Ok(()), |account| account.owns(&directory))?;
        }
        Ok(home)
    }

    /// For files of the drill.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The server's data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.root.join(DATA)
    }

    /// Where the server's socket is.
    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// Who runs the server; none where that is the daemon's own user.
    pub(super) fn account(&self) -> Option<Account> {
        self.account
    }

    /// Ends whatever runs there, and removes it.
    ///
    /// # Errors
    /// When something of it stays.
    pub(super) async fn remove(mut self) -> Result<(), ScratchError> {
        let Some(left) = self.left.take() else { return Ok(()) };
        let (root, sockets) = (self.root.clone(), self.sockets.clone());
        blocking(move || remove(&root, &sockets, &left)).await
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Some(left) = self.left.take() else { return };
        let (root, sockets) = (self.root.clone(), self.sockets.clone());
        let removing = std::thread::spawn(move || {
            if let Err(error) = remove(&root, &sockets, &left) {
                tracing::error!("{error}");
            }
        });
        // Nobody waits for it: the next start goes on where it is cut short.
        drop(removing);
    }
}

fn remove(root: &Path, sockets: &Path, left: &Left) -> Result<(), ScratchError> {
    left::remove(root)?;
    left::remove(sockets)?;
    left.forget()
}

/// Where the directory is made.
fn base(wanted: &Wanted, account: Option<Account>) -> Result<PathBuf, ScratchError> {
    let enters = |path: &Path| account.is_none_or(|account| account.enters(path));
    if let Some(configured) = &wanted.config.directory {
        left::make(configured)?;
        let user = wanted.config.user.clone();
        return if enters(configured) {
            Ok(configured.clone())
        } else {
            Err(ScratchError::Closed { user, path: configured.clone() })
        };
    }
    let own = left::directory(&wanted.state_dir);
    left::make(&own)?;
    Ok(if enters(&own) { own } else { OUTSIDE.into() })
}

fn fits(directory: &Path) -> bool {
    directory.as_os_str().as_bytes().len() + SOCKET.len() <= LONGEST_SOCKET
}

/// Runs what waits for a disk or a process on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ScratchError> + Send + 'static,
) -> Result<T, ScratchError> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| ScratchError::Thread { cause })?
}
