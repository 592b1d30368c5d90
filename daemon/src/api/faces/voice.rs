//! How a face says a problem, and in whose words a path is answered that no route takes.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_api::Problem;
use orgvault_config::Config;
use serde_json::Value;

use super::{super::gate::Place, asana, rytask, solidtime, trueppm};

/// How a face says what is wrong with what was asked.
pub(in super::super) type Voice = fn(&Problem, &Place) -> Said;

/// A problem in a product's own words.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Said {
    status: StatusCode,
    document: Value,
    media_type: &'static str,
    cached: bool,
}

impl Said {
    pub(super) fn new(status: StatusCode, document: Value) -> Self {
        Self { status, document, media_type: "application/json", cached: true }
    }

    /// Its media type, written as the product writes it.
    pub(super) fn media_type(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }

    /// Nobody may keep it.
    pub(super) fn no_store(self) -> Self {
        Self { cached: false, ..self }
    }

    #[cfg(test)]
    pub(super) fn document(&self) -> (u16, &Value) {
        (self.status.as_u16(), &self.document)
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.document.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if !self.cached {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }
}

/// The status of a problem.
pub(super) fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Whether no route takes what was asked: the path, or its method.
pub(super) fn is_stray(problem: &Problem) -> bool {
    matches!(problem.code.as_str(), "unknown_route" | "method_not_allowed")
}

/// Where each face is.
const PLACES: [(&str, Voice); 7] = [
    ("/api/1.0", asana::voice),
    ("/organization_exports", asana::voice),
    ("/export", rytask::voice),
    ("/api/v1/export", rytask::voice),
    ("/api/v1/organizations", solidtime::voice),
    ("/api/v1/programs", trueppm::voice),
    ("/api/v1/projects", trueppm::voice),
];

/// Whose words a path is answered in; none where it is below no face's prefix.
pub(in super::super) fn voice_at(path: &str, config: &Config) -> Option<Voice> {
    let below = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let face = PLACES.iter().find(|(prefix, _)| below(prefix)).map(|(_, voice)| *voice);
    // Three products have this prefix: the client is one of those whose database is here.
    face.or_else(|| below("/api/v1").then(|| config.sources.iter().find_map(of_product).unwrap_or(trueppm::voice)))
}

fn of_product(source: &orgvault_config::SourceConfig) -> Option<Voice> {
    match source.product.as_str() {
        "rytask" => Some(rytask::voice),
        "solidtime" => Some(solidtime::voice),
        "trueppm" => Some(trueppm::voice),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use orgvault_config::{SecretUrl, SourceConfig};

    use super::*;

    fn said(path: &str, product: &str) -> Option<Value> {
        let url = SecretUrl::new(String::new());
        let sources = vec![SourceConfig::new("s".to_owned(), product.to_owned(), url)];
        let config = Config { sources, ..Config::default() };
        let problem = Problem {
            status: 404,
            title: "Not Found".to_owned(),
            code: "unknown_route".to_owned(),
            detail: String::new(),
            hint: String::new(),
        };
        let place = Place { method: Method::PUT, path: path.to_owned() };
        voice_at(path, &config).map(|voice| voice(&problem, &place).document().1.clone())
    }

    #[test]
    fn a_stray_path_is_answered_by_the_face_it_is_below() {
        for (path, product, key) in [
            ("/api/1.0/users/me", "rytask", "errors"),
            ("/organization_exports/1/2", "rytask", "errors"),
            ("/export", "trueppm", "statusCode"),
            ("/api/v1/export/x", "trueppm", "statusCode"),
            ("/api/v1/organizations/1/members", "trueppm", "message"),
            ("/api/v1/programs/1/", "rytask", "detail"),
            ("/api/v1/users", "trueppm", "detail"),
            ("/api/v1/users", "rytask", "statusCode"),
            ("/api/v1", "mine", "detail"),
        ] {
            let document = said(path, product).unwrap_or_else(|| panic!("{path} is nobody's"));
            assert!(document.get(key).is_some(), "{path} with {product}: {document}");
        }
        for path in ["/", "/v1/exports", "/api", "/exports", "/api/1.00", "/metrics", "/api/v10"] {
            assert_eq!(said(path, "trueppm"), None, "{path}");
        }
    }
}
