//! Compares the catalog with the archive store: at the start, every `rescan`, and where something has
//! changed.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::settled;
use crate::{
    context::Context,
    keep::{self, RescanScope, Skips},
    store::{Change, Hear, Key, Prefix, Watch},
};

/// So many organizations are looked at one by one; with more, all are.
const MOST_PLACES: usize = 4096;

/// What was noticed and not looked at yet.
#[derive(Default)]
struct Noticed {
    scope: Mutex<Hint>,
    news: Notify,
}

/// Where something has happened.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hint {
    everywhere: bool,
    /// The watch itself does not see all that happens: another one is needed.
    unseen: bool,
    places: HashSet<Prefix>,
    touched: HashSet<Key>,
}

impl Hint {
    fn into_scope(self) -> RescanScope {
        let everywhere = self.everywhere || self.unseen || self.places.len() > MOST_PLACES;
        RescanScope { places: (!everywhere).then_some(self.places), touched: self.touched }
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::Somewhere => self.everywhere = true,
            Change::Unseen => self.unseen = true,
            Change::Among(prefix) => drop(self.places.insert(prefix)),
            Change::Written(key) => drop(self.touched.insert(key)),
        }
    }
}

impl Noticed {
    fn take(&self) -> Hint {
        std::mem::take(&mut *self.scope.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(&self, change: Change) {
        self.scope.lock().unwrap_or_else(PoisonError::into_inner).add(change);
        self.news.notify_one();
    }
}

/// Keeps the catalog in line with the archive store until the stop.
pub async fn watch_archives(shop: Arc<Context>, end: CancellationToken) {
    let noticed = Arc::new(Noticed::default());
    let mut watching: Option<Watch> = None;
    let mut scope = RescanScope::default();
    let mut skips = Skips::default();
    let mut next = Instant::now();
    loop {
        if scope.places.is_none() {
            // One that polls tries each time whether the system tells now.
            watching = watching.filter(|watching| watching.polls.is_none());
            // First the watch, then the look, so that nothing falls in between.
            watching = watching.or_else(|| arm(&shop, &noticed));
            next = Instant::now() + shop.config().daemon.rescan;
        }
        let message = keep::rescan(&shop, &scope, &mut skips, &end).await.err().filter(|error| !error.is_about_home());
        shop.notices.set("archive_dir", message.map(|error| error.to_string()));
        scope = tokio::select! {
            () = settled(&noticed.news) => {
                let hint = noticed.take();
                watching = watching.filter(|_| !hint.unseen);
                hint.into_scope()
            }
            () = shop.look_everywhere.notified() => {
                // What was watched may be another directory.
                watching = None;
                RescanScope::default()
            }
            () = tokio::time::sleep_until(next) => RescanScope::default(),
            () = end.cancelled() => return,
        };
    }
}

fn arm(shop: &Context, noticed: &Arc<Noticed>) -> Option<Watch> {
    if !shop.config().daemon.watch {
        return None;
    }
    if let Err(error) = shop.archives.check(0) {
        tracing::warn!("no export can be written now: {error}");
    }
    let noticed = Arc::clone(noticed);
    let hear: Hear = Arc::new(move |change| noticed.hear(change));
    let watching = shop.archives.watch(hear);
    shop.notices.set("archives_polled", watching.polls.clone());
    Some(watching)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(changes: impl IntoIterator<Item = Change>) -> Hint {
        let noticed = Noticed::default();
        changes.into_iter().for_each(|change| noticed.hear(change));
        noticed.take()
    }

    #[test]
    fn a_change_is_looked_for_where_it_happened_and_many_everywhere() {
        let prefix = |id: usize| Prefix::parse(&format!("tracker/a--{id}")).unwrap();
        let key = prefix(1).key("x.json").unwrap();
        let one = hint([Change::Among(prefix(1)), Change::Written(key.clone())]).into_scope();
        assert_eq!(one, RescanScope { places: Some(HashSet::from([prefix(1)])), touched: HashSet::from([key]) });
        assert_eq!(hint([Change::Among(prefix(1)), Change::Somewhere]).into_scope().places, None);
        assert_eq!(hint((0..=MOST_PLACES).map(|id| Change::Among(prefix(id)))).into_scope().places, None);
    }

    #[test]
    fn where_something_is_not_seen_another_watch_is_needed() {
        let unseen = hint([Change::Unseen]);
        assert!(unseen.unseen && unseen.into_scope() == RescanScope::default());
        let somewhere = hint([Change::Somewhere]);
        assert!(!somewhere.unseen && somewhere.into_scope() == RescanScope::default());
    }
}
