//! `[[files]]`.

use orgvault_api::Format;
use orgvault_archive::manifest::{FILE_LIST, FILES};
use orgvault_config::checked_toml::{Table, Value, closest};

use crate::product::{Files, Section, ZipDocument};

/// Reads all of them.
pub(super) fn read(root: &Table<'_>, sections: &[Section], zip: &ZipDocument) -> Vec<Files> {
    let files: Vec<Files> = root.tables("files", |table| one(table, sections)).into_iter().flatten().collect();
    let mut members = sections.iter().filter_map(|section| section.member.as_ref()).chain(&zip.meta_member);
    if let Some(taken) = members.find(|member| is_taken(member)).filter(|_| root.has("files")) {
        let reason = format!("need the names {FILE_LIST:?} and {FILES:?} in a ZIP, and a member is called {taken:?}");
        root.refuse("files", reason, "give that member another name");
    }
    files
}

/// Whether a member stands where the files and their list are.
fn is_taken(member: &str) -> bool {
    member.eq_ignore_ascii_case(FILE_LIST) || member.eq_ignore_ascii_case(FILES.trim_end_matches('/'))
}

fn one(table: &Table<'_>, sections: &[Section]) -> Option<Files> {
    let section = table.required("section", |value| section(value, sections));
    let path = table.required("path", Value::some_text);
    let size = table.optional("size", Value::some_text);
    let sha256 = table.optional("sha256", Value::some_text);
    Some(Files { section: section?, path: path?, size, sha256 })
}

fn section(value: &Value<'_>, sections: &[Section]) -> Option<String> {
    let name = value.some_text()?;
    let Some(section) = sections.iter().find(|section| section.name == name) else {
        let near = closest(&name, sections.iter().map(|section| section.name.as_str()));
        let fix =
            near.map_or_else(|| "write the `name` of a [[section]]".into(), |near| format!("did you mean {near:?}?"));
        return value.refuse(format!("there is no section {name:?}"), fix);
    };
    if !section.is_in(Format::Zip) {
        let reason = format!("section {name:?} is in no ZIP, and other archives hold no files");
        return value.refuse(reason, "give the section a `member`, and leave \"zip\" in its `formats`");
    }
    Some(name)
}
