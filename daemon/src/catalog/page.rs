//! Lists that may be long are read page by page, and never more of them than is asked for.

use orgvault_api::{Tenant, gid::Gid};
use serde_json::Value;
use sqlx::{Row, sqlite::SqliteRow};

use super::exports;

/// Which part of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// Where it begins or ends.
    pub place: PagePosition,
    /// At most this many.
    pub limit: Option<u32>,
}

/// Where a page of a list lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PagePosition {
    /// The newest.
    #[default]
    Newest,
    /// The newest of those before this one.
    Before(Gid),
    /// The oldest of those after this one.
    After(Gid),
}

impl Page {
    /// The newest `limit`.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self { place: PagePosition::Newest, limit: Some(limit) }
    }

    /// Whether the list is read from its oldest on.
    pub(super) fn is_forward(self) -> bool {
        matches!(self.place, PagePosition::After(_))
    }

    /// What is read: one more, which says whether there are more. Any negative number is no limit.
    pub(super) fn sql_limit(self) -> i64 {
        self.limit.map_or(-1, |limit| i64::from(limit) + 1)
    }

    pub(super) fn sql_order(self) -> &'static str {
        if self.is_forward() { "ASC" } else { "DESC" }
    }

    /// The rows of the page in the list's order. Where there are more, the gid of the last one in the
    /// direction in which it was read, whether that row can be read or not: the next page begins there.
    pub(super) fn rows(self, mut read: Vec<SqliteRow>) -> Result<(Vec<SqliteRow>, Option<Gid>), sqlx::Error> {
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let more = read.len() > limit;
        read.truncate(limit);
        let next = match read.last() {
            Some(last) if more => Some(exports::gid(last.try_get("gid")?)?),
            _ => None,
        };
        if !self.is_forward() {
            read.reverse();
        }
        Ok((read, next))
    }
}

/// The organizations that a list is limited to; all by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenants(Option<String>);

/// What a list is limited to, as a condition that is looked up in an index.
pub(super) const AMONG: &str =
    "(source, kind, organization_id) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(";

impl Tenants {
    /// Only these.
    pub fn only<'t>(tenants: impl IntoIterator<Item = &'t Tenant>) -> Self {
        let names =
            |Tenant { source, kind, id }: &Tenant| Value::from([source, kind, id].map(String::as_str).as_slice());
        let tenants: Value = tenants.into_iter().map(names).collect();
        Self(Some(tenants.to_string()))
    }

    /// As SQL takes them: a JSON list of lists.
    pub(super) fn json(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_page_and_whether_there_is_another() {
        assert_eq!(Page::newest(2).sql_limit(), 3);
        assert!(Page::default().sql_limit() < 0);
    }
}
