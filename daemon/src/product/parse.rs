//! TOML -> [`Definition`]: every key of a product definition is named here once, with its check.

mod api;
mod document;
mod files;
mod names;
mod optional;
mod query;
mod scope;
mod section;
mod table;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path};

use orgvault_api::Format;
use orgvault_config::checked_toml::{Document, Problems, Table as Keys, Unique, Value};

use self::{
    names::{code, word},
    query::{Parameter, query},
    scope::Scopes,
    section::Sections,
};
use super::{
    CsvQuote, Definition, Encoding, JsonStyle, OrganizationQuery, Section, Table, TimestampStyle, WarningQuery,
    full::full_unsaid,
};
use crate::sql::{Dialect, Names};

/// The formats that orgvault writes itself.
const WRITTEN: [Format; 5] = [Format::Json, Format::Csv, Format::Zip, Format::Seed, Format::SeedEvents];

/// Reads the text of a definition; `file` is the name that problems show.
///
/// # Errors
/// All problems of the definition at once.
pub fn parse(text: &str, file: &Path) -> Result<Definition, Problems> {
    let (definition, problems) = Document::parse(text, file)?.read(of_any_kind);
    problems.or(definition)
}

/// Reads it as what it is: a product whose database is read, or one whose archives the app makes itself.
fn of_any_kind(root: &Keys<'_>) -> Definition {
    let kind = root.optional("product", |product| product.raw().as_table()?.get("kind")?.get_ref().as_str());
    let is_api = match kind {
        Some("api") => true,
        Some("database") => false,
        _ => root.has("api") && !root.has("section"),
    };
    if is_api { api::definition(root) } else { definition(root) }
}

/// `kind` of `[product]`; whoever has an export API says so.
fn kind(table: &Keys<'_>, is_api: bool) {
    let kinds = [("database", false), ("api", true)];
    match table.optional("kind", |value| value.one_of(&kinds)) {
        None if is_api && !table.has("kind") => table.refuse("kind", "is missing", "add `kind = \"api\"`"),
        _ => {}
    }
}

/// Reads every key; what is missing or wrong is noted, and empty in the definition.
fn definition(root: &Keys<'_>) -> Definition {
    api::refuse_in_another(root);
    let scopes = Scopes::read(root);
    let tables = root.table("table", |tables| tables.entries(|name, value| table::table(name, value, &scopes)));
    let tables = tables.unwrap_or_default();
    let mut reader = Sections::new(&tables, &scopes);
    let sections = root.tables("section", |table| reader.read(table));
    if !root.has("section") {
        root.refuse("section", "is missing", "add a [[section]] for each stream of rows");
    }
    let warnings = root.tables("warning", |table| warning(table, &tables, &scopes));
    let product = root.table("product", |table| product(table, &tables, &sections)).unwrap_or_default();
    let organizations = root.table("organization", |table| organization(table, &tables, &product.formats));
    let zip = root.table("zip", |table| document::zip(table, &sections)).unwrap_or_default();
    let read = Definition {
        files: files::read(root, &sections, &zip),
        name: product.name,
        measured_on: product.measured_on,
        default_format: product.default_format,
        formats: product.formats,
        format_tables: product.format_tables,
        organization: organizations.unwrap_or_default(),
        encoding: root.table("encoding", encoding).unwrap_or(Encoding::USUAL),
        json: root.table("json", |table| document::json(table, &sections)).unwrap_or_default(),
        zip,
        sections,
        left_out: Vec::new(),
        warnings,
        tables,
        api: None,
        full: None,
    };
    refuse_mute(root, &read);
    read
}

/// Refuses a definition that has all of its queries for no database.
fn refuse_mute(root: &Keys<'_>, read: &Definition) {
    let of_sections = read.sections.iter().flat_map(|section| [&section.rows, &section.count]);
    let mut queries =
        of_sections.chain(read.warnings.iter().map(|warning| &warning.rows)).chain([&read.organization.list]);
    // One that could not be read is a problem already.
    if queries.any(super::Query::is_empty) || Dialect::ALL.iter().any(|dialect| read.queries(*dialect).is_ok()) {
        return;
    }
    let names = Dialect::ALL.map(Dialect::name).join(" or ");
    root.refuse("section", format!("has not every query for {names}"), "write each query for one of them");
}

/// `[product]`.
struct Product {
    name: String,
    measured_on: String,
    formats: Vec<Format>,
    format_tables: BTreeMap<Format, String>,
    default_format: Format,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            name: String::new(),
            measured_on: String::new(),
            formats: Vec::new(),
            format_tables: BTreeMap::new(),
            default_format: Format::Json,
        }
    }
}

fn product(table: &Keys<'_>, tables: &BTreeMap<String, Table>, sections: &[Section]) -> Product {
    kind(table, false);
    let name = table.required("name", word).unwrap_or_default();
    let measured_on = table.required("measured_on", Value::some_text).unwrap_or_default();
    let given = table.optional("formats", |value| formats(value, tables, sections));
    let formats = given.clone().unwrap_or_else(|| usual_formats(tables, sections));
    if formats.is_empty() && !table.has("formats") {
        table.refuse("formats", "is missing, and no section is in json, csv or zip", "write the product's formats");
    }
    let first = formats.first().copied().unwrap_or(Format::Json);
    let default_format = table.or("default_format", first, |value| {
        let format = format(value)?;
        // Where the list could not be read, nothing is known to be missing from it.
        if !formats.contains(&format) && given.is_some() == table.has("formats") {
            return value.refuse(
                format!("\"{format}\" is not among the formats"),
                "add it to `formats`, or choose one of them",
            );
        }
        Some(format)
    });
    let format_tables = table.table("format_tables", |keys| {
        keys.entries(|format, value| optional::format_table(format, value, tables)).into_values().collect()
    });
    Product { name, measured_on, formats, format_tables: format_tables.unwrap_or_default(), default_format }
}

/// What the sections and tables can be written as.
fn usual_formats(tables: &BTreeMap<String, Table>, sections: &[Section]) -> Vec<Format> {
    let usual = |format: &Format| lacks(*format, tables, sections).is_none();
    let of_sections: Vec<Format> = [Format::Json, Format::Csv, Format::Zip].into_iter().filter(usual).collect();
    let of_tables = Some(Format::Full).filter(|full| !of_sections.is_empty() && usual(full));
    of_sections.into_iter().chain(of_tables).collect()
}

fn formats(value: &Value<'_>, tables: &BTreeMap<String, Table>, sections: &[Section]) -> Option<Vec<Format>> {
    let mut names = Unique::new("format");
    let formats = value.each(|element| {
        let read = format_or_full(element).and_then(|format| {
            names.check(element, format.name().to_owned())?;
            match lacks(format, tables, sections) {
                Some((reason, fix)) => element.refuse(reason, fix),
                None => Some(format),
            }
        });
        Some(read)
    })?;
    if formats.is_empty() {
        return value.refuse("is empty", "write at least one format");
    }
    formats.into_iter().collect()
}

/// Why no archive of this format would hold a section, and what to do about it.
fn lacks(format: Format, tables: &BTreeMap<String, Table>, sections: &[Section]) -> Option<(String, String)> {
    if format == Format::Full {
        let unsaid = full_unsaid(tables, sections);
        let reason = format!("does not say whose rows are in {}, which full needs", unsaid.join(", "));
        return (!unsaid.is_empty()).then(|| (reason, "write `tenant = \"team_id = $1\"` into [table.*]".to_owned()));
    }
    if sections.is_empty() || sections.iter().any(|section| section.is_in(format)) {
        return None;
    }
    let key = match format {
        Format::Csv if sections.iter().all(|section| section.entity.is_none()) => "entity",
        Format::Zip if sections.iter().all(|section| section.member.is_none()) => "member",
        _ => {
            let reason = format!("no section is in {format}: each that could be has other `formats`");
            return Some((reason, format!("add \"{format}\" to the `formats` of a [[section]], or leave it out here")));
        }
    };
    Some((format!("no section has `{key}`, which {format} needs"), format!("add `{key} = ..` to a [[section]]")))
}

fn format_or_full(value: &Value<'_>) -> Option<Format> {
    let all = WRITTEN.into_iter().chain([Format::Full]);
    value.one_of(&all.map(|format| (format.name(), format)).collect::<Vec<_>>())
}

fn format(value: &Value<'_>) -> Option<Format> {
    value.one_of(&WRITTEN.map(|format| (format.name(), format)))
}

/// `[organization]`.
fn organization(table: &Keys<'_>, tables: &BTreeMap<String, Table>, offered: &[Format]) -> OrganizationQuery {
    let (kind, default_kinds) = kinds(table);
    let list = table.required("list", |value| {
        query(value, Parameter::None, |value, _, list| {
            // A column that is not there is NULL here.
            optional::needed_tables(value, tables, None, &Names::new(list))
        })
    });
    let formats = table.table("formats", |table| table.entries(|_, value| formats_of_kind(value, offered)));
    OrganizationQuery { kind, default_kinds, formats: formats.unwrap_or_default(), list: list.unwrap_or_default() }
}

/// What an organization is called, and the kinds that are taken where nobody names them.
fn kinds(table: &Keys<'_>) -> (String, Vec<String>) {
    let kind = table.or("kind", "organization".to_owned(), word);
    let default_kinds = table.or("default_kinds", Vec::new(), |value| match value.each(word)? {
        kinds if kinds.is_empty() => {
            value.refuse("is empty", "write at least one kind, or leave it out: then all are taken")
        }
        kinds => Some(kinds),
    });
    (kind, default_kinds)
}

/// `kind = ["seed"]`
fn formats_of_kind(value: &Value<'_>, offered: &[Format]) -> Option<Vec<Format>> {
    let formats = value.each(|element| {
        let format = format_or_full(element)?;
        if !offered.contains(&format) {
            return element.refuse(format!("\"{format}\" is not among the product's formats"), "write one of them");
        }
        Some(format)
    })?;
    if formats.is_empty() {
        return value.refuse("is empty", "write at least one format");
    }
    Some(formats)
}

/// `[encoding]`.
fn encoding(table: &Keys<'_>) -> Encoding {
    let usual = Encoding::USUAL;
    Encoding {
        timestamp: table.or("timestamp", usual.timestamp, |value| {
            value.one_of(&[
                ("millis", TimestampStyle::Millis),
                ("seconds", TimestampStyle::Seconds),
                ("micros", TimestampStyle::Micros),
            ])
        }),
        csv_quote: table.or("csv_quote", usual.csv_quote, |value| {
            value.one_of(&[("minimal", CsvQuote::Minimal), ("fputcsv", CsvQuote::Fputcsv)])
        }),
        json: table.or("json", usual.json, |value| {
            value.one_of(&[("javascript", JsonStyle::Javascript), ("php", JsonStyle::Php)])
        }),
    }
}

/// `[[warning]]`.
fn warning(table: &Keys<'_>, tables: &BTreeMap<String, Table>, scopes: &Scopes) -> WarningQuery {
    let code = table.required("code", code);
    let message = table.required("message", Value::some_text);
    let rows = table.required("rows", |value| {
        query(value, Parameter::Organization(scopes), |value, _, rows| optional::warning(value, tables, rows))
    });
    WarningQuery {
        code: code.unwrap_or_default(),
        message: message.unwrap_or_default(),
        rows: rows.unwrap_or_default(),
    }
}

impl Encoding {
    /// Where a definition does not say.
    const USUAL: Self =
        Self { timestamp: TimestampStyle::Usual, csv_quote: CsvQuote::Minimal, json: JsonStyle::Javascript };
}
