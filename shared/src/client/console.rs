//! What the console asks for besides: logs.

use super::{Client, ClientError, route::Route};
use crate::{api::LogLines, gid::Gid};

impl Client {
    /// The log lines that the daemon keeps of an export, the newest last.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn export_log(&self, gid: Gid) -> Result<LogLines, ClientError> {
        self.get(Route::new("/v1/exports").segment(gid).segment("log")).await
    }
}
