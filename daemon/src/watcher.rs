//! A watcher of some paths: by the system's notices, or by polling.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{Config, Event, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

/// How often is polled.
pub(crate) const POLL: Duration = Duration::from_mins(1);

/// Is told what happens, on a thread of the watcher.
pub(crate) type Handler = Arc<dyn Fn(notify::Result<Event>) + Send + Sync>;

/// Watches until it is dropped.
pub(crate) struct Watching {
    _watcher: Box<dyn Watcher + Send>,
    /// Why it polls; none where the system tells.
    pub(crate) polls: Option<String>,
}

/// Watches `paths`; those that are not there are left out.
pub(crate) fn watch(paths: &[PathBuf], mode: RecursiveMode, handler: &Handler) -> notify::Result<Watching> {
    let told = Arc::clone(handler);
    let native = || RecommendedWatcher::new(move |event| told(event), Config::default());
    watch_with(native, paths, mode, handler)
}

/// As [`watch`], with another way to make the system's watcher.
fn watch_with<W: Watcher + Send + 'static>(
    native: impl FnOnce() -> notify::Result<W>,
    paths: &[PathBuf],
    mode: RecursiveMode,
    handler: &Handler,
) -> notify::Result<Watching> {
    let paths: Vec<&PathBuf> = paths.iter().filter(|path| path.exists()).collect();
    let remote = paths.iter().find_map(|path| remote(path));
    let tried = match remote {
        Some(what) => Err(what.to_owned()),
        None => native().and_then(|watcher| add(watcher, &paths, mode)).map_err(|error| error.to_string()),
    };
    match tried {
        Ok(watcher) => Ok(Watching { _watcher: Box::new(watcher), polls: None }),
        Err(why) => {
            let told = Arc::clone(handler);
            let poller = PollWatcher::new(move |event| told(event), Config::default().with_poll_interval(POLL))?;
            let polls = format!("{why}; it is looked at once a minute instead");
            Ok(Watching { _watcher: Box::new(add(poller, &paths, mode)?), polls: Some(polls) })
        }
    }
}

fn add<W: Watcher>(mut watcher: W, paths: &[&PathBuf], mode: RecursiveMode) -> notify::Result<W> {
    for path in paths {
        watcher.watch(path, mode)?;
    }
    Ok(watcher)
}

/// Whether other machines can change files there, of which this one's kernel does not tell
/// (magic numbers of statfs(2)).
fn remote(path: &Path) -> Option<&'static str> {
    let magic = rustix::fs::statfs(path).ok()?.f_type;
    match u32::try_from(magic).ok()? {
        0x6969 => Some("it is on NFS, which tells nothing of what other machines do"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Some("it is on SMB, which tells nothing of what other machines do"),
        0x6573_5546 => Some("it is on FUSE, which may tell nothing of what others do"),
        0x0102_1997 => Some("it is on 9P, which tells nothing of what other machines do"),
        0x00C3_6400 => Some("it is on Ceph, which tells nothing of what other machines do"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Instant};

    use super::*;

    fn handler() -> (Handler, mpsc::Receiver<notify::Result<Event>>) {
        let (sender, receiver) = mpsc::channel();
        // The receiver may be gone when the watcher ends.
        (Arc::new(move |event| drop(sender.send(event))), receiver)
    }

    #[test]
    fn the_system_tells_of_a_new_file() {
        let directory = tempfile::tempdir().unwrap();
        let (handler, events) = handler();
        let paths = [directory.path().to_owned(), directory.path().join("not there")];
        let watching = watch(&paths, RecursiveMode::Recursive, &handler).unwrap();
        assert_eq!(watching.polls, None);
        std::fs::write(directory.path().join("x"), "y").unwrap();
        let event = events.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
        assert_eq!(event.paths, [directory.path().join("x")]);
    }

    #[test]
    fn at_the_limit_of_watches_it_polls_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let (handler, _events) = handler();
        let limit = || Err::<RecommendedWatcher, _>(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        let begun = Instant::now();
        let watching = watch_with(limit, &[directory.path().to_owned()], RecursiveMode::Recursive, &handler).unwrap();
        let said = watching.polls.unwrap();
        assert!(said.contains("limit") && said.contains("once a minute"), "{said}");
        assert!(begun.elapsed() < POLL);
    }
}
