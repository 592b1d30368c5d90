//! The audit trail: who was handed data, deleted, sent, or was refused. Append-only JSON lines in
//! `state_dir/audit/`, each bound to the one before; what cannot be recorded is not handed out.

mod chain;
mod flood;
mod trail;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use orgvault_api::{
    Actor, AuditChain, AuditEntry, AuditTrail,
    clock::{Clock, Timestamp},
    gid::Gid,
};

use self::{flood::Flood, trail::Trail};

pub use self::trail::{Cursor, InvalidCursor};

/// Why the trail could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} the audit trail {}: {cause}", path.display())]
pub struct AuditError {
    /// What was tried.
    act: &'static str,
    /// On which file or directory.
    path: PathBuf,
    /// What the system says.
    #[source]
    cause: io::Error,
}

impl AuditError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "data is handed out again as soon as the trail can be written: check the disk and the mode of state_dir/audit"
    }
}

/// Who does something, from where, and how it was asked for.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// From where: `unix`, or an IP address.
    pub from: String,
    /// The route, or what of the daemon it is.
    pub on: String,
}

impl Origin {
    /// A part of the daemon itself.
    #[must_use]
    pub fn daemon(part: &str, on: &str) -> Self {
        Self { actor: Actor::Daemon { part: part.to_owned() }, from: "unix".to_owned(), on: on.to_owned() }
    }

    /// The entry of an act of it that went well; fill in what else is known.
    #[must_use]
    pub fn entry(&self, at: Timestamp, act: &str) -> AuditEntry {
        AuditEntry { from: self.from.clone(), on: self.on.clone(), ..AuditEntry::new(at, self.actor.clone(), act) }
    }
}

/// Entries in which an act of a moment ago is looked for.
const RECENT: usize = 1000;

/// The trail of one daemon.
pub struct Audit {
    clock: Clock,
    open: Mutex<Open>,
}

struct Open {
    trail: Trail,
    flood: Flood,
}

impl Audit {
    /// The trail in `state_dir/audit`; touches nothing yet.
    #[must_use]
    pub fn new(state_dir: &Path, clock: Clock) -> Self {
        let trail = Trail::new(state_dir.join("audit"));
        Self { clock, open: Mutex::new(Open { trail, flood: Flood::default() }) }
    }

    /// Appends an entry; it is on disk when this returns. Blocks for that long.
    ///
    /// # Errors
    /// When it cannot be written: then what it is about must not be handed out.
    pub fn record(&self, entry: &AuditEntry) -> Result<(), AuditError> {
        self.lock().trail.append(entry)
    }

    /// Appends the entry of a refusal. Many of one kind within a minute become one line that says
    /// how many they were.
    pub fn refused(&self, entry: AuditEntry) {
        let mut open = self.lock();
        let due = open.flood.take(entry);
        open.write(&due);
    }

    /// Whether one of the newest entries tells of this act.
    #[must_use]
    pub fn tells(&self, act: &str, gid: Gid) -> bool {
        let newest = self.read(None, RECENT);
        newest.is_ok_and(|trail| trail.entries.iter().any(|entry| entry.act == act && entry.gid == Some(gid)))
    }

    /// Writes the refusals that are only counted so far.
    pub fn close(&self) {
        let mut open = self.lock();
        let rest = open.flood.rest();
        open.write(&rest);
    }

    /// At most `limit` entries after `after`; without it the newest ones.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn read(&self, after: Option<&Cursor>, limit: usize) -> Result<AuditTrail, AuditError> {
        let trail = self.written();
        match after {
            Some(cursor) => trail.after(cursor, limit),
            None => trail.newest(limit),
        }
    }

    /// Whether the trail is what was written, and where the line whose SHA-256 somebody has noted is.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn verify(&self, noted: Option<&str>) -> Result<AuditChain, AuditError> {
        self.written().walk(noted, |_line| ())
    }

    /// The lines that name this export or archive, as they stand, and the chain that they are in.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn lines_of(&self, gid: Gid) -> Result<(Vec<u8>, AuditChain), AuditError> {
        let mut lines = Vec::new();
        let chain = self.written().walk(None, |line| {
            if names(line, gid) {
                lines.extend_from_slice(line);
            }
        })?;
        Ok((lines, chain))
    }

    /// The trail with what is due now. A reader of a long one must not hold up those who write.
    fn written(&self) -> Trail {
        let mut open = self.lock();
        let due = open.flood.due(self.clock.now());
        open.write(&due);
        open.trail.clone()
    }

    /// A panic while the lock was held leaves at worst a line cut short, which is begun anew.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a line is about it, or about a route that has it in its path.
fn names(line: &[u8], gid: Gid) -> bool {
    let number = gid.to_string();
    serde_json::from_slice::<AuditEntry>(line)
        .is_ok_and(|entry| entry.gid == Some(gid) || entry.on.split('/').any(|part| part == number))
}

impl Open {
    /// What was refused stays refused, so a trail that cannot be written is only logged here.
    fn write(&mut self, entries: &[AuditEntry]) {
        for entry in entries {
            if let Err(error) = self.trail.append(entry) {
                tracing::error!(act = entry.act, "a refusal is missing in the audit trail: {error}");
            }
        }
    }
}
