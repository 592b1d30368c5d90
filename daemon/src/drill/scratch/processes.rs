//! The processes of a scratch server. A killed daemon leaves them running, and their ids may be another's by then:
//! only what works in the server's own directory, or was started for it, is one of them.

use std::{
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// What a server is given to end by itself, and then to be gone.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(10);

/// Ends all that runs on the data directory; whether all of it is gone. Blocks.
pub(super) fn end(data: &Path) -> bool {
    let master = master(data).filter(|master| of(data).contains(master));
    if let Some(master) = master {
        // It ends its own, and frees its shared memory, unless somebody else has killed it a moment ago.
        signal(master, Signal::SIGQUIT);
    }
    if master.is_none() || !is_gone(data) {
        for pid in of(data) {
            signal(pid, Signal::SIGKILL);
        }
    }
    let gone = is_gone(data);
    free_memory(data);
    gone
}

/// All that run there. One that has ended and was not waited for is none.
pub(super) fn of(data: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter(|id| works_on(*id, data)).map(Pid::from_raw).collect()
}

fn works_on(id: i32, data: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{id}"));
    let inside = fs::read_link(process.join("cwd")).is_ok_and(|directory| directory == data);
    inside
        || fs::read(process.join("cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == data.as_os_str().as_bytes()))
}

/// The process that the data directory says is its server.
fn master(data: &Path) -> Option<Pid> {
    line(data, 0)?.parse().ok().map(Pid::from_raw)
}

/// A server that was killed leaves a segment of shared memory, which its file names; one that ended by itself has removed
/// both.
fn free_memory(data: &Path) {
    let segment = line(data, 6).and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    let Some(segment) = segment else { return };
    let mut remove = Command::new("ipcrm");
    remove.args(["-m", &segment.to_string()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = remove.status() {
        tracing::debug!(segment, "cannot free the shared memory of a scratch server: {error}");
    }
}

fn line(data: &Path, number: usize) -> Option<String> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().nth(number).map(|line| line.trim().to_owned())
}

fn signal(pid: Pid, signal: Signal) {
    if let Err(error) = kill(pid, signal) {
        tracing::debug!(%pid, "a process of a scratch server is gone already: {error}");
    }
}

fn is_gone(data: &Path) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if of(data).is_empty() {
            return true;
        }
        thread::sleep(AGAIN);
    }
    false
}
