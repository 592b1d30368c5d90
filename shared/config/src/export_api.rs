//! What a `[[source]]` says that is an export API, and no database.

use std::{path::PathBuf, time::Duration};

use crate::{
    Environment, Token,
    checked_toml::{Table, Unique, Value},
    target,
    values::{absolute_path, some_duration},
};

/// The keys that a database has not.
const KEYS: [&str; 6] = ["token_file", "token_credential", "organizations", "download_hosts", "ca_file", "at_most"];

/// How an export API is reached, beside what its product's definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportApi {
    /// Where it is, without a slash at its end: instead of the definition's `base`.
    pub url: Option<String>,
    /// How it knows us.
    pub token: Token,
    /// The ids of the organizations, where the API does not list them; the only ones where it does. Empty means
    /// all that it lists.
    pub organizations: Vec<String>,
    /// The hosts that may hand out files: instead of the definition's.
    pub download_hosts: Option<Vec<String>>,
    /// PEM certificates that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one of its jobs may take: instead of the definition's `at_most`.
    pub at_most: Option<Duration>,
}

/// Whether a source says something that only an export API has.
pub(super) fn is_one(table: &Table<'_>) -> bool {
    let is_web =
        |value: &Value<'_>| value.as_text().map(|url| url.starts_with("http://") || url.starts_with("https://"));
    KEYS.iter().any(|key| table.has(key)) || table.optional("url", is_web) == Some(true)
}

/// Reads what it says; none where something is wrong, which was noted.
pub(super) fn read(table: &Table<'_>, environment: &Environment) -> Option<ExportApi> {
    let url = table.optional("url", target::url);
    let token = target::token(table, environment);
    let organizations = table.or("organizations", Vec::new(), organizations);
    let download_hosts = table.optional("download_hosts", hosts);
    let ca_file = table.optional("ca_file", absolute_path);
    let at_most = table.optional("at_most", some_duration);
    for key in ["url_file", "url_credential"] {
        if table.has(key) {
            table.refuse(key, "is for a database", "the url of an export API holds no secret: write it as `url`");
        }
    }
    Some(ExportApi { url, token: token?, organizations, download_hosts, ca_file, at_most })
}

fn organizations(value: &Value<'_>) -> Option<Vec<String>> {
    let mut ids = Unique::new("organization");
    let read = value.each(|element| ids.check(element, element.some_text()?))?;
    if read.is_empty() {
        return value.refuse("is empty", "write the id of at least one organization");
    }
    Some(read)
}

/// Names of hosts; `*.example.com` is each below it.
fn hosts(value: &Value<'_>) -> Option<Vec<String>> {
    value.each(|element| {
        let host = element.some_text()?;
        let name = host.strip_prefix("*.").unwrap_or(&host);
        let odd = |character: char| !(character.is_ascii_alphanumeric() || "-.:[]".contains(character));
        if name.is_empty() || name.contains(odd) {
            let fix = "write a host as \"files.example.com\", or \"*.example.com\" for each below it";
            return element.refuse(format!("{host:?} is no name of a host"), fix);
        }
        Some(host.to_ascii_lowercase())
    })
}
