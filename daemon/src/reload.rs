//! Reading the configuration again: checked first, swapped whole, the old one kept on any error.

use std::{path::PathBuf, sync::Arc};

use orgvault_api::{Reloaded, clock::Timestamp};
use orgvault_config::{Config, checked_toml::Problems};
use tokio::sync::{Mutex, watch};
use tokio_util::task::TaskTracker;

use crate::{
    context::{Context, Sources},
    lifecycle::supervisor,
    product::Products,
    settings::Settings,
    source::{Source, SourceError},
};

/// Why a source cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It is configured in a way that cannot work.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It names a product that no definition describes.
    #[error("source {source_name} has product {product}, and there is no definition of that name in {}", products_dir.display())]
    UnknownProduct {
        /// The source.
        source_name: String,
        /// The product.
        product: String,
        /// Where definitions were looked for, beside the built-in ones.
        products_dir: PathBuf,
    },
}

/// Why the configuration in force stays.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// It is from no file.
    #[error("this daemon has no configuration file to read again")]
    NoFile,
    /// Something is wrong with the files.
    #[error("the configuration is refused, and the one before stays in force: {0}")]
    Refused(Problems),
    /// A source cannot be connected.
    #[error("the configuration is refused, and the one before stays in force: {0}")]
    Connect(#[from] ConnectError),
    /// The thread that read the files died.
    #[error("the thread that read the configuration died: {cause}")]
    Thread {
        /// How.
        #[source]
        cause: tokio::task::JoinError,
    },
}

/// The sources of a configuration. One that is configured and described as in `known` is the same
/// one, with its connections.
///
/// # Errors
/// When one names no product, or cannot work.
pub fn connect(
    config: &Config,
    products: &Products,
    known: &Sources,
    tracker: &TaskTracker,
) -> Result<Sources, ConnectError> {
    let mut sources = Sources::new();
    for source in &config.sources {
        let definition = products.get(&source.product).ok_or_else(|| ConnectError::UnknownProduct {
            source_name: source.name.clone(),
            product: source.product.clone(),
            products_dir: config.daemon.products_dir.clone(),
        })?;
        let same = known.get(&source.name).filter(|one| one.config() == source && one.definition() == definition);
        let connected = if let Some(same) = same {
            Arc::clone(same)
        } else {
            let (state_dir, definition) = (&config.daemon.state_dir, Arc::clone(definition));
            Arc::new(Source::kept_in(state_dir, source.clone(), definition, tracker.clone())?)
        };
        sources.insert(source.name.clone(), connected);
    }
    Ok(sources)
}

/// Replaces the configuration in force.
pub struct Reloader {
    shop: Arc<Context>,
    configure: watch::Sender<Arc<Config>>,
    tracker: TaskTracker,
    /// One at a time, so that the newest file wins.
    busy: Mutex<()>,
}

impl Reloader {
    /// A reloader of what `configure` tells everybody.
    #[must_use]
    pub fn new(shop: Arc<Context>, configure: watch::Sender<Arc<Config>>, tracker: TaskTracker) -> Self {
        Self { shop, configure, tracker, busy: Mutex::default() }
    }

    /// Reads configuration and definitions again. Running exports end under the old ones.
    ///
    /// # Errors
    /// All that is wrong with the files, which the status then says too; nothing has changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let _busy = self.busy.lock().await;
        supervisor::reloading();
        let read = self.read().await;
        let reloaded = read.map(|read| {
            let needs_restart = read.needs_restart.clone();
            Reloaded { configured_at: self.swap(read), needs_restart }
        });
        supervisor::ready();
        reloaded
    }

    /// As [`Reloader::reload`] where the files say something else than what is in force, and without
    /// a word to anybody where they do not.
    ///
    /// # Errors
    /// As [`Reloader::reload`].
    pub async fn catch_up(&self) -> Result<(), ReloadError> {
        let _busy = self.busy.lock().await;
        let read = self.read().await?;
        if self.is_another(&read) {
            self.swap(read);
        }
        Ok(())
    }

    /// Reads the files. What is wrong with them, or needs a restart, is in the status.
    async fn read(&self) -> Result<Read, ReloadError> {
        let read = self.load().await;
        let notices = &self.shop.notices;
        match &read {
            Ok(read) => {
                notices.settle("configuration_refused");
                let keys = read.needs_restart.join(", ");
                let message = (!keys.is_empty()).then(|| format!("a change of {keys} counts from the next start on"));
                notices.set("restart_needed", message);
            }
            Err(error) => notices.raise("configuration_refused", error.to_string()),
        }
        read
    }

    async fn load(&self) -> Result<Read, ReloadError> {
        let running = self.shop.config();
        if running.file.as_os_str().is_empty() {
            return Err(ReloadError::NoFile);
        }
        let file = running.file.clone();
        let loaded = tokio::task::spawn_blocking(move || Settings::load(&file)).await;
        let Settings { mut config, products } =
            loaded.map_err(|cause| ReloadError::Thread { cause })?.map_err(ReloadError::Refused)?;
        let keys = keep_fixed(&running, &mut config);
        let sources = connect(&config, &products, &self.shop.sources.load_full(), &self.tracker)?;
        Ok(Read { config, sources, needs_restart: keys.into_iter().map(str::to_owned).collect() })
    }

    /// Whether anything differs from what is in force.
    fn is_another(&self, read: &Read) -> bool {
        let old = self.shop.sources.load();
        let same = |(name, source): (&String, &Arc<Source>)| old.get(name).is_some_and(|old| Arc::ptr_eq(old, source));
        read.config != *self.shop.config() || read.sources.len() != old.len() || !read.sources.iter().all(same)
    }

    /// Puts what was read in force; says since when it is.
    fn swap(&self, read: Read) -> Timestamp {
        let Read { config, sources, .. } = read;
        let old = self.shop.sources.load_full();
        let configured_at = self.shop.clock.now();
        self.shop.sources.store(Arc::new(sources.clone()));
        self.shop.configured_at.store(Arc::new(configured_at));
        self.configure.send_replace(Arc::new(config));
        for (name, source) in old.iter() {
            if !sources.get(name).is_some_and(|same| Arc::ptr_eq(same, source)) {
                let source = Arc::clone(source);
                // What runs on it has its own connection; those that wait are closed.
                self.tracker.spawn(async move { source.close().await });
            }
        }
        tracing::info!("the configuration was read again");
        configured_at
    }
}

/// What the files say.
struct Read {
    config: Config,
    sources: Sources,
    /// Keys whose change counts from the next start on.
    needs_restart: Vec<String>,
}

/// Puts the running values back in place of what cannot change at run time; says which keys were to.
fn keep_fixed(running: &Config, new: &mut Config) -> Vec<&'static str> {
    let mut keys = Vec::new();
    keep("http", &running.http, &mut new.http, &mut keys);
    let (old, new) = (&running.daemon, &mut new.daemon);
    keep("daemon.socket", &old.socket, &mut new.socket, &mut keys);
    keep("daemon.socket_mode", &old.socket_mode, &mut new.socket_mode, &mut keys);
    keep("daemon.socket_group", &old.socket_group, &mut new.socket_group, &mut keys);
    keep("daemon.state_dir", &old.state_dir, &mut new.state_dir, &mut keys);
    keep("daemon.archive_dir", &old.archive_dir, &mut new.archive_dir, &mut keys);
    keep("daemon.workers", &old.workers, &mut new.workers, &mut keys);
    keep("daemon.stop_timeout", &old.stop_timeout, &mut new.stop_timeout, &mut keys);
    keep("daemon.connections_per_user", &old.connections_per_user, &mut new.connections_per_user, &mut keys);
    keep("daemon.log_format", &old.log_format, &mut new.log_format, &mut keys);
    keep("daemon.log_level", &old.log_level, &mut new.log_level, &mut keys);
    keys
}

fn keep<T: PartialEq + Clone>(key: &'static str, running: &T, new: &mut T, keys: &mut Vec<&'static str>) {
    if running != new {
        new.clone_from(running);
        keys.push(key);
    }
}
