//! Whatever is wrong with an archive is found and named.

use std::{fs, io::Write, ops::ControlFlow, os::unix::fs::symlink};

use orgvault_api::Format;
use orgvault_archive::{
    ArchiveFault, Report, VerifyError,
    manifest::{Layout, Section},
    naming::hex,
    verify,
    verify::verify_while,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::archives::{DOCUMENT, DOCUMENT_ROWS, Made, TABLE, gzip, make, make_all};

fn check(made: &Made) -> Report {
    verify(&made.path, Some(&made.manifest)).unwrap()
}

fn faults(made: &Made) -> Vec<String> {
    check(made).faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_archive_has_no_fault_and_its_counts() {
    let directory = tempfile::tempdir().unwrap();
    for made in make_all(directory.path()) {
        let report = check(&made);
        assert_eq!(report.faults, [], "{}", made.manifest.file);
        assert_eq!(report.counts, made.manifest.counts());
        assert_eq!((report.bytes, report.content_bytes), (made.manifest.bytes, made.manifest.content_bytes));
        assert_eq!(report.sha256, made.manifest.sha256);
    }
}

#[test]
fn an_indented_document_is_the_same_document() {
    let directory = tempfile::tempdir().unwrap();
    let value: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
    let content = serde_json::to_vec_pretty(&value).unwrap();
    let made = make(directory.path(), Format::Json, false, &content, &DOCUMENT_ROWS);
    assert_eq!(check(&made).counts, made.manifest.counts());
    assert!(check(&made).ok());
}

#[test]
fn a_file_without_a_manifest_is_told_by_its_name_or_its_first_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let (document, table) = ("projects 0, labels 1, timeLogs 3", "rows 3");
    let cases = [
        ("a.json", DOCUMENT.into(), document),
        ("a.json.gz", gzip(DOCUMENT.as_bytes()), document),
        ("renamed", DOCUMENT.into(), document),
        ("renamed.bin", gzip(DOCUMENT.as_bytes()), document),
        ("a.csv", TABLE.into(), table),
        ("renamed.too", gzip(TABLE.as_bytes()), table),
        ("no-gzip.json.gz", DOCUMENT.into(), document),
    ];
    for (name, bytes, expected) in cases {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        let report = verify(&path, None).unwrap();
        assert_eq!(report.faults, [], "{name}");
        let counts: Vec<String> = report.counts.iter().map(|count| format!("{} {}", count.name, count.rows)).collect();
        assert_eq!(counts.join(", "), expected, "{name}");
    }
    let gone = verify(&directory.path().join("gone"), None);
    assert!(matches!(gone, Err(VerifyError::Open { .. })), "without a manifest nobody says that it should be there");
    assert!(matches!(verify(directory.path(), None), Err(VerifyError::Open { .. })));
}

#[test]
fn every_truncation_is_called_one() {
    let directory = tempfile::tempdir().unwrap();
    for made in make_all(directory.path()) {
        let bytes = made.bytes();
        for length in 0..bytes.len() {
            made.put(&bytes[..length]);
            let expected = ArchiveFault::Truncated { found: length as u64, expected: bytes.len() as u64 };
            assert_eq!(check(&made).faults.first(), Some(&expected), "{} at {length}", made.manifest.file);
            if made.manifest.format == Format::Json {
                assert!(!verify(&made.path, None).unwrap().ok(), "{length} bytes without a manifest");
            }
        }
    }
}

#[test]
fn bytes_at_the_end_and_another_file_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    for made in make_all(directory.path()) {
        let bytes = made.bytes();
        made.put(&[&bytes[..], b"\n\n"].concat());
        let trailing = ArchiveFault::Trailing { extra: 2, expected: bytes.len() as u64 };
        assert_eq!(check(&made).faults.first(), Some(&trailing), "{}", made.manifest.file);
    }
    let json = make(directory.path(), Format::Json, false, DOCUMENT.as_bytes(), &DOCUMENT_ROWS);
    for other in [r#"{"timeLogs":[]}"#.to_owned(), DOCUMENT.replacen('7', "4711", 1)] {
        json.put(other.as_bytes());
        let replaced = ArchiveFault::Replaced { found: other.len() as u64, expected: DOCUMENT.len() as u64 };
        assert_eq!(check(&json).faults.first(), Some(&replaced));
    }
    json.put(DOCUMENT.replacen('7', "8", 1).as_bytes());
    assert!(faults(&json)[0].starts_with("hash differs: its SHA-256 is "), "{:?}", faults(&json));
}

#[test]
fn what_is_gone_or_no_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let made = make(directory.path(), Format::Json, false, DOCUMENT.as_bytes(), &DOCUMENT_ROWS);
    fs::rename(&made.path, directory.path().join("elsewhere")).unwrap();
    assert_eq!(faults(&made), ["the file is missing"]);
    symlink("elsewhere", &made.path).unwrap();
    assert_eq!(faults(&made), ["replaced: it is a link and not a file"]);
    fs::remove_file(&made.path).unwrap();
    fs::create_dir(&made.path).unwrap();
    assert_eq!(check(&made).faults, [ArchiveFault::NotAFile { what: "a directory" }]);
}

#[test]
fn rows_that_differ_are_named_by_section() {
    let directory = tempfile::tempdir().unwrap();
    let rows = [("organization", 1), ("labels", 2), ("timeLogs", 3), ("comments", 0), ("version", 1)];
    let made = make(directory.path(), Format::Json, false, DOCUMENT.as_bytes(), &rows);
    assert_eq!(
        faults(&made),
        [
            "section version holds neither rows nor one object",
            "section labels has 1 rows and the manifest says 2",
            "section comments is missing and the manifest says 0 rows",
            "section version is missing and the manifest says 1 rows",
        ]
    );
    assert!(check(&made).faults[1].is_count() && !check(&made).faults[0].is_count());
    let table = make(directory.path(), Format::Csv, true, TABLE.as_bytes(), &[("timeLogs", 4)]);
    assert_eq!(faults(&table), ["section timeLogs has 3 rows and the manifest says 4"]);
}

#[test]
fn a_document_that_contradicts_itself_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let lies = DOCUMENT.replace(r#""timeLogs":3}"#, r#""timeLogs":4}"#);
    let made = make(directory.path(), Format::Json, false, lies.as_bytes(), &DOCUMENT_ROWS);
    assert_eq!(faults(&made), ["section timeLogs has 3 rows and the document's own counts say 4"]);
    let twice = DOCUMENT.replace(r#""projects":[]"#, r#""labels":[]"#);
    let made = make(directory.path(), Format::Json, false, twice.as_bytes(), &[]);
    assert_eq!(
        faults(&made),
        ["section labels comes twice", "section labels has 0 rows and the document's own counts say 1"]
    );
}

#[test]
fn a_wrong_structure_is_located() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        verify(&path, None).unwrap().faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(path("a.json", br#"{"a":[{"b":1},{"b":}]}"#), ["not JSON at byte 19: expected value"]);
    assert_eq!(path("b.json", br#"{"a":[{"b":1},{"b""#), ["the content ends in the middle, at byte 18"]);
    assert_eq!(path("a.csv", b"a,b\n1,2\n3\n"), ["not CSV at byte 8: record 2 has 1 fields and the header has 2"]);
    let mut broken = gzip(DOCUMENT.as_bytes());
    let end = broken.len();
    broken[end - 5] ^= 1;
    assert!(path("a.json.gz", &broken)[0].starts_with("the gzip stream is broken after "), "its checksum differs");
    let twice = [gzip(b"{\"a\":"), gzip(b"[1,2]}")].concat();
    assert_eq!(path("b.json.gz", &twice), [""; 0], "two members are one stream (RFC 1952)");
    let garbage = [gzip(DOCUMENT.as_bytes()), b"garbage".to_vec()].concat();
    assert_eq!(path("c.json.gz", &garbage).len(), 1);
}

#[test]
fn a_header_with_other_columns_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut made = make(directory.path(), Format::Csv, false, TABLE.as_bytes(), &[("timeLogs", 3)]);
    made.manifest.sections[0].columns = vec!["id".to_owned(), "text".to_owned()];
    assert_eq!(faults(&made), ["the header of section timeLogs is `id,note` and the manifest says `id,text`"]);
}

#[test]
fn a_large_file_is_read_by_two_threads_and_hashed_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let row = format!(r#"{{"id":"{}","note":"{}"}}"#, "x".repeat(36), "ü".repeat(100));
    let huge = format!(r#"{{"id":"{}"}}"#, "y".repeat(3_000_000));
    let rows = [vec![row.as_str(); 20_000], vec![huge.as_str(); 2]].concat();
    let content = format!(r#"{{"timeLogs":[{}]}}"#, rows.join(","));
    for gz in [false, true] {
        let made = make(directory.path(), Format::Json, gz, content.as_bytes(), &[("timeLogs", 20_002)]);
        assert_eq!(check(&made).faults, []);
        assert_eq!(check(&made).content_bytes, content.len() as u64);
    }
    let early = content.replacen('x', "\n", 1);
    let made = make(directory.path(), Format::Json, false, early.as_bytes(), &[("timeLogs", 20_002)]);
    let report = check(&made);
    assert_eq!(report.faults.len(), 1, "only the structure: {:?}", report.faults);
    assert_eq!(report.sha256, hex(&Sha256::digest(early.as_bytes())), "a fault does not end the hashing");
    let table = format!("id,note\n{}", "1,\"a\nb\"\n".repeat(400_000));
    let made = make(directory.path(), Format::Csv, false, table.as_bytes(), &[("timeLogs", 400_000)]);
    assert_eq!(check(&made).faults, []);
}

#[test]
fn a_verification_can_be_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let content = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(2_000_000));
    for (name, bytes) in [("small.json", DOCUMENT.as_bytes()), ("large.json", content.as_bytes())] {
        let path = directory.path().join(name);
        fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        let stopped = verify_while(&path, None, &|_bytes| ControlFlow::Break(()));
        assert!(matches!(stopped, Err(VerifyError::Stopped { .. })), "{stopped:?}");
    }
}

#[test]
fn rows_of_a_seed_are_counted_all_over_the_document() {
    let directory = tempfile::tempdir().unwrap();
    let seed = concat!(
        r#"{"program": {"methodology": "AGILE", "name": "P", "slug": "p"}, "projects": [{"methodology": "AGILE", "#,
        r#""name": "A", "slug": "a", "start_date": "2026-01-05", "tasks": [{"name": "t", "percent_complete": NaN, "#,
        r#""wbs_path": "1"}, {"labels": ["gone"], "name": "u", "wbs_path": "2"}]}], "schema_version": "1.0"}"#
    );
    let mut made = make(directory.path(), Format::Seed, false, seed.as_bytes(), &[]);
    let section = |name: &str, rows| Section { name: name.to_owned(), rows, counted: rows, ..Section::default() };
    made.manifest.sections = vec![section("program", 0), section("tasks", 2), section("task_labels", 1)];
    made.manifest.layout = Layout::default();
    assert!(check(&made).ok(), "{:?}", check(&made).faults);
    made.manifest.sections[1].rows = 3;
    assert_eq!(
        check(&made).faults,
        [ArchiveFault::Rows { section: "tasks".to_owned(), found: 2, expected: 3 }],
        "a lost row is found"
    );
    made.put(seed.replace("}]}]", "}]").as_bytes());
    assert!(!check(&made).ok());
}

proptest! {
    #[test]
    fn any_flipped_bit_is_found(which in 0usize..4, position: prop::sample::Index, bit in 0u8..8) {
        let directory = tempfile::tempdir().unwrap();
        let made = make_all(directory.path()).swap_remove(which);
        let mut bytes = made.bytes();
        let at = position.index(bytes.len());
        bytes[at] ^= 1 << bit;
        made.put(&bytes);
        let faults = check(&made).faults;
        prop_assert!(matches!(faults.first(), Some(ArchiveFault::Hash { .. })), "byte {}: {:?}", at, faults);
    }
}
