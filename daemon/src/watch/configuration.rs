//! Reloads the configuration when it is asked for, and when its file or a definition changes.

use std::{path::Path, sync::Arc};

use notify::{Event, EventKind, RecursiveMode};
use orgvault_shared::config::Config;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    News, settled,
    watcher::{Handler, Watching, watch},
};
use crate::{export::Workshop, reload::Reloader};

/// Reloads at each notice of `asked`, and when something has changed, until the stop.
pub async fn watch_configuration(
    shop: Arc<Workshop>,
    reloader: Arc<Reloader>,
    asked: Arc<Notify>,
    end: CancellationToken,
) {
    let news = News::default();
    let mut configured = shop.configured.clone();
    let mut watching = arm(&shop, &news);
    if watching.is_some() {
        // First the watch, then the look, so that nothing falls in between.
        drop(reloader.catch_up().await);
        configured.mark_unchanged();
    }
    loop {
        let reload = tokio::select! {
            () = asked.notified() => true,
            () = settled(&news) => true,
            // By somebody else: other directories may have to be watched.
            changed = configured.changed() => match changed {
                Ok(()) => false,
                Err(_stopped) => return,
            },
            () = end.cancelled() => return,
        };
        if reload {
            // What is wrong is in the status and in the log.
            drop(reloader.reload().await);
        }
        // The old one goes when the new one is there, so that nothing falls in between.
        watching = arm(&shop, &news).or(watching);
    }
}

fn arm(shop: &Workshop, news: &News) -> Option<Watching> {
    let config = shop.config();
    let directory =
        config.file.parent().filter(|directory| config.daemon.watch && !directory.as_os_str().is_empty())?;
    let (watched, told) = (Arc::clone(&config), Arc::clone(news));
    let handler: Handler = Arc::new(move |event| {
        if event.is_ok_and(|event| concerns(&watched, &event)) {
            told.notify_one();
        }
    });
    let paths = [directory.to_owned(), config.daemon.products_dir.clone()];
    let (watching, polls) = match watch(&paths, RecursiveMode::NonRecursive, &handler) {
        Ok(mut watching) => {
            let polls = watching.polls.take();
            (Some(watching), polls)
        }
        Err(error) => (None, Some(format!("{error}; `orgvault reload` reads it again"))),
    };
    let message = polls.map(|why| format!("{} is not watched: {why}", directory.display()));
    shop.notices.set("configuration_polled", message);
    watching
}

/// Whether the configuration or a definition may be another one now.
fn concerns(config: &Config, event: &Event) -> bool {
    let is_definition = |path: &Path| {
        path.parent() == Some(&config.daemon.products_dir)
            && path.extension().is_some_and(|extension| extension == "toml")
    };
    let is_read = |path: &Path| {
        path.file_name() == config.file.file_name() || path == config.daemon.products_dir || is_definition(path)
    };
    !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| is_read(path))
}
