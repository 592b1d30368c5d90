//! The content of one file of a ZIP, as libzip reads it.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};

use flate2::{Crc, bufread::DeflateDecoder};
use orgvault_archive::ArchiveReader;

use super::{Entry, read_at, short};

/// libzip reads, and gives up, in pieces of this size.
const PIECE: usize = 8192;

/// A file as it would lie in the importer's directory.
pub(in super::super) struct Content {
    source: Box<dyn Read>,
    crc: Crc,
    expected: u32,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
    /// Whether its data does not fit the archive's checksum, or could not be decompressed.
    damaged: Rc<Cell<bool>>,
}

impl Content {
    pub(super) fn open(file: &ArchiveReader, entry: &Entry) -> io::Result<Self> {
        let mut file = file.again();
        let header = read_at(&file, entry.offset, 30)?;
        let start = entry.offset + 30 + u64::from(short(&header, 26)) + u64::from(short(&header, 28));
        file.seek(SeekFrom::Start(start))?;
        let data = BufReader::new(file).take(entry.compressed);
        let source: Box<dyn Read> = match entry.method {
            8 => Box::new(DeflateDecoder::new(data)),
            12 => Box::new(bzip2::bufread::BzDecoder::new(data)),
            _ => Box::new(data),
        };
        Ok(Self {
            source,
            crc: Crc::new(),
            expected: entry.crc,
            piece: Vec::with_capacity(PIECE),
            at: 0,
            ended: false,
            damaged: Rc::default(),
        })
    }

    /// Tells, once the content was read, whether it was damaged.
    pub(in super::super) fn damage(&self) -> Rc<Cell<bool>> {
        self.damaged.clone()
    }

    /// Reads the next whole piece; one with an error in it is lost, as in libzip.
    fn refill(&mut self) -> io::Result<()> {
        self.piece.clear();
        self.at = 0;
        if self.ended {
            return Ok(());
        }
        let read = self.source.by_ref().take(PIECE as u64).read_to_end(&mut self.piece);
        match read {
            Ok(PIECE) => self.crc.update(&self.piece),
            Ok(_) => {
                self.crc.update(&self.piece);
                self.ended = true;
                self.damaged.set(self.crc.sum() != self.expected);
            }
            Err(error) if is_damage(&error) => {
                self.piece.clear();
                self.ended = true;
                self.damaged.set(true);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Content {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.piece.len() {
            self.refill()?;
        }
        Ok(self.piece.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

/// Whether a decompressor says it, and not the disk.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}
