//! What one kind of target has to say of itself.

use std::time::Duration;

use futures_util::future::BoxFuture;
use orgvault_api::{Archive, Format, SendJob, SendParts, SendRecord, SendRequest, SendTrial};
use orgvault_config::{Instance, TargetConfig, TargetKind};

use super::{SendError, checked_archive::CheckedArchive, command::Command, outcome::Outcome};
use crate::products::{PRODUCTS, Product};

/// How one kind of target takes archives.
pub(crate) trait Target: Send + Sync {
    /// The URL or the program, for people: nothing that may be a secret.
    fn address(&self) -> String;

    /// The product whose importer it is; none where that is the archive's own.
    fn product(&self) -> Option<&'static str>;

    /// The product whose archives alone it takes; none where its importer decides.
    fn takes(&self) -> Option<&str> {
        None
    }

    /// The formats that it takes; none where it takes all of them.
    fn formats(&self) -> Option<&'static [Format]>;

    /// The options of a request that mean something to it.
    fn options(&self) -> Options;

    /// Codes of the preflight that this target does not mind.
    fn ignores(&self) -> &'static [&'static str];

    /// How many bytes go to the target at once for an archive, and the most that it takes.
    fn upload(&self, archive: &Archive) -> Upload;

    /// What is always lost on this way, as its code and a sentence; nothing where that is not known.
    fn loses(&self, archive: &Archive) -> Vec<(&'static str, &'static str)>;

    /// In how many parts the archive is sent.
    fn parts(&self, _archive: &Archive) -> u64 {
        1
    }

    /// Asks the target what it would do, which writes nothing there; none where it cannot be asked.
    fn try_out<'a>(&'a self, _checked: &'a CheckedArchive) -> Option<BoxFuture<'a, SendTrial>> {
        None
    }

    /// Hands the archive over, in a time that the target's configuration bounds.
    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, delivery: Delivery<'a>) -> BoxFuture<'a, Outcome>;
}

/// What a target has to know of a send beside the archive.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    /// What was asked for.
    pub(crate) request: &'a SendRequest,
    /// The archive's facts.
    pub(crate) archive: &'a Archive,
    /// The same for the same archive and target, as long as no send of it is over.
    pub(crate) key: &'a str,
    /// What is known of an earlier send that this one goes on with.
    pub(crate) before: Option<&'a SendRecord>,
    /// Where it is kept how far this one is.
    pub(crate) progress: &'a dyn Progress,
}

/// Keeps on disk how far a send is, so that another one can go on with it, whatever happens.
pub(crate) trait Progress: Send + Sync {
    /// The work over there.
    fn keep_job(&self, job: SendJob) -> BoxFuture<'_, ()>;
    /// The parts that were taken.
    fn keep_parts(&self, parts: SendParts) -> BoxFuture<'_, ()>;
}

/// Options that not every target knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) replace: bool,
    pub(crate) create_users: bool,
}

/// The size of an upload, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) bytes: u64,
    pub(crate) limit: Option<u64>,
}

/// How an instance of an app becomes a target: where it is, and how long it may do nothing.
pub(crate) type AppTarget = fn(Instance, Duration) -> Box<dyn Target>;

/// The target that is configured.
pub(crate) fn target(config: &TargetConfig) -> Result<Box<dyn Target>, SendError> {
    match config.kind.clone() {
        TargetKind::App(instance) => match PRODUCTS.iter().find(|product| product.name == instance.product) {
            Some(Product { target: Some(connect), .. }) => Ok(connect(instance, config.timeout)),
            _ => Err(SendError::Kind { kind: instance.product, target: config.name.clone() }),
        },
        TargetKind::Database(_) => Err(SendError::Kind { kind: config.kind.name(), target: config.name.clone() }),
        TargetKind::Command { argv, environment, product } => {
            Ok(Box::new(Command { argv, environment, product, timeout: config.timeout }))
        }
    }
}
