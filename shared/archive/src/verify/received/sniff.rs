//! What a file is by its first bytes: a server that has no export to give may send a page or an error in its place.

use std::io::{self, Read};

use orgvault_api::Format;

use super::super::{ArchiveFault, Expected};
use crate::{
    reader::ArchiveReader,
    received::{Inner, pick::Keys},
};

/// So many bytes tell what they are; an answer that is an error is not longer.
const HEAD: usize = 64 * 1024;
/// Where a tar says that it is one.
const USTAR: std::ops::Range<usize> = 257..262;
/// Keys of documents that tell an error.
const ERROR_KEYS: [&str; 8] =
    ["errors", "error", "message", "detail", "msg", "error_message", "error_description", "statusCode"];

/// What the first bytes of something say that it is.
fn kind(start: &[u8]) -> Option<&'static str> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let page = |tag: &str| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    Some(match text {
        _ if start.starts_with(b"\x1f\x8b") => "gzip",
        _ if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") => "a ZIP",
        _ if start.get(USTAR) == Some(b"ustar") => "a tar",
        _ if ["<!doctype html", "<html", "<head", "<body"].into_iter().any(page) => "an HTML page",
        [b'<', ..] => "an XML document",
        [b'{' | b'[', ..] => "JSON",
        _ => return None,
    })
}

/// That the file is in another container than it should be, where its first bytes say so.
pub(in super::super) fn unlike(reader: &ArchiveReader, expected: &Expected<'_>) -> Option<ArchiveFault> {
    let mut start = Vec::new();
    // What cannot be read is told by the verification that follows.
    reader.again().take(512).read_to_end(&mut start).ok()?;
    if start.is_empty() {
        return Some(ArchiveFault::Ends { at: 0 });
    }
    let should = match (expected.gzip, expected.format) {
        (true, _) => "gzip",
        (_, Format::Zip) => "a ZIP",
        (_, Format::Tar) => "a tar",
        _ => return None,
    };
    match kind(&start) {
        Some(found) if found == should => None,
        // One that was cut, or one that is so old that it does not say what it is.
        None if b"\x1f\x8b".starts_with(&start) || b"PK\x03\x04".starts_with(&start) || should == "a tar" => None,
        found => Some(ArchiveFault::NotAnExport { found: found.unwrap_or("something else"), expected: should }),
    }
}

/// Content whose first bytes are kept while it is read.
pub(super) struct Head<'c> {
    content: &'c mut dyn Read,
    start: Vec<u8>,
    /// Whether all of it is kept.
    all: bool,
}

impl<'c> Head<'c> {
    pub(super) fn of(content: &'c mut dyn Read) -> Self {
        Self { content, start: Vec::new(), all: false }
    }

    /// That it is something else than `inner`, for one that could not be read as that.
    pub(super) fn unlike(&self, inner: Inner) -> Option<ArchiveFault> {
        let expected = match inner {
            Inner::Csv => "CSV",
            Inner::Opaque => return None,
            Inner::Ndjson | Inner::Json | Inner::Rows | Inner::Document | Inner::Seed => "JSON",
        };
        match kind(&self.start)? {
            "JSON" if self.is_error() => Some(ArchiveFault::NotAnExport { found: "an error document", expected }),
            "JSON" => None,
            found => Some(ArchiveFault::NotAnExport { found, expected }),
        }
    }

    /// Whether it is one object that tells an error.
    fn is_error(&self) -> bool {
        let mut keys = Keys::default();
        for key in ERROR_KEYS {
            keys.add(key);
        }
        let text = std::str::from_utf8(&self.start).ok().filter(|_| self.all);
        text.and_then(|text| keys.pick(text).ok()).is_some_and(|found| found.iter().any(Option::is_some))
    }
}

impl Read for Head<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        self.all |= count == 0 && !buffer.is_empty() && self.start.len() < HEAD;
        self.start.extend_from_slice(read.get(..count.min(HEAD - self.start.len())).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_is() {
        for (start, what) in [
            ("\u{feff}\n <!DOCTYPE html><title>Log in</title>", Some("an HTML page")),
            ("<HTML>", Some("an HTML page")),
            ("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", Some("an XML document")),
            ("PK\u{3}\u{4}", Some("a ZIP")),
            (" [", Some("JSON")),
            ("id,name\n", None),
            ("", None),
        ] {
            assert_eq!(kind(start.as_bytes()), what, "{start}");
        }
        assert_eq!(kind(&[0x1f, 0x8b, 8]), Some("gzip"));
    }

    fn told(content: &str) -> bool {
        let mut bytes = content.as_bytes();
        let mut head = Head::of(&mut bytes);
        io::copy(&mut head, &mut io::sink()).unwrap();
        head.unlike(Inner::Ndjson).is_some()
    }

    #[test]
    fn an_error_is_one_object_that_says_so() {
        assert!(told(r#"{"errors":[{"message":"Not a recognized ID"}]}"#));
        assert!(told("\n{\n  \"statusCode\": 401\n}\n"));
        assert!(told("<html>"));
        assert!(!told(r#"{"__type":"Task"}"#));
        assert!(!told("{\"message\":1}\n{\"message\":2}\n"));
        assert!(!told(&format!("{{\"error\":\"{}\"}}", "x".repeat(HEAD))));
    }
}
