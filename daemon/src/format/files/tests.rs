//! Files whose content fails, ends the export or is very large, and what the archive says of them.

use std::{
    io::{self, Cursor, Read, Seek, Write},
    sync::Arc,
};

use orgvault_api::Format;
use orgvault_archive::manifest::FILE_LIST;
use tokio_util::sync::CancellationToken;
use zip::{CompressionMethod, ZipArchive};

use super::*;
use crate::{
    format::{
        ArchivePlan, Fetch, encoder,
        fixture::{block, columns, definition, plan, section},
        zip::tests::Sparse,
    },
    product::Files,
    row::ColumnType,
    uploads::{OpenUploads, UploadsFault},
};

const GIB: u64 = 1 << 30;

/// A place that has a content for each path.
#[derive(Debug)]
struct Place(fn(&str) -> Result<Content, NoFile>);

/// So many bytes of a kind, and then an end or an error.
struct Content {
    left: u64,
    is_noise: bool,
    /// Whether somebody writes to it meanwhile.
    is_moving: bool,
    fault: Option<fn() -> io::Error>,
}

impl OpenUploads for Place {
    fn file(&self, path: &FilePath) -> Result<Box<dyn Upload>, NoFile> {
        self.0(path.as_str()).map(|content| Box::new(content) as Box<dyn Upload>)
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if count == 0 {
            return self.fault.map_or(Ok(0), |fault| Err(fault()));
        }
        self.left -= count as u64;
        let buffer = &mut buffer[..count];
        buffer.fill(0);
        if std::mem::take(&mut self.is_noise) {
            let hash = |number: usize| Sha256::digest(number.to_le_bytes());
            buffer
                .chunks_mut(32)
                .enumerate()
                .for_each(|(number, chunk)| chunk.copy_from_slice(&hash(number)[..chunk.len()]));
        }
        Ok(count)
    }
}

impl Upload for Content {
    fn has_changed(&self) -> bool {
        self.is_moving
    }
}

/// The plan of a section whose rows name files of this place.
fn with_files(place: Place, stop: &CancellationToken) -> ArchivePlan {
    let mut rows = section("rows");
    rows.member = Some("rows.csv".to_owned());
    let mut definition = definition(vec![rows]);
    definition.formats = vec![Format::Zip];
    let said = |name: &str| Some(name.to_owned());
    definition.files =
        vec![Files { section: "rows".to_owned(), path: "path".to_owned(), size: said("size"), sha256: None }];
    let files = Some(Fetch { place: Arc::new(place), named: None, stop: stop.clone() });
    ArchivePlan { files, ..plan(definition, Format::Zip) }
}

/// Writes an archive whose rows name these files; of each its size, where the row says it.
fn write<W: Write + Seek + Send + 'static>(
    plan: ArchivePlan,
    out: W,
    files: &[(&str, Option<u64>)],
) -> Result<(W, Written), FormatError> {
    let columns = columns(&[("id", ColumnType::Int), ("path", ColumnType::Text), ("size", ColumnType::Int)]);
    let mut encoder = encoder(Arc::new(plan), out)?;
    encoder.begin(0, &columns)?;
    for (number, (path, size)) in files.iter().enumerate() {
        let (id, size) = (number.to_be_bytes(), size.map(u64::to_be_bytes));
        let size = size.as_ref().map(<[u8; 8]>::as_slice);
        encoder.rows(&block(&[vec![Some(&id), Some(path.as_bytes()), size]]))?;
    }
    encoder.end()?;
    encoder.finish()
}

#[test]
fn of_many_things_that_are_said_of_one_file_few_are_kept() {
    let place = Place(|_path| Ok(Content { left: 3, is_noise: false, is_moving: false, fault: None }));
    let files: Vec<(&str, Option<u64>)> = (0..1000).map(|size| ("same", Some(size))).collect();
    let plan = Arc::new(with_files(place, &CancellationToken::new()));
    let mut named = Named::new(Arc::clone(&plan));
    named
        .begin(0, &columns(&[("id", ColumnType::Int), ("path", ColumnType::Text), ("size", ColumnType::Int)]))
        .unwrap();
    for (path, size) in &files {
        let size = size.unwrap().to_be_bytes();
        named.rows(&block(&[vec![Some(&size), Some(path.as_bytes()), Some(&size)]])).unwrap();
    }
    assert_eq!((named.files.len(), named.files["same"].claims.len()), (1, 5));
}

#[test]
fn what_is_written_to_meanwhile_is_told() {
    let place = Place(|path| Ok(Content { left: 3, is_noise: false, is_moving: path == "log", fault: None }));
    let files = [("log", None), ("still", Some(3))];
    let (_, written) = write(with_files(place, &CancellationToken::new()), Cursor::new(Vec::new()), &files).unwrap();
    assert_eq!(written.files, Some(ArchiveFiles { count: 2, bytes: 6, changed: 1, ..ArchiveFiles::default() }));
    assert_eq!(written.warnings[0].ids, ["rows_table 0: log (it changed while it was read)"]);
}

#[test]
fn what_cannot_be_read_to_its_end_is_there_as_far_as_it_was_read() {
    let place = Place(|path| match path {
        "torn" => Ok(Content {
            left: 600_000,
            is_noise: true,
            is_moving: false,
            fault: Some(|| io::Error::other("the disk fails")),
        }),
        "dead" => Ok(Content {
            left: 0,
            is_noise: false,
            is_moving: false,
            fault: Some(|| io::Error::other("the disk fails")),
        }),
        _ => Err(NoFile::Unreadable { why: "not allowed".to_owned() }),
    });
    let files = [("torn", Some(900_000)), ("dead", None), ("mine", None)];
    let (out, written) = write(with_files(place, &CancellationToken::new()), Cursor::new(Vec::new()), &files).unwrap();
    let expected = ArchiveFiles { count: 1, bytes: 600_000, unreadable: 3, ..ArchiveFiles::default() };
    assert_eq!(written.files, Some(expected));
    let [warning] = written.warnings.as_slice() else { panic!("{:?}", written.warnings) };
    let said = [
        "rows_table 0: torn (after 600000 bytes: the disk fails)",
        "rows_table 1: dead (the disk fails)",
        "rows_table 2: mine (not allowed)",
    ];
    assert_eq!((warning.code.as_str(), warning.ids.as_slice()), ("files_unreadable", &said.map(str::to_owned)[..]));
    let mut zip = ZipArchive::new(out).unwrap();
    assert_eq!(io::copy(&mut zip.by_name("files/torn").unwrap(), &mut io::sink()).unwrap(), 600_000);
    assert_eq!(zip.len(), 4, "the rows, the file, the list and the meta member");
}

#[test]
fn a_place_that_goes_while_a_file_is_read_and_a_stop_end_the_archive() {
    let place = || {
        Place(|_path| {
            let gone = || {
                let (place, words) = ("s3://files".to_owned(), "no answer".to_owned());
                io::Error::other(UploadsError { place, fault: UploadsFault::Unreachable, words })
            };
            Ok(Content { left: 300_000, is_noise: false, is_moving: false, fault: Some(gone) })
        })
    };
    let stop = CancellationToken::new();
    let gone = write(with_files(place(), &stop), Cursor::new(Vec::new()), &[("a", None)]);
    assert!(matches!(gone, Err(FormatError::Uploads(error)) if error.code() == "files_unreachable"));
    stop.cancel();
    let stopped = write(with_files(place(), &stop), Cursor::new(Vec::new()), &[("a", None)]);
    assert!(matches!(stopped, Err(FormatError::Stopped)));
}

#[test]
fn a_path_that_is_refused_may_be_of_any_length() {
    let place = Place(|path| panic!("{path} was asked for"));
    let long = format!("../{}", "x".repeat(1 << 20));
    let (_, written) =
        write(with_files(place, &CancellationToken::new()), Cursor::new(Vec::new()), &[(&long, None)]).unwrap();
    assert_eq!(written.files.unwrap().refused, 1);
    assert!(written.warnings[0].ids[0].len() < 400, "{}", written.warnings[0].ids[0].len());
}

/// The content takes no room: it is noise at first, so that it is stored, and then zeros.
#[test]
fn a_file_of_five_gib_is_written_with_zip64() {
    let place = Place(|path| {
        let left = if path == "large" { 5 * GIB } else { 5 };
        Ok(Content { left, is_noise: true, is_moving: false, fault: None })
    });
    let file = tempfile::Builder::new().suffix(".zip").tempfile().unwrap();
    let files = [("large", Some(5 * GIB)), ("last", Some(5))];
    let plan = with_files(place, &CancellationToken::new());
    let (_, written) = write(plan, Sparse::new(file.reopen().unwrap()), &files).unwrap();
    let expected = ArchiveFiles { count: 2, bytes: 5 * GIB + 5, ..ArchiveFiles::default() };
    assert_eq!((written.files, written.warnings), (Some(expected), Vec::new()));
    let mut zip = ZipArchive::new(file.reopen().unwrap()).unwrap();
    let large = zip.by_name("files/large").unwrap();
    assert_eq!((large.size(), large.compressed_size()), (5 * GIB, 5 * GIB));
    assert_eq!(large.compression(), CompressionMethod::Stored);
    drop(large);
    let mut last = zip.by_name("files/last").unwrap();
    assert!(last.header_start() > 5 * GIB);
    assert_eq!(io::copy(&mut last, &mut io::sink()).unwrap(), 5);
    drop(last);
    let mut text = String::new();
    zip.by_name(FILE_LIST).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.lines().nth(1).unwrap().starts_with("large,5368709120,"), "{text}");
}
