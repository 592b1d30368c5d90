//! `/v1/archives/{gid}/preflight`: what the app's own importer would say of an archive.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use orgvault_api::{gid::Gid, preflight::Preflight};
use orgvault_products::preflight::{self, PreflightError};
use serde::Deserialize;

use super::{
    super::{
        ApiError, App,
        caller::Caller,
        request::{Path, Query},
    },
    blocking,
    file::unreadable,
};
use crate::store::{Store, Stored};

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
) -> Result<Json<Preflight>, ApiError> {
    let archive = app.archive(&caller, gid).await?;
    let store = Arc::clone(app.store());
    blocking(move || look(store.as_ref(), &archive, query.product)).await?.map(Json)
}

fn look(store: &dyn Store, archive: &Stored, product: Option<String>) -> Result<Preflight, ApiError> {
    let (of, name) = (archive.reference(), store.locate(archive.key()));
    let manifest = if product.is_none() { store.manifest(&of)? } else { None };
    let opened = store.open(&of).map_err(|cause| unreadable(archive.gid, &name, &cause))?;
    let refused = |error: PreflightError| refusal(archive.gid, &name, &error);
    let product = match product {
        Some(product) => product,
        None => match manifest {
            Some(manifest) => manifest.product.name,
            None => preflight::recognize_from(&opened).map_err(refused)?.to_owned(),
        },
    };
    preflight::preflight_of(&product, &opened).map_err(refused)
}

fn refusal(gid: Gid, name: &str, error: &PreflightError) -> ApiError {
    let code = match error {
        PreflightError::Read { cause, .. } => return unreadable(gid, name, cause),
        PreflightError::UnknownProduct { .. } => "unknown_product",
        PreflightError::Undecided { .. } => "undecided_product",
    };
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
}
