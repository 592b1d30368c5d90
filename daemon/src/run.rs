//! The whole daemon as one function: its listener, its clock and its stop are arguments, so that
//! a test runs two of them.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use orgvault_shared::{clock::Clock, config::Config};
use tokio::{net::UnixListener, sync::watch};
use tokio_util::task::TaskTracker;

use crate::{
    api::{self, HttpError, HttpListener, Socket, SocketError},
    archive::{ArchiveDirectory, PublishError},
    audit::Audit,
    catalog::{Catalog, CatalogError},
    export::{Engine, Parts, Workshop},
    hook::Hooks,
    lifecycle::{LockError, StateLock, Stop},
    product::Products,
    schedule::{self, Schedules},
    secrets::{SecretError, Secrets},
    send::Courier,
    signature::UrlKey,
    source::{Source, SourceError},
    tokens::Tokens,
};

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another daemon has the state directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The socket cannot be opened or removed.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The archive directory cannot be used.
    #[error(transparent)]
    Archives(#[from] PublishError),
    /// The catalog cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The TCP listener cannot be opened.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A source is configured in a way that cannot work.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A secret cannot be read or kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A source names a product that no definition describes.
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

/// Locks the state directory, opens the configured socket, and runs the daemon on it until it is
/// stopped; then the socket is removed.
///
/// # Errors
/// When another daemon runs, or this one cannot start.
pub async fn run(config: Config, products: Products, clock: Clock, stop: Stop) -> Result<(), RunError> {
    let lock = StateLock::acquire(&config.daemon.state_dir)?;
    let daemon = &config.daemon;
    let socket = Socket::open(&daemon.socket, daemon.socket_mode, daemon.socket_group.as_deref(), &lock)?;
    let ran = run_on(&socket.listener, config, products, clock, stop).await;
    socket.close()?;
    ran
}

/// Runs the daemon on `listener` until it is stopped. It is ready when it answers there. The
/// caller holds the lock of the state directory.
///
/// A soft stop ends it when the running exports have ended; at the deadline they are canceled.
/// A hard stop ends it at once: the next start cleans up.
///
/// # Errors
/// When it cannot start.
pub async fn run_on(
    listener: &UnixListener,
    config: Config,
    products: Products,
    clock: Clock,
    stop: Stop,
) -> Result<(), RunError> {
    let tracker = TaskTracker::new();
    let secrets = Secrets::of(&config.daemon.state_dir);
    let url_key = UrlKey::of(&secrets)?;
    let tokens = Tokens::open(secrets)?;
    let http = HttpListener::open(&config.http, &clock).await?;
    let workshop = open(&config, &products, clock, &tracker).await?;
    let engine = Engine::start(Parts {
        workshop: Arc::clone(&workshop),
        workers: config.daemon.workers,
        tracker: tracker.clone(),
        stop: stop.soft.clone(),
        abort: stop.deadline.clone(),
    })
    .await?;
    let courier =
        Courier::new(Arc::clone(&workshop), engine.clone(), tracker.clone(), stop.soft.clone(), stop.deadline.clone());
    // Kept to the end: whoever has it may send another configuration.
    let (_configure, configured) = watch::channel(Arc::new(config.clone()));
    let schedules = schedule(&workshop, &engine, configured, &tracker, &stop).await?;

    // Clients may watch their exports end: the API goes on until the last one has.
    let closed = stop.hard.child_token();
    let served = async {
        let limits = api::Limits::new(&config);
        let router = api::router(api::Shop {
            workshop: Arc::clone(&workshop),
            engine,
            tokens,
            courier,
            url_key,
            schedules,
            config: Arc::new(config.clone()),
        });
        let exported = async {
            stop.soft.cancelled().await;
            tracker.close();
            tracker.wait().await;
            closed.cancel();
        };
        let serving = api::serve(listener, http, router, config.access.clone(), limits, closed.clone());
        tokio::join!(serving, exported);
        close(&workshop).await;
    };
    tokio::select! {
        () = served => tracing::info!("stopped"),
        () = stop.hard.cancelled() => tracing::warn!("stopped at once; the next start cleans up"),
    }
    Ok(())
}

/// Follows the schedules of whatever configuration is sent.
async fn schedule(
    workshop: &Arc<Workshop>,
    engine: &Engine,
    config: watch::Receiver<Arc<Config>>,
    tracker: &TaskTracker,
    stop: &Stop,
) -> Result<Schedules, CatalogError> {
    Schedules::start(schedule::Parts {
        workshop: Arc::clone(workshop),
        engine: engine.clone(),
        hooks: Hooks::start(config.clone(), tracker, &stop.soft, &stop.deadline),
        config,
        tracker: tracker.clone(),
        stop: stop.soft.clone(),
    })
    .await
}

/// Opens what every part works with.
async fn open(
    config: &Config,
    products: &Products,
    clock: Clock,
    tracker: &TaskTracker,
) -> Result<Arc<Workshop>, RunError> {
    let daemon = &config.daemon;
    Ok(Arc::new(Workshop {
        sources: connect(config, products, tracker)?,
        archives: Arc::new(swept(daemon.archive_dir.clone())?),
        catalog: Catalog::open(&daemon.state_dir.join("catalog.sqlite"), &daemon.archive_dir).await?,
        audit: Arc::new(Audit::new(&daemon.state_dir, clock.clone())),
        clock,
        compression_level: daemon.compression_level,
    }))
}

async fn close(workshop: &Workshop) {
    for source in workshop.sources.values() {
        source.close().await;
    }
    workshop.audit.close();
    workshop.catalog.close().await;
}

/// The archive directory, without what an earlier daemon left unfinished in it.
fn swept(root: PathBuf) -> Result<ArchiveDirectory, PublishError> {
    let archives = ArchiveDirectory::new(root);
    for leftover in archives.sweep()? {
        tracing::info!(path = %leftover.display(), "removed what an earlier daemon left unfinished");
    }
    Ok(archives)
}

fn connect(
    config: &Config,
    products: &Products,
    tracker: &TaskTracker,
) -> Result<HashMap<String, Arc<Source>>, RunError> {
    let mut sources = HashMap::new();
    for source in &config.sources {
        let definition = products.get(&source.product).ok_or_else(|| RunError::UnknownProduct {
            source_name: source.name.clone(),
            product: source.product.clone(),
            products_dir: config.daemon.products_dir.clone(),
        })?;
        let connected = Source::new(source.clone(), Arc::clone(definition), tracker.clone())?;
        sources.insert(source.name.clone(), Arc::new(connected));
    }
    Ok(sources)
}
