//! `[[section]]`.

use std::collections::BTreeMap;

use orgvault_config::checked_toml::{Table, Unique, Value, closest};

use super::{
    names::{file_name, section_name, word},
    optional,
    query::{self, Parameter, query},
    scope::Scopes,
};
use crate::product::{self, DeclaredType, Section};

const TYPES: [(&str, DeclaredType); 11] = [
    ("bool", DeclaredType::Bool),
    ("int", DeclaredType::Int),
    ("float", DeclaredType::Float),
    ("numeric", DeclaredType::Numeric),
    ("text", DeclaredType::Text),
    ("uuid", DeclaredType::Uuid),
    ("timestamp", DeclaredType::Timestamp),
    ("date", DeclaredType::Date),
    ("json", DeclaredType::Json),
    ("list", DeclaredType::List),
    ("bytes", DeclaredType::Bytes),
];

/// What to do about a count that runs the rows query.
const COUNT_ALONE: &str =
    "count the base table by its organization column alone, so that a join that drops rows is noticed";

/// Reads one section after the other; each may use a name once.
pub(super) struct Sections<'t> {
    tables: &'t BTreeMap<String, product::Table>,
    scopes: &'t Scopes,
    names: Unique,
    entities: Unique,
    members: Unique,
}

impl<'t> Sections<'t> {
    pub(super) fn new(tables: &'t BTreeMap<String, product::Table>, scopes: &'t Scopes) -> Self {
        Self {
            tables,
            scopes,
            names: Unique::new("name of the section"),
            entities: Unique::new("entity of the section"),
            members: Unique::new("member of the section"),
        }
    }

    pub(super) fn read(&mut self, table: &Table<'_>) -> Section {
        let name = table.required("name", |value| self.names.check(value, section_name(value)?));
        let entity = table.optional("entity", |value| self.entities.check(value, word(value)?));
        let member = table.optional("member", |value| self.members.check(value, file_name(value)?));
        let formats = table.or("formats", Vec::new(), |value| value.each(super::format));
        let base = table.required("table", |value| self.known_table(value));
        let bound = Parameter::Organization(self.scopes);
        let own = base.as_deref().unwrap_or_default();
        let rows = table.required("rows", |value| {
            query(value, bound, |value, _, rows| optional::rows(value, self.tables, own, rows))
        });
        let rows = rows.unwrap_or_default();
        let count = table.required("count", |value| {
            query(value, bound, |value, dialect, count| {
                let is_own = rows.text(dialect).is_none_or(|rows| !query::contains(count, rows));
                if !is_own {
                    return value.refuse("contains the rows query", COUNT_ALONE);
                }
                optional::count(value, self.tables, own, count)
            })
        });
        let single = table.or("single", false, Value::boolean);
        Section {
            name: name.unwrap_or_default(),
            entity,
            member,
            formats,
            table: base.unwrap_or_default(),
            rows,
            count: count.unwrap_or_default(),
            types: table.table("types", types).unwrap_or_default(),
            csv: table.or("csv", Vec::new(), csv),
            id: table.optional("id", Value::some_text),
            single,
            counted: table.or("counted", !single, Value::boolean),
        }
    }

    fn known_table(&self, value: &Value<'_>) -> Option<String> {
        let name = value.some_text()?;
        match self.tables.get(&name) {
            None => {}
            Some(product::Table { excluded: Some(_), .. }) => {
                let fix = format!("remove `excluded` from [table.{name}], or this section");
                return value.refuse(format!("[table.{name}] is excluded"), fix);
            }
            Some(table) if table.is_shared && table.reads.is_empty() => {
                let fix = format!("add `reads` to [table.{name}], with the columns that the queries read");
                return value.refuse(format!("[table.{name}] reads no column"), fix);
            }
            Some(_) => return Some(name),
        }
        let near = closest(&name, self.tables.keys().map(String::as_str));
        let fix = near.map_or_else(
            || "add it, with the columns that the queries read".into(),
            |near| format!("did you mean {near:?}?"),
        );
        value.refuse(format!("there is no [table.{name}]"), fix)
    }
}

fn types(table: &Table<'_>) -> BTreeMap<String, DeclaredType> {
    table.entries(|_, value| value.one_of(&TYPES))
}

/// `"column"`, or `"header = column"`.
fn csv(value: &Value<'_>) -> Option<Vec<(String, String)>> {
    let mut headers = Unique::new("header");
    value.each(|element| {
        let text = element.some_text()?;
        let (header, column) = text.split_once('=').unwrap_or((&text, &text));
        let (header, column) = (header.trim(), column.trim());
        if header.is_empty() || column.is_empty() {
            return element.refuse(format!("{text:?} is no column"), "write \"column\" or \"header = column\"");
        }
        Some((headers.check(element, header.to_owned())?, column.to_owned()))
    })
}
