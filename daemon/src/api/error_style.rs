//! How a face words an error, and in whose words a path is answered that no route takes.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_api::Problem;
use orgvault_config::{Config, SourceConfig};
use serde_json::Value;

use super::{faces::Face, gate::RequestLine};
use crate::products::{PRODUCTS, faces};

/// How a face says what is wrong with what was asked.
pub(crate) type ErrorStyle = fn(&Problem, &RequestLine) -> FaceError;

/// A problem in a product's own words.
#[derive(Debug, PartialEq)]
pub(crate) struct FaceError {
    status: StatusCode,
    document: Value,
    media_type: &'static str,
    cached: bool,
}

impl FaceError {
    pub(crate) fn new(status: StatusCode, document: Value) -> Self {
        Self { status, document, media_type: "application/json", cached: true }
    }

    /// Its media type, written as the product writes it.
    pub(crate) fn media_type(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }

    /// Nobody may keep it.
    pub(crate) fn no_store(self) -> Self {
        Self { cached: false, ..self }
    }

    #[cfg(test)]
    pub(crate) fn document(&self) -> (u16, &Value) {
        (self.status.as_u16(), &self.document)
    }
}

impl IntoResponse for FaceError {
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
pub(crate) fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Whether no route takes what was asked: the path, or its method.
pub(crate) fn is_unrouted(problem: &Problem) -> bool {
    matches!(problem.code.as_str(), "unknown_route" | "method_not_allowed")
}

/// Whose words a path is answered in; none where it is below no face's prefix.
pub(crate) fn style_at(path: &str, config: &Config) -> Option<ErrorStyle> {
    let below = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let face = faces().find(|face| face.prefixes.iter().any(|prefix| below(prefix)));
    let style = face.map(|face| face.error_style);
    // Several products have this prefix: the client is one of those whose database is here.
    let nearest = || config.sources.iter().find_map(of_product).or_else(usual);
    style.or_else(|| below(SEVERAL).then(nearest).flatten())
}

/// The first path below which more than one face is.
const SEVERAL: &str = "/api/v1";

fn of_product(source: &SourceConfig) -> Option<ErrorStyle> {
    let product = PRODUCTS.iter().find(|product| product.name == source.product)?;
    product.face.as_ref().map(|face| face.error_style)
}

/// In whose words it is said where no source is of a product that has a face there.
fn usual() -> Option<ErrorStyle> {
    let is_there = |face: &&Face| face.prefixes.iter().any(|prefix| prefix.starts_with(SEVERAL));
    faces().filter(is_there).last().map(|face| face.error_style)
}
#[cfg(test)]
mod tests {
    use axum::http::Method;
    use orgvault_config::SecretUrl;

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
        let line = RequestLine { method: Method::PUT, path: path.to_owned() };
        style_at(path, &config).map(|style| style(&problem, &line).document().1.clone())
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
