//! What archives are read from: parts of something that is stored, wherever that is.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use orgvault_files::open;

/// Something stored of which any part can be read: a file, an object.
pub trait Ranges: Send + Sync {
    /// How many bytes it has.
    fn size(&self) -> u64;

    /// Reads from `offset` into `buffer`, as much as there is at once; gives how much, 0 at the end.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// An archive that is open for reading. A clone reads the same with a position of its own.
///
/// Each read asks what is stored once: read it in large pieces, or through a buffer.
#[derive(Clone)]
pub struct ArchiveReader {
    name: Arc<str>,
    ranges: Arc<dyn Ranges>,
    at: u64,
}

impl ArchiveReader {
    /// A reader of `ranges`, which people know by `name`.
    #[must_use]
    pub fn new(name: &str, ranges: impl Ranges + 'static) -> Self {
        Self { name: name.into(), ranges: Arc::new(ranges), at: 0 }
    }

    /// Opens the file of an archive: neither it nor the two directories above it may be links.
    ///
    /// # Errors
    /// As [`open::in_place`].
    pub fn in_place(path: &Path) -> io::Result<Self> {
        let file = open::in_place(path)?;
        let size = file.metadata()?.len();
        Ok(Self::new(&path.to_string_lossy(), OpenFile { file, size }))
    }

    /// What people know it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it had when it was opened.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.ranges.size()
    }

    /// The same from its beginning.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { at: 0, ..self.clone() }
    }
}

impl Read for ArchiveReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.ranges.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for ArchiveReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.size().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl fmt::Debug for ArchiveReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveReader").field("name", &self.name).field("at", &self.at).finish_non_exhaustive()
    }
}

struct OpenFile {
    file: File,
    size: u64,
}

impl Ranges for OpenFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

impl Ranges for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_bytes_are_read_alike_and_a_clone_has_its_own_position() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("archive");
        std::fs::write(&path, "0123456789").unwrap();
        for mut reader in [ArchiveReader::in_place(&path).unwrap(), ArchiveReader::new("x", b"0123456789".to_vec())] {
            let mut text = String::new();
            assert_eq!((reader.size(), reader.seek(SeekFrom::End(-4)).unwrap()), (10, 6));
            let mut other = reader.again();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!((text.as_str(), reader.stream_position().unwrap()), ("6789", 10));
            let mut first = [0; 3];
            other.read_exact(&mut first).unwrap();
            assert_eq!((&first, other.seek(SeekFrom::Current(-2)).unwrap()), (b"012", 1));
            assert_eq!(other.seek(SeekFrom::Current(-2)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
            other.seek(SeekFrom::Start(99)).unwrap();
            assert_eq!(other.read(&mut first).unwrap(), 0, "nothing is behind the end");
        }
    }
}
