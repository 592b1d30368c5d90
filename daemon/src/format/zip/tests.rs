//! The container, read by four readers that are not ours, and by the `zip` crate.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::Path,
    process::{Command, Stdio},
};

use chrono::{DateTime, TimeZone, Utc};
use tempfile::NamedTempFile;
use zip::{CompressionMethod, ZipArchive};

use super::container::{Container, DosTime, Method};

const GIB: u64 = 1 << 30;

fn time() -> DosTime {
    DosTime::of(Utc.with_ymd_and_hms(2026, 1, 31, 9, 30, 59).unwrap())
}

/// A whole archive of these members; the text of each is repeated.
fn archive(level: u32, members: &[(&str, &[u8], usize)]) -> Vec<u8> {
    let mut zip = Container::new(Cursor::new(Vec::new()), level, time());
    for (name, text, times) in members {
        zip.begin(name, Method::Deflate).unwrap();
        for _ in 0..*times {
            zip.write(text).unwrap();
        }
        zip.end().unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Text that deflate makes hardly smaller.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend(state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

fn stored(bytes: &[u8]) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".zip").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// Lets a reader look at a file, or at some of its members; what it printed.
fn ask(package: &str, command: &str, arguments: &[&str], file: &Path, members: &[&str]) -> String {
    let output = Command::new(command).args(arguments).arg(file).args(members).output().unwrap_or_else(|error| {
        panic!("cannot run {command}: {error}; install it (Debian: apt-get install {package})")
    });
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

const PYTHON: &str = "import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist(): print(i.filename, i.file_size)";

const PHP: &str = r#"
if (!class_exists('ZipArchive')) { fwrite(STDERR, "no ZipArchive: apt-get install php-zip\n"); exit(1); }
$z = new ZipArchive;
$opened = $z->open($argv[1], ZipArchive::RDONLY | ZipArchive::CHECKCONS);
if ($opened !== true) { fwrite(STDERR, "error $opened\n"); exit(1); }
for ($i = 0; $i < $z->numFiles; $i++) {
  $stat = $z->statIndex($i);
  $stream = $z->getStream($stat['name']);
  while (!feof($stream)) fread($stream, 1 << 20);
  if (error_get_last() !== null) exit(1);
  echo $stat['name'], ' ', $stat['size'], "\n";
}"#;

/// All four open it, find no fault, and see the same members with the same sizes. unzip tests
/// only the members that are named, or all: it takes 4 s for each GiB.
fn readers_agree(file: &Path, members: &[(&str, u64)], for_unzip: &[&str]) {
    let expected = members.iter().map(|(name, size)| format!("{name} {size}")).collect::<Vec<_>>();
    let expected = format!("{}\n", expected.join("\n"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let said = ask("unzip", "unzip", &["-t"], file, for_unzip);
            assert!(said.contains("No errors detected"), "{said}");
            let listed = ask("unzip", "unzip", &["-l"], file, &[]);
            assert!(members.iter().all(|(_, size)| listed.contains(&size.to_string())), "{listed}");
        });
        scope.spawn(|| assert_eq!(ask("python3", "python3", &["-c", PYTHON], file, &[]), expected));
        scope.spawn(|| assert_eq!(ask("php-cli php-zip", "php", &["-r", PHP], file, &[]), expected));
        scope.spawn(|| {
            let listed = ask("libarchive-tools", "bsdtar", &["-tf"], file, &[]);
            assert_eq!(listed.lines().collect::<Vec<_>>(), members.iter().map(|it| it.0).collect::<Vec<_>>());
            let mut test = Command::new("bsdtar");
            assert!(test.arg("-xOf").arg(file).stdout(Stdio::null()).status().unwrap().success());
        });
    });
}

#[test]
fn four_readers_open_it() {
    let noise = noise(1 << 20);
    let bytes =
        archive(6, &[("a.csv", b"id,name\n", 1), ("empty.csv", b"", 0), ("big.csv", &noise, 3), ("ü.csv", b"x", 1)]);
    let file = stored(&bytes);
    readers_agree(file.path(), &[("a.csv", 8), ("empty.csv", 0), ("big.csv", 3 << 20), ("ü.csv", 1)], &[]);
    let none = stored(&archive(6, &[]));
    assert_eq!(ZipArchive::new(none.reopen().unwrap()).unwrap().len(), 0);
}

#[test]
fn headers_are_those_of_libzip() {
    let bytes = archive(6, &[("a.csv", b"id,name\n1,x\n", 1)]);
    let mut zip = ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let member = zip.by_index(0).unwrap();
    assert_eq!(member.compression(), CompressionMethod::Deflated);
    assert_eq!(member.unix_mode(), Some(0o100_644));
    let at = member.last_modified().unwrap();
    assert_eq!((at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second()), (2026, 1, 31, 9, 30, 58));
    // Local header: version 2.0, flag word 2, method 8; no extra field.
    assert_eq!(bytes[..10], *b"PK\x03\x04\x14\0\x02\0\x08\0");
    assert_eq!(bytes[26..30], [5, 0, 0, 0]);
    // Sizes stand in it: 12 bytes.
    assert_eq!(bytes[22..26], [12, 0, 0, 0]);
    let central = bytes.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    assert_eq!(bytes[central + 4..central + 10], [0x3F, 3, 20, 0, 2, 0]);
    assert_eq!(bytes[central + 30..central + 32], [0, 0]);
    assert_eq!(bytes[central + 38..central + 42], [0, 0, 0xA4, 0x81]);
}

#[test]
fn a_stored_member_is_as_it_is_and_four_readers_open_it() {
    let noise = noise(1 << 20);
    let mut zip = Container::new(Cursor::new(Vec::new()), 6, time());
    for (name, method) in [("files/a b.png", Method::Store), ("files/ü", Method::Store), ("list.csv", Method::Deflate)]
    {
        zip.begin(name, method).unwrap();
        zip.write(if name == "files/ü" { b"short" } else { &noise }).unwrap();
        zip.end().unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    // Method 0, no flag of deflate; the name that is not ASCII has its own.
    assert_eq!((&bytes[6..10], &bytes[18..22]), (&[0, 0, 0, 0][..], &(1_u32 << 20).to_le_bytes()[..]));
    assert_eq!(
        ZipArchive::new(Cursor::new(&bytes)).unwrap().by_index(1).unwrap().compression(),
        CompressionMethod::Stored
    );
    let members = [("files/a b.png", 1 << 20), ("files/ü", 5), ("list.csv", 1 << 20)];
    readers_agree(stored(&bytes).path(), &members, &[]);
}

#[test]
fn the_level_and_the_member_decide_the_bytes_and_nothing_else() {
    let members: [(&str, &[u8], usize); 1] = [("a.csv", b"id,name\n1,x and more of it\n", 1000)];
    assert_eq!(archive(6, &members), archive(6, &members));
    assert!(archive(9, &members).len() < archive(0, &members).len());
}

#[test]
fn a_large_member_keeps_room_and_stays_small_without_zip64() {
    let noise = noise(1 << 20);
    let bytes = archive(1, &[("big.csv", &noise, 2)]);
    // Version 2.0, sizes in the header, and filler that every reader passes over.
    assert_eq!(bytes[4], 20);
    assert_eq!(bytes[22..26], (2_u32 << 20).to_le_bytes());
    assert_eq!(bytes[28..30], [20, 0]);
    assert_eq!(bytes[37..41], [0x1E, 0xA1, 16, 0]);
    let mut text = Vec::new();
    let mut zip = ZipArchive::new(Cursor::new(&bytes)).unwrap();
    zip.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    assert!(text == noise.repeat(2));
    assert!(zip.by_index(0).unwrap().extra_data().is_none_or(|extra| extra.is_empty()));
}

/// A file in which pages of zeros take no room on the disk.
pub(in crate::format) struct Sparse {
    file: File,
    at: u64,
}

impl Sparse {
    pub(in crate::format) fn new(file: File) -> Self {
        Self { file, at: 0 }
    }
}

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let page = bytes.get(..ZEROS.len()).unwrap_or(bytes);
        if page != &ZEROS[..page.len()] {
            self.file.write_all_at(page, self.at)?;
        }
        self.at += page.len() as u64;
        Ok(page.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.set_len(self.at)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { unreachable!("the container counts from the start") };
        self.at = at;
        Ok(at)
    }
}

/// Both limits in one file: a member of more than 4 GiB that also takes more than 4 GiB, another
/// one behind it, and the directory behind that. It is 4 GiB of zeros, not compressed.
#[test]
fn members_and_archives_over_four_gib_are_zip64_and_four_readers_open_them() {
    let file = tempfile::Builder::new().suffix(".zip").tempfile().unwrap();
    let mut zip = Container::new(Sparse::new(file.reopen().unwrap()), 0, time());
    let zeros = vec![0; 1 << 20];
    let pieces = 4 * GIB / zeros.len() as u64 + 3;
    for (name, pieces) in [("first.csv", 1), ("huge.csv", pieces), ("last.csv", 1)] {
        zip.begin(name, Method::Deflate).unwrap();
        for _ in 0..pieces {
            zip.write(&zeros).unwrap();
        }
        zip.end().unwrap();
    }
    drop(zip.finish().unwrap());
    let size = zeros.len() as u64;
    let huge = pieces * size;
    let mut read = ZipArchive::new(file.reopen().unwrap()).unwrap();
    assert_eq!(read.by_index(1).unwrap().size(), huge);
    assert!(read.by_index(1).unwrap().compressed_size() > 4 * GIB);
    assert!(read.by_index(2).unwrap().header_start() > 4 * GIB);
    assert_eq!(io::copy(&mut read.by_index(2).unwrap(), &mut io::sink()).unwrap(), size);
    drop(read);
    readers_agree(
        file.path(),
        &[("first.csv", size), ("huge.csv", huge), ("last.csv", size)],
        &["first.csv", "last.csv"],
    );
}

#[test]
fn dos_time_has_its_limits() {
    let at = |seconds| DosTime::of(DateTime::from_timestamp(seconds, 0).unwrap());
    assert_eq!(at(0), at(315_532_800), "1970 becomes the first instant of 1980");
    assert_eq!(at(4_354_819_198), at(5_000_000_000), "after 2107 comes nothing");
    assert_ne!(at(1_767_323_044), at(1_767_323_046));
    assert_eq!(at(1_767_323_044), at(1_767_323_045));
}

#[test]
fn a_full_disk_is_an_error_at_the_latest_when_it_is_finished() {
    let mut zip = Container::new(File::options().write(true).open("/dev/full").unwrap(), 6, time());
    zip.begin("a.csv", Method::Deflate).unwrap();
    zip.write(b"id\n").unwrap();
    let result = zip.end().and_then(|()| zip.finish().map(drop));
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
}
