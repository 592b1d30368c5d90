//! The files that rows name, fetched and written after the rows, and the list of them.
//!
//! Files are no part of the database's snapshot: they are fetched when all rows are written, so that whatever a row
//! names was there before. What is not as its row says is told, and the archive is finished all the same.

use std::io::{self, Read, Seek, Write};

use flate2::{Compress, Compression, FlushCompress};
use orgvault_api::{ArchiveFiles, Warning};
use orgvault_archive::{full::bag::Hashed, manifest::FILE_LIST_HEADER, naming::hex};
use sha2::{Digest, Sha256};

pub(super) use self::named::Named;
use self::named::{Claim, NamedFile};
pub use self::named::{NamedFiles, Naming};
use super::{
    ArchivePlan, Fetch, FormatError, Written,
    csv::quote,
    transcode::Named as Places,
    zip::container::{Container, Method},
};
use crate::{
    product::CsvQuote,
    uploads::{FilePath, NoFile, Upload, UploadsError},
};

mod named;

/// Read at once.
const BLOCK: usize = 256 * 1024;
/// So much of a file decides whether it is worth compressing.
const SAMPLE: usize = 64 * 1024;
/// So much of a path is shown in a warning, in characters.
const SHOWN: usize = 300;
/// It is, where deflate leaves less than so many percent of that.
const WORTH_PERCENT: usize = 95;

/// What became of a file, as the list says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    Missing,
    Changed,
    Refused,
    Unreadable,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What became of one file.
struct Became {
    status: Status,
    /// What the archive holds of it.
    held: Option<Hashed>,
    /// Why, where not all is well.
    why: String,
    /// Which of the rows that name it is told of, by its place.
    row: usize,
}

impl Became {
    fn of(status: Status, held: Option<Hashed>, why: impl Into<String>) -> Self {
        Self { status, held, why: why.into(), row: 0 }
    }
}

/// What became of all files.
#[derive(Default)]
pub(super) struct Fetched {
    pub(super) files: ArchiveFiles,
    missing: Places,
    changed: Places,
    refused: Places,
    unreadable: Places,
}

impl Fetched {
    /// Moves what was found into an encoder's result.
    pub(super) fn report(self, written: &mut Written) {
        let named = |places: &Places, code: &str, message: String| {
            let warning = || Warning { code: code.to_owned(), message, ids: places.names().to_vec() };
            (places.total() > 0).then(warning)
        };
        let count = |places: &Places| match places.total() {
            1 => "1 file that a row names".to_owned(),
            total => format!("{total} files that rows name"),
        };
        let warnings = [
            named(
                &self.missing,
                "files_missing",
                format!("{}: not found, and not in the archive", count(&self.missing)),
            ),
            named(
                &self.changed,
                "files_changed",
                format!(
                    "{}: not as the row says, or changed meanwhile; the archive holds what was there",
                    count(&self.changed)
                ),
            ),
            named(
                &self.refused,
                "files_refused",
                format!("{}: not below the source's `files`, or no file; not in the archive", count(&self.refused)),
            ),
            named(
                &self.unreadable,
                "files_unreadable",
                format!("{}: not readable; the archive holds what could be read", count(&self.unreadable)),
            ),
        ];
        written.warnings.extend(warnings.into_iter().flatten());
        written.files = Some(self.files);
    }

    fn add(&mut self, status: Status, held: Option<&Hashed>, name: impl FnOnce() -> String) {
        if let Some(held) = held {
            self.files.count += 1;
            self.files.bytes += held.bytes;
        }
        let (places, count) = match status {
            Status::Ok => return,
            Status::Missing => (&mut self.missing, &mut self.files.missing),
            Status::Changed => (&mut self.changed, &mut self.files.changed),
            Status::Refused => (&mut self.refused, &mut self.files.refused),
            Status::Unreadable => (&mut self.unreadable, &mut self.files.unreadable),
        };
        *count += 1;
        let name = places.is_named().then(name);
        places.add(name);
    }
}

/// The files of an archive while they are written.
pub(super) struct FileWriter<'a, W: Write + Seek> {
    fetch: &'a Fetch,
    container: &'a mut Container<W>,
    /// Bytes of members before compression.
    passed: &'a mut u64,
    /// Is given those.
    told: &'a mut dyn FnMut(u64),
    /// The name of the member that holds a file, by its path.
    member: fn(&str) -> String,
    block: Vec<u8>,
    compress: Compress,
    packed: Vec<u8>,
}

impl<'a, W: Write + Seek> FileWriter<'a, W> {
    pub(super) fn new(
        (plan, fetch): (&ArchivePlan, &'a Fetch),
        (container, passed): (&'a mut Container<W>, &'a mut u64),
        member: fn(&str) -> String,
        told: &'a mut dyn FnMut(u64),
    ) -> Self {
        Self {
            fetch,
            container,
            passed,
            told,
            member,
            block: vec![0; BLOCK],
            compress: Compress::new(Compression::new(plan.level), false),
            packed: Vec::with_capacity(SAMPLE + SAMPLE / 8),
        }
    }

    /// Writes every file that was named; gives what became of them and the list that says so. `held` is given what the
    /// archive holds of each.
    ///
    /// # Errors
    /// When no file at all can be fetched, it is told to stop, or the bytes cannot be written.
    pub(super) fn write(
        mut self,
        named: &NamedFiles,
        mut held: impl FnMut(Hashed),
    ) -> Result<(Fetched, Vec<u8>), FormatError> {
        let mut fetched = Fetched::default();
        let mut list = Vec::new();
        line(FILE_LIST_HEADER, &mut list);
        for (name, file) in named {
            let became = self.fetch_one(name, file)?;
            fetched.add(became.status, became.held.as_ref(), || described(name, file, &became));
            in_list(name, file, &became, &mut list);
            became.held.into_iter().for_each(&mut held);
        }
        Ok((fetched, list))
    }

    fn fetch_one(&mut self, name: &str, file: &NamedFile) -> Result<Became, FormatError> {
        self.go_on()?;
        let path = match file.refused.map_or_else(|| FilePath::new(name), Err) {
            Ok(path) => path,
            Err(refusal) => return Ok(Became::of(Status::Refused, None, refusal.to_string())),
        };
        match self.fetch.place.file(&path) {
            Ok(content) => self.copy(name, file, content),
            Err(NoFile::Missing) => Ok(Became::of(Status::Missing, None, "")),
            Err(NoFile::Refused { why }) => Ok(Became::of(Status::Refused, None, why)),
            Err(NoFile::Unreadable { why }) => Ok(Became::of(Status::Unreadable, None, why)),
            Err(NoFile::Gone(error)) => Err(self.go_on().err().unwrap_or(FormatError::Uploads(error))),
        }
    }

    fn copy(&mut self, name: &str, file: &NamedFile, mut content: Box<dyn Upload>) -> Result<Became, FormatError> {
        let (mut count, mut fault) = fill(&mut content, &mut self.block);
        if let Some(fault) = fault.take_if(|_| count == 0) {
            return Ok(Became::of(Status::Unreadable, None, self.unreadable(fault)?));
        }
        let (method, member) = (self.method(count)?, (self.member)(name));
        self.container.begin(&member, method).map_err(FormatError::Write)?;
        let (mut bytes, mut sha256) = (0, Sha256::new());
        while count > 0 {
            let read = self.block.get(..count).unwrap_or_default();
            self.container.write(read).map_err(FormatError::Write)?;
            sha256.update(read);
            bytes += count as u64;
            *self.passed += count as u64;
            (self.told)(*self.passed);
            self.go_on()?;
            if fault.is_some() {
                break;
            }
            (count, fault) = fill(&mut content, &mut self.block);
        }
        self.container.end().map_err(FormatError::Write)?;
        let held = Hashed { name: member, bytes, sha256: hex(&sha256.finalize()) };
        if let Some(fault) = fault {
            let why = format!("after {bytes} bytes: {}", self.unreadable(fault)?);
            return Ok(Became::of(Status::Unreadable, Some(held), why));
        }
        let mut differences = file.claims.iter().map(|claim| difference(claim, &held)).enumerate();
        if let Some((row, why)) = differences.find_map(|(row, why)| Some((row, why?))) {
            return Ok(Became { row, ..Became::of(Status::Changed, Some(held), why) });
        }
        Ok(if content.has_changed() {
            Became::of(Status::Changed, Some(held), "it changed while it was read")
        } else {
            Became::of(Status::Ok, Some(held), "")
        })
    }

    /// Whether deflate makes the beginning of a file smaller, of which `count` bytes are read: pictures, videos and
    /// archives are compressed already.
    fn method(&mut self, count: usize) -> Result<Method, FormatError> {
        let sample = self.block.get(..count.min(SAMPLE)).unwrap_or_default();
        self.compress.reset();
        self.packed.clear();
        let packed = self.compress.compress_vec(sample, &mut self.packed, FlushCompress::Finish);
        packed.map_err(|cause| FormatError::Write(io::Error::other(cause)))?;
        let is_worth_it = self.packed.len() * 100 < sample.len() * WORTH_PERCENT;
        Ok(if is_worth_it { Method::Deflate } else { Method::Store })
    }

    /// Why a file was not read to its end; an error where it is the place's fault.
    fn unreadable(&self, fault: io::Error) -> Result<String, FormatError> {
        self.go_on()?;
        match fault.downcast::<UploadsError>() {
            Ok(error) => Err(FormatError::Uploads(error)),
            Err(fault) => Ok(fault.to_string()),
        }
    }

    fn go_on(&self) -> Result<(), FormatError> {
        if self.fetch.stop.is_cancelled() { Err(FormatError::Stopped) } else { Ok(()) }
    }
}

/// A file as a warning names it: by the row that it is not as, or the first one.
fn described(name: &str, file: &NamedFile, became: &Became) -> String {
    let (table, id) = row(file, became.row);
    let why = if became.why.is_empty() { String::new() } else { format!(" ({})", became.why) };
    let name: String = name.chars().take(SHOWN).collect();
    format!("{table} {id}: {name}{why}")
}

fn in_list(name: &str, file: &NamedFile, became: &Became, out: &mut Vec<u8>) {
    let (table, id) = row(file, 0);
    let held = became.held.as_ref();
    let bytes = held.map(|held| held.bytes.to_string()).unwrap_or_default();
    let sha256 = held.map_or("", |held| held.sha256.as_str());
    line([name, &bytes, sha256, became.status.name(), table, id], out);
}

fn row(file: &NamedFile, place: usize) -> (&str, &str) {
    file.claims.get(place).map_or(("", ""), |claim| (&claim.table, &claim.id))
}

/// How a file differs from what a row says of it.
fn difference(claim: &Claim, held: &Hashed) -> Option<String> {
    match &claim.bytes {
        Some(Ok(bytes)) if *bytes != held.bytes => {
            return Some(format!("it has {} bytes and the row says {bytes}", held.bytes));
        }
        Some(Err(_)) => return Some("the row's size is no number".to_owned()),
        _ => {}
    }
    match &claim.sha256 {
        Some(Ok(sha256)) if **sha256 != held.sha256 => Some("its SHA-256 is not the row's".to_owned()),
        Some(Err(_)) => Some("the row's SHA-256 is none".to_owned()),
        _ => None,
    }
}

/// A line of the list.
fn line(fields: [&str; FILE_LIST_HEADER.len()], out: &mut Vec<u8>) {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quote(CsvQuote::Minimal, field.as_bytes(), out);
    }
    out.push(b'\n');
}

/// Reads until the block is full or the content ends; an error comes with what was read before it.
fn fill(content: &mut dyn Read, block: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match content.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

#[cfg(test)]
mod tests;
