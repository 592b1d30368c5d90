//! `[http]`: the optional TCP listener.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::values::absolute_path;
use crate::checked_toml::{Table, Value};

const MAX_CONNECTIONS: i64 = 100_000;
const MAX_RATE: i64 = 1_000_000;

/// `[http]`: the same API for clients that cannot open a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where it listens; none is nowhere.
    pub listen: Option<SocketAddr>,
    /// The certificate chain, PEM; with it the listener speaks TLS only.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// Whether it may listen beyond this machine without TLS.
    pub allow_plaintext: bool,
    /// What the world calls this server, without a slash at the end; none where links are relative.
    pub public_url: Option<String>,
    /// Open connections of all clients together.
    pub connections: usize,
    /// Open connections of one address.
    pub connections_per_address: usize,
    /// Requests of one token, and of one address.
    pub requests_per_minute: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: None,
            cert: None,
            key: None,
            allow_plaintext: false,
            public_url: None,
            connections: 1024,
            connections_per_address: 64,
            requests_per_minute: 600,
        }
    }
}

/// Reads the table; what contradicts itself is noted.
pub(super) fn http(table: &Table<'_>) -> Http {
    let default = Http::default();
    let http = Http {
        listen: table.optional("listen", address).flatten(),
        cert: table.optional("cert", optional_path).flatten(),
        key: table.optional("key", optional_path).flatten(),
        allow_plaintext: table.or("allow_plaintext", default.allow_plaintext, Value::boolean),
        public_url: table.optional("public_url", public_url).flatten(),
        connections: table.or("connections", default.connections, |value| value.integer(1..=MAX_CONNECTIONS)),
        connections_per_address: table
            .or("connections_per_address", default.connections_per_address, |value| value.integer(1..=MAX_CONNECTIONS)),
        requests_per_minute: table
            .or("requests_per_minute", default.requests_per_minute, |value| value.integer(1..=MAX_RATE)),
    };
    match (&http.cert, &http.key) {
        (Some(_), None) => table.refuse("cert", "is there without `key`", "add the private key's file as `key = ..`"),
        (None, Some(_)) => table.refuse("key", "is there without `cert`", "add the certificate's file as `cert = ..`"),
        _ => {}
    }
    if let Some(address) = http.listen
        && !address.ip().is_loopback()
        && http.cert.is_none()
        && !http.allow_plaintext
    {
        let reason = format!("{address} is beyond this machine, and without TLS everybody on the way reads the tokens");
        table.refuse("listen", reason, "add `cert` and `key`, or listen on 127.0.0.1 behind a proxy that speaks TLS");
    }
    http
}

/// An address and a port; none where the text is empty.
#[expect(clippy::option_option, reason = "the outer one: it could not be read; the inner one: it is off")]
fn address(value: &Value<'_>) -> Option<Option<SocketAddr>> {
    let example = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443).to_string();
    let text = value.text_as(&example)?;
    if text.is_empty() {
        return Some(None);
    }
    match text.parse() {
        Ok(address) => Some(Some(address)),
        Err(_no_address) => {
            let fix = format!("write an IP address and a port, such as \"{example}\" or \"[::1]:8443\"");
            value.refuse(format!("{text:?} is no address"), fix)
        }
    }
}

#[expect(clippy::option_option, reason = "the outer one: it could not be read; the inner one: there is none")]
fn optional_path(value: &Value<'_>) -> Option<Option<PathBuf>> {
    if value.text_as("/etc/orgvault/tls/cert.pem")?.is_empty() { Some(None) } else { absolute_path(value).map(Some) }
}

#[expect(clippy::option_option, reason = "the outer one: it could not be read; the inner one: there is none")]
fn public_url(value: &Value<'_>) -> Option<Option<String>> {
    let example = "https://vault.example.org";
    let text = value.text_as(example)?;
    if text.is_empty() {
        return Some(None);
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let odd = |character: char| character.is_control() || character.is_whitespace() || "?#@".contains(character);
    if host.is_empty() || host.starts_with('/') || text.contains(odd) {
        return value.refuse(format!("{text:?} is no URL of a server"), format!("such as \"{example}\""));
    }
    Some(Some(text.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::{Config, Environment};

    fn said(lines: &str) -> String {
        match Config::parse(&format!("[http]\n{lines}\n"), &Environment::default()) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    }

    #[test]
    fn beyond_this_machine_it_wants_tls_or_a_word() {
        let refused = said("listen = \"0.0.0.0:8443\"");
        assert!(refused.contains("2: http.listen: 0.0.0.0:8443 is beyond this machine"), "{refused}");
        assert!(said("listen = \"[2001:db8::1]:8443\"").contains("beyond this machine"));
        for taken in [
            "listen = \"127.0.0.1:8443\"",
            "listen = \"[::1]:8443\"",
            "listen = \"\"",
            "listen = \"0.0.0.0:8443\"\nallow_plaintext = true",
            "listen = \"0.0.0.0:8443\"\ncert = \"/c.pem\"\nkey = \"/k.pem\"",
            "public_url = \"https://vault.example.org/\"",
        ] {
            assert_eq!(said(taken), "", "{taken}");
        }
    }

    #[test]
    fn what_cannot_work_is_said() {
        for (wrong, reason) in [
            ("cert = \"/c.pem\"", "is there without `key`"),
            ("key = \"/k.pem\"", "is there without `cert`"),
            ("cert = \"c.pem\"", "is no absolute path"),
            ("listen = \"localhost:8443\"", "is no address"),
            ("listen = \"8443\"", "is no address"),
            ("public_url = \"vault.example.org\"", "is no URL of a server"),
            ("public_url = \"https://u:p@vault.example.org\"", "is no URL of a server"),
            ("requests_per_minute = 0", "http.requests_per_minute"),
        ] {
            let said = said(wrong);
            assert!(said.contains(reason), "{wrong}: {said}");
        }
    }
}
