//! What requests say, checked: path, query and body. Whatever is wrong with them becomes a
//! problem document that says what.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::ApiError;

/// No request of this API needs a longer body.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The parameters in the path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

/// The parameters in the query; `T` refuses unknown ones.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// A JSON body; `T` refuses unknown fields.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let refused = |error: PathRejection| ApiError::new(StatusCode::BAD_REQUEST, "invalid_path", error.body_text());
        let axum::extract::Path(value) =
            axum::extract::Path::from_request_parts(parts, state).await.map_err(refused)?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", error.body_text())),
        }
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let detail = "the body's Content-Type is not application/json";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
                .hint("send the header `Content-Type: application/json`"));
        }
        let bytes = match tokio::time::timeout(BODY_TIMEOUT, read(request.into_body())).await {
            Ok(bytes) => bytes?,
            Err(elapsed) => {
                let detail = format!("the body did not arrive within {} s: {elapsed}", BODY_TIMEOUT.as_secs());
                return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail));
            }
        };
        serde_json::from_slice(&bytes).map(Self).map_err(|error| not_the_json(&error))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

async fn read(body: Body) -> Result<Bytes, ApiError> {
    // A length that is announced too high is refused before a byte is read.
    if hyper::body::Body::size_hint(&body).lower() > BODY_LIMIT as u64 {
        return Err(too_large());
    }
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => {
            let detail = format!("cannot read the body: {error}");
            Err(ApiError::new(StatusCode::BAD_REQUEST, "broken_body", detail))
        }
    }
}

fn too_large() -> ApiError {
    let detail = format!("the body has more than {} KiB", BODY_LIMIT / 1024);
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        .hint("name fewer organizations in one request, or ask for all of them")
}

fn not_the_json(error: &serde_json::Error) -> ApiError {
    if error.is_data() {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", format!("the body is refused: {error}"))
    } else {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", format!("the body is no JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::Value;
    use tokio_stream::StreamExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_in_is_waited_for_so_long_and_no_longer() {
        let drops = tokio_stream::iter(std::iter::repeat_with(|| Ok::<_, Infallible>(" ")));
        let drops = drops.throttle(Duration::from_secs(1));
        let request = Request::builder().header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from_stream(drops)).unwrap();
        let refused = Json::<Value>::from_request(request, &()).await.unwrap_err();
        assert_eq!((refused.status(), refused.problem().code.as_str()), (StatusCode::REQUEST_TIMEOUT, "body_timeout"));
    }
}
