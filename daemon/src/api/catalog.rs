//! `/v1/catalog`: the index of exports and archives.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::Rebuilt;

use super::{App, caller::Caller, problem::Refusal};
use crate::{
    catalog::{Mend, Tenants},
    keep::{self, Lost, Scope},
};

/// Makes the list of archives anew from what lies in the archive directory, entry by entry, so that
/// what is published meanwhile stays in it. What cannot be read of the catalog is set aside first.
pub(super) async fn rebuild(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Rebuilt>, Refusal> {
    app.catalog().mend(Mend::Everything, app.now()).await?;
    keep::adopt(&app.shop.workshop).await?;
    let (skipped, _unread) = keep::compare(&app.shop.workshop, &Scope::default(), Lost::Forget).await?;
    let archives = app.catalog().totals(&Tenants::default()).await?.archives;
    tracing::info!(user = caller.name(), archives, skipped = skipped.len(), "the catalog was rebuilt");
    Ok(Json(Rebuilt { archives, skipped }))
}
