//! The trail's files: one for each start of the daemon and each day, a new one when one is full,
//! named by the time of their first line, so that their names sort as their lines do, whatever the
//! clock does.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
};

use chrono::{NaiveDateTime, TimeDelta};
use orgvault_api::{AuditChain, AuditEntry, AuditTrail, clock::Timestamp};
use orgvault_files::open;
use rustix::fs::OFlags;

use super::{
    AuditError,
    chain::{Head, Walk},
};
use crate::permissions;

const SUFFIX: &str = ".jsonl";
const NAME: &str = "%Y%m%dT%H%M%S%.6fZ";
const FILE_MODE: u32 = 0o640;
const DIRECTORY_MODE: u32 = 0o750;

/// A file that has grown beyond it is followed by another one.
const FILE_BYTES: u64 = 8 * 1024 * 1024;

/// The oldest files are removed when all of them hold more.
const TOTAL_BYTES: u64 = 1024 * 1024 * 1024;

/// Files that begin longer ago are removed.
const KEPT: TimeDelta = TimeDelta::days(400);

/// A place between two lines of the trail: where the next entry is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The file's name without its suffix.
    file: String,
    /// Bytes from its beginning.
    offset: u64,
}

/// The text is no place in the trail.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no place in the audit trail: pass on what `next` said")]
pub struct InvalidCursor(String);

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let read = || {
            let (file, offset) = text.split_once(':')?;
            began(file)?;
            Some(Self { file: file.to_owned(), offset: offset.parse().ok()? })
        };
        read().ok_or_else(|| InvalidCursor(text.chars().take(60).collect()))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

/// The files, and the one that is written to.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    directory: PathBuf,
    /// None: the next entry begins a new file.
    current: Option<String>,
    /// None: the last line is to be read from the disk.
    head: Option<Head>,
}

impl Trail {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, current: None, head: None }
    }

    /// Appends one line and syncs it. A line that was cut short is taken back.
    pub(super) fn append(&mut self, entry: &AuditEntry) -> Result<(), AuditError> {
        let head = self.head.take().map_or_else(|| self.last_line(), Ok)?;
        let line = head.line(entry).map_err(|error| self.failed("write", error.into()))?;
        let name = self.current_for(entry.at)?;
        let path = self.path(&name);
        let failed = |cause| AuditError { act: "write", path: path.clone(), cause };
        // Opened each time: a file that was moved away must not swallow lines.
        let mut file = open_to_append(&path).map_err(failed)?;
        let before = file.metadata().map_err(failed)?.len();
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if let Err(cause) = written {
            if file.set_len(before).is_err() {
                // Whether the line is there whole is to be read again.
                (self.current, self.head) = (None, None);
            }
            return Err(failed(cause));
        }
        self.head = Some(head.after(&line));
        self.current = (before + (line.len() as u64) < FILE_BYTES).then_some(name);
        Ok(())
    }

    /// The newest `limit` entries.
    pub(super) fn newest(&self, limit: usize) -> Result<AuditTrail, AuditError> {
        let names = self.names()?;
        let mut trail = AuditTrail::default();
        for name in names.iter().rev() {
            let mut older = AuditTrail::default();
            let end = self.read(&Cursor { file: name.clone(), offset: 0 }, usize::MAX, &mut older)?;
            if trail.next.is_empty() {
                trail.next = end.to_string();
            }
            trail.unreadable += older.unreadable;
            let missing = limit - trail.entries.len();
            let skipped = older.entries.len().saturating_sub(missing);
            trail.entries.splice(0..0, older.entries.drain(skipped..));
            if trail.entries.len() == limit {
                break;
            }
        }
        Ok(trail)
    }

    /// At most `limit` entries from `cursor` on.
    pub(super) fn after(&self, cursor: &Cursor, limit: usize) -> Result<AuditTrail, AuditError> {
        let mut trail = AuditTrail { next: cursor.to_string(), ..AuditTrail::default() };
        for name in self.names()?.into_iter().filter(|name| *name >= cursor.file) {
            let offset = if name == cursor.file { cursor.offset } else { 0 };
            let end = self.read(&Cursor { file: name, offset }, limit, &mut trail)?;
            trail.next = end.to_string();
            if trail.entries.len() >= limit {
                break;
            }
        }
        Ok(trail)
    }

    /// Reads all whole lines, oldest first, and says whether they are those that were written; `visit`
    /// is shown each with its end.
    pub(super) fn walk(&self, noted: Option<&str>, mut visit: impl FnMut(&[u8])) -> Result<AuditChain, AuditError> {
        let mut walk = Walk::looking_for(noted);
        for name in self.names()? {
            let (file, mut line) = (format!("{name}{SUFFIX}"), 0);
            let torn = self.each_line(&name, |bytes| {
                line += 1;
                walk.line(&file, line, bytes);
                visit(bytes);
            })?;
            if torn {
                walk.torn();
            }
        }
        Ok(walk.end())
    }

    /// The last whole line of the newest file that has one.
    fn last_line(&self) -> Result<Head, AuditError> {
        for name in self.names()?.iter().rev() {
            let mut head: Option<Head> = None;
            self.each_line(name, |line| head = Some(head.take().unwrap_or_default().after(line)))?;
            if let Some(head) = head {
                return Ok(head);
            }
        }
        Ok(Head::default())
    }

    /// Shows `visit` each whole line of a file with its end; says whether one without an end follows.
    fn each_line(&self, name: &str, mut visit: impl FnMut(&[u8])) -> Result<bool, AuditError> {
        let path = self.path(name);
        let failed = |cause| AuditError { act: "read", path: path.clone(), cause };
        let mut file = BufReader::new(open::regular(&path).map_err(failed)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            file.read_until(b'\n', &mut line).map_err(failed)?;
            if line.last() != Some(&b'\n') {
                return Ok(!line.is_empty());
            }
            visit(&line);
        }
    }

    /// Adds a file's whole lines to `trail` until it has `limit` entries; gives the place after
    /// them.
    fn read(&self, from: &Cursor, limit: usize, trail: &mut AuditTrail) -> Result<Cursor, AuditError> {
        let path = self.path(&from.file);
        let failed = |cause| AuditError { act: "read", path: path.clone(), cause };
        let mut file = BufReader::new(open::regular(&path).map_err(failed)?);
        file.seek(SeekFrom::Start(from.offset)).map_err(failed)?;
        let mut end = from.clone();
        let mut line = Vec::new();
        while trail.entries.len() < limit {
            line.clear();
            file.read_until(b'\n', &mut line).map_err(failed)?;
            if line.pop() != Some(b'\n') {
                break;
            }
            end.offset += line.len() as u64 + 1;
            match serde_json::from_slice(&line) {
                Ok(entry) => trail.entries.push(entry),
                Err(error) => {
                    trail.unreadable += 1;
                    tracing::warn!(file = %path.display(), end = end.offset, %error, "a line of the audit trail is unreadable");
                }
            }
        }
        Ok(end)
    }

    /// The file to write to at `at`; makes the directory, and room where a new file begins.
    fn current_for(&self, at: Timestamp) -> Result<String, AuditError> {
        // A clock that was set back goes on with the file that is there.
        let today = |name: &&String| began(name).is_some_and(|began| began.date() >= at.naive_utc().date());
        if let Some(name) = self.current.as_ref().filter(today) {
            return Ok(name.clone());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE);
        builder.create(&self.directory).map_err(|cause| self.failed("make the directory of", cause))?;
        self.make_room(at)?;
        Ok(name_after(self.names()?.last(), at))
    }

    fn make_room(&self, now: Timestamp) -> Result<(), AuditError> {
        let mut files = Vec::new();
        for name in self.names()? {
            let path = self.path(&name);
            let bytes = fs::symlink_metadata(&path).map_err(|cause| AuditError { act: "look at", path, cause })?.len();
            files.push((name, bytes));
        }
        for (name, _) in &files[..superfluous(&files, now)] {
            let path = self.path(name);
            fs::remove_file(&path).map_err(|cause| AuditError { act: "shorten", path: path.clone(), cause })?;
            tracing::info!(file = %path.display(), "removed the oldest file of the audit trail");
        }
        Ok(())
    }

    /// The files' names without their suffix, oldest first.
    fn names(&self) -> Result<Vec<String>, AuditError> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(self.failed("list", cause)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(|cause| self.failed("list", cause))?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(SUFFIX));
            names.extend(name.filter(|name| began(name).is_some()).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}{SUFFIX}"))
    }

    fn failed(&self, act: &'static str, cause: io::Error) -> AuditError {
        AuditError { act, path: self.directory.clone(), cause }
    }
}

fn open_to_append(path: &Path) -> io::Result<File> {
    // Neither a link nor a named pipe that somebody put there takes the lines.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().append(true).create(true).mode(FILE_MODE).custom_flags(flags).open(path)?;
    if file.metadata()?.len() == 0 {
        permissions::of_file(&file, FILE_MODE)?;
    }
    Ok(file)
}

/// When a file's first line was written, by its name.
fn began(name: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(name, NAME).ok()
}

/// The name of a file that begins at `at`, which sorts after the newest one that is there.
fn name_after(newest: Option<&String>, at: Timestamp) -> String {
    let at = at.naive_utc();
    let next = newest.and_then(|name| began(name)).map(|newest| newest + TimeDelta::microseconds(1));
    next.map_or(at, |next| next.max(at)).format(NAME).to_string()
}

/// How many of the files, oldest first, are too old or too much.
fn superfluous(files: &[(String, u64)], now: Timestamp) -> usize {
    let oldest = (now - KEPT).naive_utc();
    let old = files.iter().take_while(|(name, _)| began(name).is_some_and(|began| began < oldest)).count();
    let mut bytes: u64 = files[old..].iter().map(|(_, bytes)| bytes).sum();
    let much = files[old..].iter().take_while(|(_, size)| {
        let too_much = bytes > TOTAL_BYTES;
        bytes -= size;
        too_much
    });
    old + much.count()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use chrono::DateTime;
    use orgvault_api::Actor;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn entry(seconds: i64) -> AuditEntry {
        AuditEntry::new(at(seconds), Actor::Daemon { part: "test".to_owned() }, "test")
    }

    fn seconds(trail: &AuditTrail) -> Vec<i64> {
        trail.entries.iter().map(|entry| (entry.at - at(0)).num_seconds()).collect()
    }

    fn trail() -> (tempfile::TempDir, Trail) {
        let directory = tempfile::tempdir().unwrap();
        let trail = Trail::new(directory.path().join("audit"));
        (directory, trail)
    }

    #[test]
    fn lines_are_read_in_order_across_days_and_starts() {
        let (directory, mut trail) = trail();
        for day in 0..3 {
            for second in 0..3 {
                trail.append(&entry(day * 86_400 + second)).unwrap();
            }
        }
        (trail.current, trail.head) = (None, None);
        trail.append(&entry(300_000)).unwrap();
        let names = trail.names().unwrap();
        assert_eq!(names.len(), 4);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&trail.path(&names[0])), mode(&directory.path().join("audit"))), (0o640, 0o750));
        assert_eq!(seconds(&trail.newest(3).unwrap()), [172_801, 172_802, 300_000]);
        let all = trail.newest(100).unwrap();
        assert_eq!(all.entries.len(), 10);
        let first = trail.after(&Cursor { file: names[0].clone(), offset: 0 }, 4).unwrap();
        assert_eq!(seconds(&first), [0, 1, 2, 86_400]);
        let rest = trail.after(&first.next.parse().unwrap(), 100).unwrap();
        assert_eq!((rest.entries.len(), &rest.next), (6, &all.next));
        let none = trail.after(&rest.next.parse().unwrap(), 100).unwrap();
        assert_eq!((none.entries.len(), &none.next), (0, &all.next));
    }

    #[test]
    fn a_full_file_is_followed_by_another_and_a_line_without_end_is_not_read_yet() {
        let (_directory, mut trail) = trail();
        trail.append(&entry(0)).unwrap();
        let first = trail.names().unwrap()[0].clone();
        File::options().write(true).open(trail.path(&first)).unwrap().set_len(FILE_BYTES).unwrap();
        trail.append(&entry(1)).unwrap();
        trail.append(&entry(2)).unwrap();
        let names = trail.names().unwrap();
        assert_eq!(names.len(), 2);
        fs::write(trail.path(&names[1]), "{\"at\":").unwrap();
        assert!(trail.after(&Cursor { file: names[1].clone(), offset: 0 }, 9).unwrap().entries.is_empty());
    }

    #[test]
    fn an_unreadable_line_is_counted() {
        let (_directory, mut trail) = trail();
        trail.append(&entry(0)).unwrap();
        let name = trail.names().unwrap()[0].clone();
        let text = fs::read_to_string(trail.path(&name)).unwrap();
        fs::write(trail.path(&name), format!("garbage\n{text}")).unwrap();
        let read = trail.newest(9).unwrap();
        assert_eq!((read.entries.len(), read.unreadable), (1, 1));
    }

    #[test]
    fn the_chain_goes_on_across_files_days_and_starts_and_begins_where_the_oldest_file_does() {
        let (_directory, mut trail) = trail();
        for start in 0..3 {
            for second in 0..2 {
                trail.append(&entry(start * 86_400 + second)).unwrap();
            }
            (trail.current, trail.head) = (None, None);
        }
        let chain = trail.walk(None, |_line| ()).unwrap();
        assert_eq!((chain.whole, chain.lines, chain.first, chain.number), (true, 6, Some(1), 6));
        let names = trail.names().unwrap();
        fs::remove_file(trail.path(&names[0])).unwrap();
        let later = trail.walk(None, |_line| ()).unwrap();
        assert_eq!((later.whole, later.lines, later.first, later.number), (true, 4, Some(3), 6));
        assert_eq!(later.head, chain.head);
        fs::remove_file(trail.path(&names[1])).unwrap();
        trail.append(&entry(999_999)).unwrap();
        assert!(trail.walk(None, |_line| ()).unwrap().whole);
    }

    #[test]
    fn a_file_that_is_gone_in_between_is_missed() {
        let (_directory, mut trail) = trail();
        for day in 0..3 {
            trail.append(&entry(day * 86_400)).unwrap();
        }
        let names = trail.names().unwrap();
        fs::remove_file(trail.path(&names[1])).unwrap();
        let chain = trail.walk(None, |_line| ()).unwrap();
        let at = &chain.breaks[0];
        assert_eq!((at.code.as_str(), at.line, &at.file), ("missing", 1, &format!("{}{SUFFIX}", names[2])));
    }

    #[test]
    fn a_line_that_a_crash_cut_short_breaks_nothing() {
        let (_directory, mut trail) = trail();
        for second in 0..3 {
            trail.append(&entry(second)).unwrap();
        }
        let name = trail.names().unwrap()[0].clone();
        let whole = fs::read(trail.path(&name)).unwrap();
        for cut in 1..60 {
            fs::write(trail.path(&name), &whole[..whole.len() - cut]).unwrap();
            let mut after = Trail::new(trail.directory.clone());
            after.append(&entry(10)).unwrap();
            let chain = after.walk(None, |_line| ()).unwrap();
            assert_eq!((chain.whole, chain.lines, chain.torn, chain.number), (true, 3, 1, 3), "{cut}");
            fs::remove_file(after.path(&after.names().unwrap()[1])).unwrap();
        }
    }

    #[test]
    fn a_clock_that_is_set_back_neither_breaks_the_chain_nor_makes_a_file_for_each_line() {
        let (_directory, mut trail) = trail();
        for second in [0, 100, -200_000, -100_000, 50] {
            trail.append(&entry(second)).unwrap();
        }
        assert_eq!(trail.names().unwrap().len(), 1);
        let mut after = Trail::new(trail.directory.clone());
        after.append(&entry(-300_000)).unwrap();
        after.append(&entry(-299_000)).unwrap();
        assert_eq!(trail.names().unwrap().len(), 2);
        let chain = after.walk(None, |_line| ()).unwrap();
        assert_eq!((chain.whole, chain.number), (true, 7), "{chain:?}");
    }

    #[test]
    fn a_trail_from_before_the_chain_stays_readable_and_goes_on() {
        let (_directory, mut trail) = trail();
        trail.append(&entry(0)).unwrap();
        let name = trail.names().unwrap()[0].clone();
        let older = serde_json::to_string(&entry(0)).unwrap();
        fs::write(trail.path(&name), format!("{older}\n{older}\n")).unwrap();
        let mut after = Trail::new(trail.directory.clone());
        after.append(&entry(5)).unwrap();
        assert_eq!(seconds(&after.newest(9).unwrap()), [0, 0, 5]);
        let chain = after.walk(None, |_line| ()).unwrap();
        assert_eq!((chain.whole, chain.lines, chain.unchained, chain.first), (true, 3, 2, Some(1)), "{chain:?}");
    }

    #[test]
    fn old_files_and_those_beyond_the_total_go_oldest_first() {
        let name = |days: i64| (at(0) - TimeDelta::days(days)).format(NAME).to_string();
        let files: Vec<(String, u64)> =
            [500, 401, 399, 10, 1].into_iter().map(|days| (name(days), 400 * 1024 * 1024)).collect();
        assert_eq!(superfluous(&files, at(0)), 3);
        assert_eq!(superfluous(&files[3..], at(0)), 0);
        assert_eq!(superfluous(&[], at(0)), 0);
    }

    #[test]
    fn a_place_is_what_it_was_written_as_and_no_path() {
        let cursor = Cursor { file: at(0).format(NAME).to_string(), offset: 7 };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", ":", "../../etc/passwd:0", "20270115T080000.000000Z", "20270115T080000.000000Z:-1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
