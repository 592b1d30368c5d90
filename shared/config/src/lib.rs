//! `/etc/orgvault/config.toml`: every key, its default, and all problems of a file at once.
//!
//! ```
//! use orgvault_config::calendar::Calendar;
//!
//! // In the night in which the clocks go forward, 02:30 is not there.
//! let nightly = Calendar::new("30 2 * * *", "Europe/Berlin".parse()?)?;
//! let next = nightly.next("2026-03-28T12:00:00Z".parse()?);
//! assert_eq!(next, Some("2026-03-29T01:00:00Z".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod calendar;
pub mod checked_toml;
pub mod patterns;

mod coverage;
mod drill;
mod export_api;
mod files;
mod freshness;
mod hook;
mod http;
mod metrics;
mod read;
mod retention;
mod schedule;
mod scratch;
mod scrub;
mod secret;
mod target;
mod values;
mod variables;

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::checked_toml::{FileProblem, Problems, closest};
use orgvault_api::Role;

pub use self::{
    coverage::Coverage,
    drill::DrillConfig,
    export_api::ExportApi,
    files::{Bucket, FilesPlace},
    freshness::{Exception, Freshness},
    hook::{HookAction, HookConfig, HookEvent, HookScope},
    http::Http,
    metrics::Metrics,
    retention::Retention,
    schedule::{Missed, ScheduleConfig},
    scratch::Scratch,
    scrub::Scrub,
    target::{DatabaseKind, FILE_PLACEHOLDER, Instance, Server, TargetConfig, TargetDatabase, TargetKind, Token},
    values::{hosts, is_loopback},
    variables::Variables,
};

/// A checked configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from; empty where it is from none.
    pub file: PathBuf,
    /// `[daemon]`.
    pub daemon: Daemon,
    /// `[access]`.
    pub access: Access,
    /// `[http]`.
    pub http: Http,
    /// `[[source]]`.
    pub sources: Vec<SourceConfig>,
    /// `[[target]]`.
    pub targets: Vec<TargetConfig>,
    /// `[[schedule]]`.
    pub schedules: Vec<ScheduleConfig>,
    /// `[[drill]]`.
    pub drills: Vec<DrillConfig>,
    /// `[scratch]`.
    pub scratch: Scratch,
    /// `[[hook]]`.
    pub hooks: Vec<HookConfig>,
    /// `[retention]`.
    pub retention: Retention,
    /// `[scrub]`.
    pub scrub: Scrub,
    /// `[coverage]`.
    pub coverage: Coverage,
    /// `[freshness]`.
    pub freshness: Freshness,
    /// `[metrics]`.
    pub metrics: Metrics,
}

impl Config {
    /// Whether there is a source of this name.
    #[must_use]
    pub fn has_source(&self, name: &str) -> bool {
        self.sources.iter().any(|source| source.name == name)
    }

    /// Reads the file, and the URLs that it keeps in other files.
    ///
    /// # Errors
    /// All problems of the file at once. Whether a source's product exists is not looked at: see
    /// [`Reading`].
    pub fn load(path: &Path) -> Result<Self, Problems> {
        Reading::load(path).finish()
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, Problems> {
        Reading::parse(text, environment).finish()
    }
}

/// What a configuration's text depends on besides itself.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The file: its name is shown, and `url_file` is relative to its directory.
    pub file: PathBuf,
    /// systemd's `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// Whether every user can read the file, which then must not hold a password.
    pub config_is_public: bool,
}

impl Environment {
    /// Where `url_file` is looked for.
    fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

/// A configuration that was read but not yet checked against the product definitions, so that
/// the problems of both can be shown together.
#[derive(Debug)]
pub struct Reading {
    /// What was read, with the defaults in place of what is wrong: while there are problems good
    /// for nothing but the search for more of them.
    pub config: Config,
    /// Where each of the sources says what only the daemon can judge.
    pub sources: Vec<SourceLines>,
    /// All that is wrong so far.
    pub problems: Problems,
}

impl Reading {
    /// Reads the file, and the URLs that it keeps in other files.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        read::load(path)
    }

    /// Reads the text of a configuration file.
    #[must_use]
    pub fn parse(text: &str, environment: &Environment) -> Self {
        read::parse(text, environment)
    }

    /// The configuration.
    ///
    /// # Errors
    /// All that is wrong, where anything is.
    pub fn finish(self) -> Result<Config, Problems> {
        self.problems.or(self.config)
    }
}

/// The lines of a source that only the daemon can judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLines {
    /// The configuration file.
    pub file: PathBuf,
    /// The line of `product`, from 1.
    pub product: usize,
    /// The line of the URL, from 1.
    pub url: usize,
    /// What the URL stands in: `url`, `url_file` or `url_credential`.
    pub url_key: &'static str,
}

impl SourceLines {
    /// There is no such product among `known`.
    #[must_use]
    pub fn unknown_product(&self, product: &str, known: &[&str]) -> FileProblem {
        let near = closest(product, known.iter().copied())
            .map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
        let fix = format!("{near}known: {}; your own go into products_dir", known.join(", "));
        self.problem(self.product, "product", format!("there is no product {product:?}"), fix)
    }

    /// The URL cannot be used; `reason` must not hold its password.
    #[must_use]
    pub fn refused_url(&self, reason: impl Into<String>, fix: impl Into<String>) -> FileProblem {
        self.problem(self.url, self.url_key, reason.into(), fix.into())
    }

    fn problem(&self, line: usize, key: &str, reason: String, fix: String) -> FileProblem {
        let file = self.file.display().to_string();
        FileProblem { file, line: Some(line), key: format!("source.{key}"), reason, fix }
    }
}

/// `[daemon]`: where things are and how much of the machine is used.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Whether changes of the configuration, definitions and archives are noticed at once.
    pub watch: bool,
    /// How often the archive directory is compared with the catalog.
    pub rescan: Duration,
    /// How long exports and runs that have ended are told of; zero is for ever.
    pub history: Duration,
    /// Bytes that must be free on the disk of the archives for an export to start.
    pub min_free: u64,
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

impl Default for Daemon {
    fn default() -> Self {
        Self {
            socket: "/run/orgvault/orgvaultd.sock".into(),
            socket_mode: 0o666,
            socket_group: None,
            state_dir: "/var/lib/orgvault".into(),
            archive_dir: "/var/lib/orgvault/archives".into(),
            products_dir: "/etc/orgvault/products".into(),
            watch: true,
            rescan: Duration::from_hours(1),
            history: Duration::from_hours(400 * 24),
            min_free: 256 << 20,
            workers: 2,
            compression_level: 6,
            stop_timeout: Duration::from_secs(30),
            connections_per_user: 64,
            log_format: LogFormat::Text,
            log_level: "info".into(),
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who may do everything.
    pub owners: Vec<String>,
    /// Who may export, verify and download.
    pub admins: Vec<String>,
    /// Who may see states and counts.
    pub viewers: Vec<String>,
    /// From which role on TruePPM's face gives a seed at once: admin or viewer.
    pub seed_export: Role,
}

impl Default for Access {
    /// Lets nobody in.
    fn default() -> Self {
        Self { owners: Vec::new(), admins: Vec::new(), viewers: Vec::new(), seed_export: Role::Admin }
    }
}

impl Access {
    /// Who may do what where the configuration does not say. ([`Access::default`] lets nobody in.)
    #[must_use]
    pub fn usual() -> Self {
        Self {
            owners: vec!["root".into()],
            admins: vec!["@orgvault-admin".into()],
            viewers: vec!["@orgvault".into()],
            ..Self::default()
        }
    }
}

/// `[[source]]`: one application database, or the export API of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceConfig {
    /// Appears in `tracker/acme`: `[a-z0-9-]`, at most 40.
    pub name: String,
    /// The product definition's name.
    pub product: String,
    /// The database's URL, its password taken out of files; empty where it is an export API.
    pub url: SecretUrl,
    /// How its export API is reached; none where it is a database.
    pub api: Option<ExportApi>,
    /// What TLS beyond loopback must prove.
    pub tls: Tls,
    /// For the connection.
    pub connect_timeout: Duration,
    /// For one query; zero is no limit.
    pub statement_timeout: Duration,
    /// For the time from a rows query to its first rows, which a sort needs; zero is no limit.
    pub first_row_timeout: Duration,
    /// For the time between two blocks of rows.
    pub stall_timeout: Duration,
    /// For one organization's export as a whole, without the time that an app takes for its own job; zero is no limit.
    pub export_timeout: Duration,
    /// Whether a schema that is newer than the definition's is an error.
    pub strict_schema: bool,
    /// Where the app keeps its files; none leaves them out of archives.
    pub files: Option<FilesPlace>,
    /// `[source.retention]`: instead of [`Config::retention`].
    pub retention: Option<Retention>,
}

impl SourceConfig {
    /// A source with the defaults in all but its name, product and URL.
    #[must_use]
    pub fn new(name: String, product: String, url: SecretUrl) -> Self {
        Self {
            name,
            product,
            url,
            api: None,
            tls: Tls::VerifyFull,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::ZERO,
            first_row_timeout: Duration::from_mins(15),
            stall_timeout: Duration::from_mins(1),
            export_timeout: Duration::from_hours(6),
            strict_schema: false,
            files: None,
            retention: None,
        }
    }
}

/// What TLS must prove on a TCP connection beyond loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// `sslmode=verify-full`: the default.
    VerifyFull,
    /// Whatever the URL says; for the admin who knows the network.
    AsUrl,
}

impl Tls {
    /// Their names in the configuration.
    pub(crate) const NAMES: [(&str, Self); 2] = [("verify-full", Self::VerifyFull), ("as-url", Self::AsUrl)];
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
