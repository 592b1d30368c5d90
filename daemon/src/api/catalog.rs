//! `/v1/catalog`: the index of exports and archives.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::Rebuilt;

use super::{ApiError, App, caller::Caller};
use crate::{
    catalog::{CatalogError, Mend, Tenants},
    keep::{self, Orphans, RescanScope},
};

/// Makes the list of archives anew from what lies in the archive directory, entry by entry, so that
/// what is published meanwhile stays in it. What cannot be read of the catalog is set aside first.
pub(super) async fn rebuild(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Rebuilt>, ApiError> {
    app.catalog().mend(Mend::Everything, app.now()).await?;
    keep::adopt(&app.context).await?;
    let (skipped, _unread) = keep::compare(&app.context, &RescanScope::default(), Orphans::Forget).await?;
    let archives = app.catalog().totals(&Tenants::default()).await?.archives;
    tracing::info!(user = caller.name(), archives, skipped = skipped.len(), "the catalog was rebuilt");
    Ok(Json(Rebuilt { archives, skipped }))
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        let refusal = Self::fault("catalog", &error);
        if error.is_damage() {
            return refusal.hint("restart orgvaultd: it sets the damaged file aside and makes the catalog anew");
        }
        refusal
    }
}
