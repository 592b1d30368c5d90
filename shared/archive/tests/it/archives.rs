//! Archives for the tests: a file with the manifest that describes it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use orgvault_api::Format;
use orgvault_archive::{
    manifest::{Layout, Manifest, Section},
    naming::{ArchiveName, hex},
};
use sha2::{Digest, Sha256};

/// The released manifest that must always load.
pub(crate) const MANIFEST_V1: &[u8] = include_bytes!("../fixtures/manifest-v1.json");

/// One document with an object, three arrays and its own counts.
pub(crate) const DOCUMENT: &str = concat!(
    r#"{"format":"x","version":1,"organization":{"id":"7","settings":{"a":[1,2]}},"#,
    r#""projects":[],"labels":[{"id":"1","name":"ü \"quoted\"\n"}],"#,
    r#""timeLogs":[{"id":"1","n":12345678901234567890.10},{"id":"2","n":-1e-7},{"id":"3","n":null}],"#,
    r#""counts":{"projects":0,"labels":1,"timeLogs":3}}"#
);
pub(crate) const DOCUMENT_ROWS: [(&str, u64); 4] =
    [("organization", 1), ("projects", 0), ("labels", 1), ("timeLogs", 3)];

pub(crate) const TABLE: &str = "id,note\n1,plain\n2,\"a, \"\"b\"\"\nc\"\n3,\n";
pub(crate) const TABLE_ROWS: [(&str, u64); 1] = [("timeLogs", 3)];

/// A file with its manifest.
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Made {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    /// Writes other bytes in its place.
    pub(crate) fn put(&self, bytes: &[u8]) {
        fs::write(&self.path, bytes).unwrap();
    }
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Writes `content` as an archive below `directory`.
pub(crate) fn make(directory: &Path, format: Format, gz: bool, content: &[u8], rows: &[(&str, u64)]) -> Made {
    let mut manifest = Manifest::parse(MANIFEST_V1).unwrap();
    let bytes = if gz { gzip(content) } else { content.to_vec() };
    let (exported_at, gid) = (manifest.exported_at, manifest.gid);
    manifest.file = ArchiveName { exported_at, gid, format, gzip: gz }.to_string();
    manifest.format = format;
    manifest.gzip = gz;
    manifest.bytes = bytes.len() as u64;
    manifest.sha256 = hex(&Sha256::digest(&bytes));
    manifest.content_bytes = content.len() as u64;
    let section =
        |&(name, rows): &(&str, u64)| Section { name: name.to_owned(), rows, counted: rows, ..Section::default() };
    manifest.sections = rows.iter().map(section).collect();
    manifest.layout = Layout { counts_key: Some("counts".to_owned()), ..Layout::default() };
    let made = Made { path: directory.join(&manifest.file), manifest };
    made.put(&bytes);
    made
}

/// The document and the table, each plain and with gzip.
pub(crate) fn make_all(directory: &Path) -> Vec<Made> {
    let mut all = Vec::new();
    for gz in [false, true] {
        all.push(make(directory, Format::Json, gz, DOCUMENT.as_bytes(), &DOCUMENT_ROWS));
        all.push(make(directory, Format::Csv, gz, TABLE.as_bytes(), &TABLE_ROWS));
    }
    all
}
