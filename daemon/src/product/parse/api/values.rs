//! The values of single keys.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Uri};
use orgvault_api::units;
use orgvault_config::{
    checked_toml::{Table, Value},
    is_loopback,
};

/// What a template may hold in braces.
pub(super) const ORGANIZATION: [&str; 2] = ["organization", "slug"];
/// What a template may hold once there is a job.
pub(super) const OF_A_JOB: [&str; 3] = ["organization", "slug", "job"];
/// Headers that are written by who asks.
const OURS: [&str; 8] = [
    "authorization",
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "accept-encoding",
    "connection",
    "range",
];

/// Where an API is, without a slash at its end.
pub(super) fn base(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("https://app.example/api/v1")?;
    let form = "write it as \"https://app.example/api/v1\"";
    let uri = text.parse::<Uri>().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
    let Some((scheme @ ("https" | "http"), authority)) = parts else {
        return value.refuse(format!("{text:?} is no URL of a web server"), form);
    };
    if authority.as_str().contains('@') {
        return value.refuse("holds a user or a password", "each source has its token in a file");
    }
    if text.contains(['?', '#', '{']) {
        return value.refuse(format!("{text:?} has a query, a fragment or a brace"), form);
    }
    if scheme == "http" && !is_loopback(authority.host()) {
        let fix = "write https; plain http is only for this machine (127.0.0.1, [::1], localhost)";
        return value.refuse(format!("{text:?} would carry the token and the data in plain text"), fix);
    }
    Some(text.trim_end_matches('/').to_owned())
}

/// A path below the base, with its query; `names` are what may stand in braces.
pub(super) fn path(value: &Value<'_>, names: &[&str]) -> Option<String> {
    let text = value.text_as("/v1/exports?limit=100")?;
    if !text.starts_with('/') || text.starts_with("//") {
        return value.refuse(format!("{text:?} is no path"), "begin it with one /: it is below `base`");
    }
    template(value, text, names)?;
    let odd = |character: char| !character.is_ascii_graphic() || "\"#<>\\^`|".contains(character);
    if let Some(odd) = text.chars().find(|character| odd(*character)) {
        return value.refuse(format!("{text:?} has {odd:?}"), "write it percent-encoded, as it goes over the wire");
    }
    Some(text.to_owned())
}

/// A text in which `{NAME}` stands for something; a brace is nothing else.
pub(super) fn template(value: &Value<'_>, text: &str, names: &[&str]) -> Option<()> {
    let known: Vec<String> = names.iter().map(|name| format!("{{{name}}}")).collect();
    let mut parts = text.split('{');
    let before = parts.next().unwrap_or_default();
    let faulty = std::iter::once(Some(before)).chain(parts.map(|part| {
        let (name, rest) = part.split_once('}')?;
        names.contains(&name).then_some(rest)
    }));
    if faulty.into_iter().all(|rest| rest.is_some_and(|rest| !rest.contains('}'))) {
        return Some(());
    }
    let fix = match known.as_slice() {
        [] => "write it without braces".to_owned(),
        known => format!("in braces there may be {}", known.join(" ")),
    };
    value.refuse(format!("{text:?} has a brace that stands for nothing"), fix)
}

/// A JSON pointer (RFC 6901); an empty one is the whole answer.
pub(super) fn pointer(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("/data/gid")?;
    let is_whole = text.is_empty() || text.starts_with('/');
    let mut escaped = text.split('~').skip(1);
    if is_whole && escaped.all(|rest| rest.starts_with(['0', '1'])) {
        return Some(text.to_owned());
    }
    value.refuse(format!("{text:?} is no JSON pointer"), "write it as \"/data/gid\", ~ as ~0 and / in a name as ~1")
}

/// At least one JSON pointer.
pub(super) fn pointers(value: &Value<'_>) -> Option<Vec<String>> {
    some(value, pointer, "write at least one pointer, such as \"/message\"")
}

/// A list that is not empty.
pub(super) fn some<T>(value: &Value<'_>, read: impl FnMut(&Value<'_>) -> Option<T>, fix: &str) -> Option<Vec<T>> {
    if value.raw().as_array().is_some_and(|array| array.is_empty()) {
        return value.refuse("is empty", fix);
    }
    value.each(read)
}

/// HTTP statuses.
pub(super) fn statuses(value: &Value<'_>) -> Option<Vec<u16>> {
    some(value, |element| element.integer(100..=599), "write at least one status, or leave it out")
}

/// The name of a header, in the case in which it is written.
pub(super) fn header_name(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("PRIVATE-TOKEN")?;
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(_) => Some(text.to_owned()),
        Err(_) => value.refuse(format!("{text:?} is no name of a header"), "write it as \"PRIVATE-TOKEN\""),
    }
}

/// `name = "value"` of each header.
pub(super) fn headers(table: &Table<'_>) -> Vec<(String, String)> {
    let read = table.entries(|name, value| {
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return value.refuse(format!("{name:?} is no name of a header"), "write it as `Accept = \"..\"`");
        }
        if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            return value.refuse("is written by orgvault itself", "leave it out; the token is in `auth`");
        }
        let text = value.some_text()?;
        match HeaderValue::from_str(&text) {
            Ok(_) => Some(text),
            Err(_) => value.refuse("is no value of a header", "write visible characters and blanks"),
        }
    });
    read.into_iter().collect()
}

/// The name of a parameter of a query.
pub(super) fn parameter(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("offset")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']');
    if !text.is_empty() && text.bytes().all(fits) {
        return Some(text.to_owned());
    }
    value.refuse(format!("{text:?} is no name of a parameter"), "write it as \"offset\"")
}

/// How many requests.
pub(super) fn requests(value: &Value<'_>) -> Option<u32> {
    value.integer(1..=1_000_000)
}

/// A duration above zero.
pub(super) fn some_duration(value: &Value<'_>) -> Option<Duration> {
    match units::parse_duration(value.text_as("90s")?) {
        Ok(Duration::ZERO) => value.refuse("is zero", "write a duration above zero, or leave it out"),
        Ok(duration) => Some(duration),
        Err(error) => value.refuse(error.to_string(), "such as \"500ms\", \"90s\", \"1h30m\""),
    }
}

/// Names of keys.
pub(super) fn keys(value: &Value<'_>) -> Option<Vec<String>> {
    value.each(Value::some_text)
}
