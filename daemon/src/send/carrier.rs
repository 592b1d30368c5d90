//! What one kind of target has to say of itself.

use futures_util::future::BoxFuture;
use orgvault_api::{Format, SendRequest};
use orgvault_config::{TargetConfig, TargetKind};

use super::{command::Command, outcome::Outcome, parcel::Parcel, solidtime::Solidtime, trueppm::Trueppm};

/// How one kind of target takes archives.
pub(super) trait Carrier: Send + Sync {
    /// The URL or the program, for people: nothing that may be a secret.
    fn address(&self) -> String;

    /// The product whose importer it is; none where that is the archive's own.
    fn product(&self) -> Option<&'static str>;

    /// The formats that it takes; none where it takes all of them.
    fn formats(&self) -> Option<&'static [Format]>;

    /// The options of a request that mean something to it.
    fn options(&self) -> Options;

    /// What the preflight finds and this target does not mind.
    fn minds_not(&self) -> &'static [&'static str];

    /// How many bytes go to the target for an archive of `bytes`, and the most that it takes.
    fn upload(&self, bytes: u64) -> Upload;

    /// Hands the parcel over, in a time that the target's configuration bounds.
    fn deliver<'a>(&'a self, parcel: &'a Parcel, request: &'a SendRequest) -> BoxFuture<'a, Outcome>;
}

/// Options that not every target knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) replace: bool,
    pub(super) create_users: bool,
}

/// The size of an upload, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) bytes: u64,
    pub(super) limit: Option<u64>,
}

/// The carrier for a target.
pub(super) fn carrier(target: &TargetConfig) -> Box<dyn Carrier> {
    let timeout = target.timeout;
    match target.kind.clone() {
        TargetKind::Solidtime { server, organization } => Box::new(Solidtime { server, organization, timeout }),
        TargetKind::Trueppm { server } => Box::new(Trueppm { server, timeout }),
        TargetKind::Command { argv, environment } => Box::new(Command { argv, environment, timeout }),
    }
}
