//! `--host`: the daemon of another machine, over `ssh`, as docker does: each connection to a
//! socket of our own runs `ssh -- HOST orgvault dial-stdio`, all of them over one login. Where
//! there is no orgvault on that machine, its sshd forwards our socket to the daemon's.

use std::{
    io,
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use orgvault_api::text::printable;
use tempfile::TempDir;

use crate::{
    exit::{Exit, Failure},
    output::remark,
};

/// How long the login outlives its last connection where nobody ends it, in seconds.
const OUTLIVES: &str = "ControlPersist=60";

/// What a shell says where there is no such program.
const NO_SUCH_PROGRAM: i32 = 127;
/// How long sshd may take to forward a socket.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether it does, and between two attempts to have a lost one again.
const PAUSE: Duration = Duration::from_millis(50);
const AGAIN: Duration = Duration::from_secs(1);

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
        let dials = route.try_once()?;
        let tunnel = Self { route, folder };
        if !dials {
            remark(&format!("no orgvault on {}: its sshd forwards the socket\n", printable(host)));
            tunnel.forward()?;
            return Ok(tunnel);
        }
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

    /// Lets sshd forward our socket, and waits until it does.
    fn forward(&self) -> Result<(), Failure> {
        let (route, ours) = (self.route.clone(), self.socket());
        let asked = Instant::now();
        // It ends with the process, and what it runs ends with its standard input.
        thread::spawn(move || {
            while route.forward(&ours).is_ok() {
                thread::sleep(AGAIN);
            }
        });
        while !self.socket().exists() {
            if asked.elapsed() > PATIENCE {
                let message =
                    format!("the sshd of {} does not forward to {}", self.route.host, self.route.socket.display());
                return Err(Failure::new(Exit::Unreachable, "unreachable", message)
                    .hint("install orgvault there, or allow AllowStreamLocalForwarding in its sshd_config"));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
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
    fn login(&self) -> Command {
        let mut command = Command::new(&self.ssh);
        command.args(["-T", "-o", "ControlMaster=auto", "-o", &self.control, "-o", OUTLIVES]);
        command
    }

    fn command(&self) -> Command {
        let mut command = self.login();
        command.args(["--", &self.host]);
        // The other side's shell takes the words apart again.
        let socket = self.socket.to_string_lossy().replace('\'', "'\\''");
        command.args(["orgvault", "--socket", &format!("'{socket}'"), "dial-stdio"]);
        command
    }

    /// Whether there is an orgvault that dials the daemon; if not, there is none at all.
    fn try_once(&self) -> Result<bool, Failure> {
        let status = self.command().stdin(Stdio::null()).stdout(Stdio::null()).status();
        let status = status
            .map_err(|error| Failure::caused("tunnel", format_args!("cannot run {}", self.ssh.display()), &error))?;
        if status.success() || status.code() == Some(NO_SUCH_PROGRAM) {
            return Ok(status.success());
        }
        let message = format_args!("cannot reach orgvaultd on {} through ssh ({status})", self.host).to_string();
        Err(Failure::new(Exit::Unreachable, "unreachable", message)
            .hint(format_args!("try `ssh {} orgvault status`: orgvault has to be installed there", self.host)))
    }

    /// Forwards until the connection is lost. A program that waits for its input keeps it, so
    /// that it does not outlive us.
    fn forward(&self, ours: &Path) -> io::Result<()> {
        let mut command = self.login();
        let sockets = format!("{}:{}", ours.display(), self.socket.display());
        command.args(["-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes", "-L", &sockets]);
        command.args(["--", &self.host, "cat"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let ended = child.wait();
        drop(input);
        ended.map(drop)
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
