//! The whole daemon as one function: its listener, its clock and its stop are arguments, so that
//! a test runs two of them.

use std::{pin::Pin, sync::Arc};

use orgvault_shared::{clock::Clock, config::Config};
use tokio::{net::UnixListener, sync::watch};
use tokio_util::task::TaskTracker;

use crate::{
    api::{self, Socket, SocketError},
    archive::{ArchiveDirectory, PublishError},
    catalog::{Catalog, CatalogError},
    export::{Engine, Parts, Sources, Workshop},
    keep,
    lifecycle::{LockError, StateLock, Stop, supervisor, tell_status},
    metrics,
    product::Products,
    reload::{ConnectError, Reloader, connect},
    watch::{watch_archives, watch_configuration},
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
    /// A source cannot be connected.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// Locks the state directory, opens the configured socket, and runs the daemon on it until it is
/// stopped; then the socket is removed. A socket that a service manager handed over is used instead,
/// and never removed.
///
/// # Errors
/// When another daemon runs, or this one cannot start.
pub async fn run(config: Config, products: Products, clock: Clock, stop: Stop) -> Result<(), RunError> {
    let lock = StateLock::acquire(&config.daemon.state_dir)?;
    if let Some(inherited) = api::inherited()? {
        return run_on(&inherited, config, products, clock, stop).await;
    }
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
    let sources = connect(&config, &products, &Sources::new(), &tracker)?;
    let archives = Arc::new(ArchiveDirectory::new(config.daemon.archive_dir.clone()));
    for leftover in archives.sweep()? {
        tracing::info!(path = %leftover.display(), "removed what an earlier daemon left unfinished");
    }
    let catalog = Catalog::open(&config.daemon.state_dir.join("catalog.sqlite"), &config.daemon.archive_dir).await?;
    let (configure, configured) = watch::channel(Arc::new(config.clone()));
    let workshop = Arc::new(Workshop::new(configured, sources, archives, catalog.clone(), clock));
    let reloader = Arc::new(Reloader::new(Arc::clone(&workshop), configure, tracker.clone()));
    let engine = Engine::start(Parts {
        workshop: Arc::clone(&workshop),
        workers: config.daemon.workers,
        tracker: tracker.clone(),
        stop: stop.soft.clone(),
        abort: stop.deadline.clone(),
    })
    .await?;

    for task in chores(&workshop, &reloader, &engine, &stop) {
        tracker.spawn(task);
    }

    // Clients may watch their exports end: the API goes on until the last one has.
    let closed = stop.hard.child_token();
    let served = async {
        let limits = api::Limits::new(config.daemon.connections_per_user);
        let router = api::router(api::Shop { workshop: Arc::clone(&workshop), engine, reloader });
        supervisor::ready();
        let exported = async {
            stop.soft.cancelled().await;
            supervisor::stopping();
            tracker.close();
            tracker.wait().await;
            closed.cancel();
        };
        let serving = api::serve(listener, router, workshop.configured.clone(), limits, closed.clone());
        tokio::join!(serving, exported);
        for source in workshop.sources.load().values() {
            source.close().await;
        }
        catalog.close().await;
    };
    tokio::select! {
        () = served => tracing::info!("stopped"),
        () = stop.hard.cancelled() => tracing::warn!("stopped at once; the next start cleans up"),
    }
    Ok(())
}

/// What goes on beside the exports until the soft stop.
fn chores(
    workshop: &Arc<Workshop>,
    reloader: &Arc<Reloader>,
    engine: &Engine,
    stop: &Stop,
) -> [Pin<Box<dyn Future<Output = ()> + Send>>; 5] {
    let (parts, end) = (|| Arc::clone(workshop), || stop.soft.clone());
    [
        Box::pin(watch_configuration(parts(), Arc::clone(reloader), Arc::clone(&stop.reload), end())),
        Box::pin(watch_archives(parts(), end())),
        Box::pin(keep::scrub_regularly(parts(), end())),
        Box::pin(metrics::write_regularly(parts(), engine.clone(), end())),
        Box::pin(tell_status(engine.clone(), end())),
    ]
}
