//! What solidtime's importer takes, refuses and changes: one small ZIP for each rule, each made
//! from one that the importer takes.

use std::io::Write;

use orgvault_api::{
    Format,
    preflight::{Preflight, Severity, Verdict},
};
use orgvault_products::preflight::{PreflightError, has_preflight, is_importable, preflight, recognize};
use tempfile::NamedTempFile;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const ENTRY: &str = "t1,work,2026-01-02T03:04:05Z,2026-01-02T04:04:05Z,true,m1,u1,c1,p1,k1,\
                     \"[\"\"91111111-1111-4111-8111-111111111111\"\"]\",";
const ENTRY_HEAD: &str =
    "id,description,start,end,billable,member_id,user_id,client_id,project_id,task_id,tags,still_active_email_sent_at";

/// The members of a ZIP that the importer takes.
fn sound() -> Vec<(&'static str, Vec<u8>)> {
    let members = [
        ("organization_invitations.csv", String::new()),
        ("time_entries.csv", format!("{ENTRY_HEAD}\n{ENTRY}\n")),
        ("clients.csv", "id,name,archived_at\nc1,Client,\n".into()),
        (
            "projects.csv",
            "id,name,color,billable_rate,is_public,is_billable,client_id,archived_at\np1,Project,#ef5350,,false,true,c1,\n"
                .into(),
        ),
        ("project_members.csv", "id,billable_rate,project_id,user_id,member_id\ne1,,p1,u1,m1\n".into()),
        ("members.csv", "id,user_id,name,email,billable_rate\nm1,u1,User,user@example.org,\n".into()),
        ("tasks.csv", "id,name,project_id,done_at\nk1,Task,p1,\n".into()),
        ("tags.csv", "id,name\n91111111-1111-4111-8111-111111111111,Tag\n".into()),
        ("meta.json", r#"{"id":"x","version":"1.0","organizations":[]}"#.into()),
    ];
    members.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

fn zipped<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name.as_ref(), SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes.as_ref()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn judge(bytes: &[u8]) -> Preflight {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    preflight("solidtime", file.path()).unwrap()
}

/// The sound ZIP with one member replaced.
fn with(name: &str, text: impl AsRef<[u8]>) -> Preflight {
    let mut members = sound();
    let member = members.iter_mut().find(|member| member.0 == name).unwrap();
    member.1 = text.as_ref().to_vec();
    judge(&zipped(&members, CompressionMethod::Deflated))
}

/// The sound ZIP with one text of one member replaced.
fn edited(name: &str, from: &str, to: impl AsRef<[u8]>) -> Preflight {
    let members = sound();
    let text = String::from_utf8(members.into_iter().find(|member| member.0 == name).unwrap().1).unwrap();
    let (before, after) = text.split_once(from).unwrap();
    with(name, [before.as_bytes(), to.as_ref(), after.as_bytes()].concat())
}

#[track_caller]
fn refused(preflight: &Preflight, code: &str) {
    assert_eq!(preflight.verdict, Verdict::Refused, "{code}: {preflight:?}");
    let refusals: Vec<_> = preflight.totals.iter().filter(|total| total.severity == Severity::Refuses).collect();
    assert!(refusals.iter().any(|total| total.code == code), "{code}: {preflight:?}");
}

#[track_caller]
fn accepted(preflight: &Preflight) {
    assert_eq!(preflight.verdict, Verdict::Accepted, "{preflight:?}");
    assert_eq!(preflight.findings, []);
}

#[track_caller]
fn changed(preflight: &Preflight, codes: &[&str]) {
    assert_eq!(preflight.verdict, Verdict::Accepted, "{preflight:?}");
    let found: Vec<&str> = preflight.totals.iter().map(|total| total.code.as_str()).collect();
    assert_eq!(found, codes, "{preflight:?}");
}

#[test]
fn takes_a_sound_archive() {
    accepted(&judge(&zipped(&sound(), CompressionMethod::Deflated)));
}

#[test]
fn what_its_api_hands_out_is_what_its_importer_takes() {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&zipped(&sound(), CompressionMethod::Deflated)).unwrap();
    let found = preflight("solidtime-api", file.path()).unwrap();
    accepted(&found);
    assert_eq!(found.product, "solidtime");
    assert!(is_importable("solidtime-api", Format::Zip) && !is_importable("solidtime-api", Format::Json));
    assert!(is_importable("trueppm-api", Format::Seed) && !is_importable("rytask-api", Format::Json));
}

#[test]
fn names_file_line_and_id() {
    let preflight = edited(
        "time_entries.csv",
        &format!("{ENTRY}\n"),
        format!("\n{ENTRY}\n\n{}\n", ENTRY.replace("t1,work", "t2,\"a\nb\",")),
    );
    // The surplus comma moves every later cell: the row starts on line 5.
    let finding = &preflight.findings[0];
    assert_eq!((finding.file.as_str(), finding.line, finding.id.as_deref()), ("time_entries.csv", Some(5), Some("t2")));
}

#[test]
fn knows_its_products() {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&zipped(&sound(), CompressionMethod::Deflated)).unwrap();
    assert_eq!(recognize(file.path()).unwrap(), "solidtime");
    assert!(has_preflight("solidtime") && !has_preflight("rytask"));
    let unknown = preflight("rytask", file.path()).unwrap_err();
    assert!(
        matches!(&unknown, PreflightError::UnknownProduct { known, .. } if known.contains("solidtime")),
        "{unknown}"
    );
    let missing = preflight("solidtime", "/nonexistent/x.zip".as_ref()).unwrap_err();
    assert!(matches!(&missing, PreflightError::Read { .. }) && missing.to_string().contains("/nonexistent/x.zip"));
    let mut text = NamedTempFile::new().unwrap();
    text.write_all(b"{}").unwrap();
    assert!(matches!(recognize(text.path()), Err(PreflightError::Undecided { .. })));
}

#[test]
fn opens_the_containers_that_libzip_opens() {
    let plain = zipped(&sound(), CompressionMethod::Deflated);
    accepted(&judge(&zipped(&sound(), CompressionMethod::Stored)));
    accepted(&judge(&[&plain[..], b"garbage behind it"].concat()));
    let mut reversed = sound();
    reversed.reverse();
    reversed.push(("folder/more.txt", b"x".to_vec()));
    reversed.push(("organizations.csv", b"\xff garbage".to_vec()));
    accepted(&judge(&zipped(&reversed, CompressionMethod::Deflated)));
    let dotted: Vec<(String, Vec<u8>)> =
        sound().into_iter().map(|(name, bytes)| (format!("./x/../../{name}"), bytes)).collect();
    accepted(&judge(&zipped(&dotted, CompressionMethod::Deflated)));
    let mut streamed = ZipWriter::new_stream(Vec::new());
    for (name, bytes) in sound() {
        streamed.start_file(name, SimpleFileOptions::default().large_file(true)).unwrap();
        streamed.write_all(&bytes).unwrap();
    }
    accepted(&judge(streamed.finish().unwrap().get_ref()));
}

#[test]
fn reads_bzip2() {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (name, data) in sound() {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(&data).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(&data);
        entry(&mut file, &mut directory, name, 12, 0, crc.sum(), &packed, data.len());
    }
    accepted(&judge(&closed(file, &directory)));
}

/// Appends one member by hand.
#[expect(clippy::too_many_arguments, reason = "the fields of a ZIP entry")]
fn entry(
    file: &mut Vec<u8>,
    directory: &mut Vec<u8>,
    name: &str,
    method: u16,
    flags: u16,
    crc: u32,
    packed: &[u8],
    size: usize,
) {
    let offset = u32::try_from(file.len()).unwrap();
    let mut common = Vec::new();
    common.extend(20u16.to_le_bytes());
    common.extend(flags.to_le_bytes());
    common.extend(method.to_le_bytes());
    common.extend([0, 0, 0x21, 0]);
    common.extend(crc.to_le_bytes());
    common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
    common.extend(u32::try_from(size).unwrap().to_le_bytes());
    common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    common.extend([0, 0]);
    file.extend(b"PK\x03\x04");
    file.extend(&common);
    file.extend(name.as_bytes());
    file.extend(packed);
    directory.extend(b"PK\x01\x02\x14\x03");
    directory.extend(&common);
    directory.extend([0; 10]);
    directory.extend(offset.to_le_bytes());
    directory.extend(name.as_bytes());
}

fn closed(mut file: Vec<u8>, directory: &[u8]) -> Vec<u8> {
    let offset = u32::try_from(file.len()).unwrap();
    let entries = u16::try_from(directory.windows(4).filter(|bytes| bytes == b"PK\x01\x02").count()).unwrap();
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(entries.to_le_bytes());
    file.extend(entries.to_le_bytes());
    file.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    file.extend(offset.to_le_bytes());
    file.extend([0, 0]);
    file
}

#[test]
fn refuses_the_containers_that_libzip_refuses() {
    let plain = zipped(&sound(), CompressionMethod::Deflated);
    refused(&judge(b""), "invalid_zip");
    refused(&judge(b"not a zip"), "invalid_zip");
    refused(&judge(&[b"garbage", &plain[..]].concat()), "invalid_zip");
    refused(&judge(&plain[..plain.len() - 1]), "invalid_zip");
    refused(&judge(&[&plain[..], &vec![b'x'; 70_000]].concat()), "invalid_zip");
    refused(&judge(&zipped::<&str, &[u8]>(&[], CompressionMethod::Deflated)), "file_missing");
    let foldered: Vec<(String, Vec<u8>)> =
        sound().into_iter().map(|(name, bytes)| (format!("export/{name}"), bytes)).collect();
    refused(&judge(&zipped(&foldered, CompressionMethod::Deflated)), "file_missing");
    let mut more_entries = plain.clone();
    let end = more_entries.len() - 22;
    more_entries[end + 10] += 1;
    refused(&judge(&more_entries), "invalid_zip");
    let mut other_disk = plain;
    other_disk[end + 4] = 1;
    refused(&judge(&other_disk), "invalid_zip");
}

#[test]
fn ends_the_extraction_at_the_first_entry_that_cannot_be_opened() {
    for (method, flags) in [(14, 0), (93, 0), (8, 1)] {
        for last in [false, true] {
            let (mut file, mut directory) = (Vec::new(), Vec::new());
            if !last {
                entry(&mut file, &mut directory, "first", method, flags, 0, b"x", 1);
            }
            for (name, data) in sound() {
                let mut crc = flate2::Crc::new();
                crc.update(&data);
                entry(&mut file, &mut directory, name, 0, 0, crc.sum(), &data, data.len());
            }
            if last {
                entry(&mut file, &mut directory, "last", method, flags, 0, b"x", 1);
            }
            let preflight = judge(&closed(file, &directory));
            if last {
                changed(&preflight, &["entry_unreadable"]);
            } else {
                refused(&preflight, "file_missing");
            }
        }
    }
}

#[test]
fn does_not_look_at_checksums_but_says_what_is_damaged() {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in sound() {
        entry(&mut file, &mut directory, name, 0, 0, 1, &data, data.len());
    }
    let preflight = judge(&closed(file, &directory));
    changed(&preflight, &["damaged"]);
    assert_eq!(preflight.totals[0].count, 8);
}

#[test]
fn wants_all_files_but_the_organizations() {
    for missing in sound() {
        let rest: Vec<_> = sound().into_iter().filter(|member| member.0 != missing.0).collect();
        refused(&judge(&zipped(&rest, CompressionMethod::Deflated)), "file_missing");
    }
}

#[test]
fn wants_the_version_as_a_string() {
    for meta in [r#" {"version":"2","version":"1.0"} "#, r#"{"more":[{}],"version":"1.0"}"#] {
        accepted(&with("meta.json", meta));
    }
    let wrong = [
        "",
        "null",
        "[]",
        "{}",
        "\"1.0\"",
        "{\"version\":1.0}",
        "{\"version\":\"1.1\"}",
        "{\"version\":\"1\"}",
        "{\"version\":null}",
        "{\"Version\":\"1.0\"}",
        "\u{feff}{\"version\":\"1.0\"}",
        "{\"version\":\"1.0\"",
        "{\"version\":\"1.0\"}x",
    ];
    for meta in wrong {
        refused(&with("meta.json", meta), "invalid_version");
    }
}

#[test]
fn reads_csv_as_league_csv_does() {
    accepted(&with("tags.csv", "\u{feff}name,more,id\r\nTag,,91111111-1111-4111-8111-111111111111"));
    accepted(&with("organization_invitations.csv", b"\xff,\"\n"));
    accepted(&with("tags.csv", "id,name,more\n91111111-1111-4111-8111-111111111111,Tag\n"));
    changed(&with("tags.csv", "id,name\n91111111-1111-4111-8111-111111111111,Tag,x,y\n"), &["surplus_cells"]);
    changed(&with("tags.csv", "id,name\n91111111-1111-4111-8111-111111111111, \"Tag\"\n"), &["trimmed_cell"]);
    refused(&with("tags.csv", ""), "no_header");
    refused(&with("tags.csv", "\nid,name\n"), "no_header");
    refused(&with("tags.csv", "id,name,name\n"), "duplicate_column");
    refused(&with("tags.csv", "id,Name\n1,x\n"), "missing_column");
    refused(&with("tags.csv", "id,name\n \n"), "name_empty");
    // A lone CR ends no line, so all of it is the header.
    changed(&with("tags.csv", "id,name\r91111111-1111-4111-8111-111111111111,Tag\r2,x\n"), &["unknown_tag"]);
    // A column is only missed where there is a row.
    changed(&with("tags.csv", "foo\n"), &["unknown_tag"]);
    accepted(&with("time_entries.csv", "foo\n\n\n"));
}

#[test]
fn uses_some_columns_and_not_others() {
    let unused = "created_at,organization_id,role";
    for (name, _) in sound().into_iter().filter(|member| member.0 != "meta.json" && !member.1.is_empty()) {
        let text = String::from_utf8(sound().into_iter().find(|member| member.0 == name).unwrap().1).unwrap();
        let (head, row) = text.trim_end().split_once('\n').unwrap();
        accepted(&with(name, format!("{unused},{head}\ngarbage,\u{1},,{row}\n")));
        for column in head.split(',').filter(|column| *column != "id" || name == "clients.csv") {
            let renamed = head.split(',').map(|each| if each == column { "renamed" } else { each }).collect::<Vec<_>>();
            refused(&with(name, format!("{}\n{row}\n", renamed.join(","))), "missing_column");
        }
    }
    for (name, head) in [("time_entries.csv", "id,description"), ("project_members.csv", "id,billable_rate")] {
        accepted(&edited(name, head, head.replace("id,", "other,")));
    }
}

#[test]
fn wants_cells_where_it_reads_them() {
    let entry = format!("{ENTRY_HEAD}\n{}\n", ENTRY.trim_end_matches(','));
    refused(&with("time_entries.csv", entry), "short_row");
    refused(&with("clients.csv", "id,name,archived_at\nc1,Client\n"), "short_row");
    refused(&with("tasks.csv", "id,name,project_id,done_at\nk1,Task,p1\n"), "short_row");
    refused(&with("members.csv", "id,user_id,name,email\nm1,u1,User\n"), "missing_column");
    refused(&with("members.csv", "id,user_id,name,billable_rate,email\nm1,u1,User,\n"), "short_row");
    refused(&with("project_members.csv", "billable_rate,project_id,user_id,member_id\n,p1,u1\n"), "short_row");
    changed(&with("members.csv", "id,user_id,name,email,billable_rate\nm1,u1,User,a@b\n"), &["rate_cast"]);
    refused(
        &with("projects.csv", "id,name,client_id,archived_at,is_public,is_billable,billable_rate,color\np1,P,c1,,,,\n"),
        "invalid_color",
    );
}

#[test]
fn validates_names() {
    for (name, from) in [
        ("clients.csv", "Client"),
        ("tags.csv", "Tag"),
        ("projects.csv", "Project"),
        ("tasks.csv", "Task"),
        ("members.csv", "User"),
    ] {
        let most = if name == "tasks.csv" { 500 } else { 255 };
        for good in ["0", "\u{a0}", "\u{c}", "\\", &"x".repeat(most), &"😀".repeat(most)] {
            accepted(&edited(name, from, good));
        }
        for bad in ["", " ", "\"\t\n\"", "\u{b}"] {
            refused(&edited(name, from, bad), "name_empty");
        }
        refused(&edited(name, from, "é".repeat(most + 1)), "name_too_long");
        refused(&edited(name, from, b"x\xffy"), "invalid_utf8");
        changed(&edited(name, from, "x\0y"), &["nul_cut"]);
        refused(&edited(name, from, "\0"), "name_empty");
    }
    for good in ["", " ", "0", "no address", &"é".repeat(255), &format!("{}   ", "x".repeat(255))] {
        accepted(&edited("members.csv", "user@example.org", good));
    }
    refused(&edited("members.csv", "user@example.org", "x".repeat(256)), "email_too_long");
    refused(&edited("members.csv", "user@example.org", b"\xff"), "invalid_utf8");
    changed(&edited("members.csv", "user@example.org", format!("x\0{}", "y".repeat(300))), &["nul_cut"]);
}

#[test]
fn validates_colors_rates_and_flags() {
    for bad in ["", "#EF5350", "#ef5", "red", "ef5350", "#ef53501", "\"#ef5350\n\n\""] {
        refused(&edited("projects.csv", "#ef5350", bad), "invalid_color");
    }
    changed(&edited("projects.csv", "#ef5350", "\"#ef5350\n\""), &["color_line_end"]);
    for (name, from) in [("projects.csv", "#ef5350,,"), ("members.csv", "org,\n"), ("project_members.csv", "e1,,")] {
        let with_rate = |rate: &str| {
            let to =
                if name == "members.csv" { format!("org,{rate}\n") } else { from.replace(",,", &format!(",{rate},")) };
            edited(name, from, to)
        };
        for good in ["1", "-1", "2147483647", "-2147483648"] {
            accepted(&with_rate(good));
        }
        for bad in ["2147483648", "-2147483649", "9999999999999999999", "3e9", "-1e30", "\" 4000000000x\""] {
            refused(&with_rate(bad), "rate_out_of_range");
        }
        for cast in ["12.7", "1e3", "\" 5\"", "5 ", "+5", "05", "2147483647.9"] {
            changed(&with_rate(cast), &["rate_cast"]);
        }
        let zero: &[&str] = if name == "members.csv" { &[] } else { &["rate_zero"] };
        changed(&with_rate("0"), zero);
        changed(&with_rate("abc"), &[&["rate_cast"], zero].concat());
        changed(&with_rate("1e1000"), &[&["rate_cast"], zero].concat());
    }
    for flag in ["TRUE", "1", "", "banana"] {
        changed(&edited("projects.csv", ",false,", format!(",{flag},")), &["bool_false"]);
        changed(&edited("projects.csv", ",true,", format!(",{flag},")), &["bool_false"]);
        refused(&edited("time_entries.csv", ",true,", format!(",{flag},")), "invalid_billable");
    }
}

#[test]
fn validates_timestamps() {
    let places = [
        ("clients.csv", "Client,", "Client,"),
        ("projects.csv", "c1,\n", "c1,"),
        ("tasks.csv", "p1,\n", "p1,"),
        ("time_entries.csv", "work,2026-01-02T03:04:05Z", "work,"),
        ("time_entries.csv", "05Z,2026-01-02T04:04:05Z", "05Z,"),
        ("time_entries.csv", "\"]\",", "\"]\","),
    ];
    for (name, from, to) in places {
        let end = if from.ends_with('\n') { "\n" } else { "" };
        let at = |time: &str| edited(name, from, format!("{to}{time}{end}"));
        accepted(&at("1969-12-31T23:59:59Z"));
        changed(&at("2024-02-30T00:00:00Z"), &["timestamp_moved"]);
        changed(&at("24-1-1T1:00:00Z"), &["timestamp_moved"]);
        for bad in [
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.5Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "now",
        ] {
            refused(&at(bad), "invalid_timestamp");
        }
    }
    refused(&edited("time_entries.csv", "2026-01-02T03:04:05Z", ""), "invalid_timestamp");
    accepted(&edited("time_entries.csv", "2026-01-02T04:04:05Z", "2025-01-02T04:04:05Z"));
    accepted(&edited("time_entries.csv", "2026-01-02T04:04:05Z", ""));
}

#[test]
fn counts_a_description_in_bytes() {
    for good in ["", " ", "0", &"x".repeat(5000), &"é".repeat(2500), "a\\"] {
        accepted(&edited("time_entries.csv", "work", good));
    }
    refused(&edited("time_entries.csv", "work", "é".repeat(2501)), "description_too_long");
    refused(&edited("time_entries.csv", "work", "😀".repeat(5000)), "description_too_long");
    refused(&edited("time_entries.csv", "work", b"\xff"), "invalid_utf8");
    // The database never sees what stands behind a NUL.
    changed(&edited("time_entries.csv", "work", b"a\0\xff"), &["nul_cut"]);
}

#[test]
fn follows_references_by_exact_bytes() {
    for (name, from, to) in [
        ("projects.csv", ",c1,", ",C1,"),
        ("tasks.csv", ",p1,", ",P1,"),
        ("tasks.csv", ",p1,", ",,"),
        ("project_members.csv", "p1", "P1"),
        ("project_members.csv", "u1", "U1"),
        ("project_members.csv", "m1", ""),
        ("time_entries.csv", "m1", "M1"),
        ("time_entries.csv", "m1", ""),
        ("time_entries.csv", "u1", ""),
        ("time_entries.csv", "p1", "P1"),
        ("time_entries.csv", "k1", "x"),
    ] {
        refused(&edited(name, from, to), "unknown_reference");
    }
    changed(&edited("time_entries.csv", ",c1,", ",C1,"), &["unknown_client"]);
    for optional in [",c1,", ",p1,", ",k1,"] {
        accepted(&edited("time_entries.csv", optional, ",,"));
    }
    accepted(&edited("projects.csv", ",c1,", ",,"));
}

#[test]
fn drops_tags_that_it_cannot_use() {
    let tagged = |tags: &str| {
        let list = "\"[\"\"91111111-1111-4111-8111-111111111111\"\"]\"";
        edited("time_entries.csv", list, format!("\"{}\"", tags.replace('"', "\"\"")))
    };
    for silent in ["", " \t", "null", "[]", "[ \"91111111-1111-4111-8111-111111111111\" ]"] {
        accepted(&tagged(silent));
    }
    for dropped in ["{}", "\"x\"", "[1]", "[\"x\"]", "[null]", "nonsense", "[\"91111111-1111-4111-8111-111111111111\""]
    {
        changed(&tagged(dropped), &["tags_dropped"]);
    }
    changed(&tagged("[\"d1111111-1111-4111-8111-111111111111\"]"), &["unknown_tag"]);
}

#[test]
fn merges_by_natural_keys_and_then_does_not_validate() {
    changed(&edited("clients.csv", "c1,Client,\n", "c1,Client,\nc2,Client,\n"), &["merged_client"]);
    changed(&edited("tags.csv", ",Tag\n", ",Tag\n2,Tag\n"), &["merged_tag"]);
    changed(&edited("tasks.csv", "k1,Task,p1,\n", "k1,Task,p1,\nk2,Task,p1,\n"), &["merged_task"]);
    let project = "p1,Project,#ef5350,,false,true,c1,\n";
    accepted(&edited("projects.csv", project, format!("{project}p2,Project,#ef5350,,false,true,,\n")));
    changed(
        &edited("projects.csv", project, format!("{project}p2,Project,#ef5350,3e9,1,1,c1,\n")),
        &["merged_project"],
    );
    refused(&edited("projects.csv", project, format!("{project}p2,Project,red,,1,1,c1,\n")), "invalid_color");
    let member = "m1,u1,User,user@example.org,\n";
    changed(&edited("members.csv", member, format!("{member}m2,u2,,user@example.org,3e9\n")), &["merged_member"]);
    accepted(&edited("members.csv", member, format!("{member}m2,u2,User,User@example.org,\n")));
    changed(&edited("clients.csv", "c1,Client,\n", "c1,Client,\nc1,Other,\n"), &["duplicate_id"]);
    let double = format!("{ENTRY_HEAD}\n{ENTRY}\n{ENTRY}\n");
    accepted(&with("time_entries.csv", double));
}

#[test]
fn keeps_one_project_member_for_each_project_and_user() {
    let mut members = sound();
    for (name, bytes) in &mut members {
        if *name == "members.csv" {
            bytes.extend(b"m2,u2,Second,second@example.org,\n");
        }
    }
    let mut judge_with = |rows: &str| {
        let text = format!("id,billable_rate,project_id,user_id,member_id\ne1,,p1,u1,m1\n{rows}");
        members.iter_mut().find(|member| member.0 == "project_members.csv").unwrap().1 = text.into_bytes();
        judge(&zipped(&members, CompressionMethod::Deflated))
    };
    accepted(&judge_with("e2,,p1,u2,m2\n"));
    // Merged into the first one: neither rate nor user is looked at.
    changed(&judge_with("e2,3e9,p1,unknown,m1\n"), &["merged_project_member"]);
    refused(&judge_with("e2,,p1,u1,m2\n"), "duplicate_project_user");
}

#[test]
fn refuses_what_upstreams_server_does_not_take() {
    // A sparse file, one byte longer than what fits a request of 100 MiB in base64.
    let plain = zipped(&sound(), CompressionMethod::Deflated);
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&plain).unwrap();
    file.as_file().set_len(78_643_177).unwrap();
    refused(&preflight("solidtime", file.path()).unwrap(), "zip_too_large");
}
