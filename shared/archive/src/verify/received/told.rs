//! What is said of ids that come twice, of references that lead nowhere, and of rows without a section.

use orgvault_api::Warning;

use super::{super::ArchiveFault, ids::Told, sections::Sections};
use crate::received::{Content, members::Reading};

/// What stands for the reference of this number in rows of a section.
pub(super) fn label(section: u32, reference: u32, content: &Content) -> u32 {
    section.saturating_mul(references(content)).saturating_add(reference)
}

fn references(content: &Content) -> u32 {
    u32::try_from(content.references.len()).unwrap_or(u32::MAX).max(1)
}

/// The section and the key that a label stands for.
fn place(label: u32, sections: &Sections, content: &Content) -> String {
    let key = content.references.get((label % references(content)) as usize).map_or("", String::as_str);
    match sections.name(label / references(content)) {
        "" => key.to_owned(),
        section => format!("{section}.{key}"),
    }
}

pub(super) fn twice(told: &Told, sections: &Sections) -> impl Iterator<Item = ArchiveFault> {
    let more = usize::try_from(told.count).unwrap_or(usize::MAX) - told.first.len();
    let fault = |(section, id): &(u32, String)| ArchiveFault::DuplicateId {
        section: sections.name(*section).to_owned(),
        id: id.clone(),
    };
    told.first.iter().map(fault).chain((more > 0).then_some(ArchiveFault::More { more }))
}

pub(super) fn dangling(told: &Told, sections: &Sections, content: &Content) -> Option<Warning> {
    let references = match told.count {
        0 => return None,
        1 => "1 reference leads".to_owned(),
        count => format!("{count} references lead"),
    };
    let example = |(label, id): &(u32, String)| format!("{} -> {id}", place(*label, sections, content));
    Some(Warning {
        code: "dangling_references".to_owned(),
        message: format!("{references} to ids that no row of the file has"),
        ids: told.first.iter().map(example).collect(),
    })
}

pub(super) fn untyped(content: &Content, rows: u64) -> Option<Warning> {
    let key = content.section.as_ref()?;
    let rows = match rows {
        0 => return None,
        1 => "1 row has".to_owned(),
        rows => format!("{rows} rows have"),
    };
    Some(Warning {
        code: "rows_untyped".to_owned(),
        message: format!("{rows} no `{key}` and count as section {}", Reading::of_file(content).section),
        ids: Vec::new(),
    })
}
