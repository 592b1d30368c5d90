//! Reads a ZIP as PHP's `ZipArchive::extractTo` (libzip) does: the central directory alone
//! counts, checksums do not, and the first entry that cannot be opened ends the extraction
//! without an error. Measured with libzip 1.7.3.

mod content;

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use orgvault_archive::ArchiveReader;

pub(super) use self::content::Content;

/// How far from the end libzip looks for the end of the central directory.
const SEARCHED: u64 = 65_536 + 22 + 20;
/// A directory with more entries is not read to its end.
const MOST_ENTRIES: u64 = 1_000_000;
/// A larger directory is not looked into: what it names is held in memory.
const LARGEST_DIRECTORY: u64 = 8 << 20;

/// Why the importer cannot open the ZIP: libzip's error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// 19.
    #[error("it is no ZIP, or something stands before its first member (error code 19)")]
    NoZip,
    /// 21.
    #[error("its central directory does not fit the file (error code 21)")]
    Inconsistent,
    /// None of libzip's.
    #[error("its central directory has more than 8 MiB, and orgvault looks into no larger one")]
    TooLarge,
    /// 1.
    #[error("it is one part of a ZIP in several files (error code 1)")]
    MultiDisk,
}

/// One entry of the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    method: u16,
    encrypted: bool,
    crc: u32,
    compressed: u64,
    offset: u64,
}

/// Where a name of the archive ends up below the importer's directory.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// Directly in it.
    File(String),
    /// In a directory or as one; its first part.
    Below(String),
    /// Nowhere: extraction ends here.
    Nowhere,
}

/// What the importer finds in its directory after the extraction.
#[derive(Debug, Default)]
pub(super) struct Extracted {
    files: HashMap<String, Entry>,
    /// Names of wanted files that are directories.
    pub(super) folders: Vec<String>,
    /// The entry at which extraction ended early, and why.
    pub(super) ended_at: Option<(String, &'static str)>,
}

/// Extracts, in thought, the files of these names.
///
/// # Errors
/// When the file cannot be read; a ZIP that libzip refuses is the inner error.
pub(super) fn extract(file: &ArchiveReader, wanted: &[&str]) -> io::Result<Result<Extracted, Refusal>> {
    let length = file.size();
    let directory = match find_directory(file, length)? {
        Ok(directory) => directory,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut entries = Entries::open(file, &directory)?;
    let mut extracted = Extracted::default();
    let mut first_of_name: HashMap<Vec<u8>, Entry> = HashMap::new();
    while let Some(entry) = entries.next_entry()? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if extracted.ended_at.is_some() {
            continue;
        }
        if let Some(why) = unreadable(&entry, length) {
            extracted.ended_at = Some((String::from_utf8_lossy(&entry.name).chars().take(64).collect(), why));
            continue;
        }
        match target(&entry.name) {
            Target::File(name) if wanted.contains(&name.as_str()) => {
                // libzip opens by name, so of two entries of one name it takes the first twice.
                let entry = first_of_name.entry(entry.name.clone()).or_insert(entry).clone();
                extracted.files.insert(name, entry);
            }
            Target::Below(first) if wanted.contains(&first.as_str()) => extracted.folders.push(first),
            Target::File(_) | Target::Below(_) => {}
            Target::Nowhere => extracted.ended_at = Some((String::new(), "has no name")),
        }
    }
    extracted.folders.dedup();
    extracted.folders.truncate(wanted.len());
    Ok(Ok(extracted))
}

impl Extracted {
    /// Whether a file is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The content of a file, as far as libzip can decompress it.
    ///
    /// # Errors
    /// When the ZIP cannot be read.
    pub(super) fn read(&self, file: &ArchiveReader, name: &str) -> io::Result<Option<Content>> {
        self.files.get(name).map(|entry| Content::open(file, entry)).transpose()
    }
}

/// Why libzip cannot open an entry.
fn unreadable(entry: &Entry, length: u64) -> Option<&'static str> {
    match entry.method {
        _ if entry.encrypted => Some("is encrypted"),
        0 | 8 | 12 if entry.offset.saturating_add(30) > length => Some("lies beyond the end of the file"),
        0 | 8 | 12 => None,
        _ => Some("is compressed by a method that the importer does not know"),
    }
}

/// `..` and `.` are resolved below the directory, so that nothing leaves it.
fn target(name: &[u8]) -> Target {
    if name.is_empty() {
        return Target::Nowhere;
    }
    let name = String::from_utf8_lossy(name);
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.as_slice() {
        [only] if !name.ends_with('/') => Target::File((*only).to_owned()),
        [first, ..] => Target::Below((*first).to_owned()),
        [] => Target::Below(String::new()),
    }
}

/// Where the central directory is.
#[derive(Debug, Clone, Copy)]
struct Directory {
    entries: u64,
    size: u64,
    offset: u64,
}

fn find_directory(file: &ArchiveReader, length: u64) -> io::Result<Result<Directory, Refusal>> {
    let start = length.saturating_sub(SEARCHED);
    let tail = read_at(file, start, length - start)?;
    let mut refusal = Refusal::NoZip;
    for at in memchr::memmem::rfind_iter(&tail, b"PK\x05\x06") {
        let Some(record) = tail.get(at..at + 22) else { continue };
        match directory_of(file, &tail, at, record, start)? {
            Ok(directory) => return Ok(Ok(directory)),
            Err(found) if refusal == Refusal::NoZip => refusal = found,
            Err(_) => {}
        }
    }
    Ok(Err(refusal))
}

fn directory_of(
    file: &ArchiveReader,
    tail: &[u8],
    at: usize,
    record: &[u8],
    start: u64,
) -> io::Result<Result<Directory, Refusal>> {
    let comment = usize::from(short(record, 20));
    if tail.len() - at - 22 < comment {
        return Ok(Err(Refusal::Inconsistent));
    }
    if short(record, 4) != 0 || short(record, 6) != 0 {
        return Ok(Err(Refusal::MultiDisk));
    }
    let mut directory = Directory {
        entries: u64::from(short(record, 10)),
        size: u64::from(long(record, 12)),
        offset: u64::from(long(record, 16)),
    };
    let locator = at.checked_sub(20).and_then(|locator| tail.get(locator..at));
    if let Some(locator) = locator.filter(|locator| locator.starts_with(b"PK\x06\x07")) {
        let record = read_at(file, very_long(locator, 8), 56)?;
        if record.len() < 56 || !record.starts_with(b"PK\x06\x06") {
            return Ok(Err(Refusal::Inconsistent));
        }
        directory =
            Directory { entries: very_long(&record, 32), size: very_long(&record, 40), offset: very_long(&record, 48) };
    }
    let end = start + at as u64;
    if directory.offset.saturating_add(directory.size) > end {
        return Ok(Err(Refusal::Inconsistent));
    }
    if directory.size > LARGEST_DIRECTORY {
        return Ok(Err(Refusal::TooLarge));
    }
    if directory.entries > 0 && !read_at(file, directory.offset, 4)?.starts_with(b"PK\x01\x02") {
        return Ok(Err(Refusal::NoZip));
    }
    Ok(Ok(directory))
}

/// Reads the entries one by one.
struct Entries<R> {
    input: io::Take<R>,
    left: u64,
}

impl Entries<BufReader<ArchiveReader>> {
    fn open(file: &ArchiveReader, directory: &Directory) -> io::Result<Self> {
        let mut file = file.again();
        file.seek(SeekFrom::Start(directory.offset))?;
        Ok(Self { input: BufReader::new(file).take(directory.size), left: directory.entries.min(MOST_ENTRIES) })
    }
}

impl<R: BufRead> Entries<R> {
    fn next_entry(&mut self) -> io::Result<Option<Result<Entry, Refusal>>> {
        if self.left == 0 {
            let rest = self.input.limit();
            self.input.set_limit(0);
            return Ok((rest > 0).then_some(Err(Refusal::Inconsistent)));
        }
        self.left -= 1;
        let fixed = self.bytes(46)?;
        if fixed.len() < 46 {
            return Ok(Some(Err(Refusal::Inconsistent)));
        }
        if !fixed.starts_with(b"PK\x01\x02") {
            return Ok(Some(Err(Refusal::NoZip)));
        }
        let name = self.bytes(short(&fixed, 28))?;
        let extra = self.bytes(short(&fixed, 30))?;
        let comment = self.bytes(short(&fixed, 32))?;
        let variable = name.len() + extra.len() + comment.len();
        if variable < usize::from(short(&fixed, 28)) + usize::from(short(&fixed, 30)) + usize::from(short(&fixed, 32)) {
            return Ok(Some(Err(Refusal::Inconsistent)));
        }
        let mut entry = Entry {
            name,
            method: short(&fixed, 10),
            encrypted: short(&fixed, 8) & 1 == 1,
            crc: long(&fixed, 16),
            compressed: u64::from(long(&fixed, 20)),
            offset: u64::from(long(&fixed, 42)),
        };
        widen(&mut entry, long(&fixed, 24) == u32::MAX, &extra);
        Ok(Some(Ok(entry)))
    }

    fn bytes(&mut self, count: u16) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::from(count));
        self.input.by_ref().take(u64::from(count)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Takes the sizes that did not fit from the ZIP64 extra field (APPNOTE 4.5.3).
fn widen(entry: &mut Entry, wide_size: bool, extra: &[u8]) {
    let mut rest = extra;
    while rest.len() >= 4 {
        let (id, size) = (short(rest, 0), usize::from(short(rest, 2)));
        let field = rest.get(4..4 + size).unwrap_or_default();
        if id == 1 {
            let mut values = field.chunks_exact(8).map(|value| very_long(value, 0));
            if wide_size {
                values.next();
            }
            if entry.compressed == u64::from(u32::MAX) {
                entry.compressed = values.next().unwrap_or(entry.compressed);
            }
            if entry.offset == u64::from(u32::MAX) {
                entry.offset = values.next().unwrap_or(entry.offset);
            }
        }
        rest = rest.get(4 + size..).unwrap_or_default();
    }
}

/// Whether a file starts as a ZIP does and has these members.
///
/// # Errors
/// When it cannot be read.
pub(super) fn has_members(file: &ArchiveReader, names: &[&str]) -> io::Result<bool> {
    Ok(extract(file, names)?.is_ok_and(|extracted| names.iter().all(|name| extracted.has(name))))
}

fn read_at(file: &ArchiveReader, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let (mut bytes, mut file) = (Vec::new(), file.again());
    file.seek(SeekFrom::Start(offset))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A little-endian number; 0 where the bytes end.
fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |number| u16::from_le_bytes(*number))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |number| u32::from_le_bytes(*number))
}

fn very_long(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |number| u64::from_le_bytes(*number))
}
