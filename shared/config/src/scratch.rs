//! `[scratch]`: where drills restore to.

use std::{path::PathBuf, time::Duration};

use super::{
    Environment, SecretUrl, secret,
    values::{absolute_path, duration, some_duration},
};
use crate::checked_toml::{Table, Value};

/// Where scratch databases are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scratch {
    /// A server on which they are made, instead of one that the daemon starts for each drill.
    pub url: Option<SecretUrl>,
    /// Where `initdb` and `postgres` are; none looks for them.
    pub bin_dir: Option<PathBuf>,
    /// Where the data of a started server lies; none is `scratch` in the state directory.
    pub directory: Option<PathBuf>,
    /// Who runs a started server where the daemon is root, which PostgreSQL refuses.
    pub user: String,
    /// How long a server may take to be there.
    pub start_timeout: Duration,
    /// How long one drill may take; zero is no limit.
    pub timeout: Duration,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            url: None,
            bin_dir: None,
            directory: None,
            user: "postgres".to_owned(),
            start_timeout: Duration::from_mins(1),
            timeout: Duration::from_hours(6),
        }
    }
}

pub(super) fn read(table: &Table<'_>, environment: &Environment) -> Scratch {
    let default = Scratch::default();
    Scratch {
        url: table.optional("url", |value| url(value, environment)),
        bin_dir: table.optional("bin_dir", absolute_path),
        directory: table.optional("directory", absolute_path),
        user: table.or("user", default.user, Value::some_text),
        start_timeout: table.or("start_timeout", default.start_timeout, some_duration),
        timeout: table.or("timeout", default.timeout, duration),
    }
}

fn url(value: &Value<'_>, environment: &Environment) -> Option<SecretUrl> {
    let url = secret::from_config(value, environment)?;
    if url.reveal().starts_with("sqlite:") {
        return value.refuse("is no PostgreSQL server", "write postgres://.., or take it away: then one is started");
    }
    Some(url)
}
