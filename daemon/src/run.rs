//! The whole daemon as one function: its listener, its clock and its stop are arguments, so that
//! a test runs two of them.

mod service_status;

use std::{io, pin::Pin, sync::Arc, time::Duration};

use orgvault_api::clock::Clock;
use orgvault_config::Config;
use tokio::{net::UnixListener, sync::watch};
use tokio_util::task::TaskTracker;

use self::service_status::tell_status;
use crate::{
    api,
    audit::Audit,
    catalog::{Catalog, CatalogError, Mend},
    context::{Context, Sources},
    coverage,
    drill::{DrillParts, Drills},
    evidence::EvidenceKey,
    export::{Engine, EngineParts},
    hook::Hooks,
    keep::{self, KeepError},
    lifecycle::{Death, Reserve, Stop, Vital, outlive_file_limit, supervisor},
    lock::{LockError, StateLock},
    metrics,
    product::Products,
    reload::{ConnectError, Reloader, connect},
    restorer::Restorer,
    schedule::{self, Schedules},
    secrets::{SecretError, Secrets},
    send::Sender,
    server::{self, HttpError, HttpListener, Socket, SocketError, SocketFile},
    signature::UrlKey,
    store::{LocalStore, Store},
    tokens::Tokens,
    watch::{watch_archives, watch_configuration, watch_socket},
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
    Archives(#[from] KeepError),
    /// The catalog cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The TCP listener cannot be opened.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A secret cannot be read or kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A source cannot be connected.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It started, and then ended without being asked to.
    #[error(transparent)]
    Died(#[from] Death),
    /// The system refuses to tell of a signal.
    #[error("cannot catch SIGXFSZ: {cause}")]
    Signal {
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

/// Locks the directories of state and archives, opens the configured socket, and runs the daemon on
/// it until it is stopped; then the socket is removed. A socket that a service manager handed over
/// is used instead, and never removed.
///
/// # Errors
/// When another daemon runs, or this one cannot start.
pub async fn run(config: Config, products: Products, clock: Clock, stop: Stop) -> Result<(), RunError> {
    tell_start(&config);
    outlive_file_limit().map_err(|cause| RunError::Signal { cause })?;
    let lock = StateLock::acquire(&config.daemon.state_dir)?;
    Reserve::of(&config.daemon.state_dir).spend();
    if let Some(inherited) = server::inherited()? {
        let file = SocketFile::of_manager(&inherited).map(Arc::new);
        return run_found(&inherited, file, config, products, clock, stop).await;
    }
    let daemon = &config.daemon;
    let socket = Socket::open(&daemon.socket, daemon.socket_mode, daemon.socket_group.as_deref(), &lock)?;
    let ran = run_found(&socket.listener, Some(socket.file()), config, products, clock, stop).await;
    socket.close()?;
    ran
}

/// The first line of the log: which orgvault works where, on what.
fn tell_start(config: &Config) {
    let daemon = &config.daemon;
    let sources: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %config.file.display(),
        socket = %daemon.socket.display(),
        state_dir = %daemon.state_dir.display(),
        archive_dir = %daemon.archive_dir.display(),
        sources = sources.join(", "),
        "orgvaultd starts"
    );
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
    run_found(listener, None, config, products, clock, stop).await
}

/// As [`run_on`], on a listener that is found by this file.
async fn run_found(
    listener: &UnixListener,
    file: Option<Arc<SocketFile>>,
    config: Config,
    products: Products,
    clock: Clock,
    stop: Stop,
) -> Result<(), RunError> {
    let tracker = TaskTracker::new();
    let vital = Vital::new(stop.soft.clone());
    let secrets = Secrets::of(&config.daemon.state_dir);
    let keys = api::Keys { links: UrlKey::of(&secrets)?, evidence: EvidenceKey::of(&secrets)? };
    let tokens = Tokens::open(secrets)?;
    let http = HttpListener::open(&config.http, &clock).await?;
    let (configure, configured) = watch::channel(Arc::new(config.clone()));
    let context = open(configured.clone(), &products, clock, &tracker).await?;
    let _letting_go = LettingGo(Arc::clone(&context.archives));
    let reloader = Arc::new(Reloader::new(Arc::clone(&context), configure, tracker.clone()));
    let engine = Engine::start(EngineParts {
        context: Arc::clone(&context),
        workers: config.daemon.workers,
        tracker: tracker.clone(),
        vital: vital.clone(),
        stop: stop.soft.clone(),
        abort: stop.deadline.clone(),
    })
    .await?;
    let (schedules, drills) = schedule(&context, &engine, configured.clone(), &tracker, &vital, &stop).await?;
    let outlets = api::Outlets {
        sender: Sender::new(Arc::clone(&context), tracker.clone(), stop.soft.clone(), stop.deadline.clone()),
        restorer: Restorer::new(Arc::clone(&context), engine.clone(), tracker.clone(), &stop),
        drills,
    };

    for (name, chore) in chores(&context, &reloader, &engine, &schedules, &stop) {
        let vital = vital.clone();
        tracker.spawn(async move { vital.endless(name, chore).await });
    }
    let (rebind, rebound) = watch::channel(None);
    let (watching, alive) = (watch_socket(Arc::clone(&context), file, rebind, stop.soft.clone()), vital.clone());
    tracker.spawn(async move { alive.endless("the watch of the socket", watching).await });

    // Clients may watch their exports end: the API goes on until the last one has.
    let closed = stop.hard.child_token();
    let patience = config.daemon.stop_timeout;
    let served = async {
        let limits = server::Limits::new(&config);
        let app = api::App::new(Arc::clone(&context), engine, tokens, outlets, keys, schedules, reloader);
        let service = api::service(app);
        supervisor::ready();
        let exported = async {
            stop.soft.cancelled().await;
            supervisor::stopping();
            tracker.close();
            end(&tracker, &vital, &stop, patience).await;
            closed.cancel();
        };
        let serving = server::serve_rebound(listener, rebound, http, service, configured, limits, closed.clone());
        tokio::join!(serving, exported);
        close(&context).await;
    };
    tokio::select! {
        () = served => tracing::info!("stopped"),
        () = stop.hard.cancelled() => tracing::warn!("stopped at once; the next start cleans up"),
    }
    Ok(vital.death().map_or(Ok(()), Err)?)
}

/// Waits for what runs. Where nobody asked for the stop, nobody looks after its deadline either.
async fn end(tracker: &TaskTracker, vital: &Vital, stop: &Stop, patience: Duration) {
    if vital.death().is_some() && tokio::time::timeout(patience, tracker.wait()).await.is_err() {
        stop.deadline.cancel();
    }
    tracker.wait().await;
}

/// Follows the schedules and the drills of whatever configuration is sent.
async fn schedule(
    context: &Arc<Context>,
    engine: &Engine,
    config: watch::Receiver<Arc<Config>>,
    tracker: &TaskTracker,
    vital: &Vital,
    stop: &Stop,
) -> Result<(Schedules, Drills), CatalogError> {
    let hooks = Hooks::start(config.clone(), tracker, vital, &stop.soft, &stop.deadline);
    let schedules = Schedules::start(schedule::ScheduleParts {
        context: Arc::clone(context),
        engine: engine.clone(),
        hooks: hooks.clone(),
        config,
        tracker: tracker.clone(),
        vital: vital.clone(),
        stop: stop.soft.clone(),
    })
    .await?;
    let drills = Drills::start(DrillParts {
        context: Arc::clone(context),
        hooks,
        beat: schedules.beats(),
        tracker: tracker.clone(),
        vital: vital.clone(),
        stop: stop.soft.clone(),
    })
    .await?;
    Ok((schedules, drills))
}

/// Opens what every part works with.
async fn open(
    configured: watch::Receiver<Arc<Config>>,
    products: &Products,
    clock: Clock,
    tracker: &TaskTracker,
) -> Result<Arc<Context>, RunError> {
    let config = Arc::clone(&configured.borrow());
    let sources = connect(&config, products, &Sources::new(), tracker)?;
    let daemon = &config.daemon;
    let archives: Arc<dyn Store> = Arc::new(LocalStore::new(daemon.archive_dir.clone()).locked()?);
    let catalog = Catalog::open(&daemon.state_dir.join("catalog.sqlite")).await?;
    let audit = Arc::new(Audit::new(&daemon.state_dir, clock.clone()));
    let made_anew = catalog.was_made_anew();
    catalog.mend(Mend::Open, clock.now()).await?;
    let context = Arc::new(Context::new(configured, sources, archives, catalog, audit, clock));
    keep::take_up(&context).await?;
    if made_anew {
        list_archives(&context).await;
    }
    Ok(context)
}

/// Lists what lies in the archive directory, for a catalog that was made anew: exports and retention
/// begin with all that there is.
async fn list_archives(context: &Arc<Context>) {
    match keep::compare(context, &keep::RescanScope::default(), keep::Orphans::Show).await {
        Ok((skipped, listed)) => {
            tracing::warn!(archives = listed.len(), skipped = skipped.len(), "the catalog was made anew");
        }
        // The regular comparison tries again, and says what it meets.
        Err(error) => tracing::error!("cannot list the archives for the catalog that was made anew: {error}"),
    }
}

async fn close(context: &Context) {
    for source in context.sources.load().values() {
        source.close().await;
    }
    context.audit.close();
    context.catalog.close().await;
}

/// Another daemon may use the archive directory when this one has ended, however it does.
struct LettingGo(Arc<dyn Store>);

impl Drop for LettingGo {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

/// Something that goes on until the soft stop.
type Chore = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What goes on beside the exports until the soft stop.
fn chores(
    context: &Arc<Context>,
    reloader: &Arc<Reloader>,
    engine: &Engine,
    schedules: &Schedules,
    stop: &Stop,
) -> [(&'static str, Chore); 8] {
    let (parts, end) = (|| Arc::clone(context), || stop.soft.clone());
    let reload = watch_configuration(parts(), Arc::clone(reloader), Arc::clone(&stop.reload), end());
    [
        ("the watch of the configuration", Box::pin(reload)),
        ("the watch of the archive directory", Box::pin(watch_archives(parts(), end()))),
        ("the watch of its disk", Box::pin(keep::watch_home(parts(), end()))),
        ("the scrubbing", Box::pin(keep::scrub_regularly(parts(), end()))),
        ("the look at the coverage", Box::pin(coverage::look_regularly(parts(), end()))),
        ("the forgetting of the history", Box::pin(keep::forget_regularly(parts(), end()))),
        ("the writing of metrics", Box::pin(metrics::write_regularly(parts(), engine.clone(), end()))),
        ("what tells the service manager", Box::pin(tell_status(engine.clone(), schedules.clone(), end()))),
    ]
}
