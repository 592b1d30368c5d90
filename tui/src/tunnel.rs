//! `--host`: the daemon of another machine, over `ssh`, as docker does: each connection to a
//! socket of our own runs `ssh -- HOST orgvault dial-stdio`, all of them over one login.

use std::{
    io,
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::exit::{Exit, Failure};

/// How long the login outlives its last connection where nobody ends it, in seconds.
const OUTLIVES: &str = "ControlPersist=60";

/// A way to another machine's daemon; dropped, it is closed.
#[derive(Debug)]
pub(crate) struct Tunnel {
    route: Route,
    folder: TempDir,
}

/// What every connection needs to know.
#[derive(Debug, Clone)]
struct Route {
    ssh: PathBuf,
    host: String,
    control: String,
    socket: PathBuf,
}

impl Tunnel {
    /// Logs in, asking for a password on the terminal where one is needed, and looks whether the
    /// daemon's socket answers there.
    ///
    /// # Errors
    /// When `ssh` or the daemon does not.
    pub(crate) fn open(host: &str, socket: &Path) -> Result<Self, Failure> {
        if host.is_empty() || host.starts_with('-') {
            return Err(Failure::usage(format_args!("`{host}` is no machine: expected USER@SERVER")));
        }
        let failed = |error: io::Error| Failure::caused("tunnel", "cannot make a socket of our own", &error);
        let folder = tempfile::Builder::new().prefix("orgvault-").tempdir().map_err(failed)?;
        let route = Route {
            ssh: std::env::var_os("ORGVAULT_SSH").unwrap_or_else(|| "ssh".into()).into(),
            host: host.to_owned(),
            control: format!("ControlPath={}/%C", folder.path().display()),
            socket: socket.to_owned(),
        };
        route.try_once()?;
        let tunnel = Self { route, folder };
        let listener = UnixListener::bind(tunnel.socket()).map_err(failed)?;
        let route = tunnel.route.clone();
        // It ends with the process: what waits in `accept` holds nothing up.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                route.carry(stream);
            }
        });
        Ok(tunnel)
    }

    /// The socket that leads there.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("sock")
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let Route { ssh, host, control, .. } = &self.route;
        let mut end = Command::new(ssh);
        end.args(["-O", "exit", "-o", control, "--", host]).stdin(Stdio::null()).stdout(Stdio::null());
        // A login that is not ended ends by itself.
        drop(end.stderr(Stdio::null()).status());
    }
}

impl Route {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.ssh);
        command.args(["-T", "-o", "ControlMaster=auto", "-o", &self.control, "-o", OUTLIVES, "--", &self.host]);
        // The other side's shell takes the words apart again.
        let socket = self.socket.to_string_lossy().replace('\'', "'\\''");
        command.args(["orgvault", "--socket", &format!("'{socket}'"), "dial-stdio"]);
        command
    }

    fn try_once(&self) -> Result<(), Failure> {
        let status = self.command().stdin(Stdio::null()).stdout(Stdio::null()).status();
        let status = status
            .map_err(|error| Failure::caused("tunnel", format_args!("cannot run {}", self.ssh.display()), &error))?;
        if status.success() {
            return Ok(());
        }
        let message = format_args!("cannot reach orgvaultd on {} through ssh ({status})", self.host).to_string();
        Err(Failure::new(Exit::Unreachable, "unreachable", message)
            .hint(format_args!("try `ssh {} orgvault status`: orgvault has to be installed there", self.host)))
    }

    /// The stream itself becomes the other program's input and output; what that says on standard
    /// error would be drawn over.
    fn carry(&self, stream: UnixStream) {
        let Ok(output) = stream.try_clone() else { return };
        let stdio = |stream| Stdio::from(OwnedFd::from(stream));
        let child = self.command().stdin(stdio(stream)).stdout(stdio(output)).stderr(Stdio::null()).spawn();
        // A program that did not start closes the stream, which its other end notices.
        if let Ok(mut child) = child {
            thread::spawn(move || drop(child.wait()));
        }
    }
}
