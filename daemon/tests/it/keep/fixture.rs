//! A source that can be broken and mended, and archives made from it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use orgvault_api::{
    Archive, Export, ExportRequest, State,
    client::{ArchiveFilter, Client},
    gid::Gid,
};
use orgvault_config::{SecretUrl, SourceConfig};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::api::fixture::until;

/// A RyTask database in a file: the one of `orgvault demo`, with three organizations, and few rows.
pub(crate) struct App {
    directory: TempDir,
}

impl App {
    pub(crate) async fn new() -> Self {
        let app = Self { directory: tempfile::tempdir().unwrap() };
        let data = include_str!("../../../src/demo/data.sql");
        let few = data.replace("20000, 6000, 25000, 40", "60, 40, 30, 5").replace("24999", "1300");
        app.run(include_str!("../../../src/demo/schema.sql")).await;
        app.run(&few).await;
        app
    }

    /// Lists its organizations, and can export none.
    pub(crate) async fn break_it(&self) {
        self.run("DROP TABLE time_logs").await;
    }

    pub(crate) async fn run(&self, script: &str) {
        let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("app.sqlite")
    }

    pub(crate) fn source(&self) -> SourceConfig {
        let url = SecretUrl::new(format!("sqlite://{}", self.file().display()));
        SourceConfig::new("tracker".to_owned(), "rytask".to_owned(), url)
    }
}

/// Exports `acme` and waits for the end.
pub(crate) async fn export(client: &Client) -> Export {
    let request = ExportRequest { organizations: vec!["tracker/acme".to_owned()], ..ExportRequest::default() };
    ended(client, client.start_exports(&request).await.unwrap().exports[0].gid).await
}

/// The export when it has ended.
pub(crate) async fn ended(client: &Client, gid: Gid) -> Export {
    let mut export = client.export(gid).await.unwrap();
    until("the export ends", async || {
        export = client.export(gid).await.unwrap();
        export.state.is_final()
    })
    .await;
    export
}

/// Exports `acme`, which must work.
pub(crate) async fn archived(client: &Client) -> Gid {
    let export = export(client).await;
    assert_eq!(export.state, State::Finished, "{export:?}");
    export.gid
}

pub(crate) async fn listed(client: &Client) -> Vec<Archive> {
    client.archives(&ArchiveFilter::default()).await.unwrap().archives
}

pub(crate) async fn gids(client: &Client) -> Vec<Gid> {
    listed(client).await.iter().map(|archive| archive.gid).collect()
}

/// Changes one byte in the middle of a file, which keeps its size.
pub(crate) fn flip(path: impl AsRef<Path>) {
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
}
