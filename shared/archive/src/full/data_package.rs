//! `datapackage.json` of a `full` archive: Frictionless Data Package 1, with the Table Schema of each table.
//! <https://specs.frictionlessdata.io/tabular-data-package/>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    NULL,
    schema::{Column, ForeignKey, QualifiedName, Schema, ServerKind, Table},
};

/// One member with rows, and what is known of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Its table.
    pub table: &'a QualifiedName,
    /// The member.
    pub file: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hex.
    pub sha256: &'a str,
}

/// The package of these members.
#[must_use]
pub fn data_package(schema: &Schema, resources: &[Resource<'_>]) -> Value {
    let names = names(resources);
    let mut by_table: BTreeMap<&QualifiedName, Vec<&str>> = BTreeMap::new();
    for (resource, name) in resources.iter().zip(&names) {
        by_table.entry(resource.table).or_default().push(name);
    }
    let only = |table: &QualifiedName| match by_table.get(table).map(Vec::as_slice) {
        Some([name]) => Some((*name).to_owned()),
        // Rows of other organizations are named too: no member alone has all that is pointed at.
        _ => None,
    };
    let described = |(resource, name): (&Resource<'_>, &String)| {
        let table = schema.table(resource.table)?;
        let is_own = only(resource.table).is_some();
        Some(json!({
            "name": name,
            "path": resource.file,
            "profile": "tabular-data-resource",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": resource.bytes,
            "hash": format!("sha256:{}", resource.sha256),
            "dialect": { "delimiter": ",", "quoteChar": "\"", "doubleQuote": true, "lineTerminator": "\n" },
            "schema": table_schema(schema.kind, table, |name| only(name).filter(|_| is_own)),
        }))
    };
    let resources: Vec<Value> = resources.iter().zip(&names).filter_map(described).collect();
    json!({ "profile": "tabular-data-package", "name": "organization", "resources": resources })
}

/// A name for each: lower case, digits, `.`, `-` and `_` are all that there may be in it.
fn names(resources: &[Resource<'_>]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let clean = |character: char| match character.to_ascii_lowercase() {
        plain @ ('a'..='z' | '0'..='9' | '.' | '-' | '_') => plain,
        _ => '-',
    };
    let mut name = |resource: &Resource<'_>| {
        let stem = resource.file.trim_start_matches("data/").trim_end_matches(".csv");
        let stem: String = stem.chars().map(clean).collect();
        let mut name = stem.clone();
        let mut number = 1;
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        name
    };
    resources.iter().map(&mut name).collect()
}

fn table_schema(kind: ServerKind, table: &Table, resource_of: impl Fn(&QualifiedName) -> Option<String>) -> Value {
    let mut described = json!({
        "fields": table.columns.iter().map(|column| field(kind, column)).collect::<Vec<_>>(),
        "missingValues": [NULL],
    });
    let keys: Vec<Value> = table.foreign_keys.iter().filter_map(|key| foreign_key(table, key, &resource_of)).collect();
    if let Some(described) = described.as_object_mut() {
        if !table.primary_key.is_empty() {
            described.insert("primaryKey".to_owned(), json!(table.primary_key));
        }
        if !keys.is_empty() {
            described.insert("foreignKeys".to_owned(), json!(keys));
        }
    }
    described
}

/// What has a text that Frictionless would not read as such (`infinity`, a year before Christ, `NaN`) is a string. So is
/// every column of SQLite, which may hold anything.
fn field(kind: ServerKind, column: &Column) -> Value {
    let declared = if kind == ServerKind::Sqlite { "" } else { column.kind.as_str() };
    let mut field = match declared {
        "smallint" | "integer" | "bigint" => json!({ "type": "integer" }),
        "boolean" => json!({ "type": "boolean", "trueValues": ["t"], "falseValues": ["f"] }),
        "uuid" => json!({ "type": "string", "format": "uuid" }),
        _ => json!({ "type": "string" }),
    };
    if let Some(field) = field.as_object_mut() {
        field.insert("name".to_owned(), json!(column.name));
        let key = if kind == ServerKind::Sqlite { "sqliteType" } else { "postgresType" };
        field.insert(key.to_owned(), json!(column.kind));
        // A text may be the two characters that stand for NULL, which only its quotes tell.
        if !column.nullable && field.get("type").is_some_and(|kind| kind != "string") {
            field.insert("constraints".to_owned(), json!({ "required": true }));
        }
    }
    field
}

/// A key of several columns counts in SQL only where none of them is NULL, and here where one of them is not.
fn foreign_key(
    table: &Table,
    key: &ForeignKey,
    resource_of: impl Fn(&QualifiedName) -> Option<String>,
) -> Option<Value> {
    let is_nullable = |name: &String| table.columns.iter().any(|column| column.name == *name && column.nullable);
    if key.columns.len() > 1 && key.columns.iter().any(is_nullable) {
        return None;
    }
    let there = resource_of(&key.references)?;
    let resource = if key.references == table.name { String::new() } else { there };
    Some(json!({
        "fields": key.columns,
        "reference": { "resource": resource, "fields": key.referenced },
    }))
}
