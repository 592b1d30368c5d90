//! Asana's face: `/organization_exports`, `/workspaces` and `/users/me`, also below `/api/1.0`. Exports
//! are for service accounts only, as upstream: `{"data": ..}` in and out.

mod error_style;
mod options;
mod users;
mod workspaces;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{SecondsFormat, TimeDelta};
use orgvault_api::{Export, Format, OrganizationKey, Role, State as ExportState, gid::Gid};
use serde_json::{Value, json};

use self::{error_style::error_style, options::Options};
use crate::{
    api::{
        ApiError, App, Caller, Face, Route,
        description::{Body as Shape, Kind, Query, get, json as answers, with},
        faces::ArchiveChoice,
        request::{Json as Body, Path},
    },
    source::{Listed, Source},
};

/// How long upstream's download URLs are valid.
const LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Characters of what is no id that a refusal repeats.
const ID_SHOWN: usize = 80;

/// As upstream writes it.
const JSON: &str = "application/json; charset=UTF-8";

/// Asana's export API.
pub(super) const FACE: Face = Face {
    prefixes: &["/api/1.0", "/organization_exports", "/users", "/workspaces"],
    routes,
    error_style,
    with_slash: None,
};

const OPTIONS: Query = &[("opt_fields", Kind::Text), ("opt_pretty", Kind::Text)];
const PAGE: Query =
    &[("limit", Kind::Number), ("offset", Kind::Text), ("opt_fields", Kind::Text), ("opt_pretty", Kind::Text)];

/// What names no export is for everybody who may see organizations.
#[rustfmt::skip]
fn routes() -> Vec<Route> {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    let begin = with("Asana: begin an export", Shape::Theirs, answers(201, Shape::Theirs));
    let look = get("Asana: one export", OPTIONS, answers(200, Shape::Theirs));
    let list = get("Asana: the organizations", PAGE, answers(200, Shape::Theirs));
    let workspace = get("Asana: one organization", OPTIONS, answers(200, Shape::Theirs));
    let user = get("Asana: who asks", OPTIONS, answers(200, Shape::Theirs));
    let routes = vec![
        Route::new(POST, "/organization_exports",                Role::Admin,  create).for_service_accounts().described(begin),
        Route::new(POST, "/api/1.0/organization_exports",        Role::Admin,  create).for_service_accounts().described(begin),
        Route::new(GET,  "/organization_exports/{gid}",          Role::Admin,  show).for_service_accounts().described(look),
        Route::new(GET,  "/api/1.0/organization_exports/{gid}",  Role::Admin,  show).for_service_accounts().described(look),
        Route::new(GET,  "/workspaces",                          Role::Viewer, workspaces::list).described(list),
        Route::new(GET,  "/api/1.0/workspaces",                  Role::Viewer, workspaces::list).described(list),
        Route::new(GET,  "/workspaces/{id}",                     Role::Viewer, workspaces::show).described(workspace),
        Route::new(GET,  "/api/1.0/workspaces/{id}",             Role::Viewer, workspaces::show).described(workspace),
        Route::new(GET,  "/users/{id}",                          Role::Viewer, users::show).described(user),
        Route::new(GET,  "/api/1.0/users/{id}",                  Role::Viewer, users::show).described(user),
    ];
    routes.into_iter().map(Route::scoped).collect()
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
    let options = Options::of(query.as_deref()).and_of(&body);
    Ok((StatusCode::CREATED, options.answer(&record)).into_response())
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
        Some(other) => {
            let other: String = other.to_string().chars().take(ID_SHOWN).collect();
            Err(bad_request(format!("organization: not a recognized id: {other}")))
        }
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

    /// What names an organization among all that the caller may know of.
    async fn gid_of(&self, caller: &Caller, key: &OrganizationKey) -> Result<String, ApiError> {
        let has_several = self.catalog().listed_kinds_of(&key.source, &key.id).await?.len() > 1;
        Ok(gid_among(key, has_several, &self.sources(caller)))
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

/// What names an organization: its id, with the source before it where another one may have the same,
/// and the kind too where its source has it twice.
fn gid_among(key: &OrganizationKey, has_several_kinds: bool, sources: &[Arc<Source>]) -> String {
    let OrganizationKey { source, kind, id, .. } = key;
    if has_several_kinds {
        format!("{source}/{kind}/{id}")
    } else if sources.iter().all(|one| one.name() == source) {
        id.clone()
    } else {
        format!("{source}/{id}")
    }
}

/// A gid is a number too only where it is one as it stands.
fn number(gid: &str) -> Option<u64> {
    gid.parse::<u64>().ok().filter(|number| number.to_string() == gid)
}

fn organization(gid: &str, name: &str) -> Value {
    let mut organization = json!({ "gid": gid, "resource_type": "organization", "name": name });
    if let Some(number) = number(gid) {
        organization["id"] = number.into();
    }
    organization
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_has_a_number_only_where_its_id_is_one() {
        let key = |gid: &str| organization(gid, "Acme");
        assert_eq!(key("12")["id"], json!(12));
        for id in ["012", "+12", "a/12", "0000000a-0000-4000-8000-000000000000", "99999999999999999999"] {
            assert_eq!(key(id).get("id"), None, "{id}");
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
