//! Whether two archives hold the same data: the same bytes, but for the time of the export that a
//! header tells.

use std::io::{self, BufReader, Read};

use zip::ZipArchive;

use super::{content, manifest::FILES, reader::ArchiveReader};
use orgvault_api::{Archive, Format, clock::Timestamp};

/// A header tells its time within so many bytes.
const HEAD: u64 = 64 * 1024;

/// What is read at once after it.
const BLOCK: usize = 256 * 1024;

/// The keys under which it does.
const KEYS: [&[u8]; 2] = [b"exportedAt\"", b"exported_at\""];

/// An archive with what opens it: of many nothing has to be read.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What is known of it.
    pub archive: &'a Archive,
    /// Opens it.
    pub open: &'a dyn Fn() -> io::Result<ArchiveReader>,
}

/// Whether both hold the same data; none where that cannot be told: they are written in different
/// ways, or one of them cannot be read.
#[must_use]
pub fn same_data(one: Side<'_>, other: Side<'_>) -> Option<bool> {
    let (left, right) = (one.archive, other.archive);
    let way = |archive: &Archive| (archive.format, archive.entity.clone(), archive.importable);
    if way(left) != way(right) {
        return None;
    }
    if left.sha256 == right.sha256 && left.gzip == right.gzip {
        return Some(true);
    }
    if left.counts != right.counts {
        return Some(false);
    }
    let same = if left.format == Format::Zip { same_members(one, other) } else { same_content(one, other) };
    same.ok()
}

fn same_content(left: Side<'_>, right: Side<'_>) -> io::Result<bool> {
    let opened = |side: Side<'_>| Ok::<_, io::Error>(content::open((side.open)()?, side.archive.gzip));
    let (mut one, mut other) = (opened(left)?, opened(right)?);
    if head(&mut one, left.archive.exported_at)? != head(&mut other, right.archive.exported_at)? {
        return Ok(false);
    }
    same_rest(one, other)
}

fn same_rest(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut left, mut right) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
    loop {
        left.clear();
        right.clear();
        (&mut one).take(BLOCK as u64).read_to_end(&mut left)?;
        (&mut other).take(BLOCK as u64).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

/// The first bytes, without the time of the export.
fn head(content: &mut impl Read, exported_at: Timestamp) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    content.take(HEAD).read_to_end(&mut head)?;
    Ok(timeless(head, exported_at))
}

/// Blanks out the first text under one of [`KEYS`], if it is the time of the export: a row may have
/// such a column too.
fn timeless(mut head: Vec<u8>, exported_at: Timestamp) -> Vec<u8> {
    let place = KEYS.iter().find_map(|key| memchr::memmem::find(&head, key).map(|at| at + key.len()));
    let value = place.and_then(|at| {
        let open = at + head.get(at..)?.iter().position(|byte| *byte == b'"')? + 1;
        let close = open + head.get(open..)?.iter().position(|byte| *byte == b'"')?;
        Some(open..close)
    });
    let Some(value) = value else { return head };
    let text = head.get(value.clone()).and_then(|text| str::from_utf8(text).ok());
    let time = text.and_then(|text| text.parse::<Timestamp>().ok());
    if time.is_some_and(|time| (time - exported_at).num_seconds() == 0) {
        drop(head.drain(value));
    }
    head
}

/// Of a ZIP the tables are data; what else is in it tells of the export.
fn same_members(left: Side<'_>, right: Side<'_>) -> io::Result<bool> {
    Ok(tables(left)? == tables(right)?)
}

fn tables(side: Side<'_>) -> io::Result<Vec<(String, u64, u32)>> {
    let mut zip = ZipArchive::new(BufReader::new((side.open)()?))?;
    let mut tables = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let member = zip.by_index_raw(index)?;
        let name = member.name()?.into_owned();
        // The files of an app are compared by their list.
        if !name.starts_with(FILES) && name.to_ascii_lowercase().ends_with(".csv") {
            tables.push((name, member.size(), member.crc32()));
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_of_the_export_is_blanked_out() {
        let at = "2026-01-31T09:30:00.123456Z".parse().unwrap();
        let head = |text: &str| String::from_utf8(timeless(text.as_bytes().to_vec(), at)).unwrap();
        assert_eq!(head(r#"{"exportedAt":"2026-01-31T09:30:00.123Z","rows":[]}"#), r#"{"exportedAt":"","rows":[]}"#);
        assert_eq!(head(r#"{"exported_at": "2026-01-31T09:30:00Z"}"#), r#"{"exported_at": ""}"#);
        for other in
            [r#"{"exportedAt":"2026-01-31T09:30:09Z"}"#, r#"{"exportedAt":7}"#, r#"{"exportedAt":"#, "", "a\",b\n"]
        {
            assert_eq!(head(other), other);
        }
    }
}
