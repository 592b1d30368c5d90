//! `orgvaultd`: reads the database of a self-hosted multi-tenant app, strictly read-only, and
//! exports each organization as a portable, verified archive.
//!
//! Data flows one way, and the folders show it: [`source`] -> [`format`](mod@format) ->
//! [`store`], wired by [`export`]; [`product`] says which queries make which sections.
//!
//! ```
//! use orgvault_daemon::product::Products;
//!
//! let products = Products::embedded()?;
//! assert!(products.get("rytask").is_some());
//! # Ok::<(), orgvault_config::checked_toml::Problems>(())
//! ```

pub mod api;
pub mod audit;
pub mod catalog;
pub mod context;
pub mod coverage;
pub mod define;
pub mod demo;
pub mod drill;
pub mod evidence;
pub mod export;
pub mod format;
mod gids;
pub mod hook;
pub mod keep;
pub mod lifecycle;
pub mod lock;
pub mod logging;
pub mod metrics;
pub mod notices;
pub mod organization_status;
mod permissions;
pub mod product;
pub mod products;
mod program;
pub mod reload;
pub mod restore;
pub mod restorer;
pub mod row;
mod run;
pub mod schedule;
pub mod schema;
pub mod secrets;
pub mod send;
pub mod server;
pub mod settings;
pub mod signature;
pub mod source;
pub mod sql;
pub mod store;
pub mod tokens;
mod trust;
pub mod uploads;
pub mod watch;
mod watcher;

pub use program::reap_orphans;
pub use run::{RunError, run, run_on};
