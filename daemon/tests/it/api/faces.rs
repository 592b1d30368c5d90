//! The export APIs of the products, as their own clients see them.

mod downloads;
mod solidtime;
mod trueppm;

use orgvault_daemon::{product::Products, source::Source};
use orgvault_shared::config::{Config, SourceConfig};
use tokio_util::task::TaskTracker;

use super::fixture::Daemon;
use crate::{postgres::Database, source::fixture};

pub(crate) const SOLIDTIME: &str = include_str!("../solidtime.sql");
pub(crate) const TRUEPPM: &str = include_str!("../trueppm.sql");

/// A fresh database of a product, whose role has exactly the grants that its definition asks for.
pub(crate) async fn source(name: &str, product: &str, tables: &str) -> (SourceConfig, Database) {
    let [name, product, tables] = [name, product, tables].map(str::to_owned);
    let made = tokio::task::spawn_blocking(move || {
        let database = Database::new();
        database.psql(&tables);
        let config = SourceConfig { name, product, ..fixture::config(&database.url()) };
        let definition = Products::embedded().unwrap().get(&config.product).unwrap().clone();
        database.psql(&Source::new(config.clone(), definition, TaskTracker::new()).unwrap().grants());
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
