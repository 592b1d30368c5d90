//! What every method of Asana takes beside its own parameters: which fields, and whether indented.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::JSON;
use crate::api::query::{parameters, values};

/// The options of one request; the others that Asana knows change nothing here.
pub(super) struct Options {
    /// Paths of the fields that are wanted; none is all that the method gives by itself.
    fields: Option<Vec<String>>,
    pretty: bool,
}

impl Options {
    /// Those of a query. Clients that have a list of fields send one parameter or many, and the official
    /// one for Python sends a list as Python writes it: `['gid', 'name']`.
    pub(super) fn of(query: Option<&str>) -> Self {
        let parameters = parameters(query.unwrap_or_default());
        let fields: Vec<String> = values(&parameters, "opt_fields").flat_map(named).collect();
        let is_given = values(&parameters, "opt_fields").next().is_some();
        let pretty = values(&parameters, "opt_pretty").any(|value| value != "false" && value != "0");
        Self { fields: is_given.then_some(fields), pretty }
    }

    /// The same with those of a body, which has them beside its data.
    pub(super) fn and_of(mut self, body: &Value) -> Self {
        let options = &body["options"];
        let listed = options["fields"].as_array().into_iter().flatten().chain([&options["fields"]]);
        let fields: Vec<String> = listed.filter_map(Value::as_str).flat_map(named).collect();
        if !options["fields"].is_null() {
            self.fields.get_or_insert_default().extend(fields);
        }
        self.pretty |= options["pretty"] == true;
        self
    }

    /// Whether the answer is to hold a field, where it would by itself.
    pub(super) fn want(&self, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|path| step(path).0 == name))
    }

    /// One record.
    pub(super) fn answer(&self, record: &Value) -> Response {
        self.document(&json!({ "data": self.shown(record) }))
    }

    /// A page of compact records, and where the next one is.
    pub(super) fn page(&self, records: &[Value], next_page: &Value) -> Response {
        let compact = |record: &Value| match self.fields {
            Some(_) => self.shown(record),
            None => selected(record, &COMPACT),
        };
        let data: Vec<Value> = records.iter().map(compact).collect();
        self.document(&json!({ "data": data, "next_page": next_page }))
    }

    fn shown(&self, record: &Value) -> Value {
        match &self.fields {
            Some(fields) => selected(record, &fields.iter().map(String::as_str).collect::<Vec<_>>()),
            None => record.clone(),
        }
    }

    fn document(&self, document: &Value) -> Response {
        let text = if self.pretty { format!("{document:#}") } else { document.to_string() };
        ([(header::CONTENT_TYPE, JSON)], text).into_response()
    }
}

/// What a record is by itself where it is one of many.
pub(super) const COMPACT: [&str; 3] = ["gid", "name", "resource_type"];

/// The fields of one parameter, without what the root is called.
fn named(fields: &str) -> impl Iterator<Item = String> {
    let paths = fields.split(',').map(|path| path.trim_matches(|it: char| it.is_whitespace() || "[]'\"".contains(it)));
    paths.map(|path| path.strip_prefix("this.").unwrap_or(path).to_owned())
}

/// The first name of a path, and what is below it.
fn step(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)))
}

/// The fields that are named, `a` and `b.c`; the gid is always among them.
pub(super) fn selected(record: &Value, paths: &[&str]) -> Value {
    match record {
        Value::Object(fields) => {
            let mut chosen = Map::new();
            chosen.extend(fields.get("gid").map(|gid| ("gid".to_owned(), gid.clone())));
            for (name, _) in paths.iter().map(|path| step(path)) {
                if !chosen.contains_key(name)
                    && let Some(value) = fields.get(name).and_then(|value| below(value, name, paths))
                {
                    chosen.insert(name.to_owned(), value);
                }
            }
            Value::Object(chosen)
        }
        Value::Array(records) => records.iter().map(|record| selected(record, paths)).collect(),
        value => value.clone(),
    }
}

/// What the paths want of the value with this name: all of it where one of them ends there.
fn below(value: &Value, name: &str, paths: &[&str]) -> Option<Value> {
    let of_it = paths.iter().map(|path| step(path)).filter(|(first, _)| *first == name);
    match of_it.map(|(_, rest)| rest).collect::<Option<Vec<&str>>>() {
        None => Some(value.clone()),
        Some(rest) => (value.is_object() || value.is_array()).then(|| selected(value, &rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_selected_by_their_paths() {
        let record = json!({ "gid": "7", "state": "pending", "organization": { "gid": "1", "name": "Acme", "id": 1 } });
        for (fields, expected) in [
            ("state", json!({ "gid": "7", "state": "pending" })),
            ("organization.name", json!({ "gid": "7", "organization": { "gid": "1", "name": "Acme" } })),
            (
                "organization.name, organization.id,state",
                json!({ "gid": "7", "organization": { "gid": "1", "name": "Acme", "id": 1 }, "state": "pending" }),
            ),
            ("organization", json!({ "gid": "7", "organization": record["organization"] })),
            ("organization.name,organization", json!({ "gid": "7", "organization": record["organization"] })),
            (
                "this.state,this.organization.name",
                json!({ "gid": "7", "state": "pending", "organization": { "gid": "1", "name": "Acme" } }),
            ),
            ("['gid', 'state']", json!({ "gid": "7", "state": "pending" })),
            ("", json!({ "gid": "7" })),
            ("nothing,state.deeper,.", json!({ "gid": "7" })),
        ] {
            let options = Options { fields: Some(named(fields).collect()), pretty: false };
            assert_eq!(options.shown(&record), expected, "{fields}");
        }
    }

    #[test]
    fn fields_of_each_of_a_list_are_selected() {
        let record =
            json!({ "gid": "7", "workspaces": [{ "gid": "1", "name": "Acme" }, { "gid": "2", "name": "Beta" }] });
        let names = json!({ "gid": "7", "workspaces": record["workspaces"] });
        assert_eq!(selected(&record, &["workspaces.name", "workspaces.gid"]), names);
        let gids = json!({ "gid": "7", "workspaces": [{ "gid": "1" }, { "gid": "2" }] });
        assert_eq!(selected(&record, &["workspaces.nothing"]), gids);
    }

    #[test]
    fn fields_may_be_named_together_or_one_by_one() {
        let fields = |query: &str| Options::of(Some(query)).fields.map(|fields| fields.join(","));
        assert_eq!(fields("opt_fields=state,gid").unwrap(), "state,gid");
        assert_eq!(
            fields("opt_fields=state&x=1&opt_fields=organization.name%2Cgid").unwrap(),
            "state,organization.name,gid"
        );
        assert_eq!(fields("opt_pretty=true"), None);
        for (query, pretty) in [("opt_pretty", true), ("opt_pretty=false&opt_pretty=1", true), ("opt_pretty=0", false)]
        {
            assert_eq!(Options::of(Some(query)).pretty, pretty, "{query}");
        }
    }

    #[test]
    fn a_body_may_have_them_beside_its_data() {
        let of = |options: Value| {
            let options = Options::of(Some("opt_fields=gid")).and_of(&json!({ "data": {}, "options": options }));
            (options.fields.unwrap().join(","), options.pretty)
        };
        assert_eq!(
            of(json!({ "fields": ["state", "organization.name"], "pretty": true })),
            ("gid,state,organization.name".to_owned(), true)
        );
        assert_eq!(of(json!({ "fields": "state,id" })), ("gid,state,id".to_owned(), false));
        for nothing in [Value::Null, json!(7), json!([]), json!({ "fields": 7, "pretty": "x" })] {
            assert_eq!(of(nothing.clone()), ("gid".to_owned(), false), "{nothing}");
        }
    }

    #[test]
    fn a_field_is_wanted_where_nothing_is_said_or_it_is_named() {
        let want = |query: &str| Options::of(Some(query)).want("workspaces");
        assert!(want("") && want("opt_fields=name,workspaces") && want("opt_fields=workspaces.name"));
        assert!(!want("opt_fields=name") && !want("opt_fields="));
    }
}
