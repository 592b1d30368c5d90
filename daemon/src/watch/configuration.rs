//! Reloads the configuration when it is asked for, and when its file or a definition changes.

use std::{path::Path, sync::Arc, time::Duration};

use notify::{Event, EventKind, RecursiveMode};
use orgvault_config::Config;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{News, settled};
use crate::{
    context::Context,
    reload::Reloader,
    watcher::{Handler, POLL, Watching, watch},
};

/// Reloads at each notice of `asked`, and when something has changed, until the stop.
pub async fn watch_configuration(
    shop: Arc<Context>,
    reloader: Arc<Reloader>,
    asked: Arc<Notify>,
    end: CancellationToken,
) {
    follow(shop, reloader, asked, end, POLL).await;
}

/// As [`watch_configuration`], looking `every` so often. Where a link in the path is set anew, or the
/// file is mounted over, the system tells nothing, so the files themselves are read then.
async fn follow(
    shop: Arc<Context>,
    reloader: Arc<Reloader>,
    asked: Arc<Notify>,
    end: CancellationToken,
    every: Duration,
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
        // What is wrong is in the status and in the log.
        tokio::select! {
            () = asked.notified() => drop(reloader.reload().await),
            () = settled(&news) => drop(reloader.reload().await),
            () = tokio::time::sleep(every), if directory(&shop.config()).is_some() => {
                drop(reloader.catch_up().await);
                continue;
            }
            // By somebody else: other directories may have to be watched.
            changed = configured.changed() => if changed.is_err() {
                return;
            },
            () = end.cancelled() => return,
        }
        // The old one goes when the new one is there, so that nothing falls in between.
        watching = arm(&shop, &news).or(watching);
    }
}

/// Where the configuration is, if it is to be watched.
fn directory(config: &Config) -> Option<&Path> {
    config.file.parent().filter(|directory| config.daemon.watch && !directory.as_os_str().is_empty())
}

fn arm(shop: &Context, news: &News) -> Option<Watching> {
    let config = shop.config();
    let directory = directory(&config)?;
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

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use orgvault_api::clock::Clock;
    use tokio::sync::watch;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::{audit::Audit, catalog::Catalog, context::Sources, settings::Settings, store::LocalStore};

    /// Two versions of all files, and a link to the one that counts, as Kubernetes keeps them.
    fn versions(directory: &Path) {
        let product = include_str!("../../tests/it/fixtures/tracker.toml");
        for (version, workers) in [("..v1", 2), ("..v2", 3)] {
            fs::create_dir_all(directory.join(version).join("products")).unwrap();
            let config = format!(
                "[daemon]\nproducts_dir = {:?}\nmin_free = \"{workers} B\"\n[[source]]\nname = \"t\"\nproduct = \"tracker\"\n\
                 url = \"sqlite:///app.db\"\n",
                directory.join("products")
            );
            fs::write(directory.join(version).join("config.toml"), config).unwrap();
            fs::write(directory.join(version).join("products/tracker.toml"), product).unwrap();
        }
        set(directory, "..v1");
        symlink("..data/config.toml", directory.join("config.toml")).unwrap();
        symlink("..data/products", directory.join("products")).unwrap();
    }

    fn set(directory: &Path, version: &str) {
        symlink(version, directory.join("..new")).unwrap();
        fs::rename(directory.join("..new"), directory.join("..data")).unwrap();
    }

    async fn shop(directory: &Path) -> (Arc<Context>, Arc<Reloader>) {
        let Settings { config, products } = Settings::load(&directory.join("config.toml")).unwrap();
        let tracker = TaskTracker::new();
        let sources = crate::reload::connect(&config, &products, &Sources::new(), &tracker).unwrap();
        let (configure, configured) = watch::channel(Arc::new(config));
        let archives = Arc::new(LocalStore::new(directory.join("archives")));
        let catalog = Catalog::open(&directory.join("catalog.sqlite")).await.unwrap();
        let audit = Arc::new(Audit::new(directory, Clock::system()));
        let shop = Arc::new(Context::new(configured, sources, archives, catalog, audit, Clock::system()));
        (Arc::clone(&shop), Arc::new(Reloader::new(shop, configure, tracker)))
    }

    async fn until(what: &str, condition: impl Fn() -> bool) {
        let waited = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waited).await.unwrap_or_else(|late| panic!("{what}: {late}"));
    }

    #[tokio::test]
    async fn what_a_link_leads_to_is_read_again_and_the_same_is_not_put_in_force() {
        let directory = tempfile::tempdir().unwrap();
        versions(directory.path());
        let (shop, reloader) = shop(directory.path()).await;
        let end = CancellationToken::new();
        let following = follow(Arc::clone(&shop), reloader, Arc::default(), end.clone(), Duration::from_millis(10));
        let changes = async {
            let at_start = shop.configured_at.load_full();
            set(directory.path(), "..v2");
            until("the configuration is the other one", || shop.config().daemon.min_free == 3).await;
            assert!(shop.configured_at.load_full() > at_start);
            let before = shop.source("t").unwrap();
            let definition = directory.path().join("..v1/products/tracker.toml");
            let text = fs::read_to_string(&definition).unwrap();
            fs::write(&definition, text.replacen("measured_on = \"", "measured_on = \"x", 1)).unwrap();
            let v2 = fs::read_to_string(directory.path().join("..v2/config.toml")).unwrap();
            fs::write(directory.path().join("..v1/config.toml"), v2).unwrap();
            set(directory.path(), "..v1");
            until("the definition is the other one", || !Arc::ptr_eq(&before, &shop.source("t").unwrap())).await;
            let settled = shop.configured_at.load_full();
            shop.notices.raise("configuration_refused", "until it is read again".to_owned());
            until("it was looked at again", || shop.notices.list().is_empty()).await;
            assert_eq!(shop.configured_at.load_full(), settled, "the same files are not put in force again");
            end.cancel();
        };
        tokio::join!(following, changes);
    }
}
