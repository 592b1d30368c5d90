//! What a document has around its sections: `[json]` and `[zip]`.

use orgvault_config::checked_toml::{Table, Unique, Value};
use toml::de::DeValue;

use super::names::file_name;
use crate::product::{Fixed, JsonDocument, Section, ZipDocument};

const SOURCES: [(&str, Computed); 4] = [
    ("started_at", Computed::StartedAt),
    ("export_uuid", Computed::ExportUuid),
    ("organization_id", Computed::OrganizationId),
    ("organization_ids", Computed::OrganizationIds),
];

/// The words of `from`.
#[derive(Clone, Copy)]
enum Computed {
    StartedAt,
    ExportUuid,
    OrganizationId,
    OrganizationIds,
}

/// `[json]`; its keys stand beside the sections'.
pub(super) fn json(table: &Table<'_>, sections: &[Section]) -> JsonDocument {
    let mut keys = Unique::new("key");
    let head =
        entries(table, "head", |value, key| not_a_section(value, &key, sections).and_then(|()| keys.check(value, key)));
    let counts_key = table.optional("counts", |value| {
        let key = value.some_text()?;
        not_a_section(value, &key, sections)?;
        keys.check(value, key)
    });
    JsonDocument { head, counts_key }
}

/// `[zip]`; its member lies beside the sections'.
pub(super) fn zip(table: &Table<'_>, sections: &[Section]) -> ZipDocument {
    let mut keys = Unique::new("key");
    let meta_member = table.optional("meta_member", |value| {
        let member = file_name(value)?;
        if sections.iter().any(|section| section.member.as_ref() == Some(&member)) {
            return value.refuse(format!("{member:?} is a section's member too"), "choose another one");
        }
        Some(member)
    });
    let meta = entries(table, "meta", |value, key| keys.check(value, key));
    if table.has("meta") && !table.has("meta_member") {
        table.refuse("meta", "has no member to stand in", "add `meta_member = \"meta.json\"`");
    }
    ZipDocument { meta_member, meta }
}

fn not_a_section(value: &Value<'_>, key: &str, sections: &[Section]) -> Option<()> {
    if sections.iter().any(|section| section.name == key) {
        return value.refuse(format!("{key:?} is a section's name too"), "choose another one");
    }
    Some(())
}

/// `[{ key = .., value = .. }, { key = .., from = .. }]`
fn entries(
    table: &Table<'_>,
    key: &str,
    mut check: impl FnMut(&Value<'_>, String) -> Option<String>,
) -> Vec<(String, Fixed)> {
    let entries = table.tables(key, |entry| {
        let name = entry.required("key", |value| check(value, value.some_text()?));
        let literal = entry.optional("value", json_value).map(Fixed::Literal);
        let computed = entry.optional("from", computed);
        match (entry.has("value"), entry.has("from")) {
            (true, true) => entry.refuse("from", "stands beside `value`", "keep one of them"),
            (false, false) => entry.refuse("value", "is missing", "add `value = ..` or `from = ..`"),
            _ => {}
        }
        name.zip(literal.or(computed))
    });
    entries.into_iter().flatten().collect()
}

fn computed(value: &Value<'_>) -> Option<Fixed> {
    Some(match value.one_of(&SOURCES)? {
        Computed::StartedAt => Fixed::StartedAt,
        Computed::ExportUuid => Fixed::ExportUuid,
        Computed::OrganizationId => Fixed::OrganizationId,
        Computed::OrganizationIds => Fixed::OrganizationIds,
    })
}

/// The value in JSON.
pub(super) fn json_value(value: &Value<'_>) -> Option<serde_json::Value> {
    match to_json(value.raw()) {
        Some(json) => Some(json),
        None => {
            value.refuse("holds what JSON has not", "write dates as strings; numbers must be finite and fit 64 bits")
        }
    }
}

/// The same in JSON; none for dates, infinity and NaN, and numbers that 64 bits do not hold.
fn to_json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok()?.into(),
        DeValue::Float(float) => serde_json::Number::from_f64(float.as_str().parse().ok()?)?.into(),
        DeValue::Boolean(boolean) => (*boolean).into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(array) => {
            array.iter().map(|element| to_json(element.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let entries = table.iter().map(|(key, value)| Some((key.get_ref().to_string(), to_json(value.get_ref())?)));
            entries.collect::<Option<serde_json::Map<_, _>>>()?.into()
        }
    })
}
