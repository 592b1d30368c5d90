//! HTTP/1.1 + JSON over the Unix socket: one file for each resource, one table of routes with
//! their roles (`access.rs`), one kind of error (RFC 9457 problems).

mod access;
mod archives;
mod audit;
mod caller;
mod catalog;
mod connections;
pub(crate) mod description;
mod diagnosis;
mod discretion;
pub(crate) mod error_style;
mod events;
mod exports;
pub(crate) mod faces;
mod gate;
mod health;
mod http;
mod identify;
mod lookup;
mod metrics;
mod openapi;
mod organizations;
mod page;
mod patience;
mod peer;
mod problem;
pub(crate) mod query;
mod rates;
mod reload;
pub(crate) mod request;
mod retention;
mod rows;
mod schedules;
mod server;
mod socket;
mod sources;
mod status;
mod tokens;

use std::sync::Arc;

use axum::Router;
use orgvault_api::clock::Timestamp;
use orgvault_config::Config;
use tokio::sync::Mutex;

use self::rates::Rates;
use crate::{
    catalog::Catalog,
    export::{Engine, Workshop},
    reload::Reloader,
    schedule::Schedules,
    send::Courier,
    signature::UrlKey,
    tokens::Tokens,
};

pub(crate) use self::{
    access::Route, archives::Attachment, caller::Caller, faces::Face, gate::RequestLine, problem::Refusal,
};
pub use self::{
    http::{HttpError, HttpListener},
    openapi::document,
    peer::Peer,
    server::{Limits, Rebound, serve, serve_rebound},
    socket::{Socket, SocketError, SocketFile, SocketState, inherited},
};

/// What the routes work with.
pub struct Shop {
    /// Sources, archives, catalog and clock.
    pub workshop: Arc<Workshop>,
    /// Takes exports in and runs them.
    pub engine: Engine,
    /// Those of the service accounts.
    pub tokens: Tokens,
    /// Hands archives to targets.
    pub courier: Courier,
    /// Signs download links.
    pub url_key: UrlKey,
    /// Begins the runs that are due.
    pub schedules: Schedules,
    /// Reads the configuration again.
    pub reloader: Arc<Reloader>,
}

/// What every handler is handed.
pub(crate) struct App {
    shop: Shop,
    rates: Rates,
    started_at: Timestamp,
    /// Held while it is looked whether a face's job goes on already, until one is begun.
    pub(crate) starting: Mutex<()>,
}

impl App {
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.shop.workshop.catalog
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shop.engine
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.shop.workshop.config()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shop.workshop.clock.now()
    }
}

/// The router of the whole API, which is ready from now on; [`serve`] gives each request its
/// [`Peer`].
pub fn router(shop: Shop) -> Router {
    let started_at = shop.workshop.clock.now();
    access::router(&Arc::new(App { shop, rates: Rates::default(), started_at, starting: Mutex::default() }))
}
