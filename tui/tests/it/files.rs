//! `verify FILE` and `rows FILE`: without a daemon.

use std::{fs, path::PathBuf};

use orgvault_api::{Format, SectionCount};
use orgvault_archive::{
    manifest::{Layout, MANIFEST_VERSION, Manifest, Product, Section, manifest_path},
    naming::hex,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    fixtures::{at, gid, key},
    orgvault::{Ran, alone},
};

const TEXT: &str = concat!(
    r#"{"format":"made up","labels":[{"id":1,"name":"one"},{"id":2,"name":"t\u001bwo"},{"id":3,"name":"three"}],"#,
    r#""notes":[],"counts":{"labels":3,"notes":0}}"#
);

struct File {
    folder: TempDir,
}

impl File {
    /// An archive with its manifest.
    fn new() -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(file.path(), TEXT).unwrap();
        fs::write(manifest_path(&file.path()), manifest().to_text().unwrap()).unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("20260131T093001Z-7.json")
    }

    fn run(&self, command: &str, rest: &[&str]) -> Ran {
        let path = self.path();
        let mut ran = alone(&[&[command, path.to_str().unwrap()], rest].concat());
        let folder = self.folder.path().to_str().unwrap();
        (ran.out, ran.err) = (ran.out.replace(folder, "<folder>"), ran.err.replace(folder, "<folder>"));
        ran
    }
}

pub(crate) fn manifest() -> Manifest {
    let section = |name: &str, rows| Section { name: name.to_owned(), rows, counted: rows, ..Section::default() };
    let bytes = u64::try_from(TEXT.len()).unwrap();
    Manifest {
        manifest_version: MANIFEST_VERSION,
        orgvault: "0.1.0".to_owned(),
        gid: gid(7),
        request: gid(1000),
        file: "20260131T093001Z-7.json".to_owned(),
        format: Format::Json,
        entity: None,
        gzip: false,
        importable: false,
        bytes,
        sha256: hex(&Sha256::digest(TEXT)),
        content_bytes: bytes,
        organization: key("acme"),
        product: Product { name: "rytask".to_owned(), measured_on: "1".to_owned() },
        exported_at: at(1),
        finished_at: at(2),
        snapshot: "1".to_owned(),
        received: None,
        server: "SQLite 3".to_owned(),
        sections: vec![section("labels", 3), section("notes", 0)],
        files: None,
        layout: Layout { counts_key: Some("counts".to_owned()), ..Layout::default() },
        warnings: Vec::new(),
    }
}

#[test]
fn a_whole_file_is_verified() {
    insta::assert_snapshot!(File::new().run("verify", &[]).all());
    let json: serde_json::Value = serde_json::from_str(&File::new().run("verify", &["--json"]).ok()).unwrap();
    let verification = &json["verifications"][0];
    assert_eq!((&verification["ok"], &verification["gid"]), (&true.into(), &"7".into()));
    let counts: Vec<SectionCount> = serde_json::from_value(verification["counts"].clone()).unwrap();
    assert_eq!(counts.iter().map(|count| count.rows).collect::<Vec<u64>>(), [3, 0]);
}

#[test]
fn a_file_without_a_manifest_is_looked_at() {
    let file = File::new();
    fs::remove_file(manifest_path(&file.path())).unwrap();
    insta::assert_snapshot!(file.run("verify", &[]).all());
}

#[test]
fn a_damaged_file_is_3_and_named() {
    for damage in [
        |file: &File| fs::write(file.path(), &TEXT.as_bytes()[..TEXT.len() - 30]).unwrap(),
        |file: &File| fs::write(file.path(), TEXT.replace("three", "thref")).unwrap(),
        |file: &File| fs::remove_file(file.path()).unwrap(),
        |file: &File| fs::write(manifest_path(&file.path()), "{").unwrap(),
    ] {
        let file = File::new();
        damage(&file);
        let ran = file.run("verify", &[]);
        assert_eq!(ran.code, Some(3), "{}", ran.all());
        assert!(ran.out.starts_with("FAULT") && ran.out.contains("20260131T093001Z-7.json"), "{}", ran.all());
    }
}

#[test]
fn a_file_that_is_not_there_is_1() {
    let ran = alone(&["verify", "/nonexistent/x.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("cannot open /nonexistent/x.json: No such file"), "{}", ran.err);
}

#[test]
fn rows_are_read_page_by_page() {
    let file = File::new();
    insta::assert_snapshot!(file.run("rows", &["labels", "--limit", "2"]).all());
    insta::assert_snapshot!("rows_are_read_page_by_page_2", file.run("rows", &["labels", "--after", "2"]).all());
    let found = file.run("rows", &["labels", "--search", "THREE", "--json"]).ok();
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["rows"], serde_json::json!([{ "id": 3, "name": "three" }]));
    assert_eq!(file.run("rows", &["notes"]).ok(), "no rows\n");
}

#[test]
fn an_unknown_section_names_the_known_ones() {
    let ran = File::new().run("rows", &["lables"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("labels, notes"), "{}", ran.err);
}

#[test]
fn a_link_that_a_person_names_is_followed_and_a_named_pipe_is_not_waited_for() {
    let file = File::new();
    let link = file.folder.path().join("latest.json");
    std::os::unix::fs::symlink(file.path(), &link).unwrap();
    let copies = file.folder.path().join("copies");
    std::os::unix::fs::symlink(file.folder.path(), &copies).unwrap();
    let below_link = copies.join("20260131T093001Z-7.json");
    for path in [&link, &below_link] {
        let verified = alone(&["verify", path.to_str().unwrap()]).ok();
        assert!(verified.contains("20260131T093001Z-7.json") && verified.contains("1 archive verified"), "{verified}");
        alone(&["rows", path.to_str().unwrap(), "labels"]).ok();
    }
    let pipe = file.folder.path().join("pipe.json");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
    for command in [&["verify"][..], &["rows"], &["preflight"], &["seed", "check"]] {
        let section = if command == ["rows"] { &["labels"][..] } else { &[] };
        let ran = alone(&[command, &[pipe.to_str().unwrap()], section].concat());
        assert_ne!(ran.code, Some(0), "{command:?}");
        assert!(ran.err.contains("it is a named pipe and not a file"), "{command:?}: {}", ran.err);
    }
}
