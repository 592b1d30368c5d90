//! Files that somebody else may have made: nothing is waited for, no link is followed, and what is
//! too much is refused with a word.

use std::{
    fs,
    io::{Cursor, Write},
    os::unix::fs::symlink,
    path::Path,
};

use orgvault_api::Format;
use orgvault_archive::{
    ArchiveFault, Manifest, ManifestError, RowsError, StateError, StateFile, VerifyError,
    manifest::{LARGEST_MANIFEST, manifest_path},
    rows,
    state::{LARGEST_STATE, state_path},
    verify,
};
use orgvault_files::open::not_a_file;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::archives::{DOCUMENT, DOCUMENT_ROWS, make};

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// A file of so many bytes that takes no room.
fn sparse(path: &Path, bytes: u64) {
    fs::File::create(path).unwrap().set_len(bytes).unwrap();
}

#[test]
fn a_named_pipe_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let made = make(directory.path(), Format::Json, false, DOCUMENT.as_bytes(), &DOCUMENT_ROWS);
    fs::remove_file(&made.path).unwrap();
    for path in [&made.path, &manifest_path(&made.path), &state_path(&made.path)] {
        pipe(path);
    }
    let report = verify(&made.path, Some(&made.manifest)).unwrap();
    assert_eq!(report.faults, [ArchiveFault::NotAFile { what: "a named pipe" }]);
    assert!(matches!(verify(&made.path, None), Err(VerifyError::Open { cause, .. }) if not_a_file(&cause).is_some()));
    let page = rows(&made.path, Some(&made.manifest), "labels", 0, 9, None);
    assert!(matches!(page, Err(RowsError::Open { cause, .. }) if not_a_file(&cause).is_some()));
    let manifest = Manifest::beside(&made.path).unwrap_err();
    assert!(manifest.to_string().ends_with(".manifest.json: it is a named pipe and not a file"), "{manifest}");
    let state = StateFile::beside(&made.path).unwrap_err();
    assert!(state.to_string().ends_with(".state.json: it is a named pipe and not a file"), "{state}");
}

#[test]
fn no_link_leads_out_of_the_directory() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = make(directory.path(), Format::Json, false, DOCUMENT.as_bytes(), &DOCUMENT_ROWS);
    let secret = elsewhere.path().join("secret.json");
    fs::rename(&made.path, &secret).unwrap();
    symlink(&secret, &made.path).unwrap();
    for manifest in [Some(&made.manifest), None] {
        let page = rows(&made.path, manifest, "labels", 0, 9, None);
        let Err(RowsError::Open { cause, .. }) = page else { panic!("{page:?}") };
        assert_eq!(cause.to_string(), "it is a link and not a file");
    }
    assert!(verify(&made.path, None).is_err());
    symlink(&secret, manifest_path(&made.path)).unwrap();
    assert!(matches!(Manifest::beside(&made.path), Err(ManifestError::Read { .. })));
}

#[test]
fn small_files_have_a_limit() {
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("20260131T093000Z-7.json");
    sparse(&manifest_path(&archive), LARGEST_MANIFEST + 1);
    let error = Manifest::beside(&archive).unwrap_err().to_string();
    assert!(error.ends_with("it is larger than 8388608 bytes, and no more is read of it"), "{error}");
    sparse(&state_path(&archive), LARGEST_STATE + 1);
    assert!(matches!(StateFile::beside(&archive), Err(StateError::Read { .. })));
}

#[test]
fn a_document_of_very_many_keys_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    let keys: Vec<String> = (0..10_001).map(|key| format!("\"{key}\":[]")).collect();
    fs::write(&path, format!("{{{}}}", keys[..10_000].join(","))).unwrap();
    let report = verify(&path, None).unwrap();
    assert_eq!((report.faults, report.counts.len()), (vec![], 10_000));
    fs::write(&path, format!("{{{}}}", keys.join(","))).unwrap();
    assert_eq!(verify(&path, None).unwrap().faults, [ArchiveFault::TooMany { what: "keys", limit: 10_000 }]);
    let path = directory.path().join("a.csv");
    fs::write(&path, format!("{}\n", ",".repeat(32_767))).unwrap();
    assert_eq!(verify(&path, None).unwrap().faults, [ArchiveFault::TooMany { what: "columns", limit: 32_767 }]);
}

#[test]
fn faults_are_told_up_to_a_number() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    fs::write(&path, format!("{{{}}}", vec!["\"a\":[]"; 300].join(","))).unwrap();
    let faults = verify(&path, None).unwrap().faults;
    assert_eq!((faults.len(), faults.last()), (101, Some(&ArchiveFault::More { more: 199 })));
    assert_eq!(faults[0], ArchiveFault::Twice { section: "a".to_owned() });
}

#[test]
fn a_row_that_is_too_large_to_be_shown_is_counted_and_can_be_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let (json, csv) = (directory.path().join("a.json"), directory.path().join("a.csv"));
    let large = "x".repeat(8 * 1024 * 1024);
    fs::write(&json, format!(r#"{{"s":[{{"a":1}},{{"a":"{large}"}},{{"a":3}}],"o":{{"a":"{large}"}}}}"#)).unwrap();
    fs::write(&csv, format!("a\n1\n{large}\n3\n")).unwrap();
    for (path, section) in [(&json, "s"), (&csv, "rows")] {
        let report = verify(path, None).unwrap();
        assert_eq!((report.faults.as_slice(), report.counts[0].rows), (&[][..], 3), "{section}");
        let first = rows(path, None, section, 0, 9, None).unwrap();
        assert_eq!((first.rows.len(), first.next), (1, Some(1)), "the page ends before it");
        let error = rows(path, None, section, 1, 9, Some("3")).unwrap_err();
        assert!(matches!(error, RowsError::TooLarge { passed: 1, .. }), "{error}");
        let said =
            "is too large to be shown (it has more than 8388608 bytes): ask for the rows after 2 to go on behind it";
        assert!(error.to_string().ends_with(said), "{error}");
        let last = rows(path, None, section, 2, 9, None).unwrap();
        assert_eq!((last.rows.len(), last.next), (1, None));
    }
    assert!(matches!(rows(&json, None, "o", 0, 9, None), Err(RowsError::TooLarge { passed: 0, .. })));
    // Control characters are six times as long in JSON.
    fs::write(&csv, format!("a\n{}\n", "\u{1}".repeat(2 * 1024 * 1024))).unwrap();
    assert!(matches!(rows(&csv, None, "rows", 0, 9, None), Err(RowsError::TooLarge { passed: 0, .. })));
    let wide: Vec<String> = (0..=32_767).map(|column| format!("\"{column}\":0")).collect();
    fs::write(&json, format!(r#"{{"s":[{{{}}}]}}"#, wide.join(","))).unwrap();
    let error = rows(&json, None, "s", 0, 9, None).unwrap_err().to_string();
    assert!(error.contains("(it has more than 32767 columns)"), "{error}");
}

fn zip(change: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["aa.csv", "ab.csv"] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(b"id\n1\n").unwrap();
    }
    change(&mut zip);
    zip.finish().unwrap().into_inner()
}

#[test]
fn members_that_share_bytes_or_a_name_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zip");
    let faults = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let faults: Vec<String> = verify(&path, None).unwrap().faults.iter().map(ToString::to_string).collect();
        assert_eq!(rows(&path, None, "aa", 0, 9, None).is_err(), !faults.is_empty());
        faults
    };
    let plain = zip(|_zip| {});
    assert_eq!(faults(&plain), [""; 0]);
    let shared = zip(|zip| zip.shallow_copy_file("aa.csv", "ac.csv").unwrap());
    assert_eq!(faults(&shared), ["not a whole ZIP: two members share the same bytes"]);
    let mut twice = plain;
    while let Some(at) = twice.windows(6).position(|window| window == b"ab.csv") {
        twice[at + 1] = b'a';
    }
    assert_eq!(faults(&twice), ["not a whole ZIP: two members have one name"]);
    let many = zip(|zip| {
        for member in 0..110_000 {
            zip.start_file(member.to_string(), SimpleFileOptions::default()).unwrap();
        }
    });
    assert_eq!(faults(&many), ["there are more than 110000 members, and no archive has so many"]);
}
