//! `/etc/orgvault/config.toml`: every key, its default, and all problems of a file at once.

use std::{path::PathBuf, time::Duration};

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[daemon]`.
    pub daemon: Daemon,
    /// `[access]`.
    pub access: Access,
    /// `[[source]]`.
    pub sources: Vec<SourceConfig>,
}

/// `[daemon]`: where things are and how much of the machine is used.
#[derive(Debug, Clone)]
pub struct Daemon {
    /// The Unix socket of the API.
    pub socket: PathBuf,
    /// Its mode; 0666, because each connection's uid decides.
    pub socket_mode: u32,
    /// Its group; none leaves it as it is created.
    pub socket_group: Option<String>,
    /// The catalog, secrets and the audit trail.
    pub state_dir: PathBuf,
    /// The archives.
    pub archive_dir: PathBuf,
    /// The admin's own product definitions, `*.toml`.
    pub products_dir: PathBuf,
    /// Exports that run at the same time.
    pub workers: usize,
    /// Deflate's level for gzip and ZIP, 1 to 9.
    pub compression_level: u32,
    /// How long running exports may go on after a stop was asked for.
    pub stop_timeout: Duration,
    /// Open connections of one uid.
    pub connections_per_user: usize,
    /// Log lines as text or JSON.
    pub log_format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=warn`.
    pub log_level: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// `[access]`: users, or `@group`.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Who may do everything.
    pub owners: Vec<String>,
    /// Who may export, verify and download.
    pub admins: Vec<String>,
    /// Who may see states and counts.
    pub viewers: Vec<String>,
}

/// `[[source]]`: one application database.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Appears in `tracker/acme`: `[a-z0-9-]`, at most 40.
    pub name: String,
    /// The product definition's name.
    pub product: String,
    /// The database's URL, its password taken out of files.
    pub url: SecretUrl,
    /// What TLS beyond loopback must prove.
    pub tls: Tls,
    /// For the connection.
    pub connect_timeout: Duration,
    /// For one query; zero is no limit.
    pub statement_timeout: Duration,
    /// For the time between two blocks of rows.
    pub stall_timeout: Duration,
    /// For one organization's export as a whole; zero is no limit.
    pub export_timeout: Duration,
    /// Whether a schema that is newer than the definition's is an error.
    pub strict_schema: bool,
}

/// What TLS must prove on a TCP connection beyond loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// `sslmode=verify-full`: the default.
    VerifyFull,
    /// Whatever the URL says; for the admin who knows the network.
    AsUrl,
}

/// A database URL that may hold a password: it never shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Wraps a URL.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The URL with its password: only for connecting.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretUrl(..)")
    }
}
