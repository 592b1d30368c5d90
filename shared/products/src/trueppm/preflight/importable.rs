//! The variant of a document that TruePPM's importer takes: what it refuses is left out, each
//! part by name.

use std::{collections::BTreeSet, io};

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::{check_value, place, schema::Rules};
use crate::preflight::findings::Findings;
use orgvault_api::{
    Warning,
    preflight::{Finding, Severity},
    text::printable,
};
use orgvault_archive::seed::{self, Document, Float};

/// A document for the importer.
#[derive(Debug, Clone, PartialEq)]
pub struct Importable {
    /// The document.
    pub document: Document,
    /// What was left out or changed: one warning for each reason.
    pub warnings: Vec<Warning>,
    /// What the importer still refuses, because nothing can be left out (no project, a name that
    /// is empty, …).
    pub refused: Vec<Finding>,
}

/// At most this many ids are kept for one warning.
const MAX_IDS: usize = 100;

/// Leaves out what the importer refuses: an optional key where that is enough, else the block
/// that holds it; then the references to what is gone. A program's slug is made one.
///
/// # Errors
/// When the document cannot be read back after that, which is a defect.
pub fn importable(document: &Document) -> io::Result<Importable> {
    let mut left_out = LeftOut::default();
    let document = without_bare_numbers(document.clone(), &mut left_out);
    let (mut value, _) = seed::parse_json(&seed::write(&document, Vec::new())?).map_err(io::Error::other)?;
    let rules = Rules::of(&value).map_err(io::Error::other)?;
    let schema = rules.schema()?;
    let validator = rules.validator()?;
    make_slug(&mut value, &mut left_out);
    loop {
        let mut doomed = BTreeSet::new();
        for error in validator.iter_errors(&value) {
            let at = error.instance_path().as_str().to_owned();
            let code = super::schema::describe(&error).0;
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    doomed.extend(unexpected.iter().map(|key| (format!("{at}/{key}"), code.clone())));
                }
                _ => doomed.extend(removable(&schema, &value, &at).map(|pointer| (pointer, code))),
            }
        }
        if doomed.is_empty() {
            doomed.extend(references(&schema, &value)?);
        }
        if !left_out.remove(&mut value, doomed) {
            break;
        }
    }
    let mut findings = Findings::default();
    check_value(&value, &mut findings)?;
    let refused = findings.into_preflight("trueppm").findings;
    let document = seed::parse(value.to_string().as_bytes()).map_err(io::Error::other)?;
    Ok(Importable {
        document,
        warnings: left_out.warnings,
        refused: refused.into_iter().filter(|finding| finding.severity == Severity::Refuses).collect(),
    })
}

/// `NaN` and the infinities are no JSON: each is left out with its key.
fn without_bare_numbers(mut document: Document, left_out: &mut LeftOut) -> Document {
    let mut drop = |number: &mut Option<Float>, id: &str| {
        if number.is_some_and(|number| !number.0.is_finite()) {
            *number = None;
            left_out.note("number_not_json", "NaN and Infinity are no JSON; they were left out", id);
        }
    };
    for calendar in &mut document.calendars {
        drop(&mut calendar.hours_per_day, &calendar.slug);
    }
    for resource in &mut document.resources {
        drop(&mut resource.max_units, &resource.slug);
    }
    for task in document.projects.0.iter_mut().flat_map(|project| &mut project.tasks) {
        drop(&mut task.percent_complete, &task.wbs_path);
        for assignment in &mut task.assignments {
            drop(&mut assignment.units, &task.wbs_path);
        }
    }
    document
}

fn make_slug(value: &mut Value, left_out: &mut LeftOut) {
    if let Some(Value::String(slug)) = value.pointer_mut("/program/slug") {
        let made = seed::slug(slug);
        if *slug != made {
            left_out.note("slug_made", "the program's code is no slug and was made one", slug);
            *slug = made;
        }
    }
}

/// What has to go for the references that name nothing; empty while the schema does not hold.
fn references(schema: &Value, value: &Value) -> io::Result<Vec<(String, String)>> {
    let document = seed::parse(value.to_string().as_bytes()).map_err(io::Error::other)?;
    let faults = seed::reference_faults(&document);
    let doomed = faults.iter().filter_map(|(path, fault)| {
        Some((removable(schema, value, &place::pointer(&path))?, super::code(fault).to_owned()))
    });
    Ok(doomed.collect())
}

/// The innermost part around the pointer that a document can do without.
fn removable(schema: &Value, value: &Value, pointer: &str) -> Option<String> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let holder = value.pointer(parent)?;
    let removable = match holder {
        Value::Array(_) => !(parent == "/projects" && holder.as_array().is_some_and(|items| items.len() == 1)),
        Value::Object(members) => members.contains_key(last) && !is_required(schema, parent, last),
        _ => false,
    };
    if removable { Some(pointer.to_owned()) } else { self::removable(schema, value, parent) }
}

fn is_required(schema: &Value, pointer: &str, key: &str) -> bool {
    let block = subschema(schema, pointer);
    let required = block.and_then(|block| block.get("required")).and_then(Value::as_array);
    required.is_some_and(|keys| keys.iter().any(|name| name == key))
}

/// The part of the schema for the value at a pointer.
fn subschema<'s>(schema: &'s Value, pointer: &str) -> Option<&'s Value> {
    let resolve = |part: &'s Value| match part.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')),
        None => Some(part),
    };
    pointer.split('/').skip(1).try_fold(schema, |part, key| {
        let next = part.get("items").or_else(|| part.get("properties")?.get(key))?;
        resolve(next)
    })
}

/// Collects what was left out.
#[derive(Default)]
struct LeftOut {
    warnings: Vec<Warning>,
}

impl LeftOut {
    /// Removes the parts from the end, so that the places of the others stay; false where there
    /// is none.
    fn remove(&mut self, value: &mut Value, doomed: BTreeSet<(String, String)>) -> bool {
        let mut parts: Vec<_> = doomed.into_iter().collect();
        parts.sort_by(|(a, _), (b, _)| order(b).cmp(&order(a)));
        parts.dedup_by(|(a, _), (b, _)| a == b);
        let mut removed = false;
        for (pointer, code) in parts {
            let id = place::id_of(value, &pointer).unwrap_or_default();
            let Some((parent, last)) = pointer.rsplit_once('/') else { continue };
            let gone = match value.pointer_mut(parent) {
                Some(Value::Object(members)) => members.shift_remove(last).is_some(),
                Some(Value::Array(items)) => match last.parse::<usize>() {
                    Ok(index) if index < items.len() => {
                        items.remove(index);
                        true
                    }
                    _ => false,
                },
                _ => false,
            };
            if gone {
                removed = true;
                let id = format!("{} ({id})", place::path(&pointer));
                self.note(&code, "TruePPM's importer refuses these parts; they were left out", &id);
            }
        }
        removed
    }

    fn note(&mut self, code: &str, message: &str, id: &str) {
        let id = printable(id).into_owned();
        if let Some(warning) = self.warnings.iter_mut().find(|warning| warning.code == code) {
            if warning.ids.len() < MAX_IDS {
                warning.ids.push(id);
            }
        } else {
            self.warnings.push(Warning { code: code.to_owned(), message: message.to_owned(), ids: vec![id] });
        }
    }
}

/// Numbers of a pointer by value, not by text.
fn order(pointer: &str) -> Vec<(u64, &str)> {
    pointer.split('/').map(|part| (part.parse().unwrap_or_default(), part)).collect()
}
