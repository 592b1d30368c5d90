//! `[export.content]`: how a file is read, which nobody but the app knows.

use orgvault_api::Format;
use orgvault_archive::received::{Content, Identity, Inner, MemberRule, Saying, TenantText};
use orgvault_config::{
    checked_toml::{Table, Value},
    patterns::Patterns,
};

use super::values::{ORGANIZATION, keys, pointer as pointer_of, some};
use crate::product::parse::names::section_name;

const INNER: [(&str, Inner); 7] = [
    ("ndjson", Inner::Ndjson),
    ("json", Inner::Json),
    ("rows", Inner::Rows),
    ("document", Inner::Document),
    ("csv", Inner::Csv),
    ("seed", Inner::Seed),
    ("opaque", Inner::Opaque),
];
const SAYING: [(&str, Saying); 2] = [("given", Saying::Given), ("some", Saying::Some)];
const TENANT: [(&str, TenantText); 3] =
    [("id", TenantText::Id), ("slug", TenantText::Slug), ("name", TenantText::Name)];

pub(super) fn content(table: &Table<'_>, format: Option<Format>) -> Content {
    let usual = format.map_or(Inner::Opaque, usual);
    let holds_members = format.is_none_or(holds_members);
    let content = Content {
        inner: table.or("inner", usual, |value| inner(value, format)),
        section: table.optional("section", Value::some_text),
        id: table.optional("id", Value::some_text),
        references: table.or("references", Vec::new(), keys),
        identity: table
            .tables("identity", |identity| one_identity(identity, holds_members))
            .into_iter()
            .flatten()
            .collect(),
        members: table.tables("member", member).into_iter().flatten().collect(),
    };
    if let Some(format) = format.filter(|_| !holds_members && table.has("member")) {
        let reason = format!("is for containers, and {format} is none");
        table.refuse("member", reason, "leave it out, or write `format = \"zip\"` or `\"tar\"`");
    }
    if !is_of_rows(content.inner) && content.members.is_empty() {
        for key in ["section", "id", "references"].into_iter().filter(|key| table.has(key)) {
            let fix = "write what the file holds in `inner`: \"rows\", \"ndjson\", \"json\" or \"csv\"";
            table.refuse(key, "is a key of rows, and there are none", fix);
        }
    }
    content
}

fn holds_members(format: Format) -> bool {
    matches!(format, Format::Zip | Format::Full | Format::Tar)
}

fn is_of_rows(inner: Inner) -> bool {
    matches!(inner, Inner::Ndjson | Inner::Json | Inner::Rows | Inner::Csv)
}

/// What an archive of a format holds where nobody says.
fn usual(format: Format) -> Inner {
    match format {
        Format::Json => Inner::Rows,
        Format::Csv => Inner::Csv,
        Format::Seed | Format::SeedEvents => Inner::Seed,
        Format::Zip | Format::Full | Format::Tar => Inner::Opaque,
    }
}

fn inner(value: &Value<'_>, format: Option<Format>) -> Option<Inner> {
    let inner = value.one_of(&INNER)?;
    let fits = match format {
        Some(Format::Json) => matches!(inner, Inner::Ndjson | Inner::Json | Inner::Rows | Inner::Document),
        Some(Format::Csv) => inner == Inner::Csv,
        Some(Format::Seed | Format::SeedEvents) => inner == Inner::Seed,
        Some(Format::Zip | Format::Full | Format::Tar) | None => true,
    };
    if let Some(format) = format.filter(|_| !fits) {
        return value.refuse(format!("does not fit `format = \"{format}\"`"), "change one of the two");
    }
    Some(inner)
}

/// `[[export.content.identity]]`.
fn one_identity(table: &Table<'_>, holds_members: bool) -> Option<Identity> {
    let member = table.optional("member", pattern_of_tenant);
    if holds_members && !table.has("member") {
        table.refuse("member", "is missing: the file holds members", "add the name of the one that says whose it is");
    }
    if !holds_members && table.has("member") {
        table.refuse("member", "is for containers", "leave it out");
    }
    let section = table.optional("section", Value::some_text);
    let pointer = table.required("pointer", pointer_of);
    let equals = table.or("equals", TenantText::Id, |value| value.one_of(&TENANT));
    let or = table.or("or", Vec::new(), |value| some(value, pointer_of, "write another pointer, or leave it out"));
    let rows = table.or("rows", Saying::Usual, |value| value.one_of(&SAYING));
    Some(Identity { member, section, pointer: pointer?, or, equals, rows })
}

/// `[[export.content.member]]`.
fn member(table: &Table<'_>) -> Option<MemberRule> {
    let member = table.required("member", pattern);
    let inner = table.required("inner", |value| value.one_of(&INNER));
    let section = table.optional("section", section_name);
    let id = table.optional("id", Value::some_text);
    if let Some(inner) = inner.filter(|inner| !is_of_rows(*inner)) {
        for key in ["section", "id"].into_iter().filter(|key| table.has(key)) {
            let word = INNER.iter().find(|(_, known)| *known == inner).map_or("", |(word, _)| word);
            table.refuse(key, format!("is a key of rows, and `{word}` has none of one section"), "leave it out");
        }
    }
    Some(MemberRule { member: member?, inner: inner?, section, id })
}

/// The name of the member that says whose a file is, of which `{organization}` is the tenant's id.
fn pattern_of_tenant(value: &Value<'_>) -> Option<String> {
    let text = value.some_text()?;
    let [organization, _] = ORGANIZATION.map(|name| format!("{{{name}}}"));
    match Patterns::new(vec![text.replace(&organization, "0")]) {
        Ok(_) => Some(text),
        Err(error) => value.refuse(error.to_string(), "write a name, or a part of one with * (any text) and ?"),
    }
}

/// The names of members: `*` stands for any text without `/`, `**` for any folders.
fn pattern(value: &Value<'_>) -> Option<String> {
    let text = value.some_text()?;
    match Patterns::new(vec![text.clone()]) {
        Ok(_) => Some(text),
        Err(error) => value.refuse(error.to_string(), "write a name, or a part of one with * (any text) and ?"),
    }
}
