//! What every command is given.

use std::path::PathBuf;

use orgvault_api::{client::Client, clock::Clock};

use crate::output::Output;

/// The daemon, the output and the time.
pub(crate) struct Session {
    /// Asks the daemon; connects with each call.
    pub(crate) client: Client,
    /// The machine that the daemon runs on, where that is another one.
    pub(crate) host: Option<String>,
    /// Where results go.
    pub(crate) out: Output,
    /// Tells the time of what is done without a daemon.
    pub(crate) clock: Clock,
}

impl Session {
    /// A session for the daemon that listens on `socket`.
    pub(crate) fn new(socket: PathBuf, host: Option<String>, json: bool, no_color: bool) -> Self {
        Self { client: Client::new(socket), host, out: Output::new(json, no_color), clock: Clock::system() }
    }
}
