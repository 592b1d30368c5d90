//! What the sources list, and what they listed last: it is kept, so that the organizations of a source
//! are known while it does not answer.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use orgvault_api::clock::Timestamp;

use crate::{
    export::Workshop,
    source::{Listed, Source, SourceError},
};

/// How exactly it is known when an unchanged list was had: a disk write each time would cost more
/// than that is worth.
const EXACT: TimeDelta = TimeDelta::minutes(1);

/// What was kept of each source, as far as this daemon has kept it: a digest, and when.
#[derive(Debug, Default)]
pub struct Kept(Mutex<HashMap<String, (u64, Timestamp)>>);

impl Workshop {
    /// What a source lists now. It is kept for when it does not answer.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn list(&self, source: &Source) -> Result<Vec<Listed>, SourceError> {
        let listed = source.organizations().await?;
        self.keep(source.name(), &listed).await;
        Ok(listed)
    }

    async fn keep(&self, source: &str, listed: &[Listed]) {
        let (digest, now) = (digest(listed), self.clock.now());
        let before = self.kept.lock().get(source).copied();
        let same = before.is_some_and(|(before, _)| before == digest);
        if same && before.is_some_and(|(_, at)| (now - at).abs() < EXACT) {
            return;
        }
        match self.catalog.put_listing(source, (!same).then_some(listed), now).await {
            Ok(()) => drop(self.kept.lock().insert(source.to_owned(), (digest, now))),
            // What was kept before is older, which is told wherever it is shown.
            Err(error) => tracing::warn!(source, "{error}"),
        }
    }
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, Timestamp)>> {
        // Each change is one call, so a panic leaves nothing torn.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(listed: &[Listed]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for Listed { key, created_at, deleted_at, in_all, .. } in listed {
        (key, created_at, deleted_at, in_all).hash(&mut hasher);
    }
    hasher.finish()
}
