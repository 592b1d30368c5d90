//! Secrets and where they are kept: database URLs in the configuration, in a file of their own, or
//! in a systemd credential; other secrets in one of the latter two.

use std::{
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{Environment, SecretUrl};
use crate::checked_toml::{Table, Value};
use orgvault_api::text::decode;
use orgvault_files::open;

/// Where a URL may stand.
pub(super) const KEYS: [&str; 3] = ["url", "url_file", "url_credential"];
/// What is in the files, for the reader of a problem.
const URL: &str = "the database's URL";
const SCHEMES: [&str; 3] = ["postgres://", "postgresql://", "sqlite:"];
/// More than any secret has; a wrong path may lead to a large file.
const MAX_BYTES: u64 = 16 * 1024;
/// The bit of a file's mode.
const OTHERS_MAY_READ: u32 = 0o004;

/// A secret that stands in a file of its own or in a credential, and never in the configuration.
pub(super) struct SecretFile<T> {
    /// The keys of the file and of the credential.
    pub(super) keys: [&'static str; 2],
    /// Names such as the two might have.
    pub(super) examples: [&'static str; 2],
    /// What is in the file, for the reader of a problem.
    pub(super) what: &'static str,
    /// Makes it of the text; the last argument is where that stands.
    pub(super) checked: fn(&Value<'_>, &str, &str) -> Option<T>,
}

impl<T> SecretFile<T> {
    /// Reads the one of the two that is there, and `neither` says what it is where none is. None where
    /// something is wrong, which was noted.
    pub(super) fn read(
        &self,
        table: &Table<'_>,
        environment: &Environment,
        neither: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let [in_file, in_credential] = self.keys.map(|key| table.has(key));
        let file = table.optional(self.keys[0], |value| {
            let path = environment.directory().join(value.text_as(self.examples[0])?);
            let (text, mode) = read(value, &path, self.what)?;
            if mode & OTHERS_MAY_READ != 0 {
                let reason = format!("{}: every user can read it", path.display());
                return value.refuse(reason, format!("chmod o-r {}", path.display()));
            }
            (self.checked)(value, &text, &path.display().to_string())
        });
        let credential = table.optional(self.keys[1], |value| {
            let path = credential_path(value, environment, self.examples[1])?;
            let (text, _) = read(value, &path, self.what)?;
            (self.checked)(value, &text, &path.display().to_string())
        });
        match (in_file, in_credential) {
            (true, false) => file,
            (false, true) => credential,
            (true, true) => {
                table.refuse(self.keys[1], format!("is there beside `{}`", self.keys[0]), "keep one of the two");
                None
            }
            (false, false) => neither(),
        }
    }
}

/// Reads the one of `url`, `url_file` and `url_credential` that is there.
pub(super) fn read_url(table: &Table<'_>, environment: &Environment) -> Option<SecretUrl> {
    let given: Vec<&str> = KEYS.into_iter().filter(|key| table.has(key)).collect();
    let url = table.optional("url", |value| from_config(value, environment));
    let file = table.optional("url_file", |value| from_file(value, environment));
    let credential = table.optional("url_credential", |value| from_credential(value, environment));
    match *given {
        [] => table.refuse(
            "url",
            "is missing",
            "add `url = ..`, `url_file = ..` or `url_credential = ..`; for an export API `token_file = ..`",
        ),
        [_] => return url.or(file).or(credential),
        [first, second, ..] => {
            table.refuse(second, format!("is there beside `{first}`"), "keep one of url, url_file and url_credential");
        }
    }
    None
}

pub(super) fn from_config(value: &Value<'_>, environment: &Environment) -> Option<SecretUrl> {
    let url = checked(value, value.text_as("postgres:///app?host=/run/postgresql")?, "")?;
    if environment.config_is_public && holds_password(url.reveal()) {
        return value.refuse(
            "holds a password, and every user can read this file",
            format!("chmod o-r {}, or keep it in a url_file", environment.file.display()),
        );
    }
    Some(url)
}

fn from_file(value: &Value<'_>, environment: &Environment) -> Option<SecretUrl> {
    let path = environment.directory().join(value.text_as("tracker.url")?);
    let (text, mode) = read(value, &path, URL)?;
    let url = checked(value, &text, &format!("{}: ", path.display()))?;
    if mode & OTHERS_MAY_READ != 0 && holds_password(url.reveal()) {
        let reason = format!("{}: holds a password, and every user can read it", path.display());
        return value.refuse(reason, format!("chmod o-r {}", path.display()));
    }
    Some(url)
}

fn from_credential(value: &Value<'_>, environment: &Environment) -> Option<SecretUrl> {
    let path = credential_path(value, environment, "tracker-url")?;
    let (text, _) = read(value, &path, URL)?;
    checked(value, &text, &format!("{}: ", path.display()))
}

/// The file of the credential that the value names.
fn credential_path(value: &Value<'_>, environment: &Environment, example: &str) -> Option<PathBuf> {
    let name = value.text_as(example)?;
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return value.refuse(format!("{name:?} is no credential's name"), "write the NAME of LoadCredential=NAME:PATH");
    }
    let Some(directory) = &environment.credentials else {
        let fix = format!("add LoadCredential={name}:PATH to the unit, or use a file");
        return value.refuse("systemd passed no credentials: $CREDENTIALS_DIRECTORY is not set", fix);
    };
    Some(directory.join(name))
}

/// The text and the mode of the file with `what`.
fn read(value: &Value<'_>, path: &Path, what: &str) -> Option<(String, u32)> {
    let read = || -> io::Result<(String, u32)> {
        let file = open::behind_links(path)?;
        let mode = file.metadata()?.mode();
        let mut bytes = Vec::new();
        if file.take(MAX_BYTES + 1).read_to_end(&mut bytes)? as u64 > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 16 KiB"));
        }
        let text = decode(bytes).map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))?;
        Ok((text, mode))
    };
    match read() {
        Ok(read) => Some(read),
        Err(error) => {
            let fix = format!("write {what} into it, and let the daemon's user read it");
            value.refuse(format!("{}: cannot be read: {error}", path.display()), fix)
        }
    }
}

/// A URL of a database that orgvault knows, without its line's end. Its text is never shown.
fn checked(value: &Value<'_>, text: &str, place: &str) -> Option<SecretUrl> {
    let url = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    let schemes = "write one URL: postgres://.. or sqlite://..";
    if url.is_empty() {
        return value.refuse(format!("{place}is empty"), schemes);
    }
    if url.contains(|character: char| character.is_control() || character.is_whitespace()) {
        return value.refuse(format!("{place}has blanks or more than one line"), schemes);
    }
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        return value.refuse(format!("{place}is no URL of a known database"), schemes);
    }
    Some(SecretUrl::new(url.to_owned()))
}

/// Whether `user:password@` or `?password=` is in the URL.
fn holds_password(url: &str) -> bool {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    if scheme == "sqlite" {
        return false;
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
        || query.split('&').any(|pair| pair.starts_with("password=") && pair != "password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_a_password_is() {
        for with in ["postgres://u:p@h/db", "postgresql://u:p%40@h:5432/db", "postgres:///db?user=u&password=p"] {
            assert!(holds_password(with), "{with}");
        }
        for without in [
            "postgres://u@h:5432/db",
            "postgres://u:@h/db",
            "postgres:///db?host=/run/postgresql&user=u",
            "sqlite:///a:b@c.db",
        ] {
            assert!(!holds_password(without), "{without}");
        }
    }
}
