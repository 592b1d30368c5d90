//! Every path of TruePPM ends with a slash. Who leaves it out is sent to where it is, as Django does.

use axum::{
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The way to the same path with its slash, where that is one that is read.
pub(super) fn with_slash(request: &Request) -> Option<Response> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (uri, path) = (request.uri(), request.uri().path());
    if !reads || !lacks_only_its_slash(path) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, format!("{path}/{query}"))]).into_response())
}

fn lacks_only_its_slash(path: &str) -> bool {
    let below = path.strip_prefix("/api/v1/programs/").or_else(|| path.strip_prefix("/api/v1/projects/"));
    let Some(below) = below else { return false };
    let segments: Vec<&str> = below.split('/').collect();
    !segments.contains(&"")
        && matches!(
            segments[..],
            [_, "export"] | [_, "export", "jobs"] | [_, "export", "jobs", _] | [_, "export", "jobs", _, "download"]
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_are_there_with_a_slash_are_moved() {
        for path in ["export", "export/jobs", "export/jobs/7", "export/jobs/7/download"] {
            for place in ["/api/v1/programs/1/", "/api/v1/projects/1/"] {
                assert!(lacks_only_its_slash(&format!("{place}{path}")), "{place}{path}");
            }
            assert!(!lacks_only_its_slash(&format!("/api/v1/programs/1/{path}/")), "{path}/");
            assert!(!lacks_only_its_slash(&format!("/api/v1/programs//{path}")), "{path}");
            assert!(!lacks_only_its_slash(&format!("/api/v1/organizations/1/{path}")), "{path}");
        }
        assert!(!lacks_only_its_slash("/api/v1/programs/1/import"));
    }
}
