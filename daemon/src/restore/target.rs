//! The database that rows go into.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;

/// The database that rows go into, and as whom. Has no `Debug`: the options hold the password.
#[derive(Clone)]
pub struct Target {
    /// What people call it.
    pub name: Arc<str>,
    pub(super) place: Place,
    /// For the connection.
    pub connect_timeout: Duration,
    /// For each lock that somebody else holds.
    pub lock_timeout: Duration,
}

/// Where it is.
#[derive(Clone)]
pub(super) enum Place {
    /// On a server, and as whom.
    Postgres(Box<PgConnectOptions>),
    /// In a file. In one that is thrown away, rows of others need not lead anywhere.
    Sqlite { file: PathBuf, is_scratch: bool },
}

impl Target {
    /// A PostgreSQL database, with limits that suit an app that goes on working meanwhile.
    #[must_use]
    pub fn new(name: &str, options: PgConnectOptions) -> Self {
        let options = options.application_name("orgvault").extra_float_digits(None);
        Self::at(name, Place::Postgres(Box::new(options)))
    }

    /// An SQLite file, with the same limits.
    #[must_use]
    pub fn file(name: &str, file: PathBuf) -> Self {
        Self::at(name, Place::Sqlite { file, is_scratch: false })
    }

    /// One that is thrown away. There, foreign keys of rows of others, and those to tables that are not in the archive,
    /// may lead nowhere.
    #[must_use]
    pub fn scratch_file(name: &str, file: PathBuf) -> Self {
        Self::at(name, Place::Sqlite { file, is_scratch: true })
    }

    fn at(name: &str, place: Place) -> Self {
        let limit = Duration::from_secs(10);
        Self { name: name.into(), place, connect_timeout: limit, lock_timeout: limit }
    }
}
