//! What every part of the daemon works with.

pub mod listings;

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use orgvault_api::{
    Archive, Event,
    clock::{Clock, Timestamp},
};
use orgvault_config::Config;
use tokio::sync::{Mutex, Notify, broadcast, watch};

use self::listings::LastLists;
use crate::{audit::Audit, catalog::Catalog, lifecycle::Reserve, notices::Notices, source::Source, store::Store};

/// Events that a listener may lag behind before it gets all that is open anew instead.
const EVENTS: usize = 1024;

/// The sources by name.
pub type Sources = HashMap<String, Arc<Source>>;

/// What every part of the daemon works with.
pub struct Context {
    /// The sources of the configuration in force; what runs keeps the one that it began with.
    pub sources: ArcSwap<Sources>,
    /// The configuration in force, and that it was replaced.
    pub configured: watch::Receiver<Arc<Config>>,
    /// When it was read.
    pub configured_at: ArcSwap<Timestamp>,
    /// Where archives go.
    pub archives: Arc<dyn Store>,
    /// Where their index is.
    pub catalog: Catalog,
    /// Where it is told who did what.
    pub audit: Arc<Audit>,
    /// Tells when an export started and ended.
    pub clock: Clock,
    /// What changes, for everybody who listens.
    pub events: broadcast::Sender<Event>,
    /// What the admin ought to know of the daemon as a whole.
    pub notices: Notices,
    /// What of the sources' lists was kept.
    pub kept: LastLists,
    /// Room on the disk of the state, for when it is full.
    pub reserve: Reserve,
    /// The archive directory is to be looked at as a whole: it may be another one.
    pub look_everywhere: Notify,
    /// Held while what is known of a stored archive is changed.
    pub storing: Mutex<()>,
}

impl Context {
    /// A context in which nothing happened yet.
    #[must_use]
    pub fn new(
        configured: watch::Receiver<Arc<Config>>,
        sources: Sources,
        archives: Arc<dyn Store>,
        catalog: Catalog,
        audit: Arc<Audit>,
        clock: Clock,
    ) -> Self {
        let reserve = Reserve::of(&configured.borrow().daemon.state_dir);
        Self {
            notices: catalog.notices().clone(),
            sources: ArcSwap::from_pointee(sources),
            configured,
            configured_at: ArcSwap::from_pointee(clock.now()),
            archives,
            catalog,
            audit,
            clock,
            events: broadcast::channel(EVENTS).0,
            kept: LastLists::default(),
            reserve,
            look_everywhere: Notify::new(),
            storing: Mutex::default(),
        }
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.configured.borrow())
    }

    /// The source of this name in the configuration in force.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<Arc<Source>> {
        self.sources.load().get(name).cloned()
    }

    /// Tells everybody who listens that an archive has changed.
    pub fn tell_archive(&self, archive: &Archive) {
        let organization = Box::new(archive.organization.clone());
        self.tell(Event::Archive { gid: archive.gid, organization });
    }

    /// Tells everybody who listens.
    pub fn tell(&self, event: Event) {
        // Nobody may be listening, which is fine.
        drop(self.events.send(event));
    }
}
