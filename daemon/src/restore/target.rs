//! The database that rows go into.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;

/// The database that rows go into, and as whom. Has no `Debug`: the options hold the password.
#[derive(Clone)]
pub struct Target {
    /// What people call it.
    pub name: Arc<str>,
    /// Where and as whom.
    pub options: PgConnectOptions,
    /// For the connection.
    pub connect_timeout: Duration,
    /// For each lock that somebody else holds.
    pub lock_timeout: Duration,
}

impl Target {
    /// With limits that suit an app that goes on working meanwhile.
    #[must_use]
    pub fn new(name: &str, options: PgConnectOptions) -> Self {
        let options = options.application_name("orgvault").extra_float_digits(None);
        let limit = Duration::from_secs(10);
        Self { name: name.into(), options, connect_timeout: limit, lock_timeout: limit }
    }
}
