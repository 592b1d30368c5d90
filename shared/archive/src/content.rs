//! The content of an archive's file, in blocks: hashed as it is read, without its gzip, and
//! windowed for readers that need a whole row at once.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::{naming::hex, reader::ArchiveReader};

/// Bytes handed from the reading thread to the other at once.
const BLOCK: usize = 256 * 1024;
/// Blocks on their way between the two.
const QUEUE: usize = 4;
/// A file below this is read without a second thread.
const SMALL: u64 = 1024 * 1024;
/// What a window holds before a row needs more.
const WINDOW: usize = 512 * 1024;
/// Called with the bytes read so far; `Break` ends the reading.
pub(super) type Progress<'a> = &'a (dyn Fn(u64) -> ControlFlow<()> + Sync);

/// Why content cannot be read on, and where in the content that is (0 is the first byte).
#[derive(Debug)]
pub(super) enum Broken {
    /// It ends too early.
    Ends { at: u64 },
    /// It is something else than it should be.
    Syntax { at: u64, what: String },
    /// What begins there is larger than what is held in memory of its kind.
    TooLarge { at: u64, limit: usize },
    /// There are more of them than any archive has.
    TooMany { what: &'static str, limit: usize },
    /// The file's own compression is broken.
    Gzip { at: u64, cause: io::Error },
    /// The machine cannot read it.
    Read { at: u64, cause: io::Error },
}

/// What was found out about a file while its content was read.
#[derive(Debug)]
pub(super) struct Raw {
    /// The file's size, as read.
    pub(super) bytes: u64,
    /// The file's SHA-256, in lower-case hex.
    pub(super) sha256: String,
    /// The SHA-256 of its first bytes up to the mark, where it is longer than that.
    pub(super) marked: Option<String>,
    /// Bytes without gzip.
    pub(super) content_bytes: u64,
    /// Why it could not be read to its end.
    pub(super) error: Option<io::Error>,
    /// Whether it was told to stop.
    pub(super) stopped: bool,
}

/// Reads an archive to its end, whatever `consume` makes of its content, and hashes it on the way.
/// `mark` is the size at which the hash is noted for itself.
pub(super) fn read_through<T>(
    reader: ArchiveReader,
    gzip: bool,
    mark: Option<u64>,
    progress: Progress<'_>,
    consume: impl FnOnce(&mut dyn Read) -> T,
) -> (T, Raw) {
    let small = reader.size() < SMALL;
    let hashed =
        Hashed { reader, sha: Sha256::new(), bytes: 0, mark, marked: None, error: None, progress, stopped: false };
    if small {
        let mut decoded = Decoded::new(hashed, gzip);
        let found = consume(&mut decoded);
        return (found, decoded.drain());
    }
    thread::scope(|scope| {
        let (full, blocks) = sync_channel(QUEUE);
        let (give_back, empty) = sync_channel(QUEUE + 2);
        let producer = scope.spawn(move || produce(Decoded::new(hashed, gzip), &full, &empty));
        let mut piped = Piped { blocks, give_back, block: Vec::new(), at: 0 };
        let found = consume(&mut piped);
        drop(piped);
        match producer.join() {
            Ok(raw) => (found, raw),
            Err(cause) => std::panic::resume_unwind(cause),
        }
    })
}

/// Opens content for looking at rows: no hash, no thread.
pub(super) fn open(reader: ArchiveReader, gzip: bool) -> Box<dyn Read> {
    let blocks = io::BufReader::with_capacity(BLOCK, reader);
    if gzip { Box::new(MultiGzDecoder::new(blocks)) } else { Box::new(blocks) }
}

struct Hashed<'a> {
    reader: ArchiveReader,
    sha: Sha256,
    bytes: u64,
    mark: Option<u64>,
    marked: Option<String>,
    error: Option<io::Error>,
    progress: Progress<'a>,
    stopped: bool,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopped || (self.progress)(self.bytes).is_break() {
            self.stopped = true;
            return Err(io::Error::other("told to stop"));
        }
        let to_mark = self.mark.and_then(|mark| mark.checked_sub(self.bytes)).filter(|left| *left > 0);
        let limit =
            to_mark.and_then(|left| usize::try_from(left).ok()).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = loop {
            match self.reader.read(buffer.get_mut(..limit).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if count > 0 && self.mark == Some(self.bytes) {
            self.marked = Some(hex(&self.sha.clone().finalize()));
        }
        self.sha.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }
}

enum Decoded<'a> {
    Plain(Box<Hashed<'a>>, u64),
    Gzip(Box<MultiGzDecoder<io::BufReader<Hashed<'a>>>>, u64),
}

impl<'a> Decoded<'a> {
    fn new(hashed: Hashed<'a>, gzip: bool) -> Self {
        if gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BLOCK, hashed))), 0)
        } else {
            Self::Plain(Box::new(hashed), 0)
        }
    }

    fn drain(self) -> Raw {
        let (mut hashed, content_bytes) = match self {
            Self::Plain(hashed, count) => (*hashed, count),
            Self::Gzip(decoder, count) => (decoder.into_inner().into_inner(), count),
        };
        let mut block = vec![0; BLOCK];
        loop {
            match hashed.read(&mut block) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    hashed.error = Some(error);
                    break;
                }
            }
        }
        Raw {
            bytes: hashed.bytes,
            sha256: hex(&hashed.sha.finalize()),
            marked: hashed.marked,
            content_bytes,
            error: hashed.error.filter(|_| !hashed.stopped),
            stopped: hashed.stopped,
        }
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (result, total) = match self {
            Self::Plain(hashed, total) => (hashed.read(buffer), total),
            Self::Gzip(decoder, total) => (decoder.read(buffer), total),
        };
        if let Ok(count) = &result {
            *total += *count as u64;
        }
        result
    }
}

/// Feeds blocks to the other thread while that takes them, then reads on for the hash alone.
fn produce(mut decoded: Decoded<'_>, full: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) -> Raw {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let (count, error) = fill(&mut decoded, &mut block);
        block.truncate(count);
        let last = count == 0 || error.is_some();
        let taken = count == 0 || full.send(Ok(block)).is_ok();
        if let Some(error) = error
            && taken
        {
            // A reader that is gone has found its own fault.
            drop(full.send(Err(error)));
        }
        if last || !taken {
            return decoded.drain();
        }
    }
}

/// Fills `buffer` as far as the content goes; an error comes with what was read before it.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

struct Piped {
    blocks: Receiver<io::Result<Vec<u8>>>,
    give_back: SyncSender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            let Ok(next) = self.blocks.recv() else { return Ok(0) };
            let used = std::mem::replace(&mut self.block, next?);
            self.at = 0;
            // A full queue of empty blocks only means that this one is not used again.
            drop(self.give_back.try_send(used));
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

/// A piece of content that grows until it holds one whole row.
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self::with_size(reader, WINDOW)
    }

    /// A window that begins with `size` bytes.
    pub(super) fn with_size(reader: R, size: usize) -> Self {
        Self { reader, buffer: vec![0; size], start: 0, end: 0, offset: 0, ended: false }
    }

    /// What is there and not yet taken.
    pub(super) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Where in the content [`Window::available`] begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether nothing follows what is available.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the next [`Window::refill`] makes it larger: what is there takes more than half of it.
    pub(super) fn is_full(&self) -> bool {
        self.end - self.start > self.buffer.len() / 2
    }

    /// Takes `count` bytes.
    pub(super) fn advance(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    /// Takes `count` bytes and gives them.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.advance(count);
        self.buffer.get(start..self.start).unwrap_or_default()
    }

    /// Reads until the window is full or the content ends. A window that is already more than
    /// half full doubles, so that a large row is looked at only a few times; one that holds more
    /// than `limit` bytes is not made larger.
    pub(super) fn refill(&mut self, limit: usize) -> Result<(), Broken> {
        if self.end - self.start > limit {
            return Err(Broken::TooLarge { at: self.offset, limit });
        }
        let grows = self.is_full();
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if grows {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        while let Some(rest) = self.buffer.get_mut(self.end..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(());
                }
                Ok(count) => self.end += count,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.broken(cause)),
            }
        }
        Ok(())
    }

    fn broken(&self, cause: io::Error) -> Broken {
        broken(cause, self.offset + self.end as u64)
    }
}

/// What an error says that came while content was read, behind its first `at` bytes.
pub(super) fn broken(cause: io::Error, at: u64) -> Broken {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => Broken::Ends { at },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if cause.raw_os_error().is_none() => {
            Broken::Gzip { at, cause }
        }
        _ => Broken::Read { at, cause },
    }
}
