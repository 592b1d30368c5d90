//! Asana's face: `/organization_exports`, also below `/api/1.0`. For service accounts only, as
//! upstream: `{"data": ..}` in and out.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{SecondsFormat, TimeDelta};
use orgvault_api::{Export, Format, OrganizationKey, Problem, Role, State as ExportState, gid::Gid};
use serde_json::{Map, Value, json};

use crate::{
    api::{
        ApiError, App, Caller, Face, RequestLine, Route,
        description::{Body as Shape, Kind, Query, get, json as answers, with},
        error_style::{FaceError, is_unrouted, status},
        faces::ArchiveChoice,
        query::{parameters, values},
        request::{Json as Body, Path},
    },
    source::Listed,
};

/// How long upstream's download URLs are valid.
const LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// As upstream writes it.
const JSON: &str = "application/json; charset=UTF-8";

/// Asana's export API.
pub(super) const FACE: Face =
    Face { prefixes: &["/api/1.0", "/organization_exports"], routes, error_style, with_slash: None };

const OPTIONS: Query = &[("opt_fields", Kind::Text), ("opt_pretty", Kind::Text)];

fn routes() -> Vec<Route> {
    let begin = |path| {
        Route::new(Method::POST, path, Role::Admin, create).described(with(
            "Asana: begin an export",
            Shape::Theirs,
            answers(201, Shape::Theirs),
        ))
    };
    let look = |path| {
        Route::new(Method::GET, path, Role::Admin, show).described(get(
            "Asana: one export",
            OPTIONS,
            answers(200, Shape::Theirs),
        ))
    };
    let routes = [
        begin("/organization_exports"),
        begin("/api/1.0/organization_exports"),
        look("/organization_exports/{gid}"),
        look("/api/1.0/organization_exports/{gid}"),
    ];
    routes.into_iter().map(|route| route.scoped().for_service_accounts()).collect()
}

/// `POST /organization_exports`.
async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Body(body): Body<Value>,
) -> Result<Response, ApiError> {
    let organization = app.organization_by_gid(&caller, &organization_in(&body)?).await?;
    caller.is_about(None, &organization.key);
    let source = app.source(&caller, &organization.key.source)?;
    // The product's own JSON, as this kind of organization has it.
    let offered = source.definition().offered_to(&organization.key.kind);
    let format = [Format::Json, Format::Seed].into_iter().find(|format| offered.contains(format));
    let format = format.unwrap_or(Format::Json);
    let export = app.ordered(&caller, &organization, ArchiveChoice { format, entity: None, gzip: true }).await?;
    let record = app.record(&caller, &headers, &export).await?;
    Ok((StatusCode::CREATED, Options::of(query.as_deref()).answer(&record)).into_response())
}

/// `GET /organization_exports/{gid}`. Asks no database but the catalog, so that polling is cheap.
async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Ok(known) = gid.parse::<Gid>() else {
        let detail = format!("organization_export_gid: not a recognized id: {gid}");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_path", detail)
            .hint("ask for the gid that creating the export gave"));
    };
    let export = app.export(&caller, known).await?;
    Ok(Options::of(query.as_deref()).answer(&app.record(&caller, &headers, &export).await?))
}

/// The gid in `{"data": {"organization": "<gid>"}}`. Clients write an id as a string or, as the
/// older ones, as a number.
fn organization_in(body: &Value) -> Result<String, ApiError> {
    let Some(data) = body.get("data").and_then(Value::as_object) else {
        return Err(bad_request("data: missing input".to_owned()));
    };
    match data.get("organization") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        None | Some(Value::Null) => Err(bad_request("organization: missing input".to_owned())),
        Some(other) => Err(bad_request(format!("organization: not a recognized id: {other}"))),
    }
}

fn bad_request(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
        .hint("the body is {\"data\": {\"organization\": \"ID\"}}, and ids are those that were answered")
}

impl App {
    /// The organization of a gid that [`App::gid_of`] gave. Otherwise any name will do, which an id
    /// goes before.
    async fn organization_by_gid(&self, caller: &Caller, gid: &str) -> Result<Listed, ApiError> {
        let listing = self.listing_for(caller, &[gid.to_owned()]).await;
        let is_meant = |OrganizationKey { source, kind, id, .. }: &OrganizationKey| {
            gid == id || gid == format!("{source}/{id}") || gid == format!("{source}/{kind}/{id}")
        };
        let by_id: Vec<&Listed> = listing.listed.iter().filter(|one| is_meant(&one.key)).collect();
        match by_id[..] {
            [one] => Ok(one.clone()),
            _ => listing.find(gid).cloned(),
        }
    }

    /// What names an organization among all that the caller may know of: its id, with the source
    /// before it where another one may have the same, and the kind too where its source has it twice.
    async fn gid_of(&self, caller: &Caller, key: &OrganizationKey) -> Result<String, ApiError> {
        let OrganizationKey { source, kind, id, .. } = key;
        Ok(if self.catalog().listed_kinds_of(source, id).await?.len() > 1 {
            format!("{source}/{kind}/{id}")
        } else if self.sources(caller).iter().all(|one| one.name() == source) {
            id.clone()
        } else {
            format!("{source}/{id}")
        })
    }

    /// The export as Asana's record, with a fresh link once there is a file.
    async fn record(&self, caller: &Caller, headers: &HeaderMap, export: &Export) -> Result<Value, ApiError> {
        let organization = organization(&self.gid_of(caller, &export.organization).await?, &export.organization.name);
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
            "organization": organization,
        }))
    }
}

/// A gid is a number too only where it is one as it stands.
fn organization(gid: &str, name: &str) -> Value {
    let mut organization = json!({ "gid": gid, "resource_type": "organization", "name": name });
    let number = gid.parse::<u64>().ok().filter(|number| number.to_string() == gid);
    if let (Some(number), Some(fields)) = (number, organization.as_object_mut()) {
        fields.insert("id".to_owned(), number.into());
    }
    organization
}

/// What every method takes; the others that Asana knows change nothing here.
struct Options {
    /// Paths of the fields that are wanted; none is all.
    fields: Option<String>,
    pretty: bool,
}

impl Options {
    /// Clients that have a list of fields send one parameter or many.
    fn of(query: Option<&str>) -> Self {
        let parameters = parameters(query.unwrap_or_default());
        let fields: Vec<&str> = values(&parameters, "opt_fields").collect();
        let pretty = values(&parameters, "opt_pretty").any(|value| value != "false" && value != "0");
        Self { fields: (!fields.is_empty()).then(|| fields.join(",")), pretty }
    }

    fn answer(&self, record: &Value) -> Response {
        let record = match &self.fields {
            Some(fields) => selected(record, fields),
            None => record.clone(),
        };
        let document = json!({ "data": record });
        let text = if self.pretty { format!("{document:#}") } else { document.to_string() };
        ([(header::CONTENT_TYPE, JSON)], text).into_response()
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
fn error_style(problem: &Problem, _line: &RequestLine) -> FaceError {
    let status = match problem.status {
        400 | 409 | 413 | 415 | 422 => StatusCode::BAD_REQUEST,
        404 | 405 | 410 => StatusCode::NOT_FOUND,
        _ => status(problem),
    };
    let message = match problem.code.as_str() {
        _ if is_unrouted(problem) => "no route matches the request",
        "invalid_json" => "the body is no JSON that can be read",
        "invalid_path" => "organization_export_gid: not a recognized id",
        _ => &problem.detail,
    };
    let help = if problem.hint.is_empty() { &problem.code } else { &problem.hint };
    let mut error = json!({ "message": message, "help": help });
    if status.is_server_error() {
        error["phrase"] = problem.code.clone().into();
    }
    FaceError::new(status, json!({ "errors": [error] })).media_type(JSON)
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
        let key = |gid: &str| organization(gid, "Acme");
        assert_eq!(key("12")["id"], json!(12));
        for id in ["012", "+12", "a/12", "0000000a-0000-4000-8000-000000000000", "99999999999999999999"] {
            assert_eq!(key(id).get("id"), None, "{id}");
        }
    }

    #[test]
    fn fields_may_be_named_together_or_one_by_one() {
        let fields = |query: &str| Options::of(Some(query)).fields;
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
    fn what_is_wrong_with_a_body_is_said_by_the_field() {
        let said = |text: &str| {
            organization_in(&serde_json::from_str(text).unwrap()).map_err(|refusal| refusal.problem().detail.clone())
        };
        assert_eq!(said(r#"{"data": {"organization": "7"}}"#), Ok("7".to_owned()));
        assert_eq!(said(r#"{"data": {"organization": 7}}"#), Ok("7".to_owned()));
        for body in ["[]", "{}", "7", r#"{"data": []}"#] {
            assert_eq!(said(body), Err("data: missing input".to_owned()), "{body}");
        }
        for organization in ["[]", "7.5", "-1", "true", "{}"] {
            let body = format!(r#"{{"data": {{"organization": {organization}}}}}"#);
            assert_eq!(said(&body), Err(format!("organization: not a recognized id: {organization}")));
        }
        assert_eq!(said(r#"{"data": {"organization": null}}"#), Err("organization: missing input".to_owned()));
    }
}
