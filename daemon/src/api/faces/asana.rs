//! Asana's face: `/organization_exports`, also below `/api/1.0`. For service accounts only, as
//! upstream: `{"data": ..}` in and out.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{SecondsFormat, TimeDelta};
use orgvault_shared::{
    api::{Export, Format, OrganizationKey, Problem, State as ExportState},
    gid::Gid,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    super::{
        App,
        caller::Caller,
        problem::Refusal,
        request::{Json as Body, Path, Query},
    },
    Wanted,
};

/// How long upstream's download URLs are valid.
const LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);

#[derive(Debug, Deserialize)]
pub(in super::super) struct NewExport {
    data: NewExportData,
}

#[derive(Debug, Deserialize)]
struct NewExportData {
    organization: Id,
}

/// Clients write an id as a string or, as the older ones, as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

/// What every method takes; the others that Asana knows change nothing here.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Options {
    opt_fields: Option<String>,
    opt_pretty: Option<String>,
}

/// `POST /organization_exports`.
pub(in super::super) async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    Body(body): Body<NewExport>,
) -> Result<Response, Refusal> {
    let name = match body.data.organization {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    };
    let listing = app.listing_for(&caller, std::slice::from_ref(&name)).await;
    let organization = listing.find(&name)?;
    caller.is_about(None, &organization.key);
    let source = app.source(&caller, &organization.key.source)?;
    let formats = &source.definition().formats;
    // The product's own JSON.
    let format = if formats.contains(&Format::Json) { Format::Json } else { Format::Seed };
    let export = app.ordered(&caller, organization, Wanted { format, entity: None, gzip: true }).await?;
    Ok((StatusCode::CREATED, options.answer(&app.record(&caller, &headers, &export)?)).into_response())
}

/// `GET /organization_exports/{gid}`. Asks no database but the catalog, so that polling is cheap.
pub(in super::super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
    Query(options): Query<Options>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let export = app.export(&caller, gid).await?;
    Ok(options.answer(&app.record(&caller, &headers, &export)?))
}

impl App {
    /// The export as Asana's record, with a fresh link once there is a file.
    fn record(&self, caller: &Caller, headers: &HeaderMap, export: &Export) -> Result<Value, Refusal> {
        let download_url = match export.state {
            ExportState::Finished => {
                Some(self.absolute(caller, headers, &self.link(caller, export.gid, LINK_LIFETIME)?))
            }
            _ => None,
        };
        Ok(json!({
            "gid": export.gid,
            "id": export.gid.get(),
            "resource_type": "organization_export",
            "created_at": export.created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "download_url": download_url,
            "state": export.state,
            "organization": organization(&export.organization),
        }))
    }
}

/// An id is a number too only where it is one as it stands.
fn organization(key: &OrganizationKey) -> Value {
    let mut organization = json!({ "gid": key.id, "resource_type": "organization", "name": key.name });
    let number = key.id.parse::<u64>().ok().filter(|number| number.to_string() == key.id);
    if let (Some(number), Some(fields)) = (number, organization.as_object_mut()) {
        fields.insert("id".to_owned(), number.into());
    }
    organization
}

impl Options {
    fn answer(&self, record: &Value) -> Response {
        let record = match &self.opt_fields {
            Some(fields) => selected(record, fields),
            None => record.clone(),
        };
        let document = json!({ "data": record });
        let pretty = self.opt_pretty.as_deref().is_some_and(|value| value != "false" && value != "0");
        let text = if pretty { format!("{document:#}") } else { document.to_string() };
        ([(header::CONTENT_TYPE, "application/json; charset=UTF-8")], text).into_response()
    }
}

/// The fields that are named, `a,b.c`; the gid is always among them.
fn selected(record: &Value, fields: &str) -> Value {
    let mut chosen = Map::new();
    chosen.extend(record.get("gid").map(|gid| ("gid".to_owned(), gid.clone())));
    for path in fields.split(',').map(str::trim) {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let Some(value) = record.get(name) else { continue };
        match (rest, chosen.get_mut(name)) {
            (Some(rest), Some(Value::Object(before))) => {
                if let Value::Object(more) = selected(value, rest) {
                    before.extend(more);
                }
            }
            (Some(rest), _) if value.is_object() => drop(chosen.insert(name.to_owned(), selected(value, rest))),
            (Some(_), _) => {}
            (None, _) => drop(chosen.insert(name.to_owned(), value.clone())),
        }
    }
    Value::Object(chosen)
}

/// Asana's words: of its statuses, the nearest one.
pub(in super::super) fn voice(problem: &Problem) -> (StatusCode, Value) {
    let status = match problem.status {
        400 | 409 | 413 | 415 | 422 => StatusCode::BAD_REQUEST,
        status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let help = if problem.hint.is_empty() { &problem.code } else { &problem.hint };
    let mut error = json!({ "message": problem.detail, "help": help });
    if status.is_server_error() {
        error["phrase"] = problem.code.clone().into();
    }
    (status, json!({ "errors": [error] }))
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
            ("organization", record_without_state(&record)),
            ("", json!({ "gid": "7" })),
            ("nothing,state.deeper,.", json!({ "gid": "7" })),
        ] {
            assert_eq!(selected(&record, fields), expected, "{fields}");
        }
    }

    fn record_without_state(record: &Value) -> Value {
        json!({ "gid": "7", "organization": record["organization"] })
    }

    #[test]
    fn an_organization_has_a_number_only_where_its_id_is_one() {
        let key = |id: &str| {
            let [source, kind, id, name, slug] = ["s", "organization", id, "Acme", "acme"].map(str::to_owned);
            organization(&OrganizationKey { source, kind, id, name, slug })
        };
        assert_eq!(key("12")["id"], json!(12));
        for id in ["012", "+12", "0000000a-0000-4000-8000-000000000000", "99999999999999999999"] {
            assert_eq!(key(id).get("id"), None, "{id}");
        }
    }
}
