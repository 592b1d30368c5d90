//! One daemon for each state directory, and for each archive directory: advisory locks that the
//! kernel takes back however the process ends.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

const FILE: &str = "orgvaultd.lock";

/// Why the state directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon has it.
    #[error("{holder} holds {}: stop it first, or set another `state_dir`", path.display())]
    Flock {
        /// The lock file.
        path: PathBuf,
        /// Who has it: a process id and its program.
        holder: String,
    },
    /// Another daemon writes archives there.
    #[error("another daemon writes to {}: stop it first, or set another `archive_dir`", path.display())]
    Shared {
        /// The archive directory.
        path: PathBuf,
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

/// Flock as long as the daemon lives. The file stays: removing it would let two daemons lock two
/// files of one name.
#[derive(Debug)]
pub struct StateLock {
    _held: Flock,
}

/// Flock as long as the daemon lives, because another one would sweep away what this one is writing.
/// The directory itself is locked, so that nothing lies among the archives.
#[derive(Debug)]
pub struct ArchiveLock {
    held: Flock,
}

/// A file that is locked.
#[derive(Debug)]
struct Flock(File);

impl Drop for Flock {
    fn drop(&mut self) {
        // Closing is not enough: a process that is being spawned at this moment has a copy of the
        // file until it executes its program, and would hold the lock until then.
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::warn!("cannot unlock a directory: {error}");
        }
    }
}

impl ArchiveLock {
    /// Whether it is on the directory that is at `archive_dir` now.
    #[must_use]
    pub fn is_on(&self, archive_dir: &Path) -> bool {
        let (held, there) = (self.held.0.metadata(), fs::metadata(archive_dir));
        let same = |held: &Metadata, there: &Metadata| (held.dev(), held.ino()) == (there.dev(), there.ino());
        matches!((held, there), (Ok(held), Ok(there)) if same(&held, &there))
    }

    /// Locks `archive_dir`; `None` where it is not there yet, or its file system knows no locks.
    ///
    /// # Errors
    /// When another daemon has it.
    pub fn acquire(archive_dir: &Path) -> Result<Option<Self>, LockError> {
        let locked = File::open(archive_dir).and_then(|directory| {
            flock(&directory, FlockOperation::NonBlockingLockExclusive)?;
            Ok(directory)
        });
        match locked {
            Ok(directory) => Ok(Some(Self { held: Flock(directory) })),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(LockError::Shared { path: archive_dir.to_owned() })
            }
            Err(error) => {
                tracing::debug!(path = %archive_dir.display(), "the archive directory is not locked: {error}");
                Ok(None)
            }
        }
    }
}

impl StateLock {
    /// Locks `state_dir`, which is made (mode 0750) where it is missing, and writes the process id
    /// into the lock file.
    ///
    /// # Errors
    /// When another daemon has it, or the system refuses.
    pub fn acquire(state_dir: &Path) -> Result<Self, LockError> {
        let failed = |act, path: &Path| {
            let path = path.to_owned();
            move |source| LockError::System { act, path, source }
        };
        DirBuilder::new().recursive(true).mode(0o750).create(state_dir).map_err(failed("make", state_dir))?;
        let path = state_dir.join(FILE);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o640);
        let mut file = options.open(&path).map_err(failed("open", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(LockError::Flock { holder: holder(&mut file), path }),
            Err(error) => return Err(failed("lock", &path)(error.into())),
        }
        // The lock is what counts: on a full disk nobody learns who holds it.
        if let Err(cause) = write_pid(&mut file) {
            tracing::warn!(path = %path.display(), "cannot write who holds the lock: {cause}");
        }
        Ok(Self { _held: Flock(file) })
    }
}

/// Over what is there: a file that is made empty first asks a full disk for room.
fn write_pid(file: &mut File) -> io::Result<()> {
    let text = format!("{}\n", std::process::id());
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// Says who has the lock, as well as it can be said.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // The holder may be between locking and writing, and the file is ours to distrust.
    let read = file.take(32).read_to_string(&mut text);
    let Some(pid) = read.ok().and_then(|_| text.trim().parse::<u32>().ok()) else {
        return "another process".to_owned();
    };
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(program) => format!("process {pid} ({})", orgvault_api::text::printable(program.trim())),
        Err(_unreadable) => format!("process {pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_and_told_who_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("a/b");
        let first = StateLock::acquire(&state).unwrap();
        let refused = StateLock::acquire(&state).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {} (", std::process::id())), "{refused}");
        assert!(refused.contains("orgvaultd.lock") && refused.contains("state_dir"), "{refused}");
        drop(first);
        StateLock::acquire(&state).unwrap();
    }

    #[test]
    fn archives_are_written_by_one_and_nothing_lies_among_them() {
        let directory = tempfile::tempdir().unwrap();
        let first = ArchiveLock::acquire(directory.path()).unwrap().unwrap();
        let refused = ArchiveLock::acquire(directory.path()).unwrap_err().to_string();
        assert!(refused.contains(&directory.path().display().to_string()), "{refused}");
        assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
        drop(first);
        assert!(ArchiveLock::acquire(directory.path()).unwrap().is_some());
        assert!(ArchiveLock::acquire(&directory.path().join("not there")).unwrap().is_none());
    }

    #[test]
    fn a_copy_of_the_file_in_a_child_holds_nobody_up() {
        let directory = tempfile::tempdir().unwrap();
        let open = || File::open(directory.path()).unwrap();
        let first = Flock(open());
        flock(&first.0, FlockOperation::NonBlockingLockExclusive).unwrap();
        let copy = first.0.try_clone().unwrap();
        drop(first);
        flock(open(), FlockOperation::NonBlockingLockExclusive).unwrap();
        drop(copy);
    }

    #[test]
    fn a_left_over_file_with_anything_in_it_does_not_matter() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        std::fs::write(&path, "1\nand more than a pid of a process that is long gone").unwrap();
        let _lock = StateLock::acquire(directory.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
    }
}
