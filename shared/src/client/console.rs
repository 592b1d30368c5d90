//! What the console asks for besides: history, logs, pins and retention.

use super::{Client, ClientError, route::Route};
use crate::{
    api::{Archive, LogLines, Organizations, RetentionPlan},
    gid::Gid,
};

impl Client {
    /// The organizations of every source, each with how its exports ended on each of the last
    /// `days` days.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn organizations_with_history(&self, days: u32) -> Result<Organizations, ClientError> {
        self.get(Route::new("/v1/organizations").query("history", Some(format!("{days}d")))).await
    }

    /// The log lines that the daemon keeps of an export, the newest last.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn export_log(&self, gid: Gid) -> Result<LogLines, ClientError> {
        self.get(Route::new("/v1/exports").segment(gid).segment("log")).await
    }

    /// Keeps an archive from every deletion, or no longer; gives it as it is now.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn pin(&self, gid: Gid, pinned: bool) -> Result<Archive, ClientError> {
        let method = if pinned { "PUT" } else { "DELETE" };
        self.send(method, Self::archive_route(gid).segment("pin"), None::<&()>).await?.json().await
    }

    /// What retention keeps and drops, if it is applied now.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn retention_plan(&self) -> Result<RetentionPlan, ClientError> {
        self.get(Route::new("/v1/retention/plan")).await
    }
}
