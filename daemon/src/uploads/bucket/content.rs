//! The content of one object, read piece by piece. A connection that breaks is taken up again where it broke, as
//! long as the object is the same.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use futures_util::{StreamExt as _, stream::BoxStream};
use object_store::{Error, GetResult};

use super::{Failed, Upload, Waiting, words};

pub(super) struct ObjectContent {
    stream: BoxStream<'static, Result<Bytes, Error>>,
    /// What came and was not yet read.
    piece: Bytes,
    size: u64,
    passed: u64,
    waiting: Waiting,
}

impl ObjectContent {
    pub(super) fn new(object: GetResult, waiting: Waiting) -> Self {
        let size = object.meta.size;
        Self { stream: object.into_stream(), piece: Bytes::new(), size, passed: 0, waiting }
    }

    /// The next piece; an empty one at the end.
    fn next(&mut self) -> io::Result<Bytes> {
        let next = async { self.stream.next().await.transpose() };
        match self.waiting.until(next) {
            Ok(Some(piece)) => Ok(piece),
            Ok(None) if self.passed < self.size => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("it has {} bytes", self.size)))
            }
            Ok(None) => Ok(Bytes::new()),
            Err(Failed::Gone(error)) => Err(io::Error::other(error)),
            // It was replaced while it was read.
            Err(Failed::Said(error @ (Error::NotFound { .. } | Error::Precondition { .. }))) => {
                Err(io::Error::other(words(&error)))
            }
            Err(Failed::Said(error)) => Err(io::Error::other(self.waiting.refused(&error))),
        }
    }
}

impl Read for ObjectContent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            self.piece = self.next()?;
            if self.piece.is_empty() {
                return Ok(0);
            }
        }
        let count = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        self.passed += count as u64;
        Ok(count)
    }
}

impl Upload for ObjectContent {
    /// What was read is one version of the object.
    fn has_changed(&self) -> bool {
        false
    }
}
