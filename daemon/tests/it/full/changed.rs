//! Archives that somebody has changed, with everything in them that says otherwise made anew: every sum and every count is
//! right, and only the rows themselves, or who else has them, tell.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::Path,
};

use orgvault_archive::{
    full::{
        DATA_PACKAGE, REPORT, RowHasher, SCHEMA,
        bag::{self, Hashed},
        report::Report,
    },
    naming::hex,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The members of an archive, in their order.
pub(crate) struct Changed(Vec<(String, Vec<u8>)>);

impl Changed {
    pub(crate) fn open(path: &Path) -> Self {
        let mut zip = ZipArchive::new(File::open(path).unwrap()).unwrap();
        let members = zip.len();
        let member = |at| {
            let mut member = zip.by_index(at).unwrap();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            (member.name().unwrap().into_owned(), bytes)
        };
        Self((0..members).map(member).collect())
    }

    /// Exchanges some text of a table, which is there once.
    pub(crate) fn exchange(mut self, table: &str, old: &str, new: &str) -> Self {
        let text = String::from_utf8(self.table(table).clone()).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{text}");
        *self.table(table) = text.replace(old, new).into_bytes();
        self
    }

    /// Leaves out the line of a table that has some text.
    pub(crate) fn without(mut self, table: &str, text: &str) -> Self {
        let all = String::from_utf8(self.table(table).clone()).unwrap();
        let left: Vec<&str> = all.lines().filter(|line| !line.contains(text)).collect();
        assert_eq!(left.len() + 1, all.lines().count(), "{all}");
        *self.table(table) = (left.join("\n") + "\n").into_bytes();
        self
    }

    /// Says something else of the tables.
    pub(crate) fn schema(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut schema: Value = serde_json::from_slice(self.member(SCHEMA)).unwrap();
        change(&mut schema);
        *self.member(SCHEMA) = serde_json::to_vec_pretty(&schema).unwrap();
        self
    }

    fn table(&mut self, table: &str) -> &mut Vec<u8> {
        self.member(&format!("data/public.{table}.csv"))
    }

    fn member(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.0.iter_mut().find(|(member, _)| member == name).unwrap().1
    }

    /// Says of every member what is true now.
    fn seal(&mut self) -> Report {
        let payload = self.hashed(|name| name.starts_with("data/"));
        let mut report: Report = serde_json::from_slice(self.member(REPORT)).unwrap();
        for table in &mut report.tables {
            let mut hasher = RowHasher::behind_header();
            hasher.feed(self.member(&table.file));
            let (rows, hash) = hasher.finish();
            (table.rows, table.counted, table.row_hash) = (rows, rows, hash.to_string());
        }
        let mut package: Value = serde_json::from_slice(self.member(DATA_PACKAGE)).unwrap();
        for resource in package["resources"].as_array_mut().unwrap() {
            let hashed = payload.iter().find(|member| resource["path"] == member.name).unwrap();
            resource["bytes"] = json!(hashed.bytes);
            resource["hash"] = json!(format!("sha256:{}", hashed.sha256));
        }
        *self.member(REPORT) = serde_json::to_vec_pretty(&report).unwrap();
        *self.member(DATA_PACKAGE) = serde_json::to_vec_pretty(&package).unwrap();
        *self.member(bag::INFO) = bag::info(&report.organization.id, &payload).into_bytes();
        *self.member(bag::MANIFEST) = bag::manifest(&payload).into_bytes();
        let tags = self.hashed(|name| !name.starts_with("data/") && name != bag::TAG_MANIFEST);
        *self.member(bag::TAG_MANIFEST) = bag::manifest(&tags).into_bytes();
        report
    }

    fn hashed(&self, is: impl Fn(&str) -> bool) -> Vec<Hashed> {
        let members = self.0.iter().filter(|(name, _)| is(name));
        let hashed = |(name, bytes): &(String, Vec<u8>)| Hashed {
            name: name.clone(),
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        };
        members.map(hashed).collect()
    }

    /// Writes it instead of an archive, with the manifest beside that and the sums of its folder, where there are any.
    pub(crate) fn write(mut self, path: &Path) {
        let report = self.seal();
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in &self.0 {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        let beside = format!("{}.manifest.json", path.display());
        let Ok(manifest) = fs::read(&beside) else { return };
        let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let bytes = fs::read(path).unwrap();
        let (old, new) = (manifest["sha256"].as_str().unwrap().to_owned(), hex(&Sha256::digest(&bytes)));
        manifest["sha256"] = json!(new);
        manifest["bytes"] = json!(bytes.len());
        manifest["content_bytes"] = json!(self.0.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
        for (section, table) in manifest["sections"].as_array_mut().unwrap().iter_mut().zip(&report.tables) {
            (section["rows"], section["counted"]) = (json!(table.rows), json!(table.counted));
        }
        fs::write(&beside, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
        let sums = path.with_file_name("SHA256SUMS");
        let changed = fs::read_to_string(&sums).unwrap().replace(&old, &new);
        fs::write(&sums, changed).unwrap();
    }
}
