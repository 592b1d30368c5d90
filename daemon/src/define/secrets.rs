//! Which columns look like secrets by their names. A list, not a guess: what it leaves out is written.

use super::words::words;
use crate::source::survey::{ColumnFacts, Kind};

/// Words that alone make a name one of a secret.
const ALONE: [&str; 36] = [
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "passhash",
    "token",
    "tokens",
    "secret",
    "secrets",
    "otp",
    "totp",
    "hotp",
    "mfa",
    "2fa",
    "salt",
    "credential",
    "credentials",
    "jwt",
    "hmac",
    "cookie",
    "cookies",
    "pem",
    "pkcs12",
    "keystore",
    "mnemonic",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "csrf",
    "xsrf",
    "bearer",
    "webauthn",
    "htpasswd",
];
/// What stands before `key` where it is one of a secret.
const KEYS: [&str; 30] = [
    "api",
    "private",
    "access",
    "secret",
    "license",
    "licence",
    "signing",
    "encryption",
    "encrypted",
    "decryption",
    "master",
    "ssh",
    "hmac",
    "auth",
    "jwt",
    "aes",
    "rsa",
    "gpg",
    "pgp",
    "deploy",
    "security",
    "recovery",
    "backup",
    "activation",
    "consumer",
    "session",
    "webhook",
    "service",
    "storage",
    "shared",
];
/// What stands before `code` or `codes` where it is one of a secret.
const CODES: [&str; 14] = [
    "recovery",
    "backup",
    "auth",
    "authentication",
    "authorization",
    "verification",
    "confirmation",
    "security",
    "reset",
    "login",
    "access",
    "magic",
    "activation",
    "device",
];
/// What a certificate or its key ends with.
const CERTIFICATES: [&str; 4] = ["certificate", "certificates", "cert", "certs"];
/// What a column is called that is a secret in a table of secrets.
const BARE: [&str; 6] = ["key", "hash", "digest", "code", "codes", "value"];

/// Types that hold flags, times and amounts.
const PLAIN: [&str; 9] =
    ["bool", "tinyint(1)", "timestamp", "datetime", "date", "time", "interval", "numeric", "double"];

/// Whether a column, or a key of a JSON value, looks like a secret by its name.
pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let has = |word: &&str| ALONE.contains(word);
    if words.iter().any(has) {
        return true;
    }
    let pairs = || words.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
    pairs().any(|pair| match pair {
        (before, "key" | "keys") => KEYS.contains(&before),
        (before, "code" | "codes") => CODES.contains(&before),
        ("pass", "hash" | "digest" | "word" | "phrase") | ("session", "data") | ("magic", "link") => true,
        (before, "pass") => matches!(before, "smtp" | "db" | "ldap" | "imap" | "mail" | "email" | "user" | "auth"),
        _ => false,
    }) || words.last().is_some_and(|last| CERTIFICATES.contains(last))
        || matches!(words.as_slice(), ["pass"])
}

/// Whether a column is a secret because of the table that it is in: `api_keys.key`.
pub(super) fn is_secret_in(table: &str, column: &str) -> bool {
    is_secret(column) || BARE.contains(&column.to_ascii_lowercase().as_str()) && is_of_secrets(table)
}

/// The same, of a column whose type is known: a flag, a time or an amount is no secret.
pub(super) fn holds_secret(table: &str, column: &ColumnFacts) -> bool {
    let type_name = column.type_name.to_ascii_lowercase();
    let is_plain = |name: &&str| type_name.starts_with(*name);
    if PLAIN.iter().any(is_plain) || column.kind == Kind::Integer && !is_number_of_secret(&column.name) {
        return false;
    }
    is_secret_in(table, &column.name)
}

/// Whether a number may be a secret: `otp`, `reset_code`, and no `max_tokens`.
fn is_number_of_secret(name: &str) -> bool {
    words(name).iter().any(|word| {
        matches!(word.as_str(), "otp" | "totp" | "hotp" | "pin" | "passcode" | "password" | "code" | "codes" | "salt")
    })
}

fn is_of_secrets(table: &str) -> bool {
    let singular = |word: &String| word.strip_suffix('s').unwrap_or(word).to_owned();
    let name: Vec<String> = words(table).iter().map(singular).collect();
    is_secret(&name.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "password",
            "is_password_autoset",
            "passwordHash",
            "pass_hash",
            "token",
            "token_data",
            "access_token",
            "secret_key",
            "webhook_secret",
            "credentials",
            "backup_codes",
            "license_key",
            "oidc_client_secret",
            "ldap_bind_password",
            "saml_certificate",
            "privateKey",
            "encrypted_password",
            "otp_secret",
            "totpSecret",
            "session_key",
            "session_data",
            "apiKey",
            "hmac_token",
            "cookie",
            "smtp_pass",
            "tokens",
            "recovery_code",
            "ssh_key",
        ] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn flags_times_and_amounts_are_no_secrets() {
        let column = |name: &str, type_name: &str, kind: Kind| ColumnFacts {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            kind,
            ..ColumnFacts::default()
        };
        for (name, type_name, kind) in [
            ("enforce_mfa", "boolean", Kind::Other),
            ("isPasswordAutoset", "BOOL", Kind::Other),
            ("password_changed_at", "timestamp with time zone", Kind::Other),
            ("max_tokens", "integer", Kind::Integer),
            ("token_cost", "numeric(12,4)", Kind::Other),
        ] {
            assert!(!holds_secret("settings", &column(name, type_name, kind)), "{name}");
        }
        for (name, type_name, kind) in [
            ("mfa", "text", Kind::Text),
            ("reset_token", "uuid", Kind::Uuid),
            ("otp", "integer", Kind::Integer),
            ("password_hash", "bytea", Kind::Other),
            ("tokens", "jsonb", Kind::Json),
        ] {
            assert!(holds_secret("settings", &column(name, type_name, kind)), "{name}");
        }
    }

    #[test]
    fn what_is_no_secret_is_written() {
        for name in [
            "key",
            "hash",
            "content_hash",
            "file_key",
            "sort_key",
            "code",
            "postal_code",
            "status_code",
            "author",
            "passenger",
            "compass",
            "bypass",
            "certificate_number",
            "primary_key",
            "issue_key",
            "tokenizer_id",
        ] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(is_secret_in("api_keys", "key") && is_secret_in("access_tokens", "hash"));
        assert!(!is_secret_in("estimate_points", "key") && !is_secret_in("workspace_home_preferences", "key"));
    }
}
