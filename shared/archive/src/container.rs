//! The container of a ZIP: its directory, in bounded memory, and whether its members may be trusted
//! to be what the directory says of them.

use std::{
    cell::Cell,
    io::{self, BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};

use zip::{ZipArchive, result::ZipError};

use super::{manifest::MOST_FILES, reader::ArchiveReader, verify::ArchiveFault};

const BUFFER: usize = 256 * 1024;
/// More members has no archive, but for the files of an app.
const MOST_MEMBERS: usize = 10_000;
/// Bytes that are read until the directory is known: names are short.
const MOST_READ: u64 = 8 * 1024 * 1024;
/// The names of an app's files are longer.
const READ_FOR_A_FILE: u64 = 1024;
/// So many files of an app may be in an archive that no manifest speaks of.
const FILES_UNTOLD: u64 = 100_000;

/// A directory of a ZIP that was read.
pub(super) type Zip = ZipArchive<BufReader<Limited>>;

/// An archive of which so many bytes are read and no more.
#[derive(Debug)]
pub(super) struct Limited {
    reader: ArchiveReader,
    left: Rc<Cell<u64>>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.left.set(self.left.get().checked_sub(count as u64).ok_or(io::ErrorKind::FileTooLarge)?);
        Ok(count)
    }
}

impl Seek for Limited {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.reader.seek(position)
    }
}

/// Opens a ZIP each of whose bytes belongs to one member at most, and each of whose members has a
/// name of its own: one that is read twice may grow without end, and programs do not agree on
/// which of two equal names they take. `files` is how many files of an app its manifest says.
pub(super) fn open(reader: ArchiveReader, files: Option<u64>) -> Result<Zip, ArchiveFault> {
    let files = files.unwrap_or(FILES_UNTOLD).min(MOST_FILES as u64);
    let most_read = MOST_READ + files * READ_FOR_A_FILE;
    let left = Rc::new(Cell::new(most_read));
    let limited = Limited { reader, left: Rc::clone(&left) };
    let opened = ZipArchive::new(BufReader::with_capacity(BUFFER, limited));
    let mut archive = opened.map_err(|error| match error {
        ZipError::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => {
            ArchiveFault::Container { cause: format!("its directory is not known after {most_read} bytes") }
        }
        error => not_a_zip(&error),
    })?;
    let limit = usize::try_from(files).unwrap_or(MOST_FILES) + MOST_MEMBERS;
    if archive.len() > limit {
        return Err(ArchiveFault::TooMany { what: "members", limit });
    }
    if archive.has_duplicate_names() {
        return Err(ArchiveFault::Container { cause: "two members have one name".to_owned() });
    }
    left.set(u64::MAX);
    match archive.has_overlapping_entries() {
        Ok(false) => Ok(archive),
        Ok(true) => Err(ArchiveFault::Container { cause: "two members share the same bytes".to_owned() }),
        Err(error) => Err(not_a_zip(&error)),
    }
}

/// What is wrong with a ZIP that cannot be read.
pub(super) fn not_a_zip(error: &ZipError) -> ArchiveFault {
    match error {
        ZipError::Io(cause) if cause.raw_os_error().is_some() => {
            ArchiveFault::Unreadable { at: 0, cause: cause.to_string() }
        }
        error => ArchiveFault::Container { cause: error.to_string() },
    }
}
