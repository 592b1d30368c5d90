//! A daemon of one's own in a temporary directory.

use std::{fmt::Debug, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use nix::unistd::{Uid, User};
use orgvault_api::{
    Export, ExportRequest, OrganizationKey, Problem, State,
    client::{Client, ClientError},
    clock::Clock,
    gid::Gid,
};
use orgvault_archive::{
    manifest::{MANIFEST_VERSION, Manifest, Product, Section},
    naming::Kinds,
};
use orgvault_config::Config;
use orgvault_daemon::{RunError, lifecycle::Stop, product::Products, run};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    task::JoinSet,
};

use orgvault_api::Format;
use orgvault_daemon::store::{LocalStore, NewArchive, Store};

/// Nothing that these tests wait for takes longer.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A daemon that runs in this process until it is dropped.
pub(crate) struct Daemon {
    pub(crate) directory: TempDir,
    pub(crate) config: Config,
    pub(crate) stop: Stop,
    pub(crate) client: Client,
    clock: Clock,
    running: JoinSet<Result<(), RunError>>,
}

/// Waits for what has to come, and says what did not.
pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(done) => done,
        Err(elapsed) => panic!("did not happen: {what}: {elapsed}"),
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    soon(what, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The user that runs the tests.
pub(crate) fn user() -> String {
    User::from_uid(Uid::current()).unwrap().unwrap().name
}

/// A configuration in `directory`, whose owner is the user that runs the tests.
pub(crate) fn config(directory: &Path) -> Config {
    let mut config = Config::default();
    config.daemon.socket = directory.join("run/socket");
    config.daemon.state_dir = directory.join("state");
    config.daemon.archive_dir = directory.join("archives");
    config.daemon.products_dir = directory.join("products");
    // What a test changes behind the daemon's back, it notices when it is asked to look.
    config.daemon.watch = false;
    config.access.owners = vec![user()];
    fs::create_dir_all(&config.daemon.archive_dir).unwrap();
    config
}

impl Daemon {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_config| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(Clock::system(), change).await
    }

    /// As [`Daemon::start_with`], with a clock of one's own.
    pub(crate) async fn start_at(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Other users have to reach the socket.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut config = config(directory.path());
        change(&mut config);
        Self::run(directory, config, clock).await
    }

    async fn run(directory: TempDir, config: Config, clock: Clock) -> Self {
        let products = Products::load(&config.daemon.products_dir).unwrap();
        let stop = Stop::default();
        let mut running = JoinSet::new();
        running.spawn(run(config.clone(), products, clock.clone(), stop.clone()));
        let client = Client::new(&config.daemon.socket);
        let socket = config.daemon.socket.clone();
        until("the daemon listens", async || {
            if let Some(ended) = running.try_join_next() {
                panic!("the daemon did not start: {ended:?}");
            }
            UnixStream::connect(&socket).await.is_ok()
        })
        .await;
        Self { directory, config, stop, client, clock, running }
    }

    /// Asks for a soft stop and waits for the end.
    pub(crate) async fn stop(mut self) {
        self.stop.soft.cancel();
        self.ended().await;
    }

    /// Stops it, and starts another one on the same configuration.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop.soft.cancel();
        self.ended().await;
        assert!(!self.config.daemon.socket.exists(), "the socket is left");
        self.start_again().await
    }

    /// Waits for the end.
    pub(crate) async fn ended(&mut self) {
        soon("the daemon ends", self.running.join_next()).await.unwrap().unwrap().unwrap();
    }

    /// How it ended.
    pub(crate) async fn outcome(&mut self) -> Result<(), RunError> {
        soon("the daemon ends", self.running.join_next()).await.unwrap().unwrap()
    }

    /// Does something to the catalog behind the daemon's back.
    pub(crate) async fn meddle(&self, sql: &str) {
        // Its socket is there before the catalog is.
        self.client.health().await.unwrap();
        meddle(&self.config.daemon.state_dir, sql).await;
    }

    /// Runs another daemon on the directories of this one, which has ended.
    pub(crate) async fn start_again(self) -> Self {
        assert!(self.running.is_empty());
        Self::run(self.directory, self.config, self.clock).await
    }

    pub(crate) async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.config.daemon.socket).await.unwrap()
    }

    /// Sends bytes on a connection of their own; what comes back until it is closed. A connection
    /// that is closed while it is written to is an answer too.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        let written = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = soon("an answer", stream.read_to_end(&mut answer)).await;
        assert!(written.is_ok() && read.is_ok() || read.is_err() || written.is_err());
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends one request, whose connection is closed after it.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n");
        self.raw(format!("{head}{headers}\r\n{body}").as_bytes()).await
    }

    /// Exports an organization, and waits until all of it is there.
    pub(crate) async fn export(&self, organization: &str, formats: &[Format]) -> Vec<Export> {
        let request = ExportRequest {
            organizations: vec![organization.to_owned()],
            formats: formats.to_vec(),
            ..ExportRequest::default()
        };
        let exports = self.client.start_exports(&request).await.unwrap().exports;
        for export in &exports {
            until("it is exported", async || {
                let export = self.client.export(export.gid).await.unwrap();
                assert!(!export.has_failed(), "{export:?}");
                export.state == State::Finished
            })
            .await;
        }
        exports
    }

    /// Puts a JSON archive with `rows` rows into the archive directory; the catalog does not know
    /// it until it is rebuilt.
    pub(crate) fn publish(&self, gid: u64, organization: &OrganizationKey, rows: u64) -> Gid {
        let ids: Vec<String> = (1..=rows).map(|id| format!("{{\"id\":{id}}}")).collect();
        self.publish_document(gid, organization, rows, &format!("{{\"items\":[{}]}}", ids.join(",")))
    }

    pub(crate) fn publish_document(&self, gid: u64, key: &OrganizationKey, rows: u64, document: &str) -> Gid {
        publish(&self.config.daemon.archive_dir, gid, key, rows, document)
    }
}

/// Does something to the catalog in a state directory, whether a daemon has it open or not.
pub(crate) async fn meddle(state_dir: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(state_dir.join("catalog.sqlite"));
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Puts a JSON archive of `rows` rows into an archive directory.
pub(crate) fn publish(archive_dir: &Path, gid: u64, key: &OrganizationKey, rows: u64, document: &str) -> Gid {
    let bytes = document.as_bytes();
    Content { key, product: "test", format: Format::Json, section: "items", rows, bytes }.publish(archive_dir, gid)
}

/// What an archive that no export made has in it.
pub(crate) struct Content<'c> {
    pub(crate) key: &'c OrganizationKey,
    pub(crate) product: &'c str,
    pub(crate) format: Format,
    pub(crate) section: &'c str,
    pub(crate) rows: u64,
    pub(crate) bytes: &'c [u8],
}

impl Content<'_> {
    /// Puts it into an archive directory; a catalog has to be rebuilt.
    pub(crate) fn publish(self, archive_dir: &Path, gid: u64) -> Gid {
        let Self { key, product, format, section, rows, bytes } = self;
        let gid = Gid::try_from(gid).unwrap();
        let exported_at = Clock::system().now();
        let archives = LocalStore::new(archive_dir.to_owned());
        let new = NewArchive { organization: key, exported_at, gid, format, gzip: false };
        let mut partial = archives.begin(&new, Kinds::One).unwrap();
        std::io::Write::write_all(&mut partial, bytes).unwrap();
        let sealed = partial.seal().unwrap();
        let manifest = Manifest {
            manifest_version: MANIFEST_VERSION,
            orgvault: "test".to_owned(),
            gid,
            request: gid,
            file: sealed.name().to_string(),
            format,
            entity: None,
            gzip: false,
            importable: false,
            bytes: sealed.bytes(),
            sha256: sealed.sha256().unwrap().to_owned(),
            content_bytes: sealed.bytes(),
            organization: key.clone(),
            product: Product { name: product.to_owned(), measured_on: "1".to_owned() },
            exported_at,
            finished_at: exported_at,
            snapshot: "1:1:".to_owned(),
            received: None,
            server: "test".to_owned(),
            sections: vec![Section { name: section.to_owned(), rows, counted: rows, ..Default::default() }],
            files: None,
            layout: orgvault_archive::manifest::Layout::default(),
            warnings: Vec::new(),
        };
        archives.publish(sealed, &manifest).unwrap();
        gid
    }
}

/// An organization of a source that need not exist.
pub(crate) fn organization(slug: &str) -> OrganizationKey {
    OrganizationKey {
        source: "tracker".to_owned(),
        kind: "organization".to_owned(),
        id: format!("id-{slug}"),
        name: slug.to_uppercase(),
        slug: slug.to_owned(),
    }
}

/// The problem that a call was refused with.
pub(crate) fn problem<T: Debug>(answer: Result<T, ClientError>) -> Problem {
    match answer {
        Err(ClientError::Problem(problem)) => problem,
        other => panic!("no problem: {other:?}"),
    }
}

/// Head and body of an answer.
pub(crate) fn parts(answer: &str) -> (&str, &str) {
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// The problem document of an answer.
pub(crate) fn problem_in(answer: &str) -> Problem {
    let (head, body) = parts(answer);
    assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{answer}");
    let problem: Problem = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {} ", problem.status)), "{answer}");
    problem
}
