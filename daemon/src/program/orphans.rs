//! What a program leaves running belongs to process 1 from then on, and who is that has to take note
//! of its end: else it stays as a zombie for ever. In a container the daemon itself may be it.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// The daemon's own programs, whose end their [`Child`] waits for: nobody else may take it.
static AWAITED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// How long an ended program of the daemon's own may hide the orphans behind it.
const HIDDEN: Duration = Duration::from_millis(100);

/// A program of the daemon's own, while it is waited for.
#[derive(Debug)]
pub(super) struct Awaited(i32);

impl Awaited {
    /// Starts a program. None of its orphans is reaped before it is known whose it is.
    pub(super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
        let mut awaited = awaited();
        let child = command.spawn()?;
        // One that was not waited for yet has its id.
        let id = child.id().unwrap_or_default().cast_signed();
        awaited.insert(id);
        Ok((child, Self(id)))
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        awaited().remove(&self.0);
    }
}

fn awaited() -> MutexGuard<'static, BTreeSet<i32>> {
    AWAITED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reaps orphans whenever a process ends; for process 1, elsewhere there are none.
///
/// # Errors
/// When the system does not tell of processes that end.
pub async fn reap_orphans() -> io::Result<Infallible> {
    if std::process::id() != 1 {
        return std::future::pending().await;
    }
    let mut ended = signal(SignalKind::child())?;
    loop {
        let again = reap();
        tokio::select! {
            _ = ended.recv() => {}
            () = sleep(HIDDEN), if again => {}
        }
    }
}

/// Reaps every orphan that can be seen; true where one may be hidden behind a program of the
/// daemon's own, which is about to be waited for.
fn reap() -> bool {
    let awaited = awaited();
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    loop {
        let id = match waitid(Id::All, look) {
            Ok(WaitStatus::Exited(id, _) | WaitStatus::Signaled(id, ..)) => id,
            Ok(_) | Err(Errno::ECHILD) => return false,
            Err(error) => {
                tracing::warn!("cannot look for processes that have ended: {error}");
                return false;
            }
        };
        if awaited.contains(&id.as_raw()) {
            return true;
        }
        reap_one(id);
    }
}

fn reap_one(id: Pid) {
    match waitpid(id, Some(WaitPidFlag::WNOHANG)) {
        Ok(_) => tracing::debug!(pid = id.as_raw(), "reaped what a program had left running"),
        Err(error) => tracing::warn!(pid = id.as_raw(), "cannot reap a process that has ended: {error}"),
    }
}
