//! What the console asks for besides: schedules, retention, pins, the audit trail and logs.

use super::{Client, ClientError, route::Route};
use crate::{
    api::{Archive, AuditTrail, LogLines, Organizations, RetentionPlan, Run, Schedule, Schedules},
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

    /// The schedules, each with the next `next` instants at which it is due.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn schedules(&self, next: u64) -> Result<Schedules, ClientError> {
        self.get(Route::new("/v1/schedules").query("next", Some(next))).await
    }

    /// Starts a run of a schedule now.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn run_schedule(&self, name: &str) -> Result<Run, ClientError> {
        self.post(Route::new("/v1/schedules").segment(name).segment("run"), None::<&()>).await
    }

    /// Keeps a schedule from starting by itself until it is resumed.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn pause_schedule(&self, name: &str) -> Result<Schedule, ClientError> {
        self.post(Route::new("/v1/schedules").segment(name).segment("pause"), None::<&()>).await
    }

    /// Lets a schedule start by itself again.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn resume_schedule(&self, name: &str) -> Result<Schedule, ClientError> {
        self.post(Route::new("/v1/schedules").segment(name).segment("resume"), None::<&()>).await
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

    /// The audit trail: what comes after `after`, or the newest entries.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn audit(&self, after: Option<&str>, limit: Option<u64>) -> Result<AuditTrail, ClientError> {
        self.get(Route::new("/v1/audit").query("after", after).query("limit", limit)).await
    }
}
