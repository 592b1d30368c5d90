//! The URL of a source: which database it names, what may be shown of it, and whether it asks
//! for enough TLS.

use std::{net::IpAddr, path::PathBuf, str::FromStr, sync::Arc};

use orgvault_config::{SecretUrl, Tls};
use percent_encoding::percent_decode_str;
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::error::{Fault, SourceError};

/// Which database a URL names. Has no `Debug`: the options hold the password.
pub(super) enum Location {
    /// A PostgreSQL server's database.
    Postgres(Box<PgConnectOptions>),
    /// An SQLite file.
    Sqlite(PathBuf),
}

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

impl Location {
    /// Reads a URL; opens nothing. A missing password is looked up in `$PGPASSFILE` and
    /// `~/.pgpass`.
    ///
    /// # Errors
    /// When the URL is none, or asks for less TLS than `tls` allows. Neither quotes it.
    pub(super) fn read(name: &Arc<str>, url: &SecretUrl, tls: Tls) -> Result<Self, SourceError> {
        let refuse = |words: String| SourceError::fault(name, Fault::Url, "read its url", words);
        let url = url.reveal();
        match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                let options = postgres(url).map_err(refuse)?;
                enough_tls(name, &options, tls)?;
                Ok(Self::Postgres(Box::new(options)))
            }
            Some(("sqlite", rest)) => sqlite(rest).map(Self::Sqlite).map_err(refuse),
            _ => Err(refuse("it has to start with postgres:// or sqlite://".to_owned())),
        }
    }

    /// Where it is, without secrets: `postgres://db.example/rytask`.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(options) => {
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
        }
    }
}

fn postgres(url: &str) -> Result<PgConnectOptions, String> {
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

fn sqlite(rest: &str) -> Result<PathBuf, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if !matches!(query, "" | "mode=ro") {
        return Err("an SQLite url takes no parameter: it is always opened read-only".to_owned());
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|error| format!("its path is no UTF-8: {error}"))?;
    if path.is_empty() || path.starts_with(':') || path.starts_with("file:") || path.contains('\0') {
        return Err("it has to name a file: sqlite:///var/lib/app/app.db".to_owned());
    }
    Ok(PathBuf::from(path.into_owned()))
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
    let words = format!("its url does not say sslmode=verify-full, and {} is not this machine", options.get_host());
    Err(SourceError::fault(name, Fault::Tls, "use its url", words))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, tls: Tls) -> Result<Location, SourceError> {
        Location::read(&"tracker".into(), &SecretUrl::new(url.to_owned()), tls)
    }

    #[test]
    fn beyond_loopback_only_verified_tls_is_used() {
        for url in [
            "postgres://db.example/x",
            "postgres://db.example/x?sslmode=require",
            "postgres://10.0.0.1/x?sslmode=verify-ca",
            "postgres://localhost/x?host=db.example",
            "postgres://localhost.evil.example/x",
            "postgres://127.0.0.1/x?hostaddr=10.0.0.1",
        ] {
            let error = read(url, Tls::VerifyFull).err().unwrap();
            assert_eq!(error.code(), "source_tls", "{url}");
            assert!(error.hint().contains("sslmode=verify-full"));
            assert!(read(url, Tls::AsUrl).is_ok(), "{url}");
        }
        for url in [
            "postgres://db.example/x?sslmode=verify-full",
            "postgres://127.0.0.1:5433/x",
            "postgres://[::1]/x",
            "postgres://localhost/x",
            "postgres:///x?host=/run/postgresql&user=y",
        ] {
            assert!(read(url, Tls::VerifyFull).is_ok(), "{url}");
        }
    }

    #[test]
    fn shows_where_it_is_and_no_secret() {
        for (url, shown) in [
            ("postgres://u:s3cret@127.0.0.1/x?sslmode=prefer", "postgres://127.0.0.1/x"),
            ("postgres://u:s3cret@[::1]:5433/x", "postgres://[::1]:5433/x"),
            ("postgres:///x?host=/run/postgresql&user=y&password=s3cret", "postgres:///x?host=/run/postgresql"),
            ("postgres:///x?host=/run/postgresql&port=5433", "postgres:///x?host=/run/postgresql&port=5433"),
            ("sqlite:///var/lib/a%20b.db?mode=ro", "sqlite:///var/lib/a b.db"),
        ] {
            assert_eq!(read(url, Tls::VerifyFull).unwrap().shown(), shown);
        }
    }

    #[test]
    fn a_refusal_quotes_no_secret() {
        for url in [
            "postgres://u:s3cret@127.0.0.1:port/x",
            "postgres://u:s3cret@[::/x",
            "postgres://u:s3cret@127.0.0.1/x?sslmode=s3cret",
            "postgres://127.0.0.1/x?passwd=s3cret",
            "postgres://u:s3cret@db.example/x",
            "mysql://u:s3cret@127.0.0.1/x",
            "u:s3cret@127.0.0.1/x",
            "sqlite://x.db?key=s3cret",
        ] {
            let error = read(url, Tls::VerifyFull).err().unwrap();
            let shown = format!("{error} {error:?} {}", error.hint());
            assert!(!shown.contains("s3cret"), "{url}: {shown}");
        }
    }

    #[test]
    fn sqlite_is_only_ever_a_file_read_only() {
        for url in [
            "sqlite::memory:",
            "sqlite://x.db?immutable=1",
            "sqlite://file:x.db?immutable=1",
            "sqlite:file:x.db%3Fimmutable=1",
            "sqlite://",
            "sqlite://x.db?mode=rwc",
            "sqlite://a%00b",
        ] {
            assert_eq!(read(url, Tls::VerifyFull).err().unwrap().code(), "source_url", "{url}");
        }
    }
}
