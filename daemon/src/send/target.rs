//! What one kind of target has to say of itself.

use std::time::Duration;

use futures_util::future::BoxFuture;
use orgvault_api::{Format, SendRequest};
use orgvault_config::{Instance, TargetConfig, TargetKind};

use super::{SendError, checked_archive::CheckedArchive, command::Command, outcome::Outcome};
use crate::products::{PRODUCTS, Product};

/// How one kind of target takes archives.
pub(crate) trait Target: Send + Sync {
    /// The URL or the program, for people: nothing that may be a secret.
    fn address(&self) -> String;

    /// The product whose importer it is; none where that is the archive's own.
    fn product(&self) -> Option<&'static str>;

    /// The formats that it takes; none where it takes all of them.
    fn formats(&self) -> Option<&'static [Format]>;

    /// The options of a request that mean something to it.
    fn options(&self) -> Options;

    /// Codes of the preflight that this target does not mind.
    fn ignores(&self) -> &'static [&'static str];

    /// How many bytes go to the target for an archive of `bytes`, and the most that it takes.
    fn upload(&self, bytes: u64) -> Upload;

    /// Hands the archive over, in a time that the target's configuration bounds.
    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, request: &'a SendRequest) -> BoxFuture<'a, Outcome>;
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
        TargetKind::Command { argv, environment } => {
            Ok(Box::new(Command { argv, environment, timeout: config.timeout }))
        }
    }
}
