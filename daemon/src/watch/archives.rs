//! Compares the catalog with the archive directory: at the start, every `rescan`, and where
//! something has changed.

use std::{
    collections::HashSet,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use notify::{
    ErrorKind, Event, EventKind, RecursiveMode,
    event::{AccessKind, AccessMode, ModifyKind},
};
use orgvault_archive::naming::{ArchiveName, PARTIAL_PREFIX, STATE_SUFFIX, SUMS_NAME};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    settled,
    watcher::{Handler, Watching, watch},
};
use crate::{
    export::Workshop,
    keep::{self, Scope, Skips},
    store::MARKER_NAME,
};

/// So many directories are looked at one by one; with more, all are.
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
    /// The watcher itself does not see all that happens: another one is needed.
    blind: bool,
    places: HashSet<PathBuf>,
    touched: HashSet<PathBuf>,
}

impl Hint {
    fn into_scope(self) -> Scope {
        let everywhere = self.everywhere || self.blind || self.places.len() > MOST_PLACES;
        Scope { places: (!everywhere).then_some(self.places), touched: self.touched }
    }

    /// Adds what an event of the directory `root` tells; says whether there was anything.
    fn add(&mut self, root: &Path, event: &Event) -> bool {
        let written = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            EventKind::Access(_) => return false,
            EventKind::Modify(ModifyKind::Name(_)) => false,
            EventKind::Modify(_) => true,
            _ => false,
        };
        let mut found = event.need_rescan();
        self.everywhere |= found;
        for path in &event.paths {
            found |= self.add_path(root, path, written);
        }
        found
    }

    fn add_path(&mut self, root: &Path, path: &Path, written: bool) -> bool {
        let Ok(below) = path.strip_prefix(root) else { return false };
        let names: Vec<&str> = below.components().filter_map(name).collect();
        match names.as_slice() {
            [file] if file.starts_with(PARTIAL_PREFIX) || *file == MARKER_NAME => return false,
            [] | [_] => self.everywhere = true,
            [_, _] => {
                self.places.insert(path.to_owned());
            }
            // What the daemon itself writes all the time, and what is no archive's.
            [_, _, file] if file.starts_with(PARTIAL_PREFIX) || file.ends_with(STATE_SUFFIX) || *file == SUMS_NAME => {
                return false;
            }
            [_, _, file] => {
                self.places.extend(path.parent().map(Path::to_owned));
                if written && file.parse::<ArchiveName>().is_ok() {
                    self.touched.insert(path.to_owned());
                }
            }
            _ => return false,
        }
        true
    }
}

fn name(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

impl Noticed {
    fn take(&self) -> Hint {
        std::mem::take(&mut *self.scope.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One that the watcher lost is found by looking everywhere.
    fn hear(&self, root: &Path, event: notify::Result<Event>) {
        let mut hint = self.scope.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match event {
            Ok(event) => hint.add(root, &event),
            Err(error) => {
                tracing::warn!("the archive directory is not watched as it should be: {error}");
                hint.everywhere = true;
                // New directories are not watched any more.
                hint.blind |= matches!(error.kind, ErrorKind::MaxFilesWatch);
                true
            }
        };
        if found {
            self.news.notify_one();
        }
    }
}

/// Keeps the catalog in line with the archive directory until the stop.
pub async fn watch_archives(shop: Arc<Workshop>, end: CancellationToken) {
    let noticed = Arc::new(Noticed::default());
    let mut watching: Option<Watching> = None;
    let mut scope = Scope::default();
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
                watching = watching.filter(|_| !hint.blind);
                hint.into_scope()
            }
            () = shop.look_everywhere.notified() => {
                // What was watched may be another directory.
                watching = None;
                Scope::default()
            }
            () = tokio::time::sleep_until(next) => Scope::default(),
            () = end.cancelled() => return,
        };
    }
}

fn arm(shop: &Workshop, noticed: &Arc<Noticed>) -> Option<Watching> {
    if !shop.config().daemon.watch {
        return None;
    }
    let root = shop.archives.root().to_owned();
    if let Err(error) = shop.archives.check(0) {
        tracing::warn!("no export can be written now: {error}");
    }
    let (noticed, below) = (Arc::clone(noticed), root.clone());
    let handler: Handler = Arc::new(move |event| noticed.hear(&below, event));
    let (watching, polls) = match watch(std::slice::from_ref(&root), RecursiveMode::Recursive, &handler) {
        Ok(watching) => {
            let polls = watching.polls.clone();
            (Some(watching), polls)
        }
        Err(error) => (None, Some(error.to_string())),
    };
    shop.notices.set("archives_polled", polls.map(|why| format!("{} is not watched: {why}", root.display())));
    watching
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, RenameMode};

    use super::*;

    fn hint(events: &[(EventKind, &str)]) -> (bool, Hint) {
        let mut hint = Hint::default();
        let mut found = false;
        for (kind, path) in events {
            found |= hint.add(Path::new("/archives"), &Event::new(*kind).add_path(path.into()));
        }
        (found, hint)
    }

    #[test]
    fn a_change_is_looked_for_where_it_happened() {
        let name = "/archives/tracker/acme--1/20260131T093000Z-1.json";
        let (renamed, written) =
            (EventKind::Modify(ModifyKind::Name(RenameMode::To)), EventKind::Modify(ModifyKind::Data(DataChange::Any)));
        let (_, published) = hint(&[(renamed, name)]);
        assert_eq!((published.places.len(), published.touched.len(), published.everywhere), (1, 0, false));
        let (_, changed) = hint(&[(written, name)]);
        assert_eq!(changed.touched, HashSet::from([name.into()]));
        let created = EventKind::Create(CreateKind::Folder);
        assert!(hint(&[(created, "/archives/tracker")]).1.everywhere);
        assert_eq!(hint(&[(created, "/archives/tracker/acme--1")]).1.places.len(), 1);
        let places: Vec<(EventKind, String)> =
            (0..=MOST_PLACES).map(|id| (created, format!("/archives/tracker/a--{id}"))).collect();
        let places: Vec<(EventKind, &str)> = places.iter().map(|(kind, path)| (*kind, path.as_str())).collect();
        assert_eq!(hint(&places).1.into_scope().places, None);
    }

    #[test]
    fn at_the_limit_of_watches_another_watcher_is_needed() {
        let noticed = Noticed::default();
        let root = Path::new("/archives");
        noticed.hear(root, Err(notify::Error::new(ErrorKind::MaxFilesWatch)));
        let hint = noticed.take();
        assert!(hint.blind && hint.into_scope() == Scope::default());
        noticed.hear(root, Err(notify::Error::generic("lost")));
        let hint = noticed.take();
        assert!(!hint.blind && hint.into_scope() == Scope::default(), "one event was lost");
    }

    #[test]
    fn what_the_daemon_itself_does_is_no_news() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Read));
        for (kind, path) in [
            (written, "/archives/tracker/acme--1/.partial-20260131T093000Z-1.json"),
            (written, "/archives/tracker/acme--1/20260131T093000Z-1.json.state.json"),
            (written, "/archives/tracker/acme--1/SHA256SUMS"),
            (written, "/archives/.orgvault.json"),
            (opened, "/archives/tracker/acme--1/20260131T093000Z-1.json"),
            (written, "/elsewhere/tracker/acme--1/20260131T093000Z-1.json"),
        ] {
            assert_eq!(hint(&[(kind, path)]), (false, Hint::default()), "{path}");
        }
    }
}
