//! A `full` archive that is open: its schema, its report, and the rows of each table as a stream.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::{Crc, read::DeflateDecoder};
use zip::CompressionMethod;

use super::{
    REPORT, SCHEMA,
    report::{REPORT_VERSION, Report},
    schema::{SCHEMA_VERSION, Schema},
};
use crate::{
    container::{self, Zip},
    reader::ArchiveReader,
    verify::ArchiveFault,
};

/// Larger ones are no description of an archive.
const LARGEST_TEXT: u64 = 256 * 1024 * 1024;
const BUFFER: usize = 256 * 1024;

/// Why an archive cannot be used as a `full` one.
#[derive(Debug, thiserror::Error)]
pub enum FullError {
    /// It is no whole ZIP.
    #[error("{name} is no full archive: {fault}")]
    Container {
        /// The archive.
        name: String,
        /// What is wrong with it.
        fault: ArchiveFault,
    },
    /// A member that says what it holds is not there, or cannot be read.
    #[error("cannot read {member} of {name}: {cause}")]
    Member {
        /// The archive.
        name: String,
        /// The member.
        member: &'static str,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It was written by a newer orgvault.
    #[error("{member} of {name} has version {found}, and this orgvault reads up to {known}: update orgvault")]
    Newer {
        /// The archive.
        name: String,
        /// The member.
        member: &'static str,
        /// Its version.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
}

/// A `full` archive that is open. What it says is untrusted until the archive is verified.
#[derive(Debug, Clone)]
pub struct FullArchive {
    reader: ArchiveReader,
    schema: Schema,
    report: Report,
}

impl FullArchive {
    /// Reads what the archive says of itself.
    ///
    /// # Errors
    /// When it is no `full` archive, or one of a newer version.
    pub fn open(reader: ArchiveReader) -> Result<Self, FullError> {
        let name = || reader.name().to_owned();
        let files = Some(crate::manifest::MOST_FILES as u64);
        let opened = container::open(reader.again(), files);
        let mut zip = opened.map_err(|fault| FullError::Container { name: name(), fault })?;
        let schema: Schema = read(&mut zip, SCHEMA, &reader)?;
        let report: Report = read(&mut zip, REPORT, &reader)?;
        let newer = |member, found, known| Err(FullError::Newer { name: name(), member, found, known });
        if schema.schema_version > SCHEMA_VERSION {
            return newer(SCHEMA, schema.schema_version, SCHEMA_VERSION);
        }
        if report.report_version > REPORT_VERSION {
            return newer(REPORT, report.report_version, REPORT_VERSION);
        }
        Ok(Self { reader, schema, report })
    }

    /// The schema of the tables.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What it holds.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The bytes of a member, whose size and checksum must fit what the ZIP says: else reading ends with an error.
    ///
    /// # Errors
    /// When there is no such member, or the archive cannot be read.
    pub fn member(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let files = Some(crate::manifest::MOST_FILES as u64);
        let opened = container::open(self.reader.again(), files);
        let mut zip = opened.map_err(|fault| io::Error::other(fault.to_string()))?;
        let file = zip.by_name(name).map_err(io::Error::other)?;
        let start = file.data_start().ok_or_else(|| io::Error::other(format!("{name} has no place in the ZIP")))?;
        let expected = Expected { bytes: file.size(), crc: file.crc32() };
        let mut reader = self.reader.again();
        reader.seek(SeekFrom::Start(start))?;
        let packed = BufReader::with_capacity(BUFFER, reader).take(file.compressed_size());
        match file.compression() {
            CompressionMethod::Deflated => Ok(Box::new(Checked::new(DeflateDecoder::new(packed), expected))),
            CompressionMethod::Stored => Ok(Box::new(Checked::new(packed, expected))),
            other => Err(io::Error::other(format!("{name} is compressed with {other}, which orgvault never does"))),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(
    zip: &mut Zip,
    member: &'static str,
    reader: &ArchiveReader,
) -> Result<T, FullError> {
    let failed = |cause: io::Error| FullError::Member { name: reader.name().to_owned(), member, cause };
    let file = zip.by_name(member).map_err(|error| failed(io::Error::other(error)))?;
    let mut text = Vec::new();
    file.take(LARGEST_TEXT).read_to_end(&mut text).map_err(failed)?;
    serde_json::from_slice(&text).map_err(|error| failed(error.into()))
}

/// What the ZIP says of a member.
struct Expected {
    bytes: u64,
    crc: u32,
}

/// A member that is compared with what the ZIP says of it.
struct Checked<R> {
    inner: R,
    expected: Expected,
    crc: Crc,
    passed: u64,
}

impl<R: Read> Checked<R> {
    fn new(inner: R, expected: Expected) -> Self {
        Self { inner, expected, crc: Crc::new(), passed: 0 }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        self.passed += count as u64;
        let is_end = count == 0 && !buffer.is_empty();
        if is_end && (self.passed, self.crc.sum()) != (self.expected.bytes, self.expected.crc) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its size or checksum is not what the ZIP says"));
        }
        Ok(count)
    }
}
