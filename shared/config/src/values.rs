//! The values of single keys.

use std::{net::IpAddr, path::Path, path::PathBuf, time::Duration};

use crate::{checked_toml::Value, patterns::Patterns};
use orgvault_api::units;

/// What a Unix socket's address holds, without its last NUL.
const MAX_SOCKET_PATH: usize = 107;
const MAX_NAME: usize = 40;

/// A name that may stand in paths and addresses.
pub(super) fn name(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain && (1..=MAX_NAME).contains(&text.len()) && !text.starts_with('-') {
        return Some(text.to_owned());
    }
    value.refuse(format!("{text:?} is no name"), format!("write 1 to {MAX_NAME} of a-z, 0-9 and -, no - first"))
}

/// The path of a file or directory, from the root.
pub(super) fn absolute_path(value: &Value<'_>) -> Option<PathBuf> {
    let path = Path::new(value.text_as("/var/lib/orgvault")?);
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    value.refuse(format!("{:?} is no absolute path", path.display().to_string()), "begin it with /")
}

/// Names of hosts; `*.example.com` is each below it.
#[must_use]
pub fn hosts(value: &Value<'_>) -> Option<Vec<String>> {
    value.each(|element| {
        let host = element.text_as("*.example.com")?;
        let name = host.strip_prefix("*.").unwrap_or(host);
        let odd = |character: char| !(character.is_ascii_alphanumeric() || "-.:[]".contains(character));
        if name.is_empty() || name.contains(odd) || name.starts_with('.') {
            let fix = "write a host as \"files.example.com\", or \"*.example.com\" for each below it";
            return element.refuse(format!("{host:?} is no name of a host"), fix);
        }
        Some(host.to_ascii_lowercase())
    })
}

/// Whether what is sent to this host never leaves this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The path of a Unix socket.
pub(super) fn socket_path(value: &Value<'_>) -> Option<PathBuf> {
    let path = absolute_path(value)?;
    if path.as_os_str().len() <= MAX_SOCKET_PATH {
        return Some(path);
    }
    value.refuse("is too long for a socket", format!("use at most {MAX_SOCKET_PATH} bytes"))
}

/// Permissions in octal, as a string: TOML would take a bare 0666 for a mistake.
pub(super) fn mode(value: &Value<'_>) -> Option<u32> {
    let text = value.text_as("0666")?;
    let octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    match u32::from_str_radix(text, 8) {
        Ok(mode) if octal && mode <= 0o777 => Some(mode),
        _ => value.refuse(format!("{text:?} is no mode"), "write it in octal, such as \"0666\" or \"0660\""),
    }
}

/// A duration that may be zero.
pub(super) fn duration(value: &Value<'_>) -> Option<Duration> {
    match units::parse_duration(value.text_as("90s")?) {
        Ok(duration) => Some(duration),
        Err(error) => value.refuse(error.to_string(), "such as \"500ms\", \"90s\", \"1h30m\""),
    }
}

/// How long something is remembered: zero is for ever. What a client may repeat within a day is known
/// that long.
pub(super) fn memory(value: &Value<'_>) -> Option<Duration> {
    let memory = duration(value)?;
    if memory.is_zero() || memory >= Duration::from_hours(24) {
        return Some(memory);
    }
    value.refuse("is less than a day", "write at least \"1d\", or \"0s\" for ever")
}

/// A duration above zero.
pub(super) fn some_duration(value: &Value<'_>) -> Option<Duration> {
    match duration(value)? {
        Duration::ZERO => value.refuse("is zero", "write a duration above zero"),
        duration => Some(duration),
    }
}

/// A size in bytes; may be zero.
pub(super) fn size(value: &Value<'_>) -> Option<u64> {
    match units::parse_size(value.text_as("10 GiB")?) {
        Ok(bytes) => Some(bytes),
        Err(error) => value.refuse(error.to_string(), "such as \"512 MiB\", \"10 GiB\""),
    }
}

/// A group, or none where the text is empty.
pub(super) fn optional_group(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("orgvault")?;
    if text.is_empty() { None } else { account(value, text).then(|| text.to_owned()) }
}

/// Users and `@group`s.
pub(super) fn accounts(value: &Value<'_>) -> Option<Vec<String>> {
    value.each(|element| {
        let text = element.text_as("root")?;
        account(element, text.strip_prefix('@').unwrap_or(text)).then(|| text.to_owned())
    })
}

/// Names that may have wildcards.
pub(super) fn patterns(value: &Value<'_>) -> Option<Patterns> {
    let texts = value.each(Value::some_text)?;
    match Patterns::new(texts) {
        Ok(patterns) => Some(patterns),
        Err(error) => value.refuse(error.to_string(), "write names, or parts of names with * (any text) and ?"),
    }
}

/// Whether it could be the name of a user or group: what /etc/passwd cannot hold is none.
fn account(value: &Value<'_>, name: &str) -> bool {
    let odd = |character: char| character.is_whitespace() || character.is_control() || ":,/@".contains(character);
    if name.is_empty() || name.starts_with('-') || name.contains(odd) {
        let fix = "write a user as \"root\", a group as \"@orgvault\"";
        return value.refuse::<()>(format!("{name:?} is no user or group"), fix).is_some();
    }
    true
}
