//! The ZIP container (APPNOTE 6.3.10), written as PHP's `ZipArchive` (libzip) writes it: deflate,
//! sizes in the local headers, no data descriptors, ZIP64 only for what needs it.
//!
//! The `zip` crate is not used for writing: it wants to know before a member whether the member
//! passes 4 GiB, and then makes it ZIP64 however small it turns out.

use std::io::{self, Seek, SeekFrom, Write};

use chrono::{Datelike, Timelike};
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use orgvault_api::clock::Timestamp;

/// Compressed bytes of a member that are held back. A member that ends before has its sizes in
/// its header from the start.
const HELD_BYTES: usize = 256 * 1024;
/// From this on a 32-bit field holds only the mark that the value is in the ZIP64 field.
const LIMIT_32: u64 = 0xFFFF_FFFF;
const LIMIT_16: usize = 0xFFFF;
/// Upper byte 3: Unix; lower byte: version 6.3 of the specification, as libzip says.
const MADE_BY: u16 = 0x033F;
const NEEDS_DEFLATE: u16 = 20;
const NEEDS_ZIP64: u16 = 45;
/// libzip's flag word for deflate at its best level.
const FLAGS: u16 = 0x0002;
/// The name is UTF-8 beyond ASCII.
const FLAG_UTF8: u16 = 0x0800;
const STORE: u16 = 0;
const DEFLATE: u16 = 8;
/// A regular file with mode 0644, in the upper half.
const ATTRIBUTES: u32 = 0o100_644 << 16;
const ZIP64_FIELD: u16 = 0x0001;
/// "Data stream alignment" (APPNOTE 4.6.11): filler that readers pass over.
const FILLER_FIELD: u16 = 0xA11E;
/// What a ZIP64 field in a local header holds: both sizes.
const FIELD_BYTES: u16 = 16;

/// A time as MS-DOS has it: two seconds exact, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) struct DosTime {
    time: u16,
    date: u16,
}

impl DosTime {
    /// 1980-01-01 00:00:00, the first that there is.
    pub(in crate::format) const FIRST: Self = Self { time: 0, date: 0x0021 };

    /// The time in UTC; years before 1980 and after 2107 become the nearest day that DOS has.
    pub(in crate::format) fn of(at: Timestamp) -> Self {
        let part = |value: u32| u16::try_from(value).unwrap_or(0);
        match at.year() {
            // 1980-01-01 00:00:00 and 2107-12-31 23:59:58.
            ..1980 => Self::FIRST,
            2108.. => Self { time: 0xBF7D, date: 0xFF9F },
            year => Self {
                time: part(at.hour()) << 11 | part(at.minute()) << 5 | part(at.second() / 2),
                date: u16::try_from(year - 1980).unwrap_or(0) << 9 | part(at.month()) << 5 | part(at.day()),
            },
        }
    }
}

/// Whether a member is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Method {
    /// As it is.
    Store,
    /// With deflate, at the container's level.
    Deflate,
}

/// A member, written or being written.
#[derive(Debug)]
struct Member {
    name: String,
    method: Method,
    offset: u64,
    crc: u32,
    size: u64,
    packed: u64,
}

impl Member {
    /// Whether its sizes need a ZIP64 field.
    fn is_wide(&self) -> bool {
        self.size >= LIMIT_32 || self.packed >= LIMIT_32
    }

    fn flags(&self) -> u16 {
        let of_method = if self.method == Method::Deflate { FLAGS } else { 0 };
        if self.name.is_ascii() { of_method } else { of_method | FLAG_UTF8 }
    }

    /// What local and central header have in common, from flags to sizes.
    fn common(&self, time: DosTime) -> Vec<u8> {
        let mut common = Vec::with_capacity(22);
        let method = if self.method == Method::Deflate { DEFLATE } else { STORE };
        for field in [self.flags(), method, time.time, time.date] {
            common.extend(field.to_le_bytes());
        }
        common.extend(self.crc.to_le_bytes());
        let (packed, size) = if self.is_wide() { (LIMIT_32, LIMIT_32) } else { (self.packed, self.size) };
        common.extend(narrow(packed).to_le_bytes());
        common.extend(narrow(size).to_le_bytes());
        common
    }

    /// `filler`: keeps room for a ZIP64 field.
    fn local_header(&self, time: DosTime, filler: bool) -> io::Result<Vec<u8>> {
        let mut header = b"PK\x03\x04".to_vec();
        header.extend((if self.is_wide() { NEEDS_ZIP64 } else { NEEDS_DEFLATE }).to_le_bytes());
        header.extend(self.common(time));
        header.extend(name_length(&self.name)?.to_le_bytes());
        let field = self.is_wide() || filler;
        header.extend((if field { FIELD_BYTES + 4 } else { 0 }).to_le_bytes());
        header.extend(self.name.as_bytes());
        if self.is_wide() {
            header.extend(wide_field(&[self.size, self.packed]));
        } else if filler {
            header.extend(FILLER_FIELD.to_le_bytes());
            header.extend(FIELD_BYTES.to_le_bytes());
            // Its first two bytes are the alignment: 1 is none.
            header.extend(1_u16.to_le_bytes());
            header.resize(header.len() + usize::from(FIELD_BYTES) - 2, 0);
        }
        Ok(header)
    }

    fn central_header(&self, time: DosTime) -> io::Result<Vec<u8>> {
        let far = self.offset >= LIMIT_32;
        let sizes: &[u64] = if self.is_wide() { &[self.size, self.packed] } else { &[] };
        let offset: &[u64] = if far { &[self.offset] } else { &[] };
        let wide = [sizes, offset].concat();
        let field = if wide.is_empty() { Vec::new() } else { wide_field(&wide) };
        let mut header = b"PK\x01\x02".to_vec();
        header.extend(MADE_BY.to_le_bytes());
        header.extend((if wide.is_empty() { NEEDS_DEFLATE } else { NEEDS_ZIP64 }).to_le_bytes());
        header.extend(self.common(time));
        header.extend(name_length(&self.name)?.to_le_bytes());
        header.extend(u16::try_from(field.len()).unwrap_or(0).to_le_bytes());
        // No comment, first disk, no internal attributes.
        header.extend([0; 6]);
        header.extend(ATTRIBUTES.to_le_bytes());
        header.extend(narrow(self.offset).to_le_bytes());
        header.extend(self.name.as_bytes());
        header.extend(field);
        Ok(header)
    }
}

/// A value for a 32-bit field; the mark where it does not fit.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn wide_field(values: &[u64]) -> Vec<u8> {
    let mut field = ZIP64_FIELD.to_le_bytes().to_vec();
    field.extend(u16::try_from(values.len() * 8).unwrap_or(0).to_le_bytes());
    for value in values {
        field.extend(value.to_le_bytes());
    }
    field
}

fn name_length(name: &str) -> io::Result<u16> {
    u16::try_from(name.len()).map_err(|_too_long| io::Error::other(format!("the member's name {name:?} is too long")))
}

/// Writes members one after the other; `begin`, `write`.., `end` for each, then `finish`.
pub(in crate::format) struct Container<W> {
    out: W,
    time: DosTime,
    compress: Compress,
    crc: Crc,
    members: Vec<Member>,
    /// Bytes written to the output.
    at: u64,
    /// Compressed bytes that are not yet written.
    held: Vec<u8>,
    /// Whether the open member's local header is written, with room for a ZIP64 field.
    header_written: bool,
}

impl<W: Write + Seek> Container<W> {
    /// A container at the start of `out`; `level` is deflate's, 1 to 9.
    pub(in crate::format) fn new(out: W, level: u32, time: DosTime) -> Self {
        Self {
            out,
            time,
            compress: Compress::new(Compression::new(level), false),
            crc: Crc::new(),
            members: Vec::new(),
            at: 0,
            held: Vec::with_capacity(HELD_BYTES * 2),
            header_written: false,
        }
    }

    /// Begins a member.
    pub(in crate::format) fn begin(&mut self, name: &str, method: Method) -> io::Result<()> {
        name_length(name)?;
        self.compress.reset();
        self.crc.reset();
        self.header_written = false;
        self.members.push(Member { name: name.to_owned(), method, offset: self.at, crc: 0, size: 0, packed: 0 });
        Ok(())
    }

    /// Appends to the open member.
    pub(in crate::format) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        let member = self.open()?;
        member.size += bytes.len() as u64;
        if member.method == Method::Store {
            return self.store(bytes);
        }
        while !bytes.is_empty() {
            let before = self.compress.total_in();
            self.deflate(bytes, FlushCompress::None)?;
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(usize::MAX);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Ends the open member: its header gets its sizes.
    pub(in crate::format) fn end(&mut self) -> io::Result<()> {
        if self.open()?.method == Method::Deflate {
            while self.deflate(&[], FlushCompress::Finish)? != Status::StreamEnd {}
        }
        let (crc, held) = (self.crc.sum(), self.held.len() as u64);
        let time = self.time;
        let written = self.header_written;
        let member = self.open()?;
        member.crc = crc;
        member.packed += held;
        let (offset, header) = (member.offset, member.local_header(time, written)?);
        if written {
            self.pass_on()?;
            self.out.seek(SeekFrom::Start(offset))?;
            self.out.write_all(&header)?;
            self.out.seek(SeekFrom::Start(self.at))?;
        } else {
            self.out.write_all(&header)?;
            self.at += header.len() as u64;
            self.pass_on()?;
        }
        Ok(())
    }

    /// Writes the central directory and flushes the output.
    pub(in crate::format) fn finish(mut self) -> io::Result<W> {
        let start = self.at;
        for member in &self.members {
            let header = member.central_header(self.time)?;
            self.out.write_all(&header)?;
            self.at += header.len() as u64;
        }
        let size = self.at - start;
        let count = self.members.len();
        if count >= LIMIT_16 || size >= LIMIT_32 || start >= LIMIT_32 {
            self.out.write_all(&wide_end(count as u64, size, start, self.at))?;
        }
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        let entries = u16::try_from(count).unwrap_or(u16::MAX);
        end.extend(entries.to_le_bytes());
        end.extend(entries.to_le_bytes());
        end.extend(narrow(size).to_le_bytes());
        end.extend(narrow(start).to_le_bytes());
        end.extend([0, 0]);
        self.out.write_all(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn open(&mut self) -> io::Result<&mut Member> {
        self.members.last_mut().ok_or_else(|| io::Error::other("no member of the ZIP was begun"))
    }

    fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.held.len() >= HELD_BYTES {
            self.write_header_with_room()?;
            self.pass_on()?;
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// Compresses what fits; the rest of `bytes` is for the next call.
    fn deflate(&mut self, bytes: &[u8], flush: FlushCompress) -> io::Result<Status> {
        if self.held.len() >= HELD_BYTES {
            self.write_header_with_room()?;
            self.pass_on()?;
        }
        self.held.reserve(HELD_BYTES.saturating_sub(self.held.len()).max(4096));
        self.compress.compress_vec(bytes, &mut self.held, flush).map_err(io::Error::other)
    }

    fn write_header_with_room(&mut self) -> io::Result<()> {
        if !self.header_written {
            let time = self.time;
            let header = self.open()?.local_header(time, true)?;
            self.out.write_all(&header)?;
            self.at += header.len() as u64;
            self.header_written = true;
        }
        let held = self.held.len() as u64;
        self.open()?.packed += held;
        Ok(())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.out.write_all(&self.held)?;
        self.at += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }
}

/// The ZIP64 end of the central directory, which is at `at`, and its locator.
fn wide_end(count: u64, size: u64, start: u64, at: u64) -> Vec<u8> {
    let mut end = b"PK\x06\x06".to_vec();
    // The bytes of this record that follow.
    end.extend(44_u64.to_le_bytes());
    end.extend(MADE_BY.to_le_bytes());
    end.extend(NEEDS_ZIP64.to_le_bytes());
    end.extend([0; 8]);
    for value in [count, count, size, start] {
        end.extend(value.to_le_bytes());
    }
    end.extend(b"PK\x06\x07\0\0\0\0");
    end.extend(at.to_le_bytes());
    end.extend(1_u32.to_le_bytes());
    end
}
