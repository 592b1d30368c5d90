//! The entries of a tar, one after the other, in constant memory. Nothing is unpacked, so links and strange names are
//! no danger; what counts is whether each entry is whole and the end is there.
//!
//! A tar ends with two blocks of zeros (POSIX). GNU tar, bsdtar and Python fill them up with more, to a record of
//! 10 KiB; others write just the two. One without them is cut, even where the last entry is whole.

use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::{
    content::{Broken, broken},
    verify::ArchiveFault,
};

const BLOCK: usize = 512;
/// A longer name, and larger attributes, has no entry.
const LARGEST_NAME: u64 = 1024 * 1024;

/// Goes through the entries of one tar.
pub(crate) struct Tarball<R> {
    reader: R,
    /// Bytes read so far.
    at: u64,
    /// Bytes of the entry's content that are not read.
    left: u64,
    /// Bytes that fill its last block.
    fill: u64,
}

/// What one entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    /// A file of which only the parts are there that are not zeros.
    Sparse,
    Folder,
    Link,
    /// A device, a pipe, or what only its writer knows.
    Other,
}

/// What the entries before an entry say of it.
#[derive(Debug, Default)]
struct Told {
    name: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

impl<R: Read> Tarball<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, at: 0, left: 0, fill: 0 }
    }

    /// The next entry, behind what is left of the one before it; none at the end, with nothing but zeros after it.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, ArchiveFault> {
        let mut told = Told::default();
        loop {
            self.pass()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let size = match told.size {
                Some(size) if !describes_another(&header) => size,
                _ => header.entry_size().map_err(|error| self.syntax(&error.to_string()))?,
            };
            self.left = size;
            let block = BLOCK as u64;
            self.fill = (block - size % block) % block;
            match header.entry_type() {
                EntryType::GNULongName => told.name = Some(self.long_name()?),
                EntryType::XHeader => self.attributes(&mut told)?,
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                kind => return self.entry(&header, kind, told, size).map(Some),
            }
        }
    }

    fn entry(&mut self, header: &Header, kind: EntryType, told: Told, size: u64) -> Result<Entry, ArchiveFault> {
        let kind = match kind {
            EntryType::GNUSparse => {
                self.pass_sparse_headers(header)?;
                Kind::Sparse
            }
            EntryType::Regular | EntryType::Continuous if told.sparse => Kind::Sparse,
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Folder,
            EntryType::Link | EntryType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        let name = told.name.unwrap_or_else(|| String::from_utf8_lossy(&header.path_bytes()).into_owned());
        Ok(Entry { name, kind, size })
    }

    /// One header that fits its checksum; none at the end.
    fn header(&mut self) -> Result<Option<Header>, ArchiveFault> {
        let block = self.block()?;
        if block.iter().all(|byte| *byte == 0) {
            return self.end().map(|()| None);
        }
        let header = Header::from_byte_slice(&block).clone();
        let but_the_sum = block.iter().enumerate().filter(|(at, _)| !(148..156).contains(at));
        let sum = but_the_sum.map(|(_, byte)| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
        match header.cksum() {
            Ok(stated) if stated == sum => Ok(Some(header)),
            _ => Err(self.syntax("a header does not fit its checksum")),
        }
    }

    /// What follows the first block of zeros: another one, and nothing but zeros.
    fn end(&mut self) -> Result<(), ArchiveFault> {
        let mut block = self.block()?.to_vec();
        loop {
            if block.iter().any(|byte| *byte != 0) {
                return Err(self.syntax("something follows its end"));
            }
            block.resize(64 * 1024, 0);
            let count = self.fill(&mut block)?;
            if count == 0 {
                return Ok(());
            }
            block.truncate(count);
        }
    }

    /// A GNU header of a sparse file may go on in blocks that its size does not count.
    fn pass_sparse_headers(&mut self, header: &Header) -> Result<(), ArchiveFault> {
        let mut more = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while more {
            more = self.block()?.get(504) == Some(&1);
        }
        Ok(())
    }

    fn long_name(&mut self) -> Result<String, ArchiveFault> {
        let mut name = self.small()?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    fn attributes(&mut self, told: &mut Told) -> Result<(), ArchiveFault> {
        let text = self.small()?;
        for attribute in PaxExtensions::new(&text) {
            let attribute = attribute.map_err(|error| self.syntax(&error.to_string()))?;
            let value = String::from_utf8_lossy(attribute.value_bytes());
            match attribute.key_bytes() {
                b"path" => told.name = Some(value.into_owned()),
                b"size" => told.size = Some(value.parse().map_err(|_none| self.syntax("a size is no number"))?),
                key => told.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }

    /// The content of an entry that tells of the next one.
    fn small(&mut self) -> Result<Vec<u8>, ArchiveFault> {
        if self.left > LARGEST_NAME {
            let limit = usize::try_from(LARGEST_NAME).unwrap_or(usize::MAX);
            return Err(ArchiveFault::TooLarge { at: self.at, limit });
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(|cause| self.broken(cause))?;
        Ok(bytes)
    }

    /// Passes over what is left of an entry.
    fn pass(&mut self) -> Result<(), ArchiveFault> {
        self.left = self.left.saturating_add(std::mem::take(&mut self.fill));
        match io::copy(self, &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(cause) => Err(self.broken(cause)),
        }
    }

    fn block(&mut self) -> Result<[u8; BLOCK], ArchiveFault> {
        let mut block = [0; BLOCK];
        if self.fill(&mut block)? < BLOCK { Err(ArchiveFault::Ends { at: self.at }) } else { Ok(block) }
    }

    /// Fills `buffer` as far as the tar goes.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveFault> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) => break,
                Ok(count) => {
                    filled += count;
                    self.at += count as u64;
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.broken(cause)),
            }
        }
        Ok(filled)
    }

    fn broken(&self, cause: io::Error) -> ArchiveFault {
        ArchiveFault::of(broken(cause, self.at), "tar")
    }

    fn syntax(&self, what: &str) -> ArchiveFault {
        ArchiveFault::of(Broken::Syntax { at: self.at, what: what.to_owned() }, "tar")
    }
}

/// Such an entry tells of the next one, and what was told of that is not said of it.
fn describes_another(header: &Header) -> bool {
    use EntryType::{GNULongLink, GNULongName, XGlobalHeader, XHeader};
    matches!(header.entry_type(), GNULongName | GNULongLink | XHeader | XGlobalHeader)
}

/// The content of the entry: its end is an error where the tar ends before it.
impl<R: Read> Read for Tarball<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if limit == 0 {
            return Ok(0);
        }
        let count = self.reader.read(buffer.get_mut(..limit).unwrap_or_default())?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        self.at += count as u64;
        Ok(count)
    }
}
