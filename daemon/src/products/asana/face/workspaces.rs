//! `/workspaces`: the organizations that the caller may know of, by the gids that an export is asked
//! for with.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use orgvault_api::OrganizationKey;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::options::Options;
use crate::{
    api::{
        ApiError, App, Caller,
        query::{parameters, values},
        request::Path,
    },
    source::Listed,
};

/// What a page may be asked for at most.
const MOST_OF_A_PAGE: usize = 100;

/// What is given where no page is asked for.
const MOST_AT_ONCE: usize = 1000;

/// Where Asana's methods are; `path` of a next page is below it.
const ROOT: &str = "/api/1.0";

/// `GET /workspaces`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let page = PageQuery::of(query.as_deref())?;
    let all = app.workspaces(&caller).await?;
    let first = all.partition_point(|one| page.after.as_ref().is_some_and(|after| one.place <= *after));
    let (shown, later) = all.split_at(all.len().min(first + page.limit));
    let shown = shown.get(first..).unwrap_or_default();
    let next_page = match shown.last().filter(|_| !later.is_empty()) {
        Some(last) => {
            let path = page.next_path(query.as_deref(), &last.offset());
            let root = if uri.path().starts_with(ROOT) { ROOT } else { "" };
            let uri = app.absolute(&caller, &headers, &format!("{root}{path}"));
            json!({ "offset": last.offset(), "path": path, "uri": uri })
        }
        None => Value::Null,
    };
    let records: Vec<Value> = shown.iter().map(Workspace::record).collect();
    Ok(Options::of(query.as_deref()).page(&records, &next_page))
}

/// `GET /workspaces/{id}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let key = app.organization_by_gid(&caller, &gid).await?.key;
    caller.is_about(None, &key);
    let workspace = Workspace { gid: app.gid_of(&caller, &key).await?, ..Workspace::of(&key) };
    Ok(Options::of(query.as_deref()).answer(&workspace.record()))
}

/// An organization, as Asana names one.
pub(super) struct Workspace {
    /// What orders them, whatever is added and removed between two pages.
    place: String,
    gid: String,
    name: String,
}

impl Workspace {
    fn of(key: &OrganizationKey) -> Self {
        let OrganizationKey { source, kind, id, name, .. } = key;
        Self { place: format!("{source}/{kind}/{id}"), gid: id.clone(), name: name.clone() }
    }

    /// What the next page begins after.
    fn offset(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.place)
    }

    /// All that is known of it. A gid is a number too only where it is one as it stands.
    pub(super) fn record(&self) -> Value {
        let mut record = json!({ "gid": self.gid, "name": self.name, "resource_type": "workspace" });
        record["is_organization"] = true.into();
        record["email_domains"] = json!([]);
        if let Some(number) = super::number(&self.gid) {
            record["id"] = number.into();
        }
        record
    }
}

/// Which page is asked for.
#[derive(Debug, PartialEq, Eq)]
struct PageQuery {
    limit: usize,
    /// The place of the last one of the page before.
    after: Option<String>,
}

impl PageQuery {
    fn of(query: Option<&str>) -> Result<Self, ApiError> {
        let parameters = parameters(query.unwrap_or_default());
        let limit = match values(&parameters, "limit").next() {
            None => MOST_AT_ONCE,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=MOST_OF_A_PAGE).contains(limit));
                limit.ok_or_else(|| refused(format!("limit: not a number between 1 and {MOST_OF_A_PAGE}")))?
            }
        };
        let after = values(&parameters, "offset").next().map(|offset| {
            let place = URL_SAFE_NO_PAD.decode(offset).ok().and_then(|place| String::from_utf8(place).ok());
            place.ok_or_else(|| refused("offset: not one that a page before gave".to_owned()))
        });
        Ok(Self { limit, after: after.transpose()? })
    }

    /// The same query, for the page after this offset.
    fn next_path(&self, query: Option<&str>, offset: &str) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let parameters = parameters(query.unwrap_or_default());
        let others = parameters.iter().filter(|(name, _)| name != "offset" && name != "limit");
        let others: Vec<String> =
            others.map(|(name, value)| format!("&{}={}", encoded(name), encoded(value))).collect();
        format!("/workspaces?limit={}&offset={offset}{}", self.limit.min(MOST_OF_A_PAGE), others.concat())
    }
}

fn refused(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", message)
        .hint("ask for the first page with limit=100, and for each next one as `next_page` says")
}

impl App {
    /// Every organization that is there now, in the order of its pages. Where one source does not
    /// answer and never did, a list without it would look whole.
    async fn workspaces(&self, caller: &Caller) -> Result<Vec<Workspace>, ApiError> {
        let listing = self.listing_now_or_last(caller).await?;
        match listing.failures.into_iter().next() {
            Some(failure) => Err(failure.error.into()),
            None => self.named_workspaces(caller, &listing.listed).await,
        }
    }

    /// The same of the sources that can be asked.
    pub(super) async fn known_workspaces(&self, caller: &Caller) -> Result<Vec<Workspace>, ApiError> {
        let listing = self.listing_now_or_last(caller).await?;
        self.named_workspaces(caller, &listing.listed).await
    }

    async fn named_workspaces(&self, caller: &Caller, listed: &[Listed]) -> Result<Vec<Workspace>, ApiError> {
        let several: HashSet<(String, String)> = self.catalog().ids_of_several_kinds().await?.into_iter().collect();
        let sources = self.sources(caller);
        // A soft-deleted one is nobody's workspace, and no export can be asked for without an id.
        let is_there = |one: &&Listed| one.deleted_at.is_none() && one.has_id();
        let named = |Listed { key, .. }: &Listed| {
            let has_several = several.contains(&(key.source.clone(), key.id.clone()));
            Workspace { gid: super::gid_among(key, has_several, &sources), ..Workspace::of(key) }
        };
        let mut all: Vec<Workspace> = listed.iter().filter(is_there).map(named).collect();
        all.sort_by(|left, right| left.place.cmp(&right.place));
        all.dedup_by(|left, right| left.place == right.place);
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<PageQuery, String> {
        PageQuery::of(Some(query)).map_err(|refusal| refusal.problem().detail.clone())
    }

    #[test]
    fn a_page_has_up_to_a_hundred_and_without_one_there_are_up_to_a_thousand() {
        assert_eq!(page("").unwrap(), PageQuery { limit: 1000, after: None });
        assert_eq!(page("limit=100&limit=x").unwrap().limit, 100);
        for wrong in ["0", "101", "-1", "", "x", "1e2", "18446744073709551616"] {
            assert_eq!(page(&format!("limit={wrong}")), Err("limit: not a number between 1 and 100".to_owned()));
        }
    }

    #[test]
    fn an_offset_is_what_a_page_gave() {
        let workspace =
            Workspace { place: "tracker/organization/ü".to_owned(), gid: String::new(), name: String::new() };
        let offset = workspace.offset();
        assert_eq!(page(&format!("offset={offset}")).unwrap().after.unwrap(), workspace.place);
        for wrong in ["%20", "!", "_w"] {
            assert!(page(&format!("offset={wrong}")).unwrap_err().starts_with("offset: "), "{wrong}");
        }
        let next = page("limit=2").unwrap().next_path(Some("opt_fields=name%2Cid&limit=2&offset=old&a&b=c d"), &offset);
        assert_eq!(next, format!("/workspaces?limit=2&offset={offset}&opt%5Ffields=name%2Cid&a=&b=c%20d"));
    }
}
