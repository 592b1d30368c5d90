//! The typed client of the daemon's socket: one method for each route of `/v1`.
//!
//! Each call opens its own connection, and dropping its future closes that connection: nothing
//! runs on behind the caller's back. No call has a time limit of its own, because a verification
//! or a check may rightly take hours; a caller that wants one wraps the future.

mod archives;
mod connection;
mod download;
mod error;
mod events;
mod route;

use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};

use self::{connection::Answer, route::Route};
use crate::{
    Alive, AuditChain, AuditTrail, Counts, Coverage, Diagnosis, Drill, DrillRequest, Drills, DrillsAsked,
    EvidencePublicKey, Export, ExportRequest, Exports, Job, Jobs, LogLines, NewToken, Organization, Organizations,
    Reloaded, Run, Runs, Schedule, Schedules, SourceCheck, Sources, State, Status, Token, TokenRequest, Tokens,
    gid::Gid,
};

pub use self::{
    archives::{ArchiveFilter, RowsQuery},
    download::Download,
    error::{ClientError, ProtocolFault},
    events::Events,
};

/// Talks to one daemon.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

/// Which exports [`Client::exports`] lists; all of them by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this request.
    pub request: Option<Gid>,
    /// Only those before this one; without it the newest.
    pub before: Option<Gid>,
    /// Only the newest so many; the daemon has a limit of its own without it, and one above it.
    pub limit: Option<u64>,
}

/// What is asked for at once where all of a list is wanted.
const PAGE: u64 = 1000;

impl Client {
    /// A client for the daemon that listens on `socket`; connects with each call.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into() }
    }

    /// The socket it connects to.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether the daemon and its catalog work.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn health(&self) -> Result<Alive, ClientError> {
        self.get(Route::new("/v1/health")).await
    }

    /// The daemon as a whole, and the caller's role.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.get(Route::new("/v1/status")).await
    }

    /// The sources, each asked just now whether it answers.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn sources(&self) -> Result<Sources, ClientError> {
        self.get(Route::new("/v1/sources")).await
    }

    /// Looks at every invariant of a source; `deep` also reads every row for values that the
    /// formats cannot hold.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn check(&self, source: &str, deep: bool) -> Result<SourceCheck, ClientError> {
        self.get(Route::new("/v1/sources").segment(source).segment("check").query("deep", deep.then_some("true"))).await
    }

    /// The rows of all organizations of a source together against the rows of their tables.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn coverage(&self, source: &str) -> Result<Coverage, ClientError> {
        self.get(Route::new("/v1/sources").segment(source).segment("coverage")).await
    }

    /// The organizations of every source, or of one.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn organizations(&self, source: Option<&str>) -> Result<Organizations, ClientError> {
        self.get(Route::new("/v1/organizations").query("source", source)).await
    }

    /// The same, each with how its last `days` days ended.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn organizations_with_history(
        &self,
        source: Option<&str>,
        days: u16,
    ) -> Result<Organizations, ClientError> {
        let history = format!("{days}d");
        self.get(Route::new("/v1/organizations").query("source", source).query("history", Some(history))).await
    }

    /// One organization, named as on the command line: a slug, an id, `source/slug`, ….
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn organization(&self, name: &str) -> Result<Organization, ClientError> {
        self.get(Self::organization_route(name)).await
    }

    /// The live database's counts of one organization, named as on the command line.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn counts(&self, name: &str) -> Result<Counts, ClientError> {
        self.get(Self::organization_route(name).segment("counts")).await
    }

    /// Asks for exports. They are durable when this returns, and not started yet.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn start_exports(&self, request: &ExportRequest) -> Result<Exports, ClientError> {
        self.post(Route::new("/v1/exports"), Some(request)).await
    }

    /// Every export that `filter` lets through, or as many as it asks for, page by page; `next` says
    /// that there are more.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn all_exports(&self, filter: &ExportFilter) -> Result<Exports, ClientError> {
        let mut pages: Vec<Vec<Export>> = Vec::new();
        let (mut left, mut before) = (filter.limit, filter.before);
        loop {
            // The first page is as the daemon has it.
            let limit = left.map(|left| left.min(PAGE)).or(before.map(|_| PAGE));
            let Exports { exports, next, .. } = self.exports(&ExportFilter { before, limit, ..*filter }).await?;
            left = left.map(|left| left.saturating_sub(exports.len() as u64));
            let ended = exports.is_empty() || next.is_none() || left == Some(0);
            pages.push(exports);
            if ended {
                let exports = pages.into_iter().rev().flatten().collect();
                return Ok(Exports { exports, next, failures: Vec::new() });
            }
            before = next;
        }
    }

    /// A page of the exports that `filter` lets through, newest last.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn exports(&self, filter: &ExportFilter) -> Result<Exports, ClientError> {
        let route = Route::new("/v1/exports")
            .query("state", filter.state.map(State::name))
            .query("request", filter.request)
            .query("before", filter.before)
            .query("limit", filter.limit);
        self.get(route).await
    }

    /// One export.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn export(&self, gid: Gid) -> Result<Export, ClientError> {
        self.get(Route::new("/v1/exports").segment(gid)).await
    }

    /// The log lines that the daemon keeps of an export, the newest last.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn export_log(&self, gid: Gid) -> Result<LogLines, ClientError> {
        self.get(Route::new("/v1/exports").segment(gid).segment("log")).await
    }

    /// Cancels an export that is not final; gives the export as it is now, which may still be
    /// `started` for a moment.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn cancel(&self, gid: Gid) -> Result<Export, ClientError> {
        self.send("DELETE", Route::new("/v1/exports").segment(gid), None::<&()>).await?.json().await
    }

    /// Has the daemon read its configuration and definitions again.
    ///
    /// # Errors
    /// As [`ClientError`] says; one that is wrong is a problem, and the old one stays in force.
    pub async fn reload(&self) -> Result<Reloaded, ClientError> {
        self.post(Route::new("/v1/reload"), None::<&()>).await
    }

    /// What somebody who helps has to know, without secrets.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn diagnosis(&self) -> Result<Diagnosis, ClientError> {
        self.get(Route::new("/v1/diagnosis")).await
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
        self.post(Self::schedule_route(name).segment("run"), None::<&()>).await
    }

    /// Keeps a schedule from starting by itself until it is resumed.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn pause_schedule(&self, name: &str) -> Result<Schedule, ClientError> {
        self.post(Self::schedule_route(name).segment("pause"), None::<&()>).await
    }

    /// Lets a schedule start by itself again; what it missed meanwhile is not caught up with.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn resume_schedule(&self, name: &str) -> Result<Schedule, ClientError> {
        self.post(Self::schedule_route(name).segment("resume"), None::<&()>).await
    }

    /// Starts whatever is due now; gives every run that is not over.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn run_due(&self) -> Result<Runs, ClientError> {
        self.post(Route::new("/v1/run-due"), None::<&()>).await
    }

    /// The newest runs, of one schedule or of all.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn runs(&self, schedule: Option<&str>, limit: Option<u64>) -> Result<Runs, ClientError> {
        self.get(Route::new("/v1/runs").query("schedule", schedule).query("limit", limit)).await
    }

    /// One run.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn run(&self, gid: Gid) -> Result<Run, ClientError> {
        self.get(Route::new("/v1/runs").segment(gid)).await
    }

    /// The audit trail: what comes after `after` ([`AuditTrail::next`]), or the newest entries.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn audit(&self, after: Option<&str>, limit: Option<u64>) -> Result<AuditTrail, ClientError> {
        self.get(Route::new("/v1/audit").query("after", after).query("limit", limit)).await
    }

    /// Whether the audit trail is what was written, and where the line with the SHA-256 `head` is.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn verify_audit(&self, head: Option<&str>) -> Result<AuditChain, ClientError> {
        self.get(Route::new("/v1/audit/verify").query("head", head)).await
    }

    /// The public key of evidence.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn evidence_key(&self) -> Result<EvidencePublicKey, ClientError> {
        self.get(Route::new("/v1/evidence/key")).await
    }

    /// Every token of a service account.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn tokens(&self) -> Result<Tokens, ClientError> {
        self.get(Route::new("/v1/tokens")).await
    }

    /// Makes a token; its secret is in the answer, and nowhere else.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn add_token(&self, request: &TokenRequest) -> Result<NewToken, ClientError> {
        self.post(Route::new("/v1/tokens"), Some(request)).await
    }

    /// Revokes the token of a service account, and with it its links.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn revoke_token(&self, name: &str) -> Result<Token, ClientError> {
        self.send("DELETE", Route::new("/v1/tokens").segment(name), None::<&()>).await?.json().await
    }

    /// The jobs of apps that are not over.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn jobs(&self) -> Result<Jobs, ClientError> {
        self.get(Route::new("/v1/jobs")).await
    }

    /// Lets the next export ask the app for a new job.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn forget_job(&self, id: u64) -> Result<Job, ClientError> {
        self.send("DELETE", Route::new("/v1/jobs").segment(id), None::<&()>).await?.json().await
    }

    /// Asks for drills.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn start_drills(&self, request: &DrillRequest) -> Result<DrillsAsked, ClientError> {
        self.send("POST", Route::new("/v1/drills"), Some(request)).await?.json().await
    }

    /// The newest drills, newest first; of one archive where that is asked.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn drills(&self, archive: Option<Gid>, limit: Option<u64>) -> Result<Drills, ClientError> {
        self.get(Route::new("/v1/drills").query("archive", archive).query("limit", limit)).await
    }

    /// One drill.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn drill(&self, gid: Gid) -> Result<Drill, ClientError> {
        self.get(Route::new("/v1/drills").segment(gid)).await
    }

    /// Cancels a drill; one that goes on ends soon.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn cancel_drill(&self, gid: Gid) -> Result<Drill, ClientError> {
        self.send("DELETE", Route::new("/v1/drills").segment(gid), None::<&()>).await?.json().await
    }

    /// Follows what happens: all of it, or one request's exports.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn events(&self, request: Option<Gid>) -> Result<Events, ClientError> {
        Ok(Events::new(self.send("GET", Route::new("/v1/events").query("request", request), None::<&()>).await?))
    }

    async fn get<T: DeserializeOwned>(&self, route: Route) -> Result<T, ClientError> {
        self.send("GET", route, None::<&()>).await?.json().await
    }

    async fn post<T: DeserializeOwned>(&self, route: Route, body: Option<&impl Serialize>) -> Result<T, ClientError> {
        self.send("POST", route, body).await?.json().await
    }

    async fn send(
        &self,
        method: &'static str,
        route: Route,
        body: Option<&impl Serialize>,
    ) -> Result<Answer, ClientError> {
        connection::send(&self.socket, method, &route.finish(), body).await
    }

    fn organization_route(name: &str) -> Route {
        Route::new("/v1/organizations/*").segment(name)
    }

    fn schedule_route(name: &str) -> Route {
        Route::new("/v1/schedules").segment(name)
    }
}
