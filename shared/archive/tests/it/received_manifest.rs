//! Received files with the manifest beside them: verified again, read and compared as orgvault's own.

use std::{fs, io, path::Path};

use orgvault_api::{ArchiveState, Consistency, Format, Received, VerifiedAgainst};
use orgvault_archive::{
    ArchiveFault, ArchiveReader, Manifest,
    manifest::{Section, manifest_path},
    naming::hex,
    received::{Content, Inner, MemberRule, ReceivedFile},
    rows,
    same::{Side, same_data},
    verify,
};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use crate::{
    archives::{Made, make},
    received::{acme, asana, gzip, read_as},
};

const ROWS: [&str; 4] = [
    r#"{"__object_id":1331,"__type":"Domain"}"#,
    r#"{"__object_id":1,"__type":"Task","name":"a"}"#,
    r#"{"__object_id":2,"__type":"Task","name":"b"}"#,
    r#"{"__object_id":3,"__type":"Team"}"#,
];

fn text(rows: &[&str]) -> String {
    rows.iter().map(|row| [row, "\n"].concat()).collect()
}

/// A received file as the daemon publishes it.
fn received(directory: &Path, format: Format, gz: bool, content: &[u8], read: Content) -> Made {
    let mut made = make(directory, format, gz, content, &[]);
    let report = read_as(&made.bytes(), format, gz, &read);
    assert_eq!(report.faults, []);
    let section = |count: &orgvault_api::SectionCount| Section {
        name: count.name.clone(),
        rows: count.rows,
        ..Section::default()
    };
    made.manifest.sections = report.counts.iter().map(section).collect();
    (made.manifest.organization, made.manifest.files) = (acme(), report.files);
    let received = Received {
        verified_against: VerifiedAgainst::Itself,
        consistency: Consistency::Unknown,
        job: Some("77".to_owned()),
        requested_at: made.manifest.exported_at,
    };
    made.manifest.received = Some(ReceivedFile { received, content: read });
    fs::write(manifest_path(&made.path), made.manifest.to_text().unwrap()).unwrap();
    made.manifest = Manifest::beside(&made.path).unwrap().unwrap();
    made
}

fn same(one: &Made, other: &Made) -> Option<bool> {
    let archive = |made: &Made| made.manifest.to_archive("x", ArchiveState::Present, None);
    let (left, right) = (archive(one), archive(other));
    let open = |made: &Made| -> io::Result<ArchiveReader> { ArchiveReader::in_place(&made.path) };
    let (open_left, open_right) = (|| open(one), || open(other));
    same_data(Side { archive: &left, open: &open_left }, Side { archive: &right, open: &open_right })
}

#[test]
fn it_is_verified_again_by_its_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let made = received(directory.path(), Format::Json, true, text(&ROWS).as_bytes(), asana());
    let again = verify(&made.path, Some(&made.manifest)).unwrap();
    assert_eq!((again.faults.as_slice(), again.counts.len()), (&[][..], 3));
    let page = rows(&made.path, Some(&made.manifest), "Task", 1, 9, None).unwrap();
    assert_eq!((page.rows.len(), page.rows[0].text()), (1, ROWS[2]));
    assert_eq!(rows(&made.path, Some(&made.manifest), "Team", 0, 9, Some("3")).unwrap().rows.len(), 1);

    let fewer = gzip(text(&ROWS[..3]).as_bytes());
    made.put(&fewer);
    let faults = verify(&made.path, Some(&made.manifest)).unwrap().faults;
    assert!(faults.contains(&ArchiveFault::NoSection { section: "Team".to_owned(), expected: 1 }), "{faults:?}");
    let mut manifest = made.manifest.clone();
    (manifest.bytes, manifest.sha256) = (fewer.len() as u64, hex(&Sha256::digest(&fewer)));
    assert!(!verify(&made.path, Some(&manifest)).unwrap().ok(), "its counts are in the manifest as for rows");
    manifest.organization.id = "7".to_owned();
    let faults = verify(&made.path, Some(&manifest)).unwrap().faults;
    assert!(faults.iter().any(|fault| fault.code() == "wrong_organization"), "{faults:?}");
}

#[test]
fn two_are_the_same_whatever_the_order_of_their_rows() {
    let (one, two, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = |directory: &tempfile::TempDir, rows: &[&str]| {
        received(directory.path(), Format::Json, true, text(rows).as_bytes(), asana())
    };
    let one = made(&one, &ROWS);
    let [a, b, c, d] = ROWS;
    assert_eq!(same(&one, &made(&two, &[d, c, a, b])), Some(true));
    let other = r#"{"__object_id":2,"__type":"Task","name":"x"}"#;
    assert_eq!(same(&one, &made(&three, &[a, b, other, d])), Some(false));
    fs::remove_file(&one.path).unwrap();
    assert_eq!(same(&one, &made(&two, &[d, c, a, b])), None);
}

fn packed(members: &[(&str, &str)], at: u64) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mtime(at);
        builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn two_tars_are_the_same_whenever_they_were_packed() {
    let rule = MemberRule { member: "*.ndjson".to_owned(), inner: Inner::Ndjson, ..MemberRule::default() };
    let read = || Content { members: vec![rule.clone()], ..Content::default() };
    let (one, two, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = |directory: &tempfile::TempDir, members: &[(&str, &str)], at| {
        received(directory.path(), Format::Tar, true, &packed(members, at), read())
    };
    let one = made(&one, &[("a.ndjson", "{}\n"), ("b", "x")], 1);
    assert!(one.manifest.file.ends_with(".tar.gz"));
    assert_eq!(same(&one, &made(&two, &[("b", "x"), ("a.ndjson", "{}\n")], 2)), Some(true));
    assert_eq!(same(&one, &made(&three, &[("b", "y"), ("a.ndjson", "{}\n")], 1)), Some(false));
}
