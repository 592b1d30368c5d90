//! What `orgvaultd` and its console share: the words of the wire, the client, the configuration
//! and the archive format. Knows no database, no HTTP server and no terminal.

pub mod api;
pub mod archive;
pub mod calendar;
pub mod checked_toml;
pub mod client;
pub mod clock;
pub mod config;
pub mod durable;
pub mod gid;
pub mod health;
pub mod patterns;
pub mod preflight;
pub mod seed;
pub mod text;
pub mod units;
