//! The output of an encoder: one buffer, and under it the plain file or gzip.

use std::io::Write;

use flate2::{Compression, GzBuilder, write::GzEncoder};

use super::{FormatError, Plan};

/// Written on when the buffer holds this many bytes.
const FLUSH_BYTES: usize = 128 * 1024;
/// A buffer that one huge row made larger than this is given back.
const KEEP_BYTES: usize = 1024 * 1024;

enum Layer<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
}

pub(super) struct Sink<W: Write> {
    buffer: Vec<u8>,
    layer: Layer<W>,
    passed: u64,
}

impl<W: Write> Sink<W> {
    pub(super) fn new(plan: &Plan, out: W) -> Self {
        let layer = if plan.gzip {
            // No time and no name in the header: the same rows give the same bytes.
            Layer::Gzip(Box::new(GzBuilder::new().mtime(0).write(out, Compression::new(plan.level))))
        } else {
            Layer::Plain(out)
        };
        Self { buffer: Vec::with_capacity(FLUSH_BYTES * 2), layer, passed: 0 }
    }

    /// What is written next goes here.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Hands the buffer on when it is worth it.
    pub(super) fn relieve(&mut self) -> Result<(), FormatError> {
        if self.buffer.len() < FLUSH_BYTES { Ok(()) } else { self.pass_on() }
    }

    /// Bytes before compression.
    pub(super) fn bytes(&self) -> u64 {
        self.passed + self.buffer.len() as u64
    }

    /// Ends each layer by name and flushes what is below.
    pub(super) fn finish(mut self) -> Result<W, FormatError> {
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
