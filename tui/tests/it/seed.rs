//! `seed check` and `seed fmt`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::orgvault::{Ran, alone};

/// What TruePPM writes for an empty program.
const CANONICAL: &str = r#"{
  "program": {
    "methodology": "AGILE",
    "name": "Égale",
    "slug": "egale"
  },
  "projects": [
    {
      "methodology": "AGILE",
      "name": "One",
      "slug": "one",
      "start_date": "2026-01-31",
      "tasks": [
        {
          "name": "Dig",
          "wbs_path": "1"
        }
      ]
    }
  ],
  "schema_version": "1.0"
}
"#;

/// Runs `seed ACT x.json ARGS` on a file with `text`, and gives what the file holds afterwards.
fn seed(act: &str, text: &[u8], args: &[&str]) -> (Ran, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let mut ran = alone(&[&["seed", act, path.to_str().unwrap()], args].concat());
    let place = format!("{}/", folder.path().display());
    (ran.out, ran.err) = (ran.out.replace(&place, ""), ran.err.replace(&place, ""));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left in the folder");
    let left = fs::read(&path).unwrap();
    (ran, left)
}

/// The same document by another hand.
fn edited() -> String {
    let value: serde_json::Value = serde_json::from_str(CANONICAL).unwrap();
    format!(" {value}\n\n")
}

#[test]
fn fmt_prints_the_canonical_form_and_leaves_the_file() {
    for text in [CANONICAL.to_owned(), edited(), CANONICAL.replace("\n  ", "\r\n\t"), CANONICAL.replace('É', "\\u00c9")]
    {
        let (ran, left) = seed("fmt", text.as_bytes(), &[]);
        assert_eq!(ran.ok(), CANONICAL);
        assert_eq!(left, text.as_bytes());
    }
}

#[test]
fn fmt_write_replaces_the_file() {
    let (ran, left) = seed("fmt", edited().as_bytes(), &["--write"]);
    assert_eq!(ran.ok(), "");
    assert_eq!(String::from_utf8(left).unwrap(), CANONICAL);
}

#[test]
fn fmt_write_replaces_what_a_link_names() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
    fs::write(&real, edited()).unwrap();
    std::os::unix::fs::symlink("real.json", &link).unwrap();
    alone(&["seed", "fmt", link.to_str().unwrap(), "--write"]).ok();
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("real.json"));
    assert_eq!(fs::read_to_string(real).unwrap(), CANONICAL);
}

#[test]
fn fmt_reads_gzip_and_writes_none() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, edited().as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(seed("fmt", &gzip, &[]).0.ok(), CANONICAL);
    let (ran, left) = seed("fmt", &gzip, &["--write"]);
    assert_eq!((ran.code, left), (Some(2), gzip));
    assert!(ran.err.contains("x.json is compressed"), "{}", ran.err);
}

#[test]
fn check_tells_what_a_seed_holds() {
    insta::assert_snapshot!(seed("check", CANONICAL.as_bytes(), &[]).0.ok());
    insta::assert_snapshot!("check_tells_of_another_form_json", seed("check", edited().as_bytes(), &["--json"]).0.ok());
}

#[test]
fn what_is_no_seed_is_refused_with_its_place() {
    let deep = format!("{{\"program\": {}", "[".repeat(100_000));
    let huge = [CANONICAL.as_bytes(), &vec![b' '; 100 * 1024 * 1024]].concat();
    let cases: [(&[u8], &str); 10] = [
        (&CANONICAL.as_bytes()[..120], "the text ends where"),
        (deep.as_bytes(), "line 1, column 13, $.program: expected"),
        (&huge, "has more than 67108864 bytes"),
        (&CANONICAL.replace("1.0", "3.0").into_bytes(), "line 21, column 21, $.schema_version: unknown schema_version"),
        (
            &CANONICAL.replace("\"slug\": \"one\"", "\"name\": \"Two\"").into_bytes(),
            "line 11, column 7, $.projects[0]: the key `name` stands twice",
        ),
        (&CANONICAL.replace("\"Dig\"", "7").into_bytes(), "line 15, column 19, $.projects[0].tasks[0].name: expected"),
        (
            &CANONICAL.replace("\"wbs_path\"", "\"sprint\": \"s1\", \"wbs_path\"").into_bytes(),
            "line 16, column 21, $.projects[0].tasks[0].sprint: no sprint `s1`",
        ),
        (&CANONICAL.replace("\"wbs_path\"", "\"\\u001b[2J\": 1, \"wbs_path\"").into_bytes(), "unknown key"),
        (b"", "line 1, column 1"),
        (b"{\"program\": {\"name\": \"\xff", "line 1, column 23, $: the text is not UTF-8"),
    ];
    for (text, expected) in cases {
        let (ran, left) = seed("check", text, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{expected}");
        assert!(ran.err.contains(expected) && !ran.err.contains('\u{1b}'), "{expected}: {}", ran.err);
        assert_eq!(left, text);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_1() {
    for act in ["check", "fmt"] {
        let ran = alone(&["seed", act, "/nowhere/x.json"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        assert!(ran.err.contains("cannot read /nowhere/x.json: No such file"), "{}", ran.err);
    }
}
