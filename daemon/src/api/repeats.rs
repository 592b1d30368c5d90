//! Requests that a client repeats because it did not see the answer: with the same
//! `Idempotency-Key` they are done once. Kept in memory, for a day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use chrono::TimeDelta;
use orgvault_shared::{clock::Timestamp, gid::Gid};
use tokio::sync::OnceCell;

use super::problem::Refusal;

/// How long a key is known.
const KNOWN: TimeDelta = TimeDelta::days(1);

/// Keys that are known at the same time.
const KEYS: usize = 10_000;

/// Who repeats what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Repeat {
    pub(super) caller: String,
    pub(super) key: Arc<str>,
}

/// What was made under each key.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    known: Mutex<HashMap<Repeat, Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    since: Timestamp,
    /// What was asked for.
    request: String,
    /// The request that came first fills it; those that come meanwhile wait.
    made: Arc<OnceCell<Vec<Gid>>>,
}

impl Repeats {
    /// What was made under the key, or is made now. A key stands for one request.
    pub(super) async fn once(
        &self,
        repeat: Repeat,
        request: String,
        now: Timestamp,
        make: impl Future<Output = Result<Vec<Gid>, Refusal>>,
    ) -> Result<Vec<Gid>, Refusal> {
        let known = self.known(repeat, &request, now)?;
        if known.request != request {
            let detail = "this Idempotency-Key was used for another request";
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
                .hint("draw a fresh key for each request, and keep it for its repetitions"));
        }
        known.made.get_or_try_init(|| make).await.cloned()
    }

    fn known(&self, repeat: Repeat, request: &str, now: Timestamp) -> Result<Known, Refusal> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEYS && !known.contains_key(&repeat) {
            known.retain(|_, one| now >= one.since && now < one.since + KNOWN);
            if known.len() >= KEYS {
                let detail = format!("{KEYS} keys are known, and none of them is a day old");
                return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_keys", detail));
            }
        }
        let fresh = || Known { since: now, request: request.to_owned(), made: Arc::default() };
        let one = known.entry(repeat).or_insert_with(fresh);
        if now >= one.since + KNOWN {
            *one = fresh();
        }
        Ok(one.clone())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + hours * 3600, 0).unwrap()
    }

    async fn ask(repeats: &Repeats, caller: &str, request: &str, hours: i64, gid: u64) -> Result<Vec<Gid>, Refusal> {
        let repeat = Repeat { caller: caller.to_owned(), key: "k".into() };
        let made = async { Ok(vec![Gid::try_from(gid).unwrap()]) };
        repeats.once(repeat, request.to_owned(), at(hours), made).await
    }

    #[tokio::test]
    async fn a_key_is_done_once_for_one_caller_and_one_request() {
        let repeats = Repeats::default();
        let gid = |gid: u64| vec![Gid::try_from(gid).unwrap()];
        assert_eq!(ask(&repeats, "ada", "x", 0, 1).await.unwrap(), gid(1));
        assert_eq!(ask(&repeats, "ada", "x", 23, 2).await.unwrap(), gid(1));
        assert_eq!(ask(&repeats, "bob", "x", 0, 3).await.unwrap(), gid(3));
        let reused = ask(&repeats, "ada", "y", 1, 4).await.unwrap_err();
        assert_eq!(reused.problem().code, "idempotency_key_reused");
        assert_eq!(ask(&repeats, "ada", "x", 24, 5).await.unwrap(), gid(5));
    }

    #[tokio::test]
    async fn one_that_failed_is_tried_again() {
        let repeats = Repeats::default();
        let repeat = Repeat { caller: "ada".to_owned(), key: "k".into() };
        let fail = async { Err(Refusal::new(StatusCode::BAD_GATEWAY, "down", "it is down")) };
        assert!(repeats.once(repeat, "x".to_owned(), at(0), fail).await.is_err());
        assert!(ask(&repeats, "ada", "x", 0, 1).await.is_ok());
    }
}
