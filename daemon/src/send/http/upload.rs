//! The body of a request: an archive between two texts, streamed, its length known beforehand.

use std::{io, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, future, stream};
use orgvault_archive::ArchiveReader;
use reqwest::Body;

use super::Progress;
use crate::store::blocks;

/// Bytes that are read at a time: without a remainder when three become four.
const BLOCK: usize = 48 * 1024;

/// How the archive's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As they are.
    Plain,
    /// In base64, as a JSON string can hold them.
    Base64,
}

impl Coding {
    /// How many bytes an archive of `bytes` becomes.
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
    /// What the server knows the same upload by, where it asks for that.
    pub(crate) idempotency_key: Option<String>,
    pub(crate) before: Bytes,
    pub(crate) archive: ArchiveReader,
    /// Bytes of the archive.
    pub(crate) bytes: u64,
    pub(crate) coding: Coding,
    pub(crate) after: Bytes,
}

impl Upload {
    pub(crate) fn content_type(&self) -> &str {
        &self.content_type
    }

    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// The body's length in bytes.
    pub(crate) fn length(&self) -> u64 {
        (self.before.len() + self.after.len()) as u64 + self.coding.length(self.bytes)
    }

    /// The body; an archive that got shorter in the meantime breaks it off.
    pub(crate) fn into_body(self, progress: Arc<Progress>) -> Body {
        Body::wrap_stream(self.into_stream().inspect(move |_part| progress.note()))
    }

    fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let Self { before, archive, bytes, coding, after, .. } = self;
        let text = |text: Bytes| stream::once(future::ready(Ok(text)));
        text(before).chain(blocks(archive, bytes, BLOCK).map_ok(move |block| coding.encode(block))).chain(text(after))
    }
}
