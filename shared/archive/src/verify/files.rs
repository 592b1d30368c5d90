//! The files of an app in a ZIP: each is compared with the list of them, which is another member.

use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::read::DeflateDecoder;
use sha2::{Digest, Sha256};
use zip::CompressionMethod;

use super::ArchiveFault;
use crate::{
    container::{self, Zip},
    content::Broken,
    full,
    manifest::{FILE_LIST, FILE_LIST_HEADER, FILES},
    naming::hex,
    reader::ArchiveReader,
    table::{Table, fields},
};
use orgvault_api::{ArchiveFiles, Format};

/// Goes through the files of an archive, which stand in the order of their list.
pub(super) struct Files {
    list: Table<Box<dyn Read>>,
    /// The name of the member that holds a file, by its path.
    member: fn(&str) -> String,
    /// The next file of the list that the archive holds, where it was looked at and not yet found.
    next: Option<Listed>,
    /// How many there were so far, and their bytes.
    pub(super) found: ArchiveFiles,
}

/// What the list says of a file that the archive holds.
struct Listed {
    path: String,
    bytes: String,
    sha256: String,
}

/// Whether a member is a file of the app.
pub(super) fn is_file(member: &str, format: Format) -> bool {
    member.starts_with(if format == Format::Full { full::FILES } else { FILES })
}

fn plain_member(path: &str) -> String {
    format!("{FILES}{path}")
}

impl Files {
    /// Opens the list beside the archive's members; none where there is no such member, or another one of its name.
    pub(super) fn open(
        archive: &mut Zip,
        mut reader: ArchiveReader,
        format: Format,
    ) -> Result<Option<Self>, ArchiveFault> {
        let Some(index) = archive.index_for_name(FILE_LIST) else { return Ok(None) };
        let member = archive.by_index(index).map_err(|error| container::not_a_zip(&error).of_member(FILE_LIST))?;
        let (start, packed, method) = (member.data_start(), member.compressed_size(), member.compression());
        drop(member);
        let moved = start.map_or(Ok(0), |start| reader.seek(SeekFrom::Start(start)));
        moved.map_err(|cause| broken(Broken::Read { at: 0, cause }))?;
        let data = io::BufReader::new(reader).take(packed);
        let list: Box<dyn Read> =
            if method == CompressionMethod::Stored { Box::new(data) } else { Box::new(DeflateDecoder::new(data)) };
        let list = Table::open(list).map_err(broken)?;
        let own = list.header() == FILE_LIST_HEADER;
        let member = if format == Format::Full { full::file_member } else { plain_member };
        Ok(own.then_some(Self { list, member, next: None, found: ArchiveFiles::default() }))
    }

    /// Passes over the files that the list names next and that `is_there` does not know.
    pub(super) fn pass_missing(&mut self, is_there: impl Fn(&str) -> bool, faults: &mut Vec<ArchiveFault>) {
        loop {
            if self.next.is_none() {
                match self.listed() {
                    Ok(next) => self.next = next,
                    Err(fault) => return faults.push(fault),
                }
            }
            let missing = self.next.take_if(|next| !is_there(&(self.member)(&next.path)));
            let Some(missing) = missing else { return };
            faults.push(ArchiveFault::NoMember { member: (self.member)(&missing.path) });
        }
    }

    /// Reads a file to its end and compares it with what the list says.
    pub(super) fn compare(&mut self, member: &str, content: &mut impl Read) -> Result<(), ArchiveFault> {
        let (bytes, sha256) =
            hashed(content).map_err(|cause| ArchiveFault::of(super::zip::broken(cause, 0), "ZIP").packed())?;
        self.found.count += 1;
        self.found.bytes += bytes;
        let Some(listed) = self.next.take_if(|next| (self.member)(&next.path) == member) else {
            return Err(ArchiveFault::Unlisted);
        };
        if (bytes.to_string(), &sha256) == (listed.bytes.clone(), &listed.sha256) {
            return Ok(());
        }
        let Listed { bytes: listed_bytes, sha256: listed_sha256, .. } = listed;
        Err(ArchiveFault::File { bytes, sha256, listed_bytes, listed_sha256 })
    }

    /// Goes to the end of the list: what it names further is not there.
    pub(super) fn finish(mut self, faults: &mut Vec<ArchiveFault>) -> ArchiveFiles {
        self.pass_missing(|_member| false, faults);
        self.found
    }

    /// The next line of a file that the archive holds.
    fn listed(&mut self) -> Result<Option<Listed>, ArchiveFault> {
        while let Some(record) = self.list.next_record().map_err(broken)? {
            let mut fields = fields(record).into_iter();
            let mut field = || fields.next().unwrap_or_default();
            let listed = Listed { path: field(), bytes: field(), sha256: field() };
            if !listed.sha256.is_empty() {
                return Ok(Some(listed));
            }
        }
        Ok(None)
    }
}

fn broken(broken: Broken) -> ArchiveFault {
    ArchiveFault::of(broken, "CSV").packed().of_member(FILE_LIST)
}

fn hashed(content: &mut impl Read) -> io::Result<(u64, String)> {
    let mut hash = Hash(Sha256::new());
    let bytes = io::copy(&mut io::BufReader::with_capacity(256 * 1024, content), &mut hash)?;
    Ok((bytes, hex(&hash.0.finalize())))
}

struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
