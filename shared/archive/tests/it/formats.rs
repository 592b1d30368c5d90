//! What is on disk stays readable, and what is not ours is refused.

use std::fs;

use orgvault_api::ArchiveState;
use orgvault_archive::{
    Manifest, ManifestError, StateError, StateFile,
    manifest::{MANIFEST_VERSION, manifest_path},
};
use serde_json::{Value, json};

use crate::archives::{DOCUMENT, DOCUMENT_ROWS, MANIFEST_V1, make};

const STATE_V1: &[u8] = include_bytes!("../fixtures/state-v1.json");

fn changed(key: &str, value: Value) -> Result<Manifest, ManifestError> {
    let mut manifest: Value = serde_json::from_slice(MANIFEST_V1).unwrap();
    manifest[key] = value;
    Manifest::parse(&serde_json::to_vec(&manifest).unwrap())
}

#[test]
fn version_1_loads_and_is_written_as_it_was() {
    let manifest = Manifest::parse(MANIFEST_V1).unwrap();
    assert_eq!(manifest.manifest_version, MANIFEST_VERSION);
    assert_eq!(manifest.organization.name, "Acme \"Ünïcode\" Ltd");
    assert_eq!(String::from_utf8(manifest.to_text().unwrap()).unwrap().as_bytes(), MANIFEST_V1);
    let state = StateFile::parse(STATE_V1).unwrap();
    assert!(state.verified.as_ref().unwrap().ok);
    assert_eq!(state.to_text().unwrap(), STATE_V1);
}

#[test]
fn a_newer_version_is_a_clear_error_whatever_else_it_holds() {
    let error = Manifest::parse(br#"{"manifest_version":2,"everything":"else"}"#).unwrap_err();
    assert_eq!(error.to_string(), "the manifest has version 2 and this orgvault reads up to 1: update orgvault");
    let error = StateFile::parse(br#"{"state_version":7}"#).unwrap_err();
    assert!(matches!(error, StateError::Newer { found: 7 }), "{error}");
    assert!(changed("added_later", json!({"a": 1})).is_ok(), "a field may be added within a version");
}

#[test]
fn a_manifest_may_name_only_its_own_neighbour() {
    let other_gid = "20260131T093000Z-8790123456788.json.gz";
    for file in ["../../etc/passwd", "/etc/passwd", "x/y", "", ".", "..", "a\0b", "SHA256SUMS"] {
        assert!(matches!(changed("file", json!(file)), Err(ManifestError::File { .. })), "{file:?}");
    }
    for file in [other_gid, "20260131T093000Z-8790123456789.json", "20260131T093001Z-8790123456789.json.gz"] {
        assert!(matches!(changed("file", json!(file)), Err(ManifestError::Contradiction { .. })), "{file:?}");
    }
}

#[test]
fn a_manifest_that_cannot_be_true_is_refused() {
    for sha256 in ["", "abc", &"G".repeat(64), &"A".repeat(64)] {
        assert!(matches!(changed("sha256", json!(sha256)), Err(ManifestError::Contradiction { .. })), "{sha256:?}");
    }
    for (key, value) in [("bytes", json!(-1)), ("gid", json!("0")), ("format", json!("pdf")), ("sections", json!(1))] {
        let error = changed(key, value).unwrap_err();
        assert!(matches!(error, ManifestError::Parse { .. }), "{key}: {error}");
        assert!(error.to_string().contains("line 1 column"), "{error}");
    }
    for text in ["", "[]", "{", "{\"manifest_version\":\"1\"}", &"[".repeat(100_000)] {
        assert!(matches!(Manifest::parse(text.as_bytes()), Err(ManifestError::Parse { .. })));
    }
}

#[test]
fn finds_the_manifest_beside_an_archive_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let made = make(directory.path(), orgvault_api::Format::Json, false, DOCUMENT.as_bytes(), &DOCUMENT_ROWS);
    assert!(Manifest::beside(&made.path).unwrap().is_none());
    fs::write(manifest_path(&made.path), made.manifest.to_text().unwrap()).unwrap();
    let read = Manifest::beside(&made.path).unwrap().unwrap();
    assert_eq!(read.to_text().unwrap(), made.manifest.to_text().unwrap());
    let copy = directory.path().join("copy.json");
    fs::copy(manifest_path(&made.path), manifest_path(&copy)).unwrap();
    assert!(Manifest::beside(&copy).unwrap().is_none(), "it speaks of another name");
}

#[test]
fn becomes_the_archive_of_the_api() {
    let manifest = Manifest::parse(MANIFEST_V1).unwrap();
    let path = "/archives/tracker/acme--7/x.json.gz";
    let archive = manifest.to_archive(path, ArchiveState::Missing, None);
    assert_eq!(archive.path, path);
    assert_eq!((archive.gid, archive.bytes, archive.state), (manifest.gid, 312, ArchiveState::Missing));
    assert_eq!(archive.counts.iter().map(|count| count.rows).sum::<u64>(), 4);
    assert_eq!(archive.warnings, manifest.warnings);
}
