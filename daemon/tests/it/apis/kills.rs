//! The real `orgvaultd`, killed with SIGKILL between the steps of a job: none is asked for twice.

use std::path::Path;

use orgvault_api::{Export, Run, client::ExportFilter, gid::Gid};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    asana::{CREATE, file, job, poll, polled, script},
    content::{asana, gzip},
    fixture::{Api, archives, code, export},
    gate::Gate,
    reply::Reply,
};
use crate::api::{binary::Running, fixture::until};

const SCHEDULE: &str = "[[schedule]]\nname = \"nightly\"\ncron = \"0 0 29 2 *\"\n";

/// A daemon of its own process, whose schedule was asked to run.
struct Night {
    api: Api,
    running: Running,
    run: Gid,
    bytes: Vec<u8>,
}

impl Night {
    /// `prepare` scripts what is not as usual, before the first request.
    async fn begin(prepare: impl FnOnce(&Api, &[u8])) -> Self {
        let api = Api::start().await;
        let bytes = gzip(asana(1331, 2000).as_bytes());
        script(&api, "1331", "77", &[]);
        api.storage.on(&file("77"), [Reply::file(bytes.clone())]);
        prepare(&api, &bytes);
        let running = api.binary(&format!("{}{SCHEDULE}", api.asana(&["1331"]))).await;
        let run = running.client().run_schedule("nightly").await.unwrap().gid;
        Self { api, running, run, bytes }
    }

    /// The run when it is over, and its exports.
    async fn ended(&self) -> (Run, Vec<Export>) {
        let client = self.running.client();
        until("the run ends", async || client.run(self.run).await.unwrap().finished_at.is_some()).await;
        let filter = ExportFilter { request: Some(self.run), ..ExportFilter::default() };
        (client.run(self.run).await.unwrap(), client.exports(&filter).await.unwrap().exports)
    }

    /// It ended well, with one archive, and the app was asked for one job.
    async fn assert_exported_once(&self) {
        let (run, exports) = self.ended().await;
        assert_eq!((run.finished, run.failed), (1, 0), "{exports:?}");
        assert_eq!(self.api.base.count(CREATE), 1, "a second job");
        assert_eq!(archives(&self.running.directory.path().join("archives")).len(), 1);
        let finished = exports.iter().find(|export| code(export).is_empty()).unwrap();
        let archive = self.running.client().archive(finished.gid).await.unwrap();
        assert!(std::fs::read(archive.path).unwrap() == self.bytes);
        assert_eq!(archive.received.unwrap().job.as_deref(), Some("77"));
        self.api.assert_no_strays();
    }

    fn state_dir(&self) -> std::path::PathBuf {
        self.running.directory.path().join("state")
    }
}

/// While it is there, nobody else writes to the catalog.
struct Holding(SqliteConnection);

impl Holding {
    async fn new(state_dir: &Path) -> Self {
        let mut connection = connect(state_dir).await;
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        Self(connection)
    }

    async fn release(self) {
        self.0.close().await.unwrap();
    }
}

async fn connect(state_dir: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(state_dir.join("catalog.sqlite")).connect().await.unwrap()
}

/// The state of the one job, and the app's id of it, as they are on disk.
async fn on_disk(state_dir: &Path) -> (String, Option<String>) {
    let mut connection = connect(state_dir).await;
    let row = sqlx::query_as("SELECT state, remote_id FROM jobs").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_answer_was_heard_the_job_is_unknown_and_no_second_one_is_asked_for() {
    let gate = Gate::closed();
    let mut night = Night::begin(|api, _| {
        api.base.on(CREATE, [Reply::json(201, &job("77", "1331", "pending", None)).held(&gate)]);
    })
    .await;
    night.api.base.wait_for(CREATE, 1).await;
    assert_eq!(on_disk(&night.state_dir()).await, ("requested".to_owned(), None), "on disk before the app is asked");
    night.running.kill_and_start_again().await;
    assert_unknown(&night).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_answer_was_stored_the_job_is_unknown_and_no_second_one_is_asked_for() {
    let gate = Gate::closed();
    let mut night = Night::begin(|api, _| {
        api.base.on(CREATE, [Reply::json(201, &job("77", "1331", "pending", None)).held(&gate)]);
    })
    .await;
    night.api.base.wait_for(CREATE, 1).await;
    let holding = Holding::new(&night.state_dir()).await;
    gate.open();
    // Whether it has heard the answer or not, it cannot write it down.
    night.running.kill().await;
    holding.release().await;
    assert_eq!(on_disk(&night.state_dir()).await, ("requested".to_owned(), None));
    night.running.start_again().await;
    assert_unknown(&night).await;
}

async fn assert_unknown(night: &Night) {
    let (run, exports) = night.ended().await;
    assert_eq!((run.finished, run.failed), (0, 1), "{exports:?}");
    let last = exports.last().unwrap();
    assert_eq!(code(last), "unknown_job", "{exports:?}");
    let error = last.error.as_ref().unwrap();
    assert!(!error.hint.is_empty(), "{error:?}");
    assert_eq!(night.api.base.count(CREATE), 1, "a second job");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_answer_was_stored_the_same_job_is_gone_on_with() {
    let gate = Gate::closed();
    let mut night = Night::begin(|api, _| {
        let pending = Reply::json(200, &job("77", "1331", "pending", None)).held(&gate);
        api.base.on(&poll("77"), [pending]);
    })
    .await;
    until("the id is on disk", async || {
        night.api.base.count(CREATE) == 1 && on_disk(&night.state_dir()).await.1.is_some()
    })
    .await;
    assert_eq!(on_disk(&night.state_dir()).await, ("waiting".to_owned(), Some("77".to_owned())));
    night.running.kill().await;
    polled(&night.api, "1331", "77", &["started"]);
    night.running.start_again().await;
    night.assert_exported_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_polling_the_same_job_is_gone_on_with() {
    let gate = Gate::closed();
    let mut night = Night::begin(|api, _| {
        let [first, held] = [("started", None), ("started", Some(&gate))].map(|(state, gate)| {
            let reply = Reply::json(200, &job("77", "1331", state, None));
            gate.map_or(reply.clone(), |gate| reply.held(gate))
        });
        api.base.on(&poll("77"), [first, held]);
    })
    .await;
    night.api.base.wait_for(&poll("77"), 2).await;
    night.running.kill().await;
    polled(&night.api, "1331", "77", &["started"]);
    night.running.start_again().await;
    night.assert_exported_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mid_download_the_file_is_fetched_again_from_the_same_job() {
    let gate = Gate::closed();
    let mut night = Night::begin(|api, bytes| {
        let whole = Reply::file(bytes);
        api.storage.on(&file("77"), [whole.clone().held_at(bytes.len() / 2, &gate), whole]);
    })
    .await;
    let directory = night.running.directory.path().join("archives");
    until("a part of it is there", async || archives(&directory).iter().any(|name| name.contains(".partial"))).await;
    night.running.kill_and_start_again().await;
    night.assert_exported_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_rename_the_archive_is_the_exports_own() {
    let gate = Gate::closed();
    let mut night = Night::begin(|api, bytes| {
        api.storage.on(&file("77"), [Reply::file(bytes).held_at(bytes.len() / 2, &gate)]);
    })
    .await;
    let directory = night.running.directory.path().join("archives");
    until("a part of it is there", async || archives(&directory).iter().any(|name| name.contains(".partial"))).await;
    let holding = Holding::new(&night.state_dir()).await;
    gate.open();
    until("it has its name", async || {
        let names = archives(&directory);
        names.len() == 1 && !names[0].contains(".partial") && super::fixture::manifests(&directory) == 1
    })
    .await;
    night.running.kill().await;
    holding.release().await;
    night.running.start_again().await;
    night.assert_exported_once().await;
    assert_eq!(night.api.storage.count(&file("77")), 1, "it is not fetched twice");
    // The job is over: the next one is another.
    night.api.base.on(CREATE, [Reply::json(201, &job("78", "1331", "pending", None))]);
    polled(&night.api, "1331", "78", &[]);
    night.api.storage.on(&file("78"), [Reply::file(night.bytes.clone())]);
    let next = export(&night.running.client(), "work/1331").await;
    assert_eq!(code(&next), "", "{next:?}");
    assert_eq!(night.api.base.count(CREATE), 2);
}
