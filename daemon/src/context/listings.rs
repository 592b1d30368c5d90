//! What the sources list, and what they listed last: it is kept, so that the organizations of a source
//! are known while it does not answer.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use orgvault_api::{OrganizationKey, clock::Timestamp};
use orgvault_archive::naming::Kinds;

use super::Context;
use crate::{
    catalog::CatalogError,
    product::Definition,
    source::{Listed, Source, SourceError},
};

/// How exactly it is known when an unchanged list was had: a disk write each time would cost more
/// than that is worth.
const EXACT: TimeDelta = TimeDelta::minutes(1);

/// What was kept of each source, as far as this daemon has kept it.
#[derive(Debug, Default)]
pub struct LastLists(Mutex<HashMap<String, LastList>>);

/// What is known of a list that was kept.
#[derive(Debug, Clone, Copy)]
struct LastList {
    digest: u64,
    at: Timestamp,
    kinds: Kinds,
}

impl Context {
    /// What a source lists now. It is kept for when it does not answer.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn list(&self, source: &Source) -> Result<Vec<Listed>, SourceError> {
        let listed = source.organizations().await?;
        self.keep(source.name(), &listed).await;
        Ok(listed)
    }

    /// How many kinds of organizations a source has, as its definition and its last list say.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub(crate) async fn kinds(&self, source: &str, definition: &Definition) -> Result<Kinds, CatalogError> {
        if kinds(definition.organization.kinds()) == Kinds::Several {
            return Ok(Kinds::Several);
        }
        let kept = self.kept.lock().get(source).map(|kept| kept.kinds);
        match kept {
            Some(kinds) => Ok(kinds),
            None => Ok(kinds(self.catalog.listed_kinds(source).await?.iter().map(String::as_str))),
        }
    }

    async fn keep(&self, source: &str, listed: &[Listed]) {
        let (digest, now) = (digest(listed), self.clock.now());
        let before = self.kept.lock().get(source).copied();
        let same = before.is_some_and(|before| before.digest == digest);
        if same && before.is_some_and(|before| (now - before.at).abs() < EXACT) {
            return;
        }
        match self.catalog.put_listing(source, (!same).then_some(listed), now).await {
            Ok(()) => {
                let kinds = kinds(listed.iter().map(|one| one.key.kind.as_str()));
                self.kept.lock().insert(source.to_owned(), LastList { digest, at: now, kinds });
            }
            // What was kept before is older, which is told wherever it is shown.
            Err(error) => tracing::warn!(source, "{error}"),
        }
    }
}

impl LastLists {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, LastList>> {
        // Each change is one call, so a panic leaves nothing torn.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kinds<'k>(mut kinds: impl Iterator<Item = &'k str>) -> Kinds {
    let first = kinds.next();
    if kinds.all(|kind| Some(kind) == first) { Kinds::One } else { Kinds::Several }
}

fn digest(listed: &[Listed]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for Listed { key, created_at, deleted_at, in_all, .. } in listed {
        let OrganizationKey { kind, id, name, slug, .. } = key;
        (kind, id, name, slug, created_at, deleted_at, in_all).hash(&mut hasher);
    }
    hasher.finish()
}
