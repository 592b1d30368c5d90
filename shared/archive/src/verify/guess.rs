//! What an archive is that no manifest speaks of: by its name where that says it, else by its first bytes.

use std::io::{self, Read};

use orgvault_api::{Format, OrganizationKey};

use crate::{
    content,
    full::bag::DECLARATION,
    naming::ArchiveName,
    reader::ArchiveReader,
    received::{Content, Inner, MemberRule, pick::Keys},
};

/// So many bytes of content are looked at.
const LOOKED_AT: u64 = 1024 * 1024;
/// What exports of Asana call the type and the id of an object.
const TYPE_AND_ID: [&str; 2] = ["__type", "__object_id"];

/// How an archive is written.
pub(crate) struct Guess {
    pub(crate) format: Format,
    pub(crate) gzip: bool,
    /// How it is read where no orgvault wrote it.
    pub(crate) content: Option<Content>,
}

impl Guess {
    pub(crate) fn of(reader: &ArchiveReader) -> io::Result<Self> {
        let mut start = Vec::new();
        reader.again().take(512).read_to_end(&mut start)?;
        let gzip = start.starts_with(&[0x1f, 0x8b]);
        let name = reader.name().rsplit('/').next().unwrap_or_default();
        if let Ok(name) = name.parse::<ArchiveName>() {
            return Ok(Self::written(reader, name.format, name.gzip));
        }
        // The first member of a bag that orgvault wrote says that it is one.
        if start.starts_with(b"PK\x03\x04") && start.get(30..39) == Some(DECLARATION.as_bytes()) {
            return Ok(Self { format: Format::Full, gzip: false, content: None });
        }
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        if let Some(format) = plain.rsplit_once('.').and_then(|(_, extension)| extension.parse().ok()) {
            return Ok(Self::written(reader, format, gzip));
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return Ok(Self { format: Format::Zip, gzip: false, content: None });
        }
        let format = match start_of(reader, gzip, 512) {
            start if start.get(257..262) == Some(b"ustar") => Format::Tar,
            start if matches!(start.trim_ascii_start().first(), Some(b'{' | b'[')) => Format::Json,
            _ => Format::Csv,
        };
        Ok(Self::written(reader, format, gzip))
    }

    fn written(reader: &ArchiveReader, format: Format, gzip: bool) -> Self {
        let content = match format {
            Format::Json => lines(&start_of(reader, gzip, LOOKED_AT)),
            Format::Tar => Some(members()),
            _ => None,
        };
        Self { format, gzip, content }
    }
}

/// The first bytes of the content; none where its compression is broken, which a verification tells.
fn start_of(reader: &ArchiveReader, gzip: bool, bytes: u64) -> Vec<u8> {
    let mut start = Vec::new();
    if content::open(reader.again(), gzip).take(bytes).read_to_end(&mut start).is_err() {
        start.clear();
    }
    start
}

/// Rows on a line each: one object ends with its line, and another one follows or it says its type.
fn lines(start: &[u8]) -> Option<Content> {
    let start = start.trim_ascii_start();
    let end = memchr::memchr(b'\n', start)?;
    let (line, rest) = start.split_at_checked(end)?;
    let mut keys = Keys::default();
    let [kind, id] = TYPE_AND_ID.map(|key| keys.add(key));
    let found = keys.pick(std::str::from_utf8(line).ok()?).ok()?;
    let has = |place: usize| found.get(place).copied().flatten().is_some();
    let go_on = rest.trim_ascii_start().starts_with(b"{") || has(kind);
    let key = |place: usize| TYPE_AND_ID.get(place).filter(|_| has(place)).map(ToString::to_string);
    go_on.then(|| Content { inner: Inner::Ndjson, section: key(kind), id: key(id), ..Content::default() })
}

/// What members hold by their names. One further down may be anything that a person attached.
fn members() -> Content {
    let rules = [("**/*.ndjson", Inner::Ndjson), ("**/*.jsonl", Inner::Ndjson), ("*.json", Inner::Rows)];
    let rule =
        |(member, inner): (&str, Inner)| MemberRule { member: member.to_owned(), inner, ..MemberRule::default() };
    Content { members: rules.map(rule).into(), ..Content::default() }
}

/// The tenant of a file that need not be anybody's.
pub(super) fn nobody() -> OrganizationKey {
    let [source, kind, id, name, slug] = [""; 5].map(str::to_owned);
    OrganizationKey { source, kind, id, name, slug }
}
