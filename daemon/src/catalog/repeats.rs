//! The keys under which clients repeat requests.

use std::sync::Arc;

use chrono::TimeDelta;
use orgvault_api::{Export, clock::Timestamp, gid::Gid};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{Catalog, CatalogError, exports, failed, to_integer, to_micros};

/// How long a key is known.
const KNOWN: TimeDelta = TimeDelta::days(1);

/// A request that its client may repeat, because it may not see the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// Who asks: keys of different callers have nothing to do with each other.
    pub caller: String,
    /// The client's word for the request.
    pub key: Arc<str>,
    /// What is asked for, as JSON.
    pub asked: String,
}

/// What was made under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// What was asked for then.
    pub asked: String,
    /// The request of the exports.
    pub request: Gid,
}

impl Catalog {
    /// What was made under the key of `repeat` within the last day.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn repeated(&self, repeat: &Repeat, now: Timestamp) -> Result<Option<Repeated>, CatalogError> {
        const ACT: &str = "look up a repeated request";
        let read = |row: &SqliteRow| Ok(Repeated { asked: row.try_get(0)?, request: exports::gid(row.try_get(1)?)? });
        sqlx::query("SELECT asked, request FROM repeats WHERE caller = ? AND key = ? AND since > ?")
            .bind(&repeat.caller)
            .bind(&*repeat.key)
            .bind(to_micros(now - KNOWN))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed(ACT))?
            .map(|row| read(&row))
            .transpose()
            .map_err(failed(ACT))
    }
}

/// Keeps that the key of `repeat` stands for the request of `first`, and forgets old keys.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    repeat: &Repeat,
    first: &Export,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM repeats WHERE since <= ?")
        .bind(to_micros(first.created_at - KNOWN))
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO repeats (caller, key, asked, request, since) VALUES (?, ?, ?, ?, ?)")
        .bind(&repeat.caller)
        .bind(&*repeat.key)
        .bind(&repeat.asked)
        .bind(to_integer(first.request))
        .bind(to_micros(first.created_at))
        .execute(connection)
        .await
        .map(drop)
}
