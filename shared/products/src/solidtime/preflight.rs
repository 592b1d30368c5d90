//! solidtime's importer of its own organization ZIP, as of commit 114a3253 (2026-07-17):
//! `SolidtimeImporter`, with libzip, league/csv, Laravel's validator and PostgreSQL behind it,
//! into an organization without rows of its own.
//!
//! It reads clients, tags, members, projects, project members, tasks and time entries, in that
//! order, and stops at the first error; here the rest is read too, so that one run names all.
//! Memory: 40 bytes or so for each client, tag, member, project, project member and task, since
//! later rows refer to them; time entries stream.

use std::{
    fmt,
    io::{self, Read},
};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::preflight::findings::{Findings, Location};
use container::{Content, Extracted};
use fgetcsv::{CsvError, Table};
use orgvault_archive::ArchiveReader;

mod container;
mod fgetcsv;
mod php;
mod references;
mod rows;
mod time_entries;

pub(super) use php::{is_color, is_filled, is_uuid};
pub(super) use time_entries::LONGEST_DESCRIPTION;

const META: &str = "meta.json";
const INVITATIONS: &str = "organization_invitations.csv";
/// The files without which the importer refuses, in the order in which it looks for them.
const REQUIRED: [&str; 9] = [
    META,
    "clients.csv",
    "members.csv",
    INVITATIONS,
    "project_members.csv",
    "projects.csv",
    "tags.csv",
    "tasks.csv",
    "time_entries.csv",
];
/// `post_max_size` is 100 MiB in upstream's image; the request holds the ZIP in base64 within
/// `{"type":"solidtime","data":""}`.
const LARGEST_ZIP: u64 = (100 * 1024 * 1024 - 31) / 4 * 3;
/// Two keys take a hundred bytes; a longer `meta.json` is not looked at.
const LARGEST_META: u64 = 4 << 20;

/// Says all that the importer would refuse or change.
pub(crate) fn check(archive: &ArchiveReader, findings: &mut Findings) -> io::Result<()> {
    let size = archive.size();
    if size > LARGEST_ZIP {
        let message =
            format!("the ZIP has {size} bytes; by default solidtime takes {LARGEST_ZIP} (post_max_size 100M)");
        findings.refuse("zip_too_large", Location::default(), message);
    }
    let extracted = match container::extract(archive, &REQUIRED)? {
        Ok(extracted) => extracted,
        Err(refusal) => {
            findings.refuse("invalid_zip", Location::default(), format!("the ZIP cannot be opened: {refusal}"));
            return Ok(());
        }
    };
    if let Some((entry, why)) = &extracted.ended_at {
        let message = format!("the entry `{entry}` {why}: it and all entries after it are overlooked");
        findings.change("entry_unreadable", Location::default(), message);
    }
    let archive = Archive { file: archive, extracted: &extracted };
    archive.check_meta(findings)?;
    for name in REQUIRED {
        if extracted.folders.iter().any(|folder| folder == name) {
            findings.refuse("file_is_folder", Location::file(name), format!("{name} is a folder in the ZIP"));
        } else if !extracted.has(name) {
            let message = format!("{name} is missing at the top level of the ZIP");
            findings.refuse("file_missing", Location::file(name), message);
        }
    }
    let mut references = references::References::default();
    rows::check(&archive, &mut references, findings)?;
    time_entries::check(&archive, &references, findings)
}

/// Whether the file is a ZIP with the files that the importer wants.
pub(crate) fn recognize(archive: &ArchiveReader) -> io::Result<bool> {
    container::has_members(archive, &[META, "time_entries.csv", "project_members.csv"])
}

/// The ZIP, extracted in thought.
struct Archive<'a> {
    file: &'a ArchiveReader,
    extracted: &'a Extracted,
}

/// What counts of `meta.json`: of two equal keys the last.
struct Meta<'a> {
    version: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Meta<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetaVisitor)
    }
}

struct MetaVisitor;

impl<'de> Visitor<'de> for MetaVisitor {
    type Value = Meta<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut version = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "version" {
                version = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Meta { version })
    }
}

/// One row, as the importer sees it.
struct Row<'a, const N: usize> {
    place: Location<'a>,
    /// The used columns' cells; none is PHP's null: the row is too short.
    cells: [Option<&'a [u8]>; N],
}

impl Archive<'_> {
    /// Only `version` counts, and only the string `1.0`.
    fn check_meta(&self, findings: &mut Findings) -> io::Result<()> {
        let Some(content) = self.extracted.read(self.file, META)? else { return Ok(()) };
        let damage = content.damage();
        let mut bytes = Vec::new();
        content.take(LARGEST_META + 1).read_to_end(&mut bytes)?;
        if damage.get() {
            warn_of_damage(META, findings);
        }
        if bytes.len() as u64 > LARGEST_META {
            let message = format!("it has more than {LARGEST_META} bytes, and no more of it is looked at");
            findings.refuse("meta_too_large", Location::file(META), message);
            return Ok(());
        }
        let version = serde_json::from_slice::<Meta>(&bytes).ok().and_then(|meta| meta.version);
        let text = version.map(|version| serde_json::from_str::<String>(version.get()).map_err(|_other| version));
        let message = match text {
            Some(Ok(version)) if version == "1.0" => return Ok(()),
            Some(Ok(version)) => {
                format!("its version is {}, not the string \"1.0\"", shown(quoted(&version).as_bytes()))
            }
            Some(Err(other)) => {
                format!("its version is {}, not the string \"1.0\"", shown(other.get().as_bytes()))
            }
            None => "it is no JSON object with a version".to_owned(),
        };
        findings.refuse("invalid_version", Location::file(META), message);
        Ok(())
    }

    /// Hands every row of a file to `each`, with the cells of the columns that the importer uses;
    /// gives whether the file could be read to its end.
    fn each_row<const N: usize>(
        &self,
        name: &str,
        used: [&str; N],
        findings: &mut Findings,
        mut each: impl FnMut(&mut Findings, &Row<'_, N>),
    ) -> io::Result<bool> {
        let Some(content) = self.extracted.read(self.file, name)? else { return Ok(false) };
        let damage = content.damage();
        let read = Table::open(content).and_then(|mut table| read_rows(name, &mut table, used, findings, &mut each));
        if damage.get() {
            warn_of_damage(name, findings);
        }
        match read {
            Ok(complete) => Ok(complete),
            Err(CsvError::Read(error)) => Err(error),
            Err(error) => {
                let code = match &error {
                    CsvError::DuplicateColumn(_) => "duplicate_column",
                    CsvError::TooLong { .. } | CsvError::TooManyCells { .. } => "record_too_long",
                    CsvError::NoHeader | CsvError::Read(_) => "no_header",
                };
                findings.refuse(code, Location::file(name), format!("the CSV file cannot be read: {error}"));
                Ok(false)
            }
        }
    }
}

fn read_rows<const N: usize>(
    name: &str,
    table: &mut Table<Content>,
    used: [&str; N],
    findings: &mut Findings,
    each: &mut impl FnMut(&mut Findings, &Row<'_, N>),
) -> Result<bool, CsvError> {
    let columns = used.map(|column| table.column(column));
    let id = table.column("id");
    while table.next_row()? {
        let place = Location { file: name, line: Some(table.line()), id: id.and_then(|id| table.cell(id)) };
        if let Some((missing, _)) = used.iter().zip(columns).find(|(_, column)| column.is_none()) {
            findings.refuse("missing_column", place, format!("the column `{missing}` is missing"));
            return Ok(false);
        }
        if table.surplus() > 0 {
            findings.change("surplus_cells", place, format!("{} cells beyond the header are cut", table.surplus()));
        }
        if table.trimmed() {
            let message = "white space before a quote, or a CR at the end of a bare cell, is dropped";
            findings.change("trimmed_cell", place, message);
        }
        let cells = columns.map(|column| column.and_then(|column| table.cell(column)));
        each(findings, &Row { place, cells });
    }
    Ok(true)
}

fn warn_of_damage(name: &str, findings: &mut Findings) {
    let message = format!("{name} is damaged; the importer does not notice and takes what can be decompressed");
    findings.change("damaged", Location::file(name), message);
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// A value for a message: quoted, printable and short.
fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let short: String = text.chars().take(40).collect();
    let ellipsis = if text.chars().nth(40).is_some() { "…" } else { "" };
    format!("\"{}{ellipsis}\"", orgvault_api::text::printable(&short))
}
