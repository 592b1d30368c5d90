//! The export APIs of the products, as their own clients see them.

mod asana;
mod downloads;
mod rytask;
mod solidtime;
mod trueppm;

use std::{
    io::{BufRead, BufReader, Write},
    process::Child,
};

use orgvault_config::{Config, SourceConfig};
use orgvault_daemon::{product::Products, source::Source};
use tokio_util::task::TaskTracker;

use super::fixture::Daemon;
use crate::source::fixture;
use orgvault_testing::postgres::Database;

/// A fresh database of a product, whose role has exactly the grants that its definition asks for.
pub(crate) async fn source(name: &str, product: &str, tables: &str) -> (SourceConfig, Database) {
    let [name, product, tables] = [name, product, tables].map(str::to_owned);
    let made = tokio::task::spawn_blocking(move || {
        let database = Database::new();
        database.psql(&tables);
        let config = SourceConfig { name, product, ..fixture::config(&database.url()) };
        let definition = Products::embedded().unwrap().get(&config.product).unwrap().clone();
        let source = Source::new(config.clone(), definition, TaskTracker::new()).unwrap();
        database.psql(&tokio::runtime::Handle::current().block_on(source.check()).grants);
        (config, database)
    });
    made.await.unwrap()
}

/// A daemon with one source of the product.
pub(crate) async fn daemon(product: &str, tables: &str, change: impl FnOnce(&mut Config)) -> Daemon {
    let (source, _database) = source("app", product, tables).await;
    Daemon::start_with(|config| {
        config.sources = vec![source];
        change(config);
    })
    .await
}

/// Holds every export up that reads a table, until it is dropped.
pub(crate) struct Held(Child);

impl Held {
    pub(crate) fn new(database: &Database, table: &str) -> Self {
        let mut session = database.session();
        let lock = format!("BEGIN; LOCK TABLE {table}; SELECT 'locked';\n");
        session.stdin.as_mut().unwrap().write_all(lock.as_bytes()).unwrap();
        let mut lines = BufReader::new(session.stdout.as_mut().unwrap());
        let mut line = String::new();
        while !line.contains("locked") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the session ended");
        }
        Self(session)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}
