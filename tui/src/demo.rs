//! What `orgvault demo` runs: a made-up database, and the daemon in this process.

pub(crate) mod daemon;
pub(crate) mod database;
