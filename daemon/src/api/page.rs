//! Pages of lists: `before`, `after`, `limit`, and what the answer says of the next one.

use axum::http::StatusCode;
use orgvault_api::gid::Gid;

use super::ApiError;
use crate::catalog::{Page, PagePosition};

/// What one answer lists at most, however much is asked for.
pub(super) const MOST: u32 = 1000;

/// A page that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paging {
    place: PagePosition,
    /// None is all.
    limit: Option<u32>,
}

impl Paging {
    /// A page beside one of these gids; none limits nothing.
    ///
    /// # Errors
    /// When both are given: a page lies on one side of one.
    pub(super) fn new(before: Option<Gid>, after: Option<Gid>, limit: Option<u32>) -> Result<Self, ApiError> {
        let place = match (before, after) {
            (None, None) => PagePosition::Newest,
            (Some(gid), None) => PagePosition::Before(gid),
            (None, Some(gid)) => PagePosition::After(gid),
            (Some(_), Some(_)) => {
                let detail = "before, after: a page lies before one gid or after one, not both";
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", detail));
            }
        };
        Ok(Self { place, limit: limit.map(|limit| limit.clamp(1, MOST)) })
    }

    /// What to read.
    pub(super) fn page(self) -> Page {
        Page { place: self.place, limit: self.limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gid(number: u64) -> Gid {
        Gid::try_from(number).unwrap()
    }

    #[test]
    fn nobody_gets_all_of_it_at_once() {
        let limit = |limit| Paging::new(None, None, limit).unwrap().page().limit;
        assert_eq!((limit(Some(0)), limit(Some(u32::MAX)), limit(None)), (Some(1), Some(MOST), None));
        assert!(Paging::new(Some(gid(1)), Some(gid(2)), None).is_err());
    }
}
