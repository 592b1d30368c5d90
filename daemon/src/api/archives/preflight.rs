//! `/v1/archives/{gid}/preflight`: what the app's own importer would say of an archive.

use std::{path::Path as FilePath, sync::Arc};

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{Archive, gid::Gid, preflight::Preflight};
use orgvault_archive::manifest::Manifest;
use orgvault_products::preflight::{self, PreflightError};
use serde::Deserialize;

use super::{
    super::{
        App,
        caller::Caller,
        problem::Refusal,
        request::{Path, Query},
    },
    blocking,
    file::unreadable,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PreflightQuery {
    product: Option<String>,
}

/// Without a product in the query, the manifest says it.
pub(in super::super) async fn preflight(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
    Query(query): Query<PreflightQuery>,
) -> Result<Json<Preflight>, Refusal> {
    let archive = app.archive(&caller, gid).await?;
    blocking(move || look(&archive, query.product)).await?.map(Json)
}

fn look(archive: &Archive, product: Option<String>) -> Result<Preflight, Refusal> {
    let path = FilePath::new(&archive.path);
    let product = match product {
        Some(product) => product,
        None => match Manifest::beside(path)? {
            Some(manifest) => manifest.product.name,
            None => preflight::recognize(path).map_err(|error| refusal(archive, &error))?.to_owned(),
        },
    };
    preflight::preflight(&product, path).map_err(|error| refusal(archive, &error))
}

fn refusal(archive: &Archive, error: &PreflightError) -> Refusal {
    let code = match error {
        PreflightError::Read { cause, .. } => return unreadable(archive, cause),
        PreflightError::UnknownProduct { .. } => "unknown_product",
        PreflightError::Undecided { .. } => "undecided_product",
    };
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
}
