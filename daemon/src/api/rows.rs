//! `/v1/archives/{gid}/sections/{name}/rows`: rows read back out of an archive.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{RowsPage, gid::Gid};
use orgvault_archive::rows::{RowsError, rows_of};
use orgvault_files::open;
use serde::Deserialize;

use super::{
    ApiError, App,
    archives::blocking,
    caller::Caller,
    request::{Path, Query},
};

/// Rows of a page where the request does not say.
const USUAL_LIMIT: usize = 100;

/// Rows of a page, however many are asked for.
const MOST: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
    search: Option<String>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path((gid, section)): Path<(Gid, String)>,
    Query(query): Query<PageQuery>,
) -> Result<Json<RowsPage>, ApiError> {
    let archive = app.archive(&caller, gid).await?.reference();
    let store = Arc::clone(app.store());
    let PageQuery { after, limit, search } = query;
    let limit = limit.unwrap_or(USUAL_LIMIT).clamp(1, MOST);
    let page = blocking(move || {
        let (manifest, name) = (store.manifest(&archive)?, store.locate(&archive.key));
        let opened = store.open(&archive);
        Ok::<_, ApiError>(rows_of(&name, opened, manifest.as_ref(), &section, after, limit, search.as_deref())?)
    });
    page.await?.map(Json)
}

impl From<RowsError> for ApiError {
    fn from(error: RowsError) -> Self {
        let refused = |status, code| Self::new(status, code, error.to_string());
        match &error {
            RowsError::UnknownSection { .. } => refused(StatusCode::NOT_FOUND, "unknown_section"),
            RowsError::Damaged { .. } => refused(StatusCode::CONFLICT, "archive_damaged").hint("verify the archive"),
            RowsError::TooLarge { .. } => refused(StatusCode::UNPROCESSABLE_ENTITY, "row_too_large")
                .hint("download the archive to look at that row"),
            RowsError::Open { cause, .. } => match open::not_a_file(cause) {
                Some(_) => refused(StatusCode::CONFLICT, "archive_damaged").hint("verify the archive"),
                None => Self::fault("archive_unreadable", &error),
            },
        }
    }
}
