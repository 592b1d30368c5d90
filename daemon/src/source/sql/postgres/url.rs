//! The URL of a PostgreSQL database: what may be shown of it, and whether it asks for enough TLS.

use std::{net::IpAddr, str::FromStr, sync::Arc};

use orgvault_config::{SecretUrl, Tls};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::source::error::{SourceError, SourceFault};

/// The keys of a URL that sqlx understands; it would log any other one with its value.
const POSTGRES_KEYS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "statement-cache-capacity",
    "options",
];

/// Reads a URL; opens nothing. A missing password is looked up in `$PGPASSFILE` and `~/.pgpass`.
///
/// # Errors
/// When the URL is none, or asks for less TLS than `tls` allows. Neither quotes it.
pub(super) fn read(name: &Arc<str>, url: &SecretUrl, tls: Tls) -> Result<PgConnectOptions, SourceError> {
    let options =
        options(url.reveal()).map_err(|words| SourceError::fault(name, SourceFault::Url, "read the url", words))?;
    enough_tls(name, &options, tls)?;
    Ok(options)
}

/// Where it is, without secrets: `postgres://db.example/rytask`.
pub(super) fn shown(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    let port = match options.get_port() {
        5432 => String::new(),
        port => format!(":{port}"),
    };
    match socket(options) {
        Some(directory) if port.is_empty() => format!("postgres:///{database}?host={directory}"),
        Some(directory) => format!("postgres:///{database}?host={directory}&port={}", options.get_port()),
        None => format!("postgres://{}{port}/{database}", options.get_host()),
    }
}

fn options(url: &str) -> Result<PgConnectOptions, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split('=').next().unwrap_or_default();
        if !POSTGRES_KEYS.contains(&key) && !key.starts_with("options[") {
            return Err(format!("its parameter `{}` is unknown", printable(key)));
        }
    }
    // sqlx's reasons may quote a part of the URL.
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| match error.to_string() {
            text if text.contains("invalid port number") => "its port is no number".to_owned(),
            _ => "it is not of the form postgres://user:password@host:port/database?sslmode=verify-full".to_owned(),
        })?
        .application_name("orgvault")
        // A startup parameter that poolers refuse; the session sets it later.
        .extra_float_digits(None)
        .disable_statement_logging();
    Ok(options)
}

/// A key is shown up to a length that no password hides in.
fn printable(key: &str) -> String {
    orgvault_api::text::printable(&key.chars().take(20).collect::<String>()).into_owned()
}

fn socket(options: &PgConnectOptions) -> Option<String> {
    match options.get_socket() {
        Some(path) => Some(path.display().to_string()),
        None => options.get_host().starts_with('/').then(|| options.get_host().to_owned()),
    }
}

/// Beyond loopback, sqlx's default (`prefer`) falls back to plain text without a word.
fn enough_tls(name: &Arc<str>, options: &PgConnectOptions, tls: Tls) -> Result<(), SourceError> {
    let verified = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull);
    if tls == Tls::AsUrl || verified || socket(options).is_some() || is_loopback(options.get_host()) {
        return Ok(());
    }
    let words = format!("it does not say sslmode=verify-full, and {} is not this machine", options.get_host());
    Err(SourceError::fault(name, SourceFault::Tls, "use the url", words))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
