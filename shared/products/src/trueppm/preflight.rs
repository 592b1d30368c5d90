//! TruePPM's importer of seeds, as of 0.4.0-beta.1 (commit 1bd986c3): its JSON Schema, then what
//! references name, then its limits. References are only looked at where the schema holds, as
//! there.
//!
//! Memory: the whole document, as the importer holds it.

use std::io;

use serde_json::Value;

use crate::preflight::findings::{Findings, Location};
use orgvault_archive::{
    ArchiveReader,
    seed::{self, Document, LoadError, ReferenceFault},
};
use schema::Rules;

mod importable;
mod place;
mod schema;

pub use importable::{Importable, importable};

/// `SEED_MAX_UPLOAD_MB`, by default; `manage.py import_seed` has no limit.
const LARGEST_UPLOAD: usize = 5 * 1024 * 1024;
/// Tasks, dependencies, sprints, risks and links of one document.
const MOST_NODES: u64 = 100_000;

/// Says all that the importer would refuse.
pub(crate) fn check(archive: &ArchiveReader, findings: &mut Findings) -> io::Result<()> {
    let bytes = match seed::load_from(archive.name(), archive.again()) {
        Ok(bytes) => bytes,
        Err(LoadError::Read { cause, .. }) => return Err(cause),
        Err(error @ LoadError::TooLarge { .. }) => {
            findings.refuse("file_too_large", Location::default(), error.to_string());
            return Ok(());
        }
    };
    if bytes.len() > LARGEST_UPLOAD {
        let message = format!(
            "the document has {} bytes; by default TruePPM's API takes {LARGEST_UPLOAD} (SEED_MAX_UPLOAD_MB = 5), \
             its import_seed command any number",
            bytes.len()
        );
        findings.refuse("upload_too_large", Location::default(), message);
        // The typed document takes a fraction of the memory that the schema's rules need.
        if let Ok(document) = seed::parse(&bytes)
            && !check_nodes(&document, findings)
        {
            return Ok(());
        }
    }
    check_bytes(&bytes, findings)
}

/// Whether the file is a seed, by what every seed says of itself.
pub(crate) fn recognize(archive: &ArchiveReader) -> io::Result<bool> {
    match seed::load_from(archive.name(), archive.again()) {
        Ok(bytes) => {
            let object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
            Ok(object && memchr::memmem::find(&bytes, b"\"schema_version\"").is_some())
        }
        Err(LoadError::TooLarge { .. }) => Ok(false),
        Err(LoadError::Read { cause, .. }) => Err(cause),
    }
}

fn check_bytes(bytes: &[u8], findings: &mut Findings) -> io::Result<()> {
    let (value, bare_numbers) = match seed::parse_json(bytes) {
        Ok(parsed) => parsed,
        Err(error) => {
            findings.refuse("not_json", Location::default(), error.to_string());
            return Ok(());
        }
    };
    if bare_numbers > 0 {
        let message = format!("{bare_numbers} numbers are NaN or Infinity: TruePPM's API takes no such document");
        findings.refuse("number_not_json", Location::default(), message);
    }
    check_value(&value, findings)
}

fn check_value(value: &Value, findings: &mut Findings) -> io::Result<()> {
    let rules = match Rules::of(value) {
        Ok(rules) => rules,
        Err(reason) => {
            findings.refuse("unsupported_version", Location::default(), reason.to_string());
            return Ok(());
        }
    };
    let mut sound = true;
    for error in rules.validator()?.iter_errors(value) {
        sound = false;
        let (code, message) = schema::describe(&error);
        let id = place::id_of(value, error.instance_path().as_str());
        findings.refuse(&code, Location { id: id.as_deref().map(str::as_bytes), ..Location::default() }, message);
    }
    if sound {
        check_references(value, findings);
    }
    Ok(())
}

/// What a schema cannot state; the importer looks at it only where the schema holds.
fn check_references(value: &Value, findings: &mut Findings) {
    let document = match seed::parse(value.to_string().as_bytes()) {
        Ok(document) => document,
        Err(error) => {
            // The schema lets pass what no database column holds, and the import crashes on it.
            findings.refuse("unreadable_value", Location::default(), format!("{}: {}", error.path, error.fault));
            return;
        }
    };
    for (path, fault) in seed::reference_faults(&document).iter() {
        let id = place::id_of(value, &place::pointer(&path));
        let place = Location { id: id.as_deref().map(str::as_bytes), ..Location::default() };
        findings.refuse(code(fault), place, format!("{path}: {fault}"));
    }
    check_nodes(&document, findings);
}

/// False where there are more than the importer takes: then nothing else matters to it.
fn check_nodes(document: &Document, findings: &mut Findings) -> bool {
    let nodes = nodes(document);
    if nodes > MOST_NODES {
        let message = format!(
            "the document has {nodes} tasks, dependencies, sprints, risks and links; TruePPM takes {MOST_NODES}"
        );
        findings.refuse("too_many_nodes", Location::default(), message);
    }
    nodes <= MOST_NODES
}

fn code(fault: &ReferenceFault) -> &'static str {
    match fault {
        ReferenceFault::Dangling { .. } => "dangling_reference",
        ReferenceFault::Duplicate { .. } => "duplicate",
        ReferenceFault::SelfLink => "self_link",
        ReferenceFault::EstimateOrder => "estimate_order",
        ReferenceFault::Unqualified { .. } => "unqualified_reference",
        ReferenceFault::EventTarget { .. } => "event_target",
    }
}

fn nodes(document: &Document) -> u64 {
    let of_projects = document.projects.0.iter().map(|project| {
        let links: usize = project.tasks.iter().map(|task| task.links.len()).sum();
        project.tasks.len() + project.dependencies.len() + project.sprints.len() + project.risks.len() + links
    });
    (document.risks.len() + of_projects.sum::<usize>()) as u64
}

#[cfg(test)]
mod tests;
