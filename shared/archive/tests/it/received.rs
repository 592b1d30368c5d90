//! Files that an app made itself: proven to their end, the right tenant's, and each id once.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use orgvault_api::{Format, OrganizationKey, SectionCount, Warning};
use orgvault_archive::{
    ArchiveFault, ArchiveReader, Expected, Report, RowsError,
    manifest::Layout,
    read_back,
    received::{Content, Identity, Inner, ReadAs},
    rows, verify,
};
use proptest::prelude::*;

/// Five rows of four types; one refers to a row that is not there.
const EXPORT: &str = concat!(
    r#"{"__object_id":1331,"__type":"Domain","name":"Acme","domain_users":[21,22]}"#,
    "\n",
    r#"{"__object_id":9007199254740993,"__type":"Task","name":"a","domain":1331,"assignee":21,"items":[]}"#,
    "\n",
    r#"{"__object_id":21,"__type":"DomainUser","domain":1331,"user":null}"#,
    "\n",
    r#"{"__object_id":9007199254740992,"__type":"Task","domain":1331,"assignee":77,"followers_du":[21,78,21]}"#,
    "\n",
    r#"{"__object_id":22,"__type":"DomainUser","domain":1331}"#,
    "\n",
);

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// In as many members, with an empty one behind the first.
fn members(content: &[u8], count: usize) -> Vec<u8> {
    let mut file = Vec::new();
    for (index, part) in content.chunks(content.len().div_ceil(count)).enumerate() {
        file.extend(gzip(part));
        if index == 0 && count > 1 {
            file.extend(gzip(b""));
        }
    }
    file
}

pub(crate) fn acme() -> OrganizationKey {
    OrganizationKey {
        source: "work".to_owned(),
        kind: "organization".to_owned(),
        id: "1331".to_owned(),
        name: "Acme".to_owned(),
        slug: "acme".to_owned(),
    }
}

/// As Asana's definition says it.
pub(crate) fn asana() -> Content {
    let references = ["domain", "assignee", "domain_users", "followers_du", "items"].map(ToOwned::to_owned);
    Content {
        inner: Inner::Rows,
        section: Some("__type".to_owned()),
        id: Some("__object_id".to_owned()),
        references: references.into(),
        identity: vec![Identity {
            section: Some("Domain".to_owned()),
            pointer: "/__object_id".to_owned(),
            ..Identity::default()
        }],
        ..Content::default()
    }
}

pub(crate) fn read_as(bytes: &[u8], format: Format, gzip: bool, content: &Content) -> Report {
    let (layout, organization) = (Layout::default(), acme());
    let received = Some(ReadAs { content, organization: &organization, scratch: None });
    let expected = Expected { received, ..Expected::nothing(format, gzip, &layout) };
    read_back(&ArchiveReader::new("received", bytes.to_vec()), &expected)
}

fn read(bytes: &[u8]) -> Report {
    read_as(bytes, Format::Json, true, &asana())
}

pub(crate) fn count(name: &str, rows: u64) -> SectionCount {
    SectionCount { name: name.to_owned(), rows }
}

/// The one fault that there is.
fn fault(report: &Report) -> &ArchiveFault {
    let [fault] = report.faults.as_slice() else { panic!("{:?}", report.faults) };
    fault
}

#[test]
fn rows_are_counted_by_their_type_in_the_order_in_which_types_come() {
    for parts in [1, 2, 3, 40] {
        let report = read(&members(EXPORT.as_bytes(), parts));
        assert_eq!(report.faults, [], "{parts}");
        assert_eq!(report.counts, [count("Domain", 1), count("Task", 2), count("DomainUser", 2)]);
        assert_eq!((report.content_bytes, report.code()), (EXPORT.len() as u64, None));
        let ids = ["Task.assignee -> 77", "Task.followers_du -> 78"].map(ToOwned::to_owned).into();
        let message = "2 references lead to ids that no row of the file has".to_owned();
        assert_eq!(report.warnings, [Warning { code: "dangling_references".to_owned(), message, ids }]);
    }
}

#[test]
fn an_array_of_rows_is_read_as_lines_are() {
    let array = format!("[\n{}\n]\n", EXPORT.trim_end().replace('\n', ",\n"));
    let report = read(&gzip(array.as_bytes()));
    assert_eq!((report.faults.as_slice(), report.counts.len()), (&[][..], 3));
    let one = read(&gzip(b"{\n \"__object_id\": \"1331\",\n \"__type\": \"Domain\"\n}"));
    assert_eq!((one.faults.as_slice(), one.counts), (&[][..], vec![count("Domain", 1)]));
}

#[test]
fn it_must_be_the_tenant_that_was_asked_for() {
    let with = |text: &str| read(&gzip(EXPORT.replace(r#""__object_id":1331"#, text).as_bytes()));
    assert!(with(r#""__object_id":"1331""#).ok(), "a text of the same digits is the same id");
    let place = || "/__object_id of Domain".to_owned();
    for wrong in ["1332", "1331.0", "1331000000000000000001"] {
        let report = with(&format!(r#""__object_id":{wrong}"#));
        let (found, expected) = (wrong.to_owned(), "1331".to_owned());
        assert_eq!(fault(&report), &ArchiveFault::WrongTenant { place: place(), found, expected });
        assert_eq!(report.code(), Some("wrong_organization"));
    }
    for none in [r#""__object_id":null"#, r#""id":1331"#, r#""__object_id":[1331]"#] {
        assert_eq!(fault(&with(none)), &ArchiveFault::NoTenant { place: place() });
    }
    let without = EXPORT.split_inclusive('\n').skip(1).collect::<String>();
    assert_eq!(fault(&read(&gzip(without.as_bytes()))), &ArchiveFault::NoTenant { place: place() });
    assert_eq!(
        fault(&read(&gzip(b""))),
        &ArchiveFault::NoTenant { place: place() },
        "an export of nothing is nobody's"
    );
    let other = "{\"__object_id\":1332,\"__type\":\"Domain\"}\n";
    for two in [format!("{EXPORT}{other}"), format!("{other}{EXPORT}")] {
        let report = read(&gzip(two.as_bytes()));
        assert!(matches!(fault(&report), ArchiveFault::SeveralTenants { .. }), "{report:?}");
        assert_eq!(report.code(), Some("wrong_organization"));
    }
}

#[test]
fn an_id_that_comes_twice_is_a_fault() {
    let twice = format!("{EXPORT}{{\"__object_id\":\"9007199254740993\",\"__type\":\"Comment\"}}\n");
    let report = read(&gzip(twice.as_bytes()));
    let told = "a row of section Comment has an id that another row has: 9007199254740993";
    assert_eq!((fault(&report).to_string().as_str(), report.code()), (told, Some("export_damaged")));
}

#[test]
fn rows_without_a_type_are_counted_and_told() {
    let report = read(&gzip(format!("{EXPORT}{{\"__object_id\":3}}\n{{\"__type\":null}}\n").as_bytes()));
    assert_eq!((report.faults.as_slice(), report.counts.last()), (&[][..], Some(&count("untyped", 2))));
    let told = "2 rows have no `__type` and count as section untyped";
    assert_eq!((report.warnings[0].code.as_str(), report.warnings[0].message.as_str()), ("rows_untyped", told));
}

#[test]
fn a_file_of_very_many_types_is_none() {
    let rows: Vec<String> = (0..=10_000).map(|number| format!("{{\"__type\":\"t{number}\"}}\n")).collect();
    let report = read(&gzip(rows.concat().as_bytes()));
    assert_eq!(fault(&report), &ArchiveFault::TooMany { what: "sections", limit: 10_000 });
}

#[test]
fn what_is_no_row_is_located() {
    let said = |rows: &str| fault(&read(&gzip(rows.as_bytes()))).to_string();
    let line = r#"{"__object_id":1331,"__type":"Domain"}"#;
    assert_eq!(
        said(&format!("{line}\n[1]\n")),
        "not NDJSON at byte 39: invalid type: sequence, expected a JSON object"
    );
    assert_eq!(said(&format!("{line}\n{{\"a\":01}}\n")), "not NDJSON at byte 45: invalid number");
    assert_eq!(said(&format!("{line}\n{{\"a\":1}} {{}}\n")), "not NDJSON at byte 47: trailing characters");
    assert_eq!(said(&format!("{line}\n{{\"a\":\"b\n\"}}\n")), "not NDJSON at byte 45: EOF while parsing a string");
    assert_eq!(said(&format!("{line}\n\0\0\0\n")), "not NDJSON at byte 39: expected value");
    assert_eq!(
        said(&format!("{line}\n{line}")),
        format!("the content ends in the middle, at byte {}", 2 * line.len() + 1)
    );
    assert!(read(&gzip(format!("\r\n{line}\r\n\n \n").as_bytes())).ok(), "a blank line is no row");
}

#[test]
fn what_follows_the_last_member_is_a_fault() {
    let whole = members(EXPORT.as_bytes(), 3);
    for (garbage, code) in [
        (&b"\0"[..], "truncated"),
        (&[0; 512], "export_damaged"),
        (b"xxxxxxxxxxxx", "export_damaged"),
        (b"\x1f\x8b", "truncated"),
    ] {
        let report = read(&[&whole, garbage].concat());
        assert!(!report.ok(), "{garbage:?}");
        assert_eq!(report.code(), Some(code), "{garbage:?} {:?}", report.faults);
    }
}

#[test]
fn what_is_no_export_is_told_so() {
    let told = |bytes: &[u8], gzip: bool| {
        let report = read_as(bytes, Format::Json, gzip, &asana());
        assert_eq!(report.code(), Some("not_an_export"), "{:?}", report.faults);
        fault(&report).to_string()
    };
    let (page, error) = (b"<!doctype html><title>Log in</title>", br#"{"errors":[{"message":"no"}]}"#);
    assert_eq!(told(page, true), "not an export: it is an HTML page and should be gzip");
    assert_eq!(told(page, false), "not an export: it is an HTML page and should be JSON");
    assert_eq!(told(&gzip(page), true), "not an export: it is an HTML page and should be JSON");
    assert_eq!(told(error, true), "not an export: it is JSON and should be gzip");
    assert_eq!(told(error, false), "not an export: it is an error document and should be JSON");
    assert_eq!(told(&gzip(b"{\"errors\":[]}\n"), true), "not an export: it is an error document and should be JSON");
    assert_eq!(told(b"PK\x03\x04..", true), "not an export: it is a ZIP and should be gzip");
    assert_eq!(told(EXPORT.as_bytes(), true), "not an export: it is JSON and should be gzip");
    let empty = read(b"");
    assert_eq!((fault(&empty), empty.code()), (&ArchiveFault::Ends { at: 0 }, Some("truncated")));
}

#[test]
fn the_file_of_a_directory_that_is_not_there_is_not_proven() {
    let row = |id| format!("{{\"__type\":\"a\",\"__object_id\":{id}}}\n");
    let rows = (0..500_000).map(row).collect::<Vec<String>>().concat();
    let (layout, organization, content) = (Layout::default(), acme(), Content { identity: Vec::new(), ..asana() });
    let scratch = Some("/nowhere/at/all".as_ref());
    let received = Some(ReadAs { content: &content, organization: &organization, scratch });
    let expected = Expected { received, ..Expected::nothing(Format::Json, true, &layout) };
    let report = read_back(&ArchiveReader::new("received", gzip(rows.as_bytes())), &expected);
    assert_eq!(report.code(), Some("unreadable"), "{:?}", report.faults);
    let twice = format!("{rows}{{\"__type\":\"b\",\"__object_id\":\"7\"}}\n");
    let report = read_as(&gzip(twice.as_bytes()), Format::Json, true, &content);
    let (section, id) = ("b".to_owned(), "7".to_owned());
    assert_eq!(fault(&report), &ArchiveFault::DuplicateId { section, id });
}

#[test]
fn a_file_that_ends_anywhere_before_its_end_is_not_whole() {
    for parts in [1, 3] {
        let whole = members(EXPORT.as_bytes(), parts);
        for cut in 0..whole.len() {
            let report = read(&whole[..cut]);
            assert!(!report.ok(), "{cut} of {}", whole.len());
        }
    }
}

/// What a reader that holds everything makes of rows.
fn naive(rows: &[(u64, u8, Vec<u64>)]) -> (Vec<SectionCount>, usize, usize) {
    let mut counts: Vec<SectionCount> = Vec::new();
    for (_, kind, _) in rows {
        let name = format!("t{kind}");
        match counts.iter_mut().find(|count| count.name == name) {
            Some(count) => count.rows += 1,
            None => counts.push(count(&name, 1)),
        }
    }
    let ids: std::collections::HashSet<u64> = rows.iter().map(|(id, ..)| *id).collect();
    let dangling = rows.iter().flat_map(|(.., items)| items).filter(|id| !ids.contains(*id)).count();
    (counts, rows.len() - ids.len(), dangling)
}

proptest! {
    #[test]
    fn a_bit_that_is_not_what_it_was_is_found(at: prop::sample::Index, bit in 0u8..8, parts in 1usize..4) {
        let mut bytes = members(EXPORT.as_bytes(), parts);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let report = read(&bytes);
        // Nothing proves the time, the level and the system that a member's head tells.
        prop_assert!(!report.ok() || report.counts == read(&members(EXPORT.as_bytes(), 1)).counts);
    }

    #[test]
    fn agrees_with_a_reader_that_holds_everything(
        rows in proptest::collection::vec((0u64..60, 0u8..4, proptest::collection::vec(0u64..80, 0..4)), 0..40),
    ) {
        let line = |(id, kind, items): &(u64, u8, Vec<u64>)| {
            format!("{{\"items\":{items:?},\"__type\":\"t{kind}\",\"x\":{{\"__type\":\"no\"}},\"__object_id\":{id}}}\n")
        };
        let text: String = rows.iter().map(line).collect();
        let report = read_as(&gzip(text.as_bytes()), Format::Json, true, &Content { identity: Vec::new(), ..asana() });
        let (counts, twice, dangling) = naive(&rows);
        prop_assert_eq!(report.counts, counts);
        let more = report.faults.iter().map(|fault| if let ArchiveFault::More { more } = fault { *more } else { 1 });
        prop_assert_eq!(more.sum::<usize>(), twice);
        let told = report.warnings.first().map_or(0, |told| told.message.split(' ').next().unwrap().parse().unwrap());
        prop_assert_eq!(told, dangling);
    }
}

#[test]
fn rows_are_read_by_their_type() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["export.json.gz", "export.ndjson.gz", "export"] {
        let path = directory.path().join(name);
        std::fs::write(&path, members(EXPORT.as_bytes(), 3)).unwrap();
        let report = verify(&path, None).unwrap();
        assert_eq!((report.faults.as_slice(), report.counts.len()), (&[][..], 3), "{name}");
        let page = rows(&path, None, "Task", 0, 1, None).unwrap();
        assert_eq!((page.rows.len(), page.next), (1, Some(1)));
        assert_eq!(page.columns, ["__object_id", "__type", "name", "domain", "assignee", "items"]);
        let page = rows(&path, None, "Task", 1, 1, None).unwrap();
        assert!(page.rows[0].text().contains("9007199254740992") && page.next.is_none());
        assert_eq!(rows(&path, None, "DomainUser", 0, 9, Some("22")).unwrap().rows.len(), 1);
        let unknown = rows(&path, None, "Team", 0, 9, None).unwrap_err().to_string();
        assert!(unknown.ends_with("there are: Domain, Task, DomainUser"), "{unknown}");
    }
    let path = directory.path().join("one.json");
    std::fs::write(&path, "{\"a\":[{\"b\":1}]}\n").unwrap();
    assert_eq!(verify(&path, None).unwrap().counts, [count("a", 1)], "one object alone is a document");
}

#[test]
fn a_row_of_any_size_is_counted_and_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.ndjson.gz");
    let items = vec!["9007199254740993"; 150_000].join(",");
    let text = "x".repeat(9 * 1024 * 1024);
    let large = format!(
        "{{\"items\":[{items},5],\"name\":\"{text}\",\"__object_id\":99,\"__type\":\"ItemList\",\"domain\":1331}}\n"
    );
    let rows_of = |section: &str, after| rows(&path, None, section, after, 9, None);
    let both = format!("{EXPORT}{large}{{\"__type\":\"ItemList\",\"__object_id\":100}}\n");
    std::fs::write(&path, gzip(both.as_bytes())).unwrap();
    let report = read(&gzip(both.as_bytes()));
    assert_eq!((report.faults.as_slice(), report.counts.last()), (&[][..], Some(&count("ItemList", 2))));
    assert!(report.warnings[0].ids.contains(&"items -> 5".to_owned()), "{:?}", report.warnings);
    assert_eq!(rows_of("Task", 0).unwrap().rows.len(), 2);
    assert!(matches!(rows_of("ItemList", 0), Err(RowsError::TooLarge { passed: 0, .. })));
    assert_eq!(rows_of("ItemList", 1).unwrap().rows.len(), 1);
    let array = format!("[{},{}]", large.trim_end(), r#"{"__object_id":1331,"__type":"Domain"}"#);
    let report = read(&gzip(array.as_bytes()));
    assert_eq!((report.faults.as_slice(), report.counts), (&[][..], vec![count("ItemList", 1), count("Domain", 1)]));
}
