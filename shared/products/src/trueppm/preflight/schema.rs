//! TruePPM's rules as a JSON Schema: one file for version 2.0, from which 1.0 is derived.

use std::io;

use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::place;
use orgvault_api::text::printable;
use orgvault_archive::seed::Day;

const SCHEMA: &str = include_str!("seed.schema.json");

/// The rules of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    V1,
    V2,
}

/// A document whose version names no rules.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoRules {
    #[error("the document is no JSON object")]
    NoObject,
    #[error("$.schema_version is missing")]
    NoVersion,
    #[error("$.schema_version is {0}; TruePPM takes 1.0 and 2.0")]
    Version(String),
}

impl Rules {
    /// The rules that the document asks for; the major version decides, as there.
    pub(super) fn of(document: &Value) -> Result<Self, NoRules> {
        let document = document.as_object().ok_or(NoRules::NoObject)?;
        let version = document.get("schema_version").ok_or(NoRules::NoVersion)?;
        match version.as_str().and_then(|version| version.split('.').next()) {
            Some("1") => Ok(Self::V1),
            Some("2") => Ok(Self::V2),
            _ => Err(NoRules::Version(printable(&version.to_string()).chars().take(40).collect())),
        }
    }

    /// The schema.
    pub(super) fn schema(self) -> io::Result<Value> {
        let mut schema: Value = serde_json::from_str(SCHEMA)?;
        let newer = schema.as_object_mut().and_then(|root| root.remove("v2Only"));
        if self == Self::V1 {
            let newer: Vec<&str> =
                newer.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
            without(&mut schema, &newer);
            set(&mut schema, "/properties/schema_version", json!({ "const": "1.0" }));
            let day = schema.pointer("/$defs/day").cloned().unwrap_or_default();
            set(&mut schema, "/$defs/seedDate", day);
        }
        Ok(schema)
    }

    /// What checks a document against them, with the formats as Python's library sees them.
    pub(super) fn validator(self) -> io::Result<Validator> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_format("email", |text: &str| text.contains('@'))
            .with_format("date", |text: &str| text.parse::<Day>().is_ok())
            .build(&self.schema()?)
            .map_err(|error| io::Error::other(format!("the schema of the preflight is broken: {error}")))
    }
}

fn set(schema: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = schema.pointer_mut(pointer) {
        *place = value;
    }
}

/// Takes the named properties out of every block.
fn without(schema: &mut Value, names: &[&str]) {
    let blocks = |root: &mut Map<String, Value>| root.get_mut("properties").map(Value::take);
    let Some(root) = schema.as_object_mut() else { return };
    let strip = |properties: Option<Value>| match properties {
        Some(Value::Object(mut properties)) => {
            properties.retain(|name, _| !names.contains(&name.as_str()));
            Value::Object(properties)
        }
        other => other.unwrap_or_default(),
    };
    let properties = strip(blocks(root));
    root.insert("properties".to_owned(), properties);
    for block in root.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Some(block) = block.as_object_mut().filter(|block| block.contains_key("properties")) {
            let properties = strip(blocks(block));
            block.insert("properties".to_owned(), properties);
        }
    }
}

/// A stable code (the schema's keyword in snake case) and a sentence with the path.
pub(super) fn describe(error: &ValidationError<'_>) -> (String, String) {
    let mut code = String::new();
    for character in error.kind().keyword().chars() {
        if character.is_ascii_uppercase() {
            code.push('_');
        }
        code.push(character.to_ascii_lowercase());
    }
    let what = error.masked_with("the value").to_string();
    let path = place::path(error.instance_path().as_str());
    (code, format!("{}: {}", printable(&path), printable(&what)))
}
