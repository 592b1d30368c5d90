//! Panics, which the clock of these tests brings about: a panic of one export is that export's
//! fault, and one of what the daemon cannot do without ends it with an error.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use orgvault_api::{Export, ExportError, Format, State, clock::Clock};
use orgvault_config::Config;
use orgvault_daemon::{
    RunError,
    audit::Audit,
    catalog::Catalog,
    context::Context,
    export::{Engine, EngineParts},
    lifecycle::Vital,
    product::Products,
    source::Source,
    store::LocalStore,
};
use tokio::{sync::watch, task::Id};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::fixture::{Daemon, until},
    keep::fixture::App,
};

const WORDS: &str = "the clock has no hands";

/// A clock that panics at the call with this number of the only worker of an engine: of the tasks
/// that ask for the time, the first one takes exports in, and the second one is the worker.
fn panics_at(call: usize) -> Clock {
    let calls = Mutex::new((Vec::<Id>::new(), HashMap::<Id, usize>::new()));
    Clock::from_fn(move || {
        let panics = tokio::task::try_id().is_some_and(|task| {
            let (order, counts) = &mut *calls.lock().unwrap();
            if !order.contains(&task) {
                order.push(task);
            }
            let count = counts.entry(task).or_default();
            *count += 1;
            order.get(1) == Some(&task) && *count == call
        });
        assert!(!panics, "{WORDS}");
        Clock::system().now()
    })
}

/// An engine without a daemon around it.
struct Alone {
    engine: Engine,
    context: Arc<Context>,
    vital: Vital,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Alone {
    async fn new(directory: &Path, app: &App, clock: Clock) -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let vital = Vital::new(stop.clone());
        let definition = Products::embedded().unwrap().get("rytask").unwrap().clone();
        let source = Source::new(app.source(), definition, tracker.clone()).unwrap();
        let sources = HashMap::from([("tracker".to_owned(), Arc::new(source))]);
        let archives = Arc::new(LocalStore::new(directory.join("archives")));
        let catalog = Catalog::open(&directory.join("catalog.sqlite")).await.unwrap();
        let audit = Arc::new(Audit::new(directory, clock.clone()));
        let (_configure, configured) = watch::channel(Arc::new(Config::default()));
        let context = Arc::new(Context::new(configured, sources, archives, catalog, audit, clock));
        let (abort, workers) = (CancellationToken::new(), 1);
        let parts = EngineParts {
            context: Arc::clone(&context),
            workers,
            tracker: tracker.clone(),
            vital: vital.clone(),
            stop: stop.clone(),
            abort,
        };
        Self { engine: Engine::start(parts).await.unwrap(), context, vital, stop, tracker }
    }

    async fn submit(&self) -> Export {
        let source = self.context.source("tracker").unwrap();
        let listed = source.organizations().await.unwrap();
        let organization = listed.into_iter().find(|one| one.key.slug == "acme").unwrap().key;
        let now = Clock::system().now();
        let gid = self.engine.gid(now);
        let export = Export {
            gid,
            request: gid,
            organization,
            format: Format::Json,
            entity: None,
            gzip: false,
            importable: false,
            state: State::Pending,
            created_at: now,
            started_at: None,
            finished_at: None,
            progress: None,
            error: None,
            warnings: Vec::new(),
            counts: Vec::new(),
            bytes: None,
            requested_by: "ada".to_owned(),
            schedule: None,
        };
        self.engine.submit(vec![export], None).await.unwrap().remove(0)
    }

    /// The error of an export when it has ended, if it has one.
    async fn error(&self, export: &Export) -> Option<ExportError> {
        let now = async || self.context.catalog.export(export.gid).await.unwrap().unwrap();
        until("the export ends", async || now().await.state.is_final()).await;
        now().await.error
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_an_archive_is_made_fails_that_export_and_no_other() {
    let (app, directory) = (App::new().await, tempfile::tempdir().unwrap());
    // The worker asks when it begins, when it notes that, and when the archive is whole.
    let alone = Alone::new(directory.path(), &app, panics_at(3)).await;
    let first = alone.submit().await;
    let error = alone.error(&first).await.unwrap();
    assert_eq!(error.code, "internal");
    assert!(error.message.contains(WORDS) && error.hint.contains("report"), "{error:?}");
    let second = alone.submit().await;
    assert_eq!(alone.error(&second).await, None);
    assert!(alone.vital.death().is_none() && !alone.stop.is_cancelled());
    let made = alone.context.catalog.archive(second.gid).await.unwrap().unwrap();
    let place = alone.context.archives.locate(made.key());
    let names = fs::read_dir(Path::new(&place).parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with(".partial")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_stops_the_daemon() {
    let (app, directory) = (App::new().await, tempfile::tempdir().unwrap());
    let alone = Alone::new(directory.path(), &app, panics_at(1)).await;
    alone.submit().await;
    until("the daemon is stopped", async || alone.stop.is_cancelled()).await;
    let told = alone.vital.death().unwrap().to_string();
    assert!(told.starts_with("a worker ended") && told.ends_with(WORDS), "{told}");
    alone.tracker.close();
    alone.tracker.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_the_schedules_that_dies_ends_the_daemon_with_an_error() {
    let armed = Arc::new(AtomicBool::new(false));
    let panics = Arc::clone(&armed);
    let clock = Clock::from_fn(move || {
        assert!(!panics.load(Ordering::SeqCst), "{WORDS}");
        Clock::system().now()
    });
    let mut daemon = Daemon::start_at(clock, |config| config.coverage.every = std::time::Duration::ZERO).await;
    daemon.client.health().await.unwrap();
    // While nobody asks for anything, only the schedules look at the clock.
    armed.store(true, Ordering::SeqCst);
    let error = daemon.outcome().await.unwrap_err();
    assert!(matches!(error, RunError::Died(_)), "{error}");
    let told = error.to_string();
    assert!(told.starts_with("the clock of the schedules ended") && told.ends_with(WORDS), "{told}");
}
