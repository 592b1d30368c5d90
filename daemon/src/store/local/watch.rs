//! What the system tells of changes in the archive directory.

use std::{
    path::{Component, Path},
    sync::Arc,
};

use notify::{
    ErrorKind, Event, EventKind, RecursiveMode,
    event::{AccessKind, AccessMode, ModifyKind},
};
use orgvault_archive::naming::{ArchiveName, PARTIAL_PREFIX, STATE_SUFFIX, SUMS_NAME};

use super::{
    super::{Change, Hear, Key, Prefix, Watch},
    home::MARKER_NAME,
};
use crate::watcher::{self, Handler};

pub(super) fn watch(root: &Path, hear: Hear) -> Watch {
    let below = root.to_owned();
    let handler: Handler = Arc::new(move |event| heard(&below, event, &mut |change| hear(change)));
    let polls = |why: String| Some(format!("{} is not watched: {why}", root.display()));
    match watcher::watch(&[root.to_owned()], RecursiveMode::Recursive, &handler) {
        Ok(watching) => Watch { polls: watching.polls.clone().and_then(polls), watcher: Some(Box::new(watching)) },
        Err(error) => Watch { polls: polls(error.to_string()), watcher: None },
    }
}

/// What the watcher lost is found by looking everywhere.
fn heard(root: &Path, event: notify::Result<Event>, tell: &mut dyn FnMut(Change)) {
    match event {
        Ok(event) => changes(root, &event, tell),
        Err(error) => {
            tracing::warn!("the archive directory is not watched as it should be: {error}");
            // At its limit, new directories are not watched any more.
            let unseen = matches!(error.kind, ErrorKind::MaxFilesWatch);
            tell(if unseen { Change::Unseen } else { Change::Somewhere });
        }
    }
}

fn changes(root: &Path, event: &Event, tell: &mut dyn FnMut(Change)) {
    let written = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => return,
        EventKind::Modify(ModifyKind::Name(_)) => false,
        EventKind::Modify(_) => true,
        _ => false,
    };
    if event.need_rescan() {
        tell(Change::Somewhere);
    }
    for path in &event.paths {
        change(root, path, written, tell);
    }
}

fn change(root: &Path, path: &Path, written: bool, tell: &mut dyn FnMut(Change)) {
    let Ok(below) = path.strip_prefix(root) else { return };
    let names: Vec<&str> = below.components().filter_map(name).collect();
    match names.as_slice() {
        [file] if file.starts_with(PARTIAL_PREFIX) || *file == MARKER_NAME => {}
        [] | [_] => tell(Change::Somewhere),
        // What the daemon itself writes all the time, and what is no archive's.
        [_, _, file] if file.starts_with(PARTIAL_PREFIX) || file.ends_with(STATE_SUFFIX) || *file == SUMS_NAME => {}
        [source, organization, rest @ ..] if rest.len() < 2 => {
            let Ok(prefix) = Prefix::parse(&format!("{source}/{organization}")) else { return };
            let file = rest.first().filter(|file| written && file.parse::<ArchiveName>().is_ok());
            let key: Option<Key> = file.and_then(|file| prefix.key(file).ok());
            tell(Change::Among(prefix));
            if let Some(key) = key {
                tell(Change::Written(key));
            }
        }
        _ => {}
    }
}

fn name(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, RenameMode};

    use super::*;

    const ROOT: &str = "/archives";
    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));

    fn told(event: notify::Result<Event>) -> Vec<Change> {
        let mut told = Vec::new();
        heard(Path::new(ROOT), event, &mut |change| told.push(change));
        told
    }

    fn of(kind: EventKind, path: &str) -> Vec<Change> {
        told(Ok(Event::new(kind).add_path(path.into())))
    }

    fn among() -> Change {
        Change::Among(Prefix::parse("tracker/acme--1").unwrap())
    }

    #[test]
    fn a_change_is_told_where_it_happened() {
        let name = "/archives/tracker/acme--1/20260131T093000Z-1.json";
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        assert_eq!(of(renamed, name), [among()]);
        let key = Key::parse("tracker/acme--1/20260131T093000Z-1.json").unwrap();
        assert_eq!(of(WRITTEN, name), [among(), Change::Written(key)]);
        let created = EventKind::Create(CreateKind::Folder);
        assert_eq!(of(created, "/archives/tracker"), [Change::Somewhere]);
        assert_eq!(of(created, "/archives/tracker/acme--1"), [among()]);
    }

    #[test]
    fn what_a_watcher_misses_is_looked_for() {
        assert_eq!(told(Err(notify::Error::new(ErrorKind::MaxFilesWatch))), [Change::Unseen]);
        assert_eq!(told(Err(notify::Error::generic("lost"))), [Change::Somewhere], "one event was lost");
    }

    #[test]
    fn what_the_daemon_itself_does_is_no_news() {
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Read));
        for (kind, path) in [
            (WRITTEN, "/archives/tracker/acme--1/.partial-20260131T093000Z-1.json"),
            (WRITTEN, "/archives/tracker/acme--1/20260131T093000Z-1.json.state.json"),
            (WRITTEN, "/archives/tracker/acme--1/SHA256SUMS"),
            (WRITTEN, "/archives/.orgvault.json"),
            (opened, "/archives/tracker/acme--1/20260131T093000Z-1.json"),
            (WRITTEN, "/elsewhere/tracker/acme--1/20260131T093000Z-1.json"),
            (WRITTEN, "/archives/tracker/acme--1/below/20260131T093000Z-1.json"),
        ] {
            assert_eq!(of(kind, path), [], "{path}");
        }
    }
}
