//! HTTP/1.1 + JSON over the Unix socket: one file for each resource, one table of routes with
//! their roles (`access.rs`). Who may is decided here too (`gate.rs`), because it takes tokens, the audit
//! trail and the table.

mod access;
mod archives;
mod audit;
mod caller;
mod catalog;
pub(crate) mod description;
mod diagnosis;
mod discretion;
mod drills;
pub(crate) mod error_style;
mod events;
mod evidence;
mod exports;
pub(crate) mod faces;
mod gate;
mod health;
mod identify;
mod jobs;
mod lookup;
mod metrics;
mod openapi;
mod organizations;
mod page;
pub(crate) mod query;
mod reload;
pub(crate) mod request;
mod restores;
mod retention;
mod rows;
mod schedules;
mod sources;
mod status;
mod tokens;

use std::sync::Arc;

use orgvault_api::clock::Timestamp;
use orgvault_config::Config;
use tokio::sync::Mutex;

use crate::{
    catalog::Catalog,
    context::Context,
    drill::Drills,
    evidence::EvidenceKey,
    export::Engine,
    reload::Reloader,
    restorer::Restorer,
    schedule::Schedules,
    send::Sender,
    server::{Service, rates::Rates},
    signature::UrlKey,
    tokens::Tokens,
};

pub use self::openapi::document;
pub(crate) use self::{access::Route, archives::Attachment, caller::Caller, faces::Face, gate::RequestLine};
pub(crate) use crate::server::error::ApiError;

/// What every handler is handed: the context, and the services that work on it.
pub struct App {
    pub(crate) context: Arc<Context>,
    /// Takes exports in and runs them.
    pub(crate) engine: Engine,
    /// Those of the service accounts.
    pub(crate) tokens: Tokens,
    /// Hands archives to targets.
    pub(crate) sender: Sender,
    /// Puts archives back into databases.
    pub(crate) restorer: Restorer,
    /// Signs download links.
    pub(crate) url_key: UrlKey,
    /// Signs evidence.
    evidence_key: Arc<EvidenceKey>,
    /// Begins the runs that are due.
    pub(crate) schedules: Schedules,
    /// Puts archives back into scratch databases.
    pub(crate) drills: Drills,
    /// Reads the configuration again.
    pub(crate) reloader: Arc<Reloader>,
    rates: Rates,
    started_at: Timestamp,
    /// Held while it is looked whether a face's job goes on already, until one is begun.
    pub(crate) starting: Mutex<()>,
}

/// What takes archives elsewhere.
pub struct Outlets {
    /// To running instances of apps.
    pub sender: Sender,
    /// Back into databases.
    pub restorer: Restorer,
    /// Into scratch databases.
    pub drills: Drills,
}

/// What the API signs with.
pub struct Keys {
    /// Download links.
    pub links: UrlKey,
    /// Evidence.
    pub evidence: EvidenceKey,
}

impl App {
    /// What the routes work with from now on.
    #[must_use]
    pub fn new(
        context: Arc<Context>,
        engine: Engine,
        tokens: Tokens,
        outlets: Outlets,
        keys: Keys,
        schedules: Schedules,
        reloader: Arc<Reloader>,
    ) -> Self {
        Self {
            started_at: context.clock.now(),
            context,
            engine,
            tokens,
            sender: outlets.sender,
            restorer: outlets.restorer,
            drills: outlets.drills,
            url_key: keys.links,
            evidence_key: Arc::new(keys.evidence),
            schedules,
            reloader,
            rates: Rates::default(),
            starting: Mutex::default(),
        }
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.context.catalog
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.context.config()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.context.clock.now()
    }
}

/// The whole API, as the server serves it.
pub fn service(app: App) -> Service {
    Service { router: access::router(&Arc::new(app)), reword: gate::in_words_of_its_path }
}
