//! `/v1/archives/{gid}/compare/{other}`: what two archives hold, section by section, as their
//! manifests say; and whether the data is the same.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use orgvault_api::{Archive, Comparison, SectionDifference, gid::Gid};
use orgvault_archive::same::{Side, same_data};

use super::{
    super::{ApiError, App, caller::Caller, request::Path},
    blocking,
};
use crate::store::{Store, Stored};

pub(in super::super) async fn compare(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path((left, right)): Path<(Gid, Gid)>,
) -> Result<Json<Comparison>, ApiError> {
    let (left, right) = (app.archive(&caller, left).await?, app.archive(&caller, right).await?);
    let store = Arc::clone(app.store());
    blocking(move || difference(&left, &right, same(store.as_ref(), &left, &right))).await.map(Json)
}

fn same(store: &dyn Store, left: &Stored, right: &Stored) -> Option<bool> {
    let (open_left, open_right) = (|| store.open(&left.reference()), || store.open(&right.reference()));
    same_data(Side { archive: left, open: &open_left }, Side { archive: right, open: &open_right })
}

/// Every section of either, in the left one's order, then those that only the right one has.
fn difference(left: &Archive, right: &Archive, same_data: Option<bool>) -> Comparison {
    let rows =
        |archive: &Archive, name: &str| archive.counts.iter().find(|count| count.name == name).map(|one| one.rows);
    let only_right = right.counts.iter().filter(|count| rows(left, &count.name).is_none());
    let section =
        |name: &String| SectionDifference { name: name.clone(), left: rows(left, name), right: rows(right, name) };
    Comparison {
        left: left.gid,
        right: right.gid,
        left_organization: Some(left.organization.clone()),
        right_organization: Some(right.organization.clone()),
        same_data,
        identical: left.sha256 == right.sha256,
        sections: left.counts.iter().chain(only_right).map(|count| section(&count.name)).collect(),
    }
}
