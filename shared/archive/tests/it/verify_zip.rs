//! Whatever is wrong with a ZIP is found and named, and its rows come back out.

use std::{
    fs,
    io::{Cursor, Write},
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use orgvault_api::{ArchiveFiles, Format, Row};
use orgvault_archive::{
    ArchiveFault, Report, RowsError, VerifyError,
    manifest::{FILE_LIST, Layout},
    naming::hex,
    rows, verify,
    verify::verify_while,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::archives::{Made, make};

const ENTRIES: &str = "id,note\n1,plain\n2,\"a, \"\"b\"\"\nc\"\n3,\n";
const CLIENTS: &str = "id,name\n";
const META: &str = r#"{"id":"x","version":"1.0"}"#;
const MEMBERS: [(&str, &str); 3] = [("entries.csv", ENTRIES), ("clients.csv", CLIENTS), ("meta.json", META)];

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An archive of these members whose manifest tells of the sound ones.
fn made(directory: &Path, members: &[(&str, &str)]) -> Made {
    let mut made = make(directory, Format::Zip, false, &zipped(members), &[("timeEntries", 3), ("clients", 0)]);
    for (section, (member, text)) in made.manifest.sections.iter_mut().zip(MEMBERS) {
        section.member = Some(member.to_owned());
        section.columns = text.lines().next().unwrap().split(',').map(str::to_owned).collect();
    }
    made.manifest.layout = Layout { meta_member: Some("meta.json".to_owned()), ..Layout::default() };
    made
}

fn check(made: &Made) -> Report {
    verify(&made.path, Some(&made.manifest)).unwrap()
}

#[track_caller]
fn faulty(members: &[(&str, &str)], said: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let found: Vec<String> = check(&made(directory.path(), members)).faults.iter().map(ToString::to_string).collect();
    assert_eq!(found, said);
}

#[test]
fn a_whole_zip_has_no_fault_and_its_counts() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path(), &MEMBERS);
    let report = check(&made);
    assert_eq!((report.faults, report.counts), (vec![], made.manifest.counts()));
    let bare = directory.path().join("bare");
    fs::copy(&made.path, &bare).unwrap();
    let report = verify(&bare, None).unwrap();
    let counts: Vec<(&str, u64)> = report.counts.iter().map(|count| (count.name.as_str(), count.rows)).collect();
    assert_eq!((report.faults.as_slice(), counts.as_slice()), (&[][..], &[("entries", 3), ("clients", 0)][..]));
}

#[test]
fn what_is_wrong_with_a_member_is_named_with_it() {
    let [entries, clients, meta] = MEMBERS;
    faulty(&[entries, clients], &["member meta.json is missing"]);
    faulty(&[entries, meta], &["section clients is missing and the manifest says 0 rows"]);
    faulty(&[entries, clients, meta, ("more.csv", "x\n")], &["member more.csv is not one that the manifest says"]);
    faulty(
        &[("entries.csv", "id,note\n1,x\n"), clients, meta],
        &["section timeEntries has 1 rows and the manifest says 3"],
    );
    faulty(
        &[("entries.csv", "id,remark\n1,\n2,\n3,\n"), clients, meta],
        &["member entries.csv: the header of section timeEntries is `id,remark` and the manifest says `id,note`"],
    );
    faulty(
        &[("entries.csv", "id,note\n1,x,y\n2,\n3,\n"), clients, meta],
        &["member entries.csv: not CSV at byte 8: record 1 has 3 fields and the header has 2"],
    );
    faulty(
        &[("entries.csv", "id,note\n1,"), clients, meta],
        &["member entries.csv: the content ends in the middle, at byte 10"],
    );
    faulty(&[entries, ("clients.csv", ""), meta], &["member clients.csv: not CSV at byte 0: there is no header line"]);
    faulty(
        &[entries, clients, ("meta.json", "[]")],
        &["member meta.json: not JSON at byte 0: the document is no JSON object"],
    );
}

#[test]
fn broken_data_is_found_without_a_manifest_too() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = zipped(&MEMBERS);
    let path = directory.path().join("a.zip");
    // The checksum of the first member, in its directory entry.
    let central = bytes.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    let mut checksum = bytes.clone();
    checksum[central + 16] ^= 1;
    fs::write(&path, &checksum).unwrap();
    let report = verify(&path, None).unwrap();
    assert!(
        matches!(&report.faults[..], [ArchiveFault::Member { member, .. }] if member == "entries.csv"),
        "{report:?}"
    );
    let mut size = bytes.clone();
    size[central + 24] += 1;
    fs::write(&path, &size).unwrap();
    assert!(!verify(&path, None).unwrap().ok());
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let report = verify(&path, None).unwrap();
    assert!(matches!(&report.faults[..], [ArchiveFault::Container { .. }]), "{report:?}");
    fs::write(&path, b"").unwrap();
    assert!(!verify(&path, None).unwrap().ok());
}

#[test]
fn every_truncation_is_called_one() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path(), &MEMBERS);
    let bytes = made.bytes();
    for length in [0, 1, 30, bytes.len() / 2, bytes.len() - 22, bytes.len() - 1] {
        made.put(&bytes[..length]);
        let faults = check(&made).faults;
        assert!(matches!(faults.first(), Some(ArchiveFault::Truncated { .. })), "{length}: {faults:?}");
    }
}

#[test]
fn a_verification_within_the_members_can_be_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path(), &MEMBERS);
    let size = made.manifest.bytes;
    let after = AtomicU64::new(0);
    let progress = |bytes: u64| {
        let stop = bytes == size && after.fetch_add(1, Ordering::Relaxed) > 3;
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = verify_while(&made.path, Some(&made.manifest), &progress);
    assert!(matches!(stopped, Err(VerifyError::Stopped { .. })), "{stopped:?}");
}

#[test]
fn rows_come_out_of_a_member() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path(), &MEMBERS);
    let page = rows(&made.path, Some(&made.manifest), "timeEntries", 1, 1, None).unwrap();
    assert_eq!(page.rows.iter().map(Row::text).collect::<Vec<_>>(), [r#"{"id":"2","note":"a, \"b\"\nc"}"#]);
    assert_eq!((page.columns, page.next), (vec!["id".to_owned(), "note".to_owned()], Some(2)));
    assert_eq!(rows(&made.path, Some(&made.manifest), "clients", 0, 9, None).unwrap().rows, []);
    let bare = directory.path().join("bare.zip");
    fs::copy(&made.path, &bare).unwrap();
    assert_eq!(rows(&bare, None, "entries", 0, 9, None).unwrap().rows.len(), 3);
    let unknown = rows(&bare, None, "timeEntries", 0, 9, None).unwrap_err();
    assert!(
        matches!(&unknown, RowsError::UnknownSection { known, .. } if known == &["entries", "clients"]),
        "{unknown}"
    );
    made.put(b"PK");
    assert!(matches!(rows(&made.path, Some(&made.manifest), "clients", 0, 9, None), Err(RowsError::Damaged { .. })));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_found(at in 0..usize::MAX, bit in 0..8_u8) {
        let directory = tempfile::tempdir().unwrap();
        let made = made(directory.path(), &MEMBERS);
        let mut bytes = made.bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        made.put(&bytes);
        prop_assert!(!check(&made).ok());
    }
}

const A: &str = "a file, with a comma";
const TABLE: &str = "no table: \"\n";

/// The list of the app's files: `a,b` and `dir/t.csv`, and one that was not there.
fn list() -> String {
    let sum = |text: &str| hex(&Sha256::digest(text));
    format!(
        "path,bytes,sha256,status,table,id\n\"a,b\",{},{},ok,t,1\ngone,,,missing,t,2\ndir/t.csv,{},{},changed,t,3\n",
        A.len(),
        sum(A),
        TABLE.len(),
        sum(TABLE)
    )
}

/// An archive of the sound sections with these files and this list.
fn with_files(directory: &Path, files: &[(&str, &str)], list: &str) -> Made {
    let [entries, clients, meta] = MEMBERS;
    let members = [&[entries, clients], files, &[(FILE_LIST, list), meta]].concat();
    let mut made = made(directory, &members);
    made.manifest.layout.file_list = Some(FILE_LIST.to_owned());
    let bytes = (A.len() + TABLE.len()) as u64;
    made.manifest.files = Some(ArchiveFiles { count: 2, bytes, missing: 1, ..ArchiveFiles::default() });
    made
}

#[test]
fn files_are_compared_with_their_list() {
    let directory = tempfile::tempdir().unwrap();
    let (a, table) = (("files/a,b", A), ("files/dir/t.csv", TABLE));
    let sound = with_files(directory.path(), &[a, table], &list());
    assert_eq!(check(&sound).faults, []);
    let bare = directory.path().join("bare.zip");
    fs::copy(&sound.path, &bare).unwrap();
    let report = verify(&bare, None).unwrap();
    let counted: Vec<&str> = report.counts.iter().map(|count| count.name.as_str()).collect();
    assert_eq!((report.faults.as_slice(), counted), (&[][..], vec!["entries", "clients"]), "a file is no table");
    assert_eq!(report.files.map(|files| files.count), Some(2));
    assert!(rows(&bare, None, "files/dir/t", 0, 9, None).is_err());

    let faults = |files: &[(&str, &str)], list: &str| {
        let faults = check(&with_files(directory.path(), files, list)).faults;
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let bytes = A.len() + TABLE.len();
    let count = |found: usize, of: usize| {
        format!("there are {found} files of {of} bytes and the manifest says 2 of {bytes} bytes")
    };
    let changed = faults(&[("files/a,b", "a file, with a c0mma"), table], &list());
    assert!(
        changed.len() == 1 && changed[0].starts_with("member files/a,b: it has 20 bytes with the SHA-256 "),
        "{changed:?}"
    );
    assert_eq!(faults(&[table], &list()), [count(1, TABLE.len()), "member files/a,b is missing".to_owned()]);
    assert_eq!(faults(&[a], &list()), [count(1, A.len()), "member files/dir/t.csv is missing".to_owned()]);
    let more =
        [count(3, bytes + 1), "member files/more: it is not the one that comes next in the list of files".to_owned()];
    assert_eq!(faults(&[a, ("files/more", "x"), table], &list()), more);
    let short: String = list().split_inclusive('\n').take(2).collect();
    assert_eq!(
        faults(&[a, table], &short),
        ["member files/dir/t.csv: it is not the one that comes next in the list of files"]
    );
    let torn = faults(&[a, table], "path,bytes,sha256,status,table,id\n\"a");
    assert!(torn.contains(&"member file_list.csv: the content ends in the middle, at byte 36".to_owned()), "{torn:?}");
}

#[test]
fn files_that_no_manifest_speaks_of_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut made = with_files(directory.path(), &[("files/a,b", A), ("files/dir/t.csv", TABLE)], &list());
    made.manifest.files = None;
    made.manifest.layout.file_list = None;
    let faults: Vec<String> = check(&made).faults.iter().map(ToString::to_string).collect();
    let unknown = ["files/a,b", "files/dir/t.csv", FILE_LIST];
    assert_eq!(faults, unknown.map(|member| format!("member {member} is not one that the manifest says")));
}

#[test]
fn a_list_of_files_that_is_missing_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut made = made(directory.path(), &MEMBERS);
    made.manifest.layout.file_list = Some(FILE_LIST.to_owned());
    made.manifest.files = Some(ArchiveFiles { count: 2, bytes: 9, ..ArchiveFiles::default() });
    let faults: Vec<String> = check(&made).faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["member file_list.csv is missing"]);
}
