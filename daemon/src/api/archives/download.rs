//! `/v1/archives/{gid}/download`, and `/v1/downloads/{gid}` for who has a signed link.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use orgvault_api::{Role, gid::Gid};
use serde::Deserialize;

use super::{
    super::{
        ApiError, App,
        caller::Caller,
        request::{Path, Query},
    },
    file::Attachment,
};
use crate::signature::Link;

pub(in super::super) async fn download(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let archive = app.archive(&caller, gid).await?;
    Attachment::of(&archive).answer(&app, &archive, &method, &headers).await
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct LinkQuery {
    expires: i64,
    holder: String,
    signature: String,
}

/// A link has the rights of whom it was made for, as they are now. One that was not signed here
/// learns nothing of what there is.
pub(in super::super) async fn signed(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<Gid>, ApiError>,
    query: Result<Query<LinkQuery>, ApiError>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (Ok(Path(gid)), Ok(Query(query))) = (path, query) else { return Err(invalid()) };
    let link = Link::stated(gid, query.expires, &query.holder);
    let link = link.filter(|link| app.url_key.signed(link, &query.signature)).ok_or_else(invalid)?;
    let holder = app.holder(&link.holder).await?;
    caller.acts_for(&holder);
    if link.expires <= app.now() {
        return Err(ApiError::new(StatusCode::GONE, "link_expired", "the link has expired")
            .hint("ask for a fresh one: links are not kept"));
    }
    if holder.role < Some(Role::Admin) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "link_revoked",
            "the link's holder may not download any more",
        ));
    }
    let archive = app.archive(&holder, gid).await.map_err(|refusal| match refusal.status() {
        StatusCode::NOT_FOUND => {
            ApiError::new(StatusCode::GONE, "archive_deleted", "the archive of this link was deleted")
        }
        _ => refusal,
    })?;
    caller.is_about(Some(gid), &archive.organization);
    Attachment::of(&archive).answer(&app, &archive, &method, &headers).await
}

fn invalid() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "invalid_link", "the link was not made here, or was changed")
}
