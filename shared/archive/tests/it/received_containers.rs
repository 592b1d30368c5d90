//! Tars and ZIPs that an app made itself: proven to their end, their members read by rules.

use std::{
    fs,
    io::{Cursor, Write},
    os::unix::fs::symlink,
    process::Command,
};

use orgvault_api::{ArchiveFiles, Format};
use orgvault_archive::{
    ArchiveFault, Report,
    received::{Content, Identity, Inner, MemberRule},
    rows, verify,
};
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::received::{count, gzip, read_as};

const ISSUES: &str = "{\"iid\":1,\"title\":\"a\"}\n{\"iid\":2,\"title\":\"b\"}\n";
const GROUP: &str = "{\n  \"id\": 1331,\n  \"name\": \"Acme\"\n}";
const LABELS: &str = "[{\"iid\":1},{\"iid\":2},{\"iid\":3}]";

/// As a definition of such a container says it.
fn rules() -> Content {
    let rule = |member: &str, inner| MemberRule { member: member.to_owned(), inner, ..MemberRule::default() };
    Content {
        identity: vec![Identity {
            member: Some("group.json".to_owned()),
            pointer: "/id".to_owned(),
            ..Identity::default()
        }],
        members: vec![
            MemberRule { id: Some("iid".to_owned()), ..rule("tree/**/*.ndjson", Inner::Ndjson) },
            rule("*.json", Inner::Rows),
            rule("*.csv", Inner::Csv),
        ],
        ..Content::default()
    }
}

const MEMBERS: [(&str, &str); 5] = [
    ("./group.json", GROUP),
    ("./tree/projects/1/issues.ndjson", ISSUES),
    ("./labels_000001.json", LABELS),
    ("./tree/issues_2.ndjson", "{\"iid\":3}\n"),
    ("./attachments/ü.png", "bytes"),
];

pub(crate) fn tar(members: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("tree/", SimpleFileOptions::default()).unwrap();
    for (name, content) in members {
        zip.start_file(name.trim_start_matches("./"), SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn is_whole(report: &Report) {
    assert_eq!((report.faults.as_slice(), report.warnings.as_slice()), (&[][..], &[][..]));
    assert_eq!(report.counts, [count("group", 1), count("issues", 3), count("labels", 3)]);
    assert_eq!(report.files, Some(ArchiveFiles { count: 1, bytes: 5, ..ArchiveFiles::default() }));
}

fn said(report: &Report) -> Vec<String> {
    report.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn members_are_read_by_the_rules_of_their_names() {
    let plain = tar(&MEMBERS);
    is_whole(&read_as(&plain, Format::Tar, false, &rules()));
    is_whole(&read_as(&gzip(&plain), Format::Tar, true, &rules()));
    is_whole(&read_as(&[gzip(&plain[..700]), gzip(&plain[700..])].concat(), Format::Tar, true, &rules()));
    is_whole(&read_as(&zip(&MEMBERS), Format::Zip, false, &rules()));
}

#[test]
fn the_tenant_stands_in_one_member() {
    let with = |group: &str| {
        let members: Vec<_> =
            MEMBERS.iter().map(|&(name, text)| (name, if text == GROUP { group } else { text })).collect();
        [read_as(&tar(&members), Format::Tar, false, &rules()), read_as(&zip(&members), Format::Zip, false, &rules())]
    };
    for report in with("{\"id\":1332}") {
        assert_eq!(said(&report), ["it is another organization's: /id in group.json is 1332 and should be 1331"]);
        assert_eq!(report.code(), Some("wrong_organization"));
    }
    for report in with("{\"name\":1331}") {
        assert_eq!(said(&report), ["it does not say whose it is: there is no /id in group.json"]);
    }
    let without = &MEMBERS[1..];
    let report = read_as(&tar(without), Format::Tar, false, &rules());
    assert_eq!(said(&report), ["it does not say whose it is: there is no /id in group.json"]);
}

#[test]
fn a_column_of_a_table_says_whose_it_is() {
    let content = Content {
        identity: vec![Identity {
            member: Some("organizations.csv".to_owned()),
            pointer: "/id".to_owned(),
            ..Identity::default()
        }],
        ..rules()
    };
    let report = |table: &str| read_as(&zip(&[("organizations.csv", table)]), Format::Zip, false, &content);
    let whole = report("id,name\n1331,\"Acme, \"\"Ltd\"\"\"\n");
    assert_eq!((whole.faults.as_slice(), whole.counts), (&[][..], vec![count("organizations", 1)]));
    for (table, code) in [
        ("id,name\n1332,x\n", "wrong_organization"),
        ("id,name\n", "wrong_organization"),
        ("id,name\n,x\n", "wrong_organization"),
        ("name\nx\n", "wrong_organization"),
        ("id,name\n1331,x\n1332,y\n", "wrong_organization"),
        ("id,name\n1331\n", "export_damaged"),
        ("id,name\n1331,\"x\n", "truncated"),
    ] {
        assert_eq!(report(table).code(), Some(code), "{table}");
    }
}

#[test]
fn an_id_comes_once_in_each_section() {
    let twice = [("group.json", GROUP), ("tree/a/issues.ndjson", ISSUES), ("tree/b/issues.ndjson", "{\"iid\":2}\n")];
    let report = read_as(&tar(&twice), Format::Tar, false, &rules());
    assert_eq!(said(&report), ["a row of section issues has an id that another row has: 2"]);
    let other = [("group.json", GROUP), ("tree/a/issues.ndjson", ISSUES), ("tree/b/notes.ndjson", "{\"iid\":2}\n")];
    assert!(read_as(&tar(&other), Format::Tar, false, &rules()).ok());
}

#[test]
fn a_fault_is_told_with_its_member() {
    let broken = [("group.json", GROUP), ("tree/issues.ndjson", "{\"iid\":1}\n{\"iid\":"), ("tree/x.ndjson", "[]\n")];
    let expected = [
        "member tree/issues.ndjson: the content ends in the middle, at byte 17",
        "member tree/x.ndjson: not NDJSON at byte 0: invalid type: sequence, expected a JSON object",
    ];
    let report = read_as(&tar(&broken), Format::Tar, false, &rules());
    assert_eq!(said(&report), expected);
    assert_eq!(report.code(), Some("truncated"));
    assert_eq!(said(&read_as(&zip(&broken), Format::Zip, false, &rules())), expected);
}

/// As GNU tar writes it: with long names, links, holes, and zeros up to a record.
fn by_gnu(format: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let deep = root.join(format!("tree/{}", "long/".repeat(40)));
    fs::create_dir_all(&deep).unwrap();
    fs::write(root.join("group.json"), GROUP).unwrap();
    fs::write(deep.join("issues.ndjson"), ISSUES).unwrap();
    symlink("/etc/passwd", root.join("group.csv")).unwrap();
    fs::hard_link(root.join("group.json"), root.join("z.json")).unwrap();
    fs::File::create(root.join("holes")).unwrap().set_len(1024 * 1024 * 1024).unwrap();
    let out = Command::new("tar")
        .args(["--sort=name", "--sparse", format, "-C"])
        .arg(root)
        .args(["-c", "."])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

#[test]
fn what_gnu_tar_writes_is_read_and_links_are_not_followed() {
    for format in ["--format=gnu", "--format=posix"] {
        let bytes = by_gnu(format);
        assert_eq!(bytes.len() % 10240, 0, "it fills up a record");
        let report = read_as(&bytes, Format::Tar, false, &rules());
        assert_eq!(report.faults, [], "{format}");
        assert_eq!(report.counts, [count("group", 1), count("issues", 2)]);
        assert_eq!(report.files.unwrap().count, 1, "the file of holes");
        let told =
            "2 members are a link, a device, or named so that unpacking would lead elsewhere: unpack it with care";
        assert_eq!((report.warnings[0].code.as_str(), report.warnings[0].message.as_str()), ("strange_members", told));
    }
}

fn with_name(name: &[u8], kind: EntryType) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_cksum();
    header.as_bytes().to_vec()
}

#[test]
fn names_that_lead_elsewhere_are_told_and_nothing_more() {
    let own = tar(&MEMBERS);
    for (name, kind) in [
        (&b"../../x"[..], EntryType::Regular),
        (b"/etc/x", EntryType::Directory),
        (b"sda", EntryType::Block),
        (b"v", EntryType::new(b'V')),
    ] {
        let report = read_as(&[with_name(name, kind), own.clone()].concat(), Format::Tar, false, &rules());
        assert_eq!((report.faults.as_slice(), report.warnings.len()), (&[][..], 1), "{name:?}");
        assert!(report.warnings[0].message.starts_with("1 member is a link"), "{:?}", report.warnings);
    }
}

#[test]
fn a_tar_ends_with_two_blocks_of_zeros_and_nothing_else() {
    let whole = tar(&MEMBERS);
    let body = &whole[..whole.len() - 1024];
    let told = |tail: &[u8]| said(&read_as(&[body, tail].concat(), Format::Tar, false, &rules()));
    assert_eq!(told(&[0; 1024]), [""; 0]);
    assert_eq!(told(&[0; 10240]), [""; 0]);
    for cut in [0, 1, 511, 512, 1023] {
        let ends = format!("the content ends in the middle, at byte {}", body.len() + cut);
        assert_eq!(told(&vec![0; cut]), [ends], "{cut}");
    }
    let garbage = |at: usize| {
        let mut tail = vec![0; 4096];
        tail[at] = 1;
        told(&tail)
    };
    for at in [512, 1023, 1024, 4095] {
        let [fault] = garbage(at).try_into().unwrap();
        assert!(fault.ends_with("something follows its end"), "{fault}");
    }
    assert!(garbage(0)[0].ends_with("a header does not fit its checksum"));
    let two = [tar(&MEMBERS), tar(&MEMBERS)].concat();
    assert!(said(&read_as(&two, Format::Tar, false, &rules()))[0].ends_with("something follows its end"));
}

#[test]
fn a_size_that_lies_is_found() {
    let mut header = Header::new_gnu();
    header.set_path("holes").unwrap();
    header.set_size(1 << 60);
    header.set_cksum();
    let report = read_as(&[header.as_bytes().to_vec(), tar(&MEMBERS)].concat(), Format::Tar, false, &rules());
    assert_eq!(report.code(), Some("truncated"));
    let mut long = Header::new_gnu();
    long.set_entry_type(EntryType::GNULongName);
    long.set_size(1 << 40);
    long.set_cksum();
    let report = read_as(&[long.as_bytes().to_vec(), vec![b'a'; 4096]].concat(), Format::Tar, false, &rules());
    assert!(matches!(report.faults[..], [ArchiveFault::TooLarge { at: 512, .. }]), "{:?}", report.faults);
}

#[test]
fn a_zip_ends_where_it_says() {
    let whole = zip(&MEMBERS);
    let report = read_as(&[&whole[..], b"x"].concat(), Format::Zip, false, &rules());
    assert_eq!(said(&report)[0], "not a whole ZIP: something follows its end");
    let cut = read_as(&whole[..whole.len() - 30], Format::Zip, false, &rules());
    assert_eq!(cut.code(), Some("truncated"));
    let page = read_as(b"<html></html>", Format::Zip, false, &rules());
    assert_eq!((page.code(), said(&page).len()), (Some("not_an_export"), 1));
    let page = read_as(&gzip(b"<html></html>"), Format::Tar, true, &rules());
    assert!(!page.ok());
}

#[test]
fn rows_of_a_section_come_from_all_of_its_members() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export.tar.gz");
    fs::write(&path, gzip(&tar(&MEMBERS))).unwrap();
    assert!(verify(&path, None).unwrap().ok());
    let titles = |after, limit| {
        let page = rows(&path, None, "issues", after, limit, None).unwrap();
        (page.rows.iter().map(|row| row.text().to_owned()).collect::<Vec<_>>(), page.next)
    };
    let all = ["{\"iid\":1,\"title\":\"a\"}", "{\"iid\":2,\"title\":\"b\"}", "{\"iid\":3}"];
    assert_eq!(titles(0, 9), (all.map(str::to_owned).to_vec(), None));
    assert_eq!(titles(0, 2), (all[..2].iter().map(|&row| row.to_owned()).collect(), Some(2)));
    assert_eq!(titles(2, 9), (vec![all[2].to_owned()], None));
    assert_eq!(titles(3, 9), (vec![], None));
    assert_eq!(rows(&path, None, "group", 0, 9, Some("acme")).unwrap().rows.len(), 1);
    let unknown = rows(&path, None, "tasks", 0, 9, None).unwrap_err().to_string();
    assert!(unknown.ends_with("there are: group, issues, labels"), "{unknown}");
}

proptest! {
    #[test]
    fn a_container_that_ends_before_its_end_is_not_whole(at: prop::sample::Index) {
        let (tar, zip) = (tar(&MEMBERS), zip(&MEMBERS));
        let packed = gzip(&tar);
        let (one, two, three) = (at.index(tar.len()), at.index(packed.len()), at.index(zip.len()));
        prop_assert!(!read_as(&tar[..one], Format::Tar, false, &rules()).ok());
        prop_assert!(!read_as(&packed[..two], Format::Tar, true, &rules()).ok());
        prop_assert!(!read_as(&zip[..three], Format::Zip, false, &rules()).ok());
    }

    #[test]
    fn any_bytes_for_a_tar_are_looked_at(start in proptest::collection::vec(any::<u8>(), 0..2000), at: prop::sample::Index) {
        let mut bytes = tar(&MEMBERS);
        let at = at.index(bytes.len());
        bytes.splice(at..at, start.iter().copied());
        read_as(&bytes, Format::Tar, false, &rules());
        let report = read_as(&start, Format::Tar, false, &rules());
        prop_assert!(!report.ok());
    }
}
