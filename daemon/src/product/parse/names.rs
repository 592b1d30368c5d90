//! Names in a definition, each as narrow as the places where it shows up.

use orgvault_config::checked_toml::Value;

const MAX_NAME: usize = 63;
const MAX_FILE_NAME: usize = 100;

/// A word of `a-z`, `0-9` and `-`: it stands in commands, addresses and file names.
pub(super) fn word(value: &Value<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    checked(value, MAX_NAME, fits, "a-z, 0-9 and -")
}

/// A stable code of `a-z`, `0-9` and `_`.
pub(super) fn code(value: &Value<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    checked(value, MAX_NAME, fits, "a-z, 0-9 and _")
}

/// A section's name: a key of the document, and a piece of an address.
pub(super) fn section_name(value: &Value<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    checked(value, MAX_NAME, fits, "A-Z, a-z, 0-9, _ and -")
}

/// The name of a file in an archive, which cannot lead out of the folder it is unpacked to.
pub(super) fn file_name(value: &Value<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    checked(value, MAX_FILE_NAME, fits, "A-Z, a-z, 0-9, _, - and .")
}

fn checked(value: &Value<'_>, max: usize, fits: impl Fn(u8) -> bool, allowed: &str) -> Option<String> {
    let text = value.text()?;
    if (1..=max).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with(['-', '.']) {
        return Some(text.to_owned());
    }
    value.refuse(format!("{text:?} is no name"), format!("write 1 to {max} of {allowed}, no - or . first"))
}
