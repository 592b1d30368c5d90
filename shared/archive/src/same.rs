//! Whether two archives hold the same data: the same bytes, but for the time of the export that a
//! header tells.

use std::io::{self, BufReader, Read};

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{content, full, manifest::FILES, reader::ArchiveReader, tarball::Tarball};
use orgvault_api::{Archive, Format, SectionCount, clock::Timestamp};

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
    if counts(left) != counts(right) {
        return Some(false);
    }
    let same = match left.format {
        Format::Zip | Format::Full => same_members(one, other),
        Format::Tar => same_sums(one, other, of_entries),
        // An app promises no order of the lines that it writes.
        _ if left.received.is_some() => {
            same_content(one, other).and_then(|same| Ok(same || same_sums(one, other, of_lines)?))
        }
        _ => same_content(one, other),
    };
    same.ok()
}

/// Rows by section; in an app's own file the sections come in no promised order.
fn counts(archive: &Archive) -> Vec<&SectionCount> {
    let mut counts: Vec<&SectionCount> = archive.counts.iter().collect();
    if archive.received.is_some() {
        counts.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    }
    counts
}

/// Whether both sides are the same parts, in whatever order.
fn same_sums(left: Side<'_>, right: Side<'_>, sum: fn(&mut dyn Read) -> io::Result<Sum>) -> io::Result<bool> {
    let of = |side: Side<'_>| sum(&mut content::open((side.open)()?, side.archive.gzip));
    Ok(of(left)? == of(right)?)
}

/// Parts of a file, whatever their order: their number, and what their digests add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    parts: u64,
    digests: u128,
}

impl Sum {
    fn add(&mut self, part: Sha256) {
        let digest = part.finalize();
        let low = digest.first_chunk().map_or(0, |low| u128::from_le_bytes(*low));
        self.digests = self.digests.wrapping_add(low);
        self.parts += 1;
    }
}

fn of_lines(content: &mut dyn Read) -> io::Result<Sum> {
    let (mut sum, mut line, mut block) = (Sum::default(), Sha256::new(), vec![0; BLOCK]);
    loop {
        let count = content.read(&mut block)?;
        if count == 0 {
            sum.add(line);
            return Ok(sum);
        }
        let read = block.get(..count).unwrap_or_default();
        for part in read.split_inclusive(|byte| *byte == b'\n') {
            line.update(part);
            if part.ends_with(b"\n") {
                sum.add(std::mem::take(&mut line));
            }
        }
    }
}

/// The files in a tar, without when they were packed, by whom and in which order.
fn of_entries(content: &mut dyn Read) -> io::Result<Sum> {
    let (mut sum, mut tarball) = (Sum::default(), Tarball::new(content));
    while let Some(entry) = tarball.next().map_err(io::Error::other)? {
        let mut part = Sha256::new();
        part.update(entry.name.as_bytes());
        part.update([0]);
        let mut block = vec![0; BLOCK];
        loop {
            match tarball.read(&mut block)? {
                0 => break,
                count => part.update(block.get(..count).unwrap_or_default()),
            }
        }
        sum.add(part);
    }
    Ok(sum)
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
    let (one, other) = (tables(left, true)?, tables(right, true)?);
    // An app's own may have none.
    if one.is_empty() && other.is_empty() && left.archive.received.is_some() {
        return Ok(tables(left, false)? == tables(right, false)?);
    }
    Ok(one == other)
}

/// The members with their sizes and checksums, or only those that are tables.
fn tables(side: Side<'_>, only: bool) -> io::Result<Vec<(String, u64, u32)>> {
    let mut zip = ZipArchive::new(BufReader::new((side.open)()?))?;
    let mut tables = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let member = zip.by_index_raw(index)?;
        let name = member.name()?.into_owned();
        // The files of an app are compared by their list.
        if !only
            || (!name.starts_with(FILES)
                && !name.starts_with(full::FILES)
                && name.to_ascii_lowercase().ends_with(".csv"))
        {
            tables.push((name, member.size(), member.crc32()));
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(text: &str) -> Sum {
        of_lines(&mut text.as_bytes()).unwrap()
    }

    #[test]
    fn lines_are_the_same_in_any_order() {
        assert_eq!(sum("a\nb\nb\n"), sum("b\na\nb\n"));
        for other in ["a\nb\n", "a\na\nb\n", "a\nb\nb", "a\nb\nb\n\n", "ab\nb\n"] {
            assert_ne!(sum("a\nb\nb\n"), sum(other), "{other}");
        }
        let long = format!("{}\n", "x".repeat(3 * BLOCK));
        assert_eq!(sum(&format!("{long}y\n")), sum(&format!("y\n{long}")));
    }

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
