//! The output of an encoder: one buffer, and under it the plain file or gzip.

use std::io::Write;

use flate2::{Compression, GzBuilder, write::GzEncoder};

use super::{ArchivePlan, FormatError};

/// Written on when the buffer holds this many bytes.
const FLUSH_BYTES: usize = 128 * 1024;
/// A buffer that one huge row made larger than this is given back.
const KEEP_BYTES: usize = 1024 * 1024;

enum Layer<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
}

pub(crate) struct Sink<W: Write> {
    buffer: Vec<u8>,
    layer: Layer<W>,
    passed: u64,
}

impl<W: Write> Sink<W> {
    pub(crate) fn new(plan: &ArchivePlan, out: W) -> Self {
        let layer = if plan.gzip {
            // No time and no name in the header: the same rows give the same bytes.
            Layer::Gzip(Box::new(GzBuilder::new().mtime(0).write(out, Compression::new(plan.level))))
        } else {
            Layer::Plain(out)
        };
        Self { buffer: Vec::with_capacity(FLUSH_BYTES * 2), layer, passed: 0 }
    }

    /// What is written next goes here.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Hands the buffer on when it is worth it.
    pub(crate) fn relieve(&mut self) -> Result<(), FormatError> {
        if self.buffer.len() < FLUSH_BYTES { Ok(()) } else { self.pass_on() }
    }

    /// Bytes before compression.
    pub(crate) fn bytes(&self) -> u64 {
        self.passed + self.buffer.len() as u64
    }

    /// Ends each layer by name and flushes what is below.
    pub(crate) fn finish(mut self) -> Result<W, FormatError> {
        self.pass_on()?;
        let mut out = match self.layer {
            Layer::Plain(out) => out,
            Layer::Gzip(gzip) => gzip.finish().map_err(FormatError::Write)?,
        };
        out.flush().map_err(FormatError::Write)?;
        Ok(out)
    }

    fn pass_on(&mut self) -> Result<(), FormatError> {
        match &mut self.layer {
            Layer::Plain(out) => out.write_all(&self.buffer),
            Layer::Gzip(gzip) => gzip.write_all(&self.buffer),
        }
        .map_err(FormatError::Write)?;
        self.passed += self.buffer.len() as u64;
        self.buffer.clear();
        self.buffer.shrink_to(KEEP_BYTES);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use flate2::read::GzDecoder;
    use orgvault_api::Format;

    use super::*;
    use crate::format::fixture::{plan, rytask};

    /// Takes this many bytes and then no more.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            if self.0 == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    fn sink<W: Write>(gzip: bool, out: W) -> Sink<W> {
        Sink::new(&ArchivePlan { gzip, ..plan(rytask(), Format::Json) }, out)
    }

    #[test]
    fn gzip_holds_the_same_bytes_and_no_time_or_name() {
        let text: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut gzip = sink(true, Vec::new());
        for part in text.chunks(70_000) {
            gzip.buffer().extend_from_slice(part);
            gzip.relieve().unwrap();
        }
        assert_eq!(gzip.bytes(), text.len() as u64);
        let packed = gzip.finish().unwrap();
        assert_eq!(packed[..4], [0x1F, 0x8B, 8, 0], "deflate, no flags: no name, no comment");
        assert_eq!(packed[4..8], [0; 4], "no time");
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == text);
    }

    #[test]
    fn gives_back_what_one_huge_row_took() {
        let mut plain = sink(false, io::sink());
        plain.buffer().resize(50_000_000, b'x');
        plain.relieve().unwrap();
        assert!(plain.buffer().capacity() <= KEEP_BYTES);
        assert_eq!(plain.bytes(), 50_000_000);
    }

    #[test]
    fn a_full_disk_is_an_error_at_the_latest_in_finish() {
        for gzip in [false, true] {
            for room in [0, 5, 12] {
                let mut full = sink(gzip, Full(room));
                full.buffer().extend_from_slice(b"more than fits");
                full.relieve().unwrap();
                let error = full.finish().err().unwrap();
                assert!(
                    matches!(&error, FormatError::Write(cause) if cause.kind() == io::ErrorKind::StorageFull),
                    "{error}"
                );
            }
        }
        let mut exact = sink(false, Full(14));
        exact.buffer().extend_from_slice(b"just what fits");
        assert!(exact.finish().is_err(), "the flush of what is below counts too");
    }
}
