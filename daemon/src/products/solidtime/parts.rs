//! A part of an archive that is too much for one import: some of its time entries, and all of everything else,
//! which the importer finds again by name.

use std::io::{self, BufRead, BufReader, Cursor, Write};

use orgvault_archive::ArchiveReader;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const ENTRIES: &str = "time_entries.csv";

/// The ZIP with at most `rows` time entries from the one at `first` on.
pub(super) fn part(archive: ArchiveReader, first: u64, rows: u64) -> io::Result<Vec<u8>> {
    let mut whole = ZipArchive::new(BufReader::new(archive))?;
    let mut part = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..whole.len() {
        let member = whole.by_index(index)?;
        if member.name()? == ENTRIES {
            part.start_file(ENTRIES, SimpleFileOptions::default())?;
            some(BufReader::new(member), &mut part, first, rows)?;
        } else {
            drop(member);
            part.raw_copy_file(whole.by_index_raw(index)?)?;
        }
    }
    Ok(part.finish()?.into_inner())
}

/// Copies the header, and then so many records.
fn some(mut csv: impl BufRead, part: &mut impl Write, first: u64, rows: u64) -> io::Result<()> {
    let mut record = Vec::new();
    if next(&mut csv, &mut record)? {
        part.write_all(&record)?;
    }
    for number in 0_u64.. {
        if number >= first.saturating_add(rows) || !next(&mut csv, &mut record)? {
            break;
        }
        if number >= first {
            part.write_all(&record)?;
        }
    }
    Ok(())
}

/// Reads a record with its end: a line, or several where a quoted field holds line ends. Quotes inside of one are
/// doubled, so that every line with an odd number of them begins or ends one.
fn next(csv: &mut impl BufRead, record: &mut Vec<u8>) -> io::Result<bool> {
    record.clear();
    let mut quoted = false;
    loop {
        let before = record.len();
        if csv.read_until(b'\n', record)? == 0 {
            return Ok(!record.is_empty());
        }
        let line = record.get(before..).unwrap_or_default();
        quoted ^= memchr::memchr_iter(b'"', line).count() % 2 == 1;
        if !quoted {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn archive(entries: &str) -> ArchiveReader {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [("meta.json", "{}"), ("clients.csv", "id,name\n1,\"a\nb\"\n"), (ENTRIES, entries)] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        ArchiveReader::new("x", zip.finish().unwrap().into_inner())
    }

    fn member(zip: &[u8], name: &str) -> String {
        let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_parts_have_each_time_entry_once_and_all_of_everything_else() {
        let records = ["1,a\n", "2,\"two\nlines, \"\"quoted\"\"\n\"\n", "3,\n", "4,\"\"\"\n\"\n", "5,e"];
        let whole = archive(&format!("id,description\n{}", records.concat()));
        for size in 1..=6_usize {
            let mut found = String::new();
            for (number, wanted) in records.chunks(size).enumerate() {
                let zip = part(whole.again(), (number * size) as u64, size as u64).unwrap();
                let text = member(&zip, ENTRIES);
                let rest = text.strip_prefix("id,description\n").unwrap();
                assert_eq!(rest, wanted.concat());
                found.push_str(rest);
                assert_eq!(member(&zip, "clients.csv"), "id,name\n1,\"a\nb\"\n");
                assert_eq!(member(&zip, "meta.json"), "{}");
            }
            assert_eq!(found, records.concat());
        }
        assert_eq!(member(&part(whole.again(), 5, u64::MAX).unwrap(), ENTRIES), "id,description\n");
        assert_eq!(member(&part(archive(""), 0, 9).unwrap(), ENTRIES), "");
    }
}
