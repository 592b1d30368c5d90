//! Whether a `full` archive is the bag that it says it is: every member is in a manifest with its SHA-256, and the
//! report tells of the rows that are there.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::ArchiveFault;
use crate::{
    full::{
        self, RowHasher,
        bag::{DECLARATION, INFO, MANIFEST, TAG_MANIFEST},
        report::{REPORT_VERSION, Report},
        schema::{SCHEMA_VERSION, Schema},
    },
    naming::hex,
};

/// The members that are neither rows nor files.
pub(super) const TAGS: [&str; 7] =
    [DECLARATION, INFO, MANIFEST, TAG_MANIFEST, full::SCHEMA, full::REPORT, full::DATA_PACKAGE];
/// A larger text of a bag is not held.
const LARGEST_TEXT: usize = 256 * 1024 * 1024;

/// What was found of the members so far.
#[derive(Default)]
pub(super) struct Bag {
    sha256: BTreeMap<String, String>,
    tables: BTreeMap<String, (u64, String)>,
    texts: BTreeMap<String, Vec<u8>>,
}

/// What is found of one member while it is read.
pub(super) struct Hashing {
    sha256: Sha256,
    rows: Option<RowHasher>,
    text: Option<Vec<u8>>,
}

impl Hashing {
    pub(super) fn of(name: &str) -> Self {
        let is_table = name.strip_suffix(".csv").is_some_and(|stem| stem.starts_with("data/"));
        let is_table = is_table && !name.starts_with(full::FILES);
        Self {
            sha256: Sha256::new(),
            rows: is_table.then(RowHasher::behind_header),
            text: TAGS.contains(&name).then(Vec::new),
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(rows) = &mut self.rows {
            rows.feed(bytes);
        }
        if let Some(text) = self.text.as_mut().filter(|text| text.len() < LARGEST_TEXT) {
            text.extend_from_slice(bytes);
        }
    }
}

impl Bag {
    /// A member was read to its end.
    pub(super) fn add(&mut self, name: &str, hashed: Hashing) {
        self.sha256.insert(name.to_owned(), hex(&hashed.sha256.finalize()));
        if let Some(rows) = hashed.rows {
            let (rows, hash) = rows.finish();
            self.tables.insert(name.to_owned(), (rows, hash.to_string()));
        }
        if let Some(text) = hashed.text {
            self.texts.insert(name.to_owned(), text);
        }
    }

    /// What is wrong with the bag as a whole.
    pub(super) fn faults(&self) -> Vec<ArchiveFault> {
        let missing = TAGS.into_iter().filter(|tag| !self.texts.contains_key(*tag));
        let missing: Vec<ArchiveFault> =
            missing.map(|member| ArchiveFault::NoMember { member: member.to_owned() }).collect();
        if !missing.is_empty() {
            return missing;
        }
        let is_payload = |name: &str| name.starts_with("data/");
        let mut faults = self.manifest(MANIFEST, is_payload);
        faults.extend(self.manifest(TAG_MANIFEST, |name| !is_payload(name) && name != TAG_MANIFEST));
        faults.extend(self.schema());
        faults.extend(self.report());
        faults
    }

    /// A manifest against the members that it has to list.
    fn manifest(&self, name: &str, lists: impl Fn(&str) -> bool) -> Vec<ArchiveFault> {
        let text = String::from_utf8_lossy(self.text(name));
        let mut listed = BTreeSet::new();
        let mut faults = Vec::new();
        for line in text.lines() {
            let Some((sha256, member)) = line.split_once("  ").filter(|(_, member)| listed.insert(*member)) else {
                let what = format!("the line `{}`", line.chars().take(100).collect::<String>());
                faults.push(
                    ArchiveFault::Bag { what, why: "names no member, or one for the second time" }.of_member(name),
                );
                continue;
            };
            match self.sha256.get(member) {
                Some(found) if found == sha256 => {}
                Some(found) => {
                    let (found, expected) = (found.clone(), sha256.to_owned());
                    faults.push(ArchiveFault::BagHash { manifest: name.to_owned(), found, expected }.of_member(member));
                }
                None => faults.push(ArchiveFault::NoMember { member: member.to_owned() }),
            }
        }
        let unlisted = self.sha256.keys().filter(|member| lists(member) && !listed.contains(member.as_str()));
        faults.extend(unlisted.map(|member| {
            let what = "it".to_owned();
            ArchiveFault::Bag { what, why: "is in no manifest of the bag" }.of_member(member)
        }));
        faults
    }

    fn schema(&self) -> Option<ArchiveFault> {
        let read: Result<Schema, _> = serde_json::from_slice(self.text(full::SCHEMA));
        let what = match read {
            Ok(schema) if schema.schema_version <= SCHEMA_VERSION => return None,
            Ok(schema) => format!("version {}", schema.schema_version),
            Err(error) => error.to_string(),
        };
        Some(ArchiveFault::Bag { what, why: "is not what this orgvault reads" }.of_member(full::SCHEMA))
    }

    /// The report against the rows that are there.
    fn report(&self) -> Vec<ArchiveFault> {
        let bad = |what, why| vec![ArchiveFault::Bag { what, why }.of_member(full::REPORT)];
        let report: Report = match serde_json::from_slice(self.text(full::REPORT)) {
            Ok(report) => report,
            Err(error) => return bad(error.to_string(), "is not what orgvault writes"),
        };
        if report.report_version > REPORT_VERSION {
            return bad(format!("version {}", report.report_version), "is not what this orgvault reads");
        }
        let mut faults = Vec::new();
        for table in &report.tables {
            let Some((rows, hash)) = self.tables.get(&table.file) else {
                faults.push(ArchiveFault::NoMember { member: table.file.clone() });
                continue;
            };
            if (*rows, table.rows) != (table.rows, table.counted) {
                let (found, stated) = (*rows, table.rows);
                faults.push(ArchiveFault::OwnCounts { section: table.name.to_string(), found, stated });
            } else if *hash != table.row_hash {
                let (found, expected) = (hash.clone(), table.row_hash.clone());
                faults.push(ArchiveFault::RowHash { table: table.name.to_string(), found, expected });
            }
        }
        let told: BTreeSet<&str> = report.tables.iter().map(|table| table.file.as_str()).collect();
        let untold = self.tables.keys().filter(|file| !told.contains(file.as_str()));
        faults.extend(untold.map(|file| ArchiveFault::UnknownMember { member: file.clone() }));
        faults
    }

    fn text(&self, name: &str) -> &[u8] {
        self.texts.get(name).map_or(&[], Vec::as_slice)
    }
}
