//! The organizations of an export API: those that it lists, page by page, or that the source names.

use std::collections::{HashMap, HashSet};

use orgvault_api::OrganizationKey;
use serde_json::Value;

use super::{
    ApiSource,
    answer::{Answer, text},
    client::Question,
    limiter::Ask,
};
use crate::{
    product::api::{List, Method, Next},
    source::{Listed, SourceError, SourceFault},
};

/// More pages has no list: its next one is the same again.
const MOST_PAGES: usize = 10_000;

const ACT: &str = "list organizations";

/// A list that comes in pages.
pub(super) struct Pages<'a> {
    /// The path of the first one.
    pub(super) path: String,
    /// The pointer of the array in each.
    pub(super) items: &'a str,
    pub(super) next: &'a Next,
    /// What it is asked for.
    pub(super) act: &'a str,
    /// Whether a list that is not there is an empty one.
    pub(super) may_be_missing: bool,
}

/// One of them.
struct Page {
    answer: Answer,
    list: Vec<Value>,
}

impl ApiSource {
    /// The organizations that there are: with `organizations` in the source those alone.
    ///
    /// # Errors
    /// When the API cannot be asked, or lists no such organizations.
    pub(in crate::source) async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        let named = &self.own.organizations;
        let listed = match &self.client.api.list {
            Some(list) => self.listed(list).await,
            None if named.is_empty() => {
                let words =
                    "its API lists no organizations, and the source names none: write `organizations = [\"ID\"]`";
                return Err(self.client.fault(SourceFault::Url, ACT, words));
            }
            None => Ok(Vec::new()),
        };
        if named.is_empty() {
            return Ok(listed?.into_iter().map(Listed::known).collect());
        }
        // What the source names can be exported whether it is listed or not: the list has its name.
        let listed = listed.unwrap_or_else(|error| {
            tracing::debug!("the names of organizations are not known: {error}");
            Vec::new()
        });
        let known: HashMap<(String, String), OrganizationKey> =
            listed.into_iter().map(|key| ((key.kind.clone(), key.id.clone()), key)).collect();
        Ok(named.iter().map(|named| self.named(named, &known)).map(Listed::known).collect())
    }

    /// `ID`, or `KIND/ID` where the product has several kinds.
    fn named(&self, text: &str, known: &HashMap<(String, String), OrganizationKey>) -> OrganizationKey {
        let usual = &self.definition.organization.kind;
        let kinds: HashSet<&str> = self.definition.organization.kinds().collect();
        let split = text.split_once('/').filter(|(kind, id)| kinds.len() > 1 && kinds.contains(kind) && !id.is_empty());
        let (kind, id) = split.unwrap_or((usual, text));
        known.get(&(kind.to_owned(), id.to_owned())).cloned().unwrap_or_else(|| self.key(kind, id, id, id))
    }

    fn key(&self, kind: &str, id: &str, name: &str, slug: &str) -> OrganizationKey {
        let source = self.client.name.to_string();
        let [kind, id, name, slug] = [kind, id, name, slug].map(str::to_owned);
        OrganizationKey { source, kind, id, name, slug }
    }

    async fn listed(&self, list: &List) -> Result<Vec<OrganizationKey>, SourceError> {
        let (path, items, next) = (list.path.clone(), list.items.as_str(), &list.next);
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for item in self.every_item(&Pages { path, items, next, act: ACT, may_be_missing: false }).await? {
            let key = self.of_item(&item, list)?;
            if seen.insert(key.id.clone()) {
                found.push(key);
            }
        }
        Ok(found)
    }

    /// Every item of a list, page after page.
    pub(super) async fn every_item(&self, pages: &Pages<'_>) -> Result<Vec<Value>, SourceError> {
        let mut found = Vec::new();
        let mut path = pages.path.clone();
        for number in 1..=MOST_PAGES {
            if let Next::Page { parameter } = pages.next {
                path = with_parameter(&pages.path, parameter, &number.to_string());
            }
            let answer = self.page(&path, pages.act).await?;
            if pages.may_be_missing && answer.status == 404 {
                return Ok(found);
            }
            let mut items = self.items(answer, pages)?;
            let following = next(&items.answer, pages, items.list.is_empty());
            let is_empty = items.list.is_empty();
            found.append(&mut items.list);
            match following {
                Some(following) if following != path => path = following,
                Some(_) | None if !matches!(pages.next, Next::Page { .. }) || is_empty => return Ok(found),
                _ => {}
            }
        }
        let words = format!("the list has no end after {MOST_PAGES} pages");
        Err(self.client.fault(SourceFault::ApiRefused, pages.act, &words))
    }

    async fn page(&self, path: &str, act: &str) -> Result<Answer, SourceError> {
        let question =
            Question { method: Method::Get, path: path.to_owned(), body: None, ask: Ask::Usual, act: act.to_owned() };
        self.client.ask(&question).await.map_err(|none| none.error)
    }

    fn items(&self, mut answer: Answer, pages: &Pages<'_>) -> Result<Page, SourceError> {
        if !answer.is_success() || answer.is_refused(&self.client.api.errors) {
            return Err(self.client.refused(&answer, pages.act));
        }
        let items = answer.json.as_mut().and_then(|json| json.pointer_mut(pages.items)).map(Value::take);
        if let Some(Value::Array(list)) = items {
            return Ok(Page { answer, list });
        }
        let fault = if answer.is_page() { SourceFault::NotAnExport } else { SourceFault::ApiRefused };
        let words = format!("its answer has no list at `{}`", pages.items);
        Err(self.client.fault(fault, pages.act, &words))
    }

    fn of_item(&self, item: &Value, list: &List) -> Result<OrganizationKey, SourceError> {
        let value = |pointer: &str| item.pointer(pointer).and_then(text).filter(|text| !text.is_empty());
        let id = value(&list.id).ok_or_else(|| {
            self.client.fault(SourceFault::ApiRefused, ACT, &format!("an item of its list has no id at `{}`", list.id))
        })?;
        let name = value(&list.name).unwrap_or_else(|| id.clone());
        let slug = list.slug.as_ref().and_then(|pointer| value(pointer)).unwrap_or_else(|| name.clone());
        let kind = list.kind.as_ref().unwrap_or(&self.definition.organization.kind);
        Ok(self.key(kind, &id, &name, &slug))
    }
}

/// Where the next page is, where there is one.
fn next(answer: &Answer, pages: &Pages<'_>, is_empty: bool) -> Option<String> {
    match pages.next {
        Next::Nowhere | Next::Page { .. } => None,
        Next::LinkHeader => answer.next_link(),
        Next::Pointer(pointer) => answer.text_at(pointer),
        Next::Token { .. } if is_empty => None,
        Next::Token { pointer, parameter } => {
            answer.text_at(pointer).map(|token| with_parameter(&pages.path, parameter, &token))
        }
    }
}

fn with_parameter(path: &str, parameter: &str, value: &str) -> String {
    let join = if path.contains('?') { '&' } else { '?' };
    let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
    format!("{path}{join}{parameter}={value}")
}
