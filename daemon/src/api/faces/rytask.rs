//! RyTask's face: `GET /api/v1/export/workspace`, as its own API answers it; also without the prefix
//! that every route of RyTask has.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use orgvault_api::{Archive, Format, Problem};
use serde_json::json;

use super::{
    super::{App, archives::Attachment, caller::Caller, gate::Place, problem::Refusal},
    Wanted,
    query::{parameters, values},
    voice::{Said, is_stray, status},
};
use crate::source::Listed;

const PRODUCT: &str = "rytask";
const ENTITIES: [&str; 2] = ["work-items", "time-logs"];

/// Answers when the export has finished, with the file.
pub(in super::super) async fn export(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let parameters = parameters(query.as_deref().unwrap_or_default());
    let wanted = wanted(&parameters)?;
    let organization = app.workspace(&caller, &parameters).await?;
    let export = app.ordered(&caller, &organization, wanted).await?;
    let archive = app.finished(&caller, export.gid).await?;
    let mut response = attachment(&archive).answer(&archive, &method, &headers).await?;
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
fn wanted(parameters: &[(String, String)]) -> Result<Wanted, Refusal> {
    match one(parameters, "format") {
        Ok(None | Some("json")) => Ok(Wanted::plain(Format::Json)),
        Ok(Some("csv")) => match one(parameters, "entity") {
            Ok(Some(entity)) if ENTITIES.contains(&entity) => {
                Ok(Wanted { entity: Some(entity.to_owned()), ..Wanted::plain(Format::Csv) })
            }
            _ => Err(bad_request(format!("entity must be one of: {}", ENTITIES.join(", ")))),
        },
        _ => Err(bad_request("format must be 'json' or 'csv'".to_owned())),
    }
}

fn bad_request(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid_query", message)
}

impl App {
    /// The organization that is named, or the only one that the caller may know of.
    async fn workspace(&self, caller: &Caller, parameters: &[(String, String)]) -> Result<Listed, Refusal> {
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
                (0, None) => return Err(Refusal::new(StatusCode::NOT_FOUND, "unknown_organization", "there is none")),
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
pub(in super::super) fn voice(problem: &Problem, place: &Place) -> Said {
    let (status, message) = match status(problem) {
        _ if is_stray(problem) => (StatusCode::NOT_FOUND, format!("Cannot {} {}", place.method, place.path)),
        StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "authentication required".to_owned()),
        StatusCode::FORBIDDEN => (StatusCode::FORBIDDEN, "forbidden".to_owned()),
        StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "organization not found".to_owned()),
        status => (status, problem.detail.clone()),
    };
    let error = status.canonical_reason().unwrap_or_default();
    let document = json!({ "message": message, "error": error, "statusCode": status.as_u16() });
    Said::new(status, document).media_type("application/json; charset=utf-8").no_store()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(query: &str) -> Result<(Format, Option<String>), String> {
        let wanted = wanted(&parameters(query));
        wanted.map(|wanted| (wanted.format, wanted.entity)).map_err(|refusal| refusal.problem().detail.clone())
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
