//! The Unix socket: bound where nobody else listens, given its mode and group before anyone can
//! connect, and removed at the end if it is still ours.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, chown},
        net::{UnixListener as StdListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use listenfd::ListenFd;
use nix::unistd::Group;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};
use tokio::net::UnixListener;

use crate::lock::StateLock;

/// `sun_path` has 108 bytes, the last of which ends the path (unix(7)).
const PATH_LIMIT: usize = 107;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// Why the socket could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The path does not fit a socket address.
    #[error("the socket's path {} has {bytes} bytes and may have at most {PATH_LIMIT}: set a shorter `socket`", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        bytes: usize,
    },
    /// Another program answers there.
    #[error("another program answers on {}: stop it, or set another `socket`", path.display())]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// Something that is no socket is there.
    #[error("{} exists and is no socket: remove it, or set another `socket`", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// `socket_group` names no group.
    #[error("there is no group `{group}`: create it, or correct `socket_group`")]
    NoGroup {
        /// The group.
        group: String,
    },
    /// The system refused.
    #[error("cannot {act} {}: {source}", path.display())]
    System {
        /// What was tried.
        act: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A listening socket at a path that it holds.
#[derive(Debug)]
pub struct Socket {
    /// Accepts connections.
    pub listener: UnixListener,
    file: Arc<SocketFile>,
}

/// The file of a socket, by which it is found.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// How it was made; none where it is the service manager's.
    made: Option<Made>,
}

#[derive(Debug)]
struct Made {
    mode: u32,
    group: Option<u32>,
    /// Device and inode: whether the file is still the one that we made.
    identity: Mutex<(u64, u64)>,
}

/// What is at the path of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketState {
    /// The socket.
    There,
    /// Nothing: somebody removed it, and nobody finds the daemon.
    Gone,
    /// Something else.
    Another,
}

impl Socket {
    /// Makes the socket. A socket that is there already is replaced if nobody answers on it;
    /// `_lock` proves that no other daemon of this state directory is just about to.
    ///
    /// # Errors
    /// When the path cannot be used, another program answers there, or the system refuses.
    pub fn open(path: &Path, mode: u32, group: Option<&str>, _lock: &StateLock) -> Result<Self, SocketError> {
        let bytes = path.as_os_str().as_bytes().len();
        if bytes > PATH_LIMIT {
            return Err(SocketError::TooLong { path: path.to_owned(), bytes });
        }
        let group = group.map(group_id).transpose()?;
        make_parent(path)?;
        remove_left_over(path)?;
        let listener = bind_and_listen(path, mode, group)?;
        let identity = Mutex::new(identity(path).map_err(failed("look at", path))?);
        let file = SocketFile { path: path.to_owned(), made: Some(Made { mode, group, identity }) };
        Ok(Self { listener, file: Arc::new(file) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> Arc<SocketFile> {
        Arc::clone(&self.file)
    }

    /// Stops listening and removes the file, if it is still the one that was made.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn close(self) -> Result<(), SocketError> {
        let Self { listener, file } = self;
        drop(listener);
        match file.state()? {
            SocketState::There => fs::remove_file(&file.path).map_err(failed("remove", &file.path)),
            SocketState::Gone | SocketState::Another => Ok(()),
        }
    }
}

impl SocketFile {
    /// The file of a socket that the service manager has handed over, as far as it has one.
    #[must_use]
    pub fn of_manager(listener: &UnixListener) -> Option<Self> {
        let address = listener.local_addr().ok()?;
        Some(Self { path: address.as_pathname()?.to_owned(), made: None })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is there now. Of a service manager's it is only told whether there is a socket at all.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn state(&self) -> Result<SocketState, SocketError> {
        match (identity(&self.path), &self.made) {
            (Ok(found), Some(made)) if found != *lock(&made.identity) => Ok(SocketState::Another),
            (Ok(_found), _) => Ok(SocketState::There),
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(SocketState::Gone),
            (Err(error), _) => Err(failed("look at", &self.path)(error)),
        }
    }

    /// Makes a new socket in place of the one that is gone; none where the service manager has to.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn bind_again(&self) -> Result<Option<UnixListener>, SocketError> {
        let Some(made) = &self.made else { return Ok(None) };
        make_parent(&self.path)?;
        let listener = bind_and_listen(&self.path, made.mode, made.group)?;
        *lock(&made.identity) = identity(&self.path).map_err(failed("look at", &self.path))?;
        Ok(Some(listener))
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

/// It is set as a whole.
fn lock(identity: &Mutex<(u64, u64)>) -> MutexGuard<'_, (u64, u64)> {
    identity.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The listening socket that a service manager has handed over (`sd_listen_fds(3)`), if there is
/// one. Its file is the manager's: it is never removed here.
///
/// # Errors
/// When what was handed over is no Unix socket that listens.
pub fn inherited() -> Result<Option<UnixListener>, SocketError> {
    let place = Path::new("the socket that the service manager handed over");
    let mut handed = ListenFd::from_env();
    let Some(listener) = handed.take_unix_listener(0).map_err(failed("take", place))? else { return Ok(None) };
    listener.set_nonblocking(true).map_err(failed("make nonblocking", place))?;
    UnixListener::from_std(listener).map(Some).map_err(failed("listen on", place))
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    let path = path.to_owned();
    move |source| SocketError::System { act, path, source }
}

fn group_id(group: &str) -> Result<u32, SocketError> {
    match Group::from_name(group) {
        Ok(Some(found)) => Ok(found.gid.as_raw()),
        Ok(None) => Err(SocketError::NoGroup { group: group.to_owned() }),
        Err(error) => Err(failed("look up the group of the socket", Path::new(group))(error.into())),
    }
}

/// Makes the last directory where it is missing, as `RuntimeDirectory=` would.
fn make_parent(path: &Path) -> Result<(), SocketError> {
    let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
    match DirBuilder::new().mode(0o755).create(parent) {
        // The umask may have taken bits away that every peer needs.
        Ok(()) => fs::set_permissions(parent, Permissions::from_mode(0o755)).map_err(failed("set the mode of", parent)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("make the socket's directory", parent)(error)),
    }
}

fn remove_left_over(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at", path)(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(SocketError::NotASocket { path: path.to_owned() });
        }
        Ok(_socket) => {}
    }
    match connect_at_once(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            tracing::info!(socket = %path.display(), "replacing a socket on which nobody answers");
            fs::remove_file(path).map_err(failed("remove the left-over socket", path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // A full backlog is a listener too.
        Ok(_) | Err(_) => Err(SocketError::InUse { path: path.to_owned() }),
    }
}

/// Connects without waiting where the other's backlog is full.
fn connect_at_once(path: &Path) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags(), None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}

fn flags() -> SocketFlags {
    SocketFlags::CLOEXEC | SocketFlags::NONBLOCK
}

/// Until `listen`, a connect is refused: so nobody gets in before mode and group are set.
fn bind_and_listen(path: &Path, mode: u32, group: Option<u32>) -> Result<UnixListener, SocketError> {
    let bound = || -> io::Result<StdListener> {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags(), None)?;
        bind(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(socket.into())
    };
    let socket = bound().map_err(failed("bind", path))?;
    if group.is_some() {
        chown(path, None, group).map_err(failed("set the group of", path))?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("set the mode of", path))?;
    listen(&socket, BACKLOG).map_err(|error| failed("listen on", path)(error.into()))?;
    UnixListener::from_std(socket).map_err(failed("listen on", path))
}
