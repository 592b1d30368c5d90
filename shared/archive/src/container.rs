//! The container of a ZIP: its directory, in bounded memory, and whether its members may be trusted
//! to be what the directory says of them.

use std::{
    cell::Cell,
    io::{self, BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};

use zip::{ZipArchive, result::ZipError};

use super::{reader::ArchiveReader, verify::ArchiveFault};

const BUFFER: usize = 256 * 1024;
/// More members has no archive.
const MOST_MEMBERS: usize = 10_000;
/// Bytes that are read until the directory is known: names are short.
const MOST_READ: u64 = 8 * 1024 * 1024;

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
/// which of two equal names they take.
pub(super) fn open(reader: ArchiveReader) -> Result<ZipArchive<BufReader<Limited>>, ArchiveFault> {
    let left = Rc::new(Cell::new(MOST_READ));
    let limited = Limited { reader, left: Rc::clone(&left) };
    let opened = ZipArchive::new(BufReader::with_capacity(BUFFER, limited));
    let mut archive = opened.map_err(|error| not_a_zip(&error))?;
    if archive.len() > MOST_MEMBERS {
        return Err(ArchiveFault::TooMany { what: "members", limit: MOST_MEMBERS });
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
        ZipError::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => {
            ArchiveFault::Container { cause: format!("its directory is not known after {MOST_READ} bytes") }
        }
        ZipError::Io(cause) if cause.raw_os_error().is_some() => {
            ArchiveFault::Unreadable { at: 0, cause: cause.to_string() }
        }
        error => ArchiveFault::Container { cause: error.to_string() },
    }
}
