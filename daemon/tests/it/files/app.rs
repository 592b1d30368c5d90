//! An app on SQLite with a folder of uploads, and its archives.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use orgvault_api::{Archive, Export, ExportRequest, Format, State, client::ExportFilter, clock::Clock};
use orgvault_archive::Manifest;
use orgvault_config::{FilesPlace, SourceConfig};
use sha2::{Digest, Sha256};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::{
    api::fixture::{Daemon, until},
    source::fixture,
};

const APP: &str = "
    CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO companies VALUES (1, 'Acme'), (2, 'Globex'), (3, 'Empty');
    CREATE TABLE attachments (id INTEGER PRIMARY KEY, company_id INTEGER, path TEXT, size INTEGER, hash TEXT);";

pub(super) const DEFINITION: &str = r#"
[product]
name = "parts"
measured_on = "parts 1"

[organization]
list = "SELECT id, name, name AS slug FROM companies ORDER BY id"

[zip]
meta_member = "meta.json"

[[section]]
name = "attachments"
entity = "attachments"
member = "attachments.csv"
table = "attachments"
rows = "SELECT id, path AS \"storagePath\", size, hash FROM attachments WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM attachments WHERE company_id = $1"

[[section]]
name = "companies"
entity = "companies"
member = "companies.csv"
table = "companies"
rows = "SELECT id, name FROM companies WHERE id = $1"
count = "SELECT count(*) FROM companies WHERE id = $1"

[[files]]
section = "attachments"
path = "storagePath"
size = "size"
sha256 = "hash"

[table.companies]
reads = ["id", "name"]

[table.attachments]
reads = ["id", "company_id", "path", "size", "hash"]
"#;

/// An app on SQLite with a folder of uploads.
pub(super) struct App {
    pub(super) directory: TempDir,
}

impl App {
    pub(super) async fn new() -> Self {
        let app = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(app.uploads()).unwrap();
        app.run(APP).await;
        app
    }

    pub(super) fn uploads(&self) -> std::path::PathBuf {
        self.directory.path().join("uploads")
    }

    pub(super) async fn run(&self, script: &str) {
        let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
        let mut app = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut app).await.unwrap();
        app.close().await.unwrap();
    }

    fn file(&self) -> std::path::PathBuf {
        self.directory.path().join("app.db")
    }

    /// A row of this company that names a file.
    pub(super) async fn row(&self, company: u32, path: &str, size: Option<usize>, hash: Option<&str>) {
        let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let null = || "NULL".to_owned();
        let size = size.map_or_else(null, |size| size.to_string());
        let hash = hash.map_or_else(null, text);
        let path = text(path);
        self.run(&format!(
            "INSERT INTO attachments (company_id, path, size, hash) VALUES ({company}, {path}, {size}, {hash})"
        ))
        .await;
    }

    /// A file with a row that says all of it.
    pub(super) async fn upload(&self, company: u32, path: &str, content: &[u8]) {
        put(&self.uploads().join(path), content);
        self.row(company, path, Some(content.len()), Some(&sha256(content))).await;
    }

    pub(super) async fn daemon(&self, files: Option<FilesPlace>) -> Daemon {
        self.daemon_of(DEFINITION, files).await
    }

    pub(super) async fn daemon_of(&self, definition: &str, files: Option<FilesPlace>) -> Daemon {
        let url = format!("sqlite://{}", self.file().display());
        let source = SourceConfig { product: "parts".to_owned(), files, ..fixture::config(&url) };
        let clock = Clock::from_fn(|| "2026-01-31T09:30:00Z".parse().unwrap());
        Daemon::start_at(clock, |config| {
            fs::create_dir_all(&config.daemon.products_dir).unwrap();
            fs::write(config.daemon.products_dir.join("parts.toml"), definition).unwrap();
            config.sources = vec![source];
        })
        .await
    }

    pub(super) fn folder(&self) -> FilesPlace {
        FilesPlace::Folder(self.uploads())
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    orgvault_archive::naming::hex(&Sha256::digest(content))
}

pub(super) fn put(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Bytes that deflate makes no smaller.
pub(super) fn noise(bytes: usize) -> Vec<u8> {
    let hashes = (0..bytes.div_ceil(32)).flat_map(|number| Sha256::digest(number.to_le_bytes()).to_vec());
    hashes.take(bytes).collect()
}

pub(super) async fn exports(daemon: &Daemon, company: &str, formats: &[Format]) -> Vec<Export> {
    let organizations = vec![company.to_owned()];
    let request = ExportRequest { organizations, formats: formats.to_vec(), ..ExportRequest::default() };
    let exports = daemon.client.start_exports(&request).await.unwrap().exports;
    let filter = ExportFilter { request: exports.first().map(|first| first.request), ..ExportFilter::default() };
    let all = async || daemon.client.exports(&filter).await.unwrap().exports;
    until("the exports end", async || all().await.iter().all(|export| export.state.is_final())).await;
    all().await
}

/// The archive of one export, which has to work and to be whole.
pub(super) async fn archive(daemon: &Daemon, company: &str) -> (Archive, Manifest) {
    let exports = exports(daemon, company, &[Format::Zip]).await;
    let [export] = exports.as_slice() else { panic!("{exports:?}") };
    assert_eq!((export.state, &export.error), (State::Finished, &None), "{export:?}");
    let archive = daemon.client.archive(export.gid).await.unwrap();
    let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
    let verified = daemon.client.verify(export.gid).await.unwrap();
    assert!(verified.ok, "{verified:?}");
    assert!(orgvault_archive::verify(archive.path.as_ref(), None).unwrap().ok());
    (archive, manifest)
}

/// The members of an archive in their order, with what they hold.
pub(super) fn members(archive: &Archive) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(File::open(&archive.path).unwrap()).unwrap();
    let count = zip.len();
    let member = |index| {
        let mut member = zip.by_index(index).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        (member.name().unwrap().into_owned(), content)
    };
    (0..count).map(member).collect()
}

pub(super) fn warnings(archive: &Archive) -> BTreeMap<&str, &[String]> {
    archive.warnings.iter().map(|warning| (warning.code.as_str(), warning.ids.as_slice())).collect()
}
