//! RyTask's face: `GET /api/v1/export/workspace`, as its own API answers it; also without the prefix
//! that every route of RyTask has.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use orgvault_api::{Archive, Format, Problem, Role};
use serde_json::json;

use crate::{
    api::{
        ApiError, App, Attachment, Caller, Face, RequestLine, Route,
        description::{ANY_FILE, Kind, Query, file, get},
        error_style::{FaceError, is_unrouted, status},
        faces::ArchiveChoice,
        query::{parameters, values},
    },
    source::Listed,
};

const PRODUCT: &str = "rytask";
const ENTITIES: [&str; 2] = ["work-items", "time-logs"];

/// RyTask's export API.
pub(super) const FACE: Face = Face { prefixes: &["/export", "/api/v1/export"], routes, error_style, with_slash: None };

const QUERY: Query = &[("format", Kind::Text), ("entity", Kind::Text), ("organization", Kind::Text)];

fn routes() -> Vec<Route> {
    let paths = ["/api/v1/export/workspace", "/export/workspace"];
    let route = |path| {
        Route::new(Method::GET, path, Role::Admin, export).scoped().hands_out("face.download").described(get(
            "RyTask: export an organization",
            QUERY,
            file(ANY_FILE),
        ))
    };
    paths.into_iter().map(route).collect()
}

/// Answers when the export has finished, with the file.
async fn export(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let parameters = parameters(query.as_deref().unwrap_or_default());
    let choice = choice(&parameters)?;
    let organization = app.workspace(&caller, &parameters).await?;
    let export = app.ordered(&caller, &organization, choice).await?;
    let archive = app.finished(&caller, export.gid).await?;
    let mut response = attachment(&archive).answer(&app, &archive, &method, &headers).await?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// None where it is missing; an error where it is there twice.
fn one<'a>(parameters: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = values(parameters, name);
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(()),
    }
}

/// `entity` counts for csv only. Nothing is read for a request that asks for something else.
fn choice(parameters: &[(String, String)]) -> Result<ArchiveChoice, ApiError> {
    match one(parameters, "format") {
        Ok(None | Some("json")) => Ok(ArchiveChoice::plain(Format::Json)),
        Ok(Some("csv")) => match one(parameters, "entity") {
            Ok(Some(entity)) if ENTITIES.contains(&entity) => {
                Ok(ArchiveChoice { entity: Some(entity.to_owned()), ..ArchiveChoice::plain(Format::Csv) })
            }
            _ => Err(bad_request(format!("entity must be one of: {}", ENTITIES.join(", ")))),
        },
        _ => Err(bad_request("format must be 'json' or 'csv'".to_owned())),
    }
}

fn bad_request(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", message)
}

impl App {
    /// The organization that is named, or the only one that the caller may know of.
    async fn workspace(&self, caller: &Caller, parameters: &[(String, String)]) -> Result<Listed, ApiError> {
        let mut listing = self.listing_of(caller, PRODUCT).await?;
        let Ok(name) = one(parameters, "organization") else {
            return Err(bad_request("organization must be one".to_owned()));
        };
        let found = if let Some(name) = name {
            listing.find(name)?.clone()
        } else {
            listing.listed.retain(|one| one.deleted_at.is_none());
            match (listing.listed.len(), listing.failures.pop()) {
                (1, None) => listing.listed.remove(0),
                (_, Some(failure)) => return Err(failure.error.into()),
                (0, None) => return Err(ApiError::new(StatusCode::NOT_FOUND, "unknown_organization", "there is none")),
                (_, None) => return Err(bad_request("organization must be named: there are several".to_owned())),
            }
        };
        caller.is_about(None, &found.key);
        Ok(found)
    }
}

fn attachment(archive: &Archive) -> Attachment {
    let date = archive.exported_at.format("%Y-%m-%d");
    let (name, media_type) = match &archive.entity {
        Some(entity) => (format!("rytask-{entity}-{date}.csv"), "text/csv; charset=utf-8"),
        None => (format!("rytask-export-{date}.json"), "application/json; charset=utf-8"),
    };
    Attachment { name, media_type, weak: true }
}

/// The words of RyTask and of its framework, `NestJS`, which knows no 405.
fn error_style(problem: &Problem, line: &RequestLine) -> FaceError {
    let (status, message) = match status(problem) {
        _ if is_unrouted(problem) => (StatusCode::NOT_FOUND, format!("Cannot {} {}", line.method, line.path)),
        StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "authentication required".to_owned()),
        StatusCode::FORBIDDEN => (StatusCode::FORBIDDEN, "forbidden".to_owned()),
        StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "organization not found".to_owned()),
        status => (status, problem.detail.clone()),
    };
    let error = status.canonical_reason().unwrap_or_default();
    let document = json!({ "message": message, "error": error, "statusCode": status.as_u16() });
    FaceError::new(status, document).media_type("application/json; charset=utf-8").no_store()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(query: &str) -> Result<(Format, Option<String>), String> {
        let choice = choice(&parameters(query));
        choice.map(|choice| (choice.format, choice.entity)).map_err(|refusal| refusal.problem().detail.clone())
    }

    #[test]
    fn parameters_are_those_of_the_facts() {
        let csv = |entity: &str| Ok((Format::Csv, Some(entity.to_owned())));
        assert_eq!(said(""), Ok((Format::Json, None)));
        assert_eq!(said("format=json&entity=nonsense"), Ok((Format::Json, None)));
        assert_eq!(said("format=csv&entity=work-items"), csv("work-items"));
        assert_eq!(said("entity=time%2Dlogs&format=csv"), csv("time-logs"));
        for query in ["format=", "format", "format=JSON", "format=json&format=json", "format=json%00"] {
            assert_eq!(said(query), Err("format must be 'json' or 'csv'".to_owned()), "{query}");
        }
        for query in [
            "format=csv",
            "format=csv&entity=",
            "format=csv&entity=users",
            "format=csv&entity=time-logs&entity=time-logs",
        ] {
            assert_eq!(said(query), Err("entity must be one of: work-items, time-logs".to_owned()), "{query}");
        }
    }
}
