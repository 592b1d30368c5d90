//! The body of a request: a file between two texts, streamed, its length known beforehand.

use std::{io, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream;
use reqwest::Body;
use tokio::{fs::File, io::AsyncReadExt};

use super::Progress;

/// Bytes of the file that are read at a time: without a remainder when three become four.
const CHUNK: usize = 48 * 1024;

/// How the file's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As they are.
    Plain,
    /// In base64, as a JSON string can hold them.
    Base64,
}

impl Coding {
    /// How many bytes a file of `bytes` becomes.
    pub(crate) fn length(self, bytes: u64) -> u64 {
        match self {
            Self::Plain => bytes,
            Self::Base64 => bytes.div_ceil(3).saturating_mul(4),
        }
    }

    fn encode(self, block: Vec<u8>) -> Bytes {
        match self {
            Self::Plain => block.into(),
            Self::Base64 => STANDARD.encode(block).into(),
        }
    }
}

/// What is posted.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) content_type: String,
    pub(crate) before: Bytes,
    pub(crate) file: File,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    pub(crate) coding: Coding,
    pub(crate) after: Bytes,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Part {
    Before,
    File { left: u64 },
    End,
}

impl Upload {
    pub(crate) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The body's length in bytes.
    pub(crate) fn length(&self) -> u64 {
        (self.before.len() + self.after.len()) as u64 + self.coding.length(self.bytes)
    }

    /// The body; a file that got shorter in the meantime breaks it off.
    pub(crate) fn into_body(self, progress: Arc<Progress>) -> Body {
        let parts = stream::try_unfold((self, Part::Before), move |(mut upload, part)| {
            let progress = Arc::clone(&progress);
            async move {
                progress.note();
                let (bytes, next) = match part {
                    Part::Before => (upload.before.clone(), Part::File { left: upload.bytes }),
                    Part::File { left: 0 } => (upload.after.clone(), Part::End),
                    Part::File { left } => {
                        let block = upload.block(left).await?;
                        let left = left.saturating_sub(block.len() as u64);
                        (upload.coding.encode(block), Part::File { left })
                    }
                    Part::End => return Ok::<_, io::Error>(None),
                };
                Ok(Some((bytes, (upload, next))))
            }
        });
        Body::wrap_stream(parts)
    }

    async fn block(&mut self, left: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let mut block = vec![0; length];
        self.file.read_exact(&mut block).await?;
        Ok(block)
    }
}
