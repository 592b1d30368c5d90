//! A server with an export API, the one where it puts its files, and a daemon that asks them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use orgvault_api::{Export, ExportRequest, Job, client::Client};
use orgvault_config::{Config, Environment};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::{authority::Authority, server::Server};
use crate::{
    api::{binary::Running, fixture::Daemon},
    keep::fixture::ended,
};

/// The token of every source.
pub(crate) const TOKEN: &str = "1/s3cret.t0ken";

/// The two servers, and what a source needs to ask them.
pub(crate) struct Api {
    /// `localhost`.
    pub(crate) base: Server,
    /// `127.0.0.1`, which is another host.
    pub(crate) storage: Server,
    files: TempDir,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let authority = Authority::new();
        let base = Server::tls(&authority, "localhost").await;
        let storage = Server::tls(&authority, "127.0.0.1").await;
        let files = tempfile::tempdir().unwrap();
        authority.write(&files.path().join("ca.pem"));
        let token = files.path().join("token");
        fs::write(&token, format!("{TOKEN}\n")).unwrap();
        fs::set_permissions(token, fs::Permissions::from_mode(0o600)).unwrap();
        Self { base, storage, files }
    }

    /// A file beside the token.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The block of a source, `work`, whose API is below `path` of the base; `more` are further keys.
    pub(crate) fn source(&self, product: &str, path: &str, organizations: &[&str], more: &str) -> String {
        self.source_named("work", product, path, organizations, more)
    }

    pub(crate) fn source_named(
        &self,
        name: &str,
        product: &str,
        path: &str,
        organizations: &[&str],
        more: &str,
    ) -> String {
        let (base, token, ca) = (self.base.url(), self.path("token"), self.path("ca.pem"));
        let listed =
            if organizations.is_empty() { String::new() } else { format!("organizations = {organizations:?}\n") };
        format!(
            "[[source]]\nname = \"{name}\"\nproduct = \"{product}\"\nurl = \"{base}{path}\"\n{listed}\
             token_file = {token:?}\nca_file = {ca:?}\ndownload_hosts = [\"localhost\", \"127.0.0.1\"]\n{more}\n"
        )
    }

    /// The block of a source of Asana.
    pub(crate) fn asana(&self, organizations: &[&str]) -> String {
        self.source("asana", "/api/1.0", organizations, "")
    }

    /// A daemon with these blocks, in this process.
    pub(crate) async fn daemon(&self, blocks: &str) -> Daemon {
        self.daemon_with(blocks, |_config| {}).await
    }

    pub(crate) async fn daemon_with(&self, blocks: &str, change: impl FnOnce(&mut Config)) -> Daemon {
        let parsed = self.config(blocks);
        Daemon::start_with(|config| {
            config.sources = parsed.sources;
            config.schedules = parsed.schedules;
            change(config);
        })
        .await
    }

    /// A daemon of its own process with these blocks.
    pub(crate) async fn binary(&self, blocks: &str) -> Running {
        Running::start(blocks).await
    }

    /// These blocks as they are read from a file.
    pub(crate) fn config(&self, blocks: &str) -> Config {
        let environment = Environment { file: self.path("config.toml"), ..Environment::default() };
        Config::parse(blocks, &environment).unwrap_or_else(|problems| panic!("{problems}\n{blocks}"))
    }

    /// Nobody asked what is not in a script.
    pub(crate) fn assert_no_strays(&self) {
        assert_eq!([self.base.strays(), self.storage.strays()].concat(), [""; 0]);
    }
}

/// A definition of the admin's own.
pub(crate) fn define(config: &mut Config, name: &str, text: &str) {
    write_definition(&config.daemon.products_dir, name, text);
}

/// The same for a daemon that is not in this process.
pub(crate) fn write_definition(products_dir: &Path, name: &str, text: &str) {
    fs::create_dir_all(products_dir).unwrap();
    fs::write(products_dir.join(format!("{name}.toml")), text).unwrap();
}

/// Asks for an export of one organization.
pub(crate) async fn begin(client: &Client, organization: &str) -> Export {
    let request = ExportRequest { organizations: vec![organization.to_owned()], ..ExportRequest::default() };
    client.start_exports(&request).await.unwrap().exports.remove(0)
}

/// Exports one organization and waits for the end.
pub(crate) async fn export(client: &Client, organization: &str) -> Export {
    let gid = begin(client, organization).await.gid;
    ended(client, gid).await
}

/// The error's code; empty where there is none.
pub(crate) fn code(export: &Export) -> &str {
    export.error.as_ref().map_or("", |error| &error.code)
}

/// Every file below a directory.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The names of all archives, whole or not, but not of what stands beside them.
pub(crate) fn archives(directory: &Path) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let beside = |name: &String| {
        name.ends_with(".manifest.json")
            || name.ends_with(".state.json")
            || name == "SHA256SUMS"
            || !name.contains("Z-")
    };
    files(directory).iter().map(name).filter(|name| !beside(name)).collect()
}

/// How many manifests there are under their final names.
pub(crate) fn manifests(directory: &Path) -> usize {
    let is_one = |name: &str| name.ends_with(".manifest.json") && !name.contains(".partial");
    files(directory).iter().filter(|path| is_one(&path.to_string_lossy())).count()
}

/// The jobs that are not over, as they are on disk.
pub(crate) async fn open_jobs(state_dir: &Path) -> Vec<Job> {
    let options = SqliteConnectOptions::new().filename(state_dir.join("catalog.sqlite"));
    let mut connection = options.connect().await.unwrap();
    let query = "SELECT document FROM jobs WHERE state <> 'over' ORDER BY id";
    let documents: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    documents.iter().map(|document| serde_json::from_str(document).unwrap()).collect()
}
