//! Products whose archives the app makes itself, behind an export API: what is sent, and what its answers mean.
//!
//! Texts with `{organization}`, `{slug}` and `{job}` are templates; in a path each is percent-encoded. JSON pointers
//! are those of RFC 6901.

use std::time::Duration;

use orgvault_api::Format;
use orgvault_archive::received::Content;
use serde_json::Value;

use super::Definition;

impl Api {
    /// How organizations of this kind are exported in a format.
    #[must_use]
    pub fn export(&self, kind: &str, format: Format) -> Option<&ApiExport> {
        self.exports.iter().find(|export| export.format == format && export.is_for(kind))
    }
}

impl ApiExport {
    /// Whether organizations of this kind have it.
    #[must_use]
    pub fn is_for(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|own| own == kind)
    }
}

/// An export API.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Where it is: `https://app.asana.com/api/1.0`, without a slash at its end; none where each source has its own.
    pub base: Option<String>,
    /// How requests are authorized.
    pub auth: Auth,
    /// Headers that every request to the base carries.
    pub headers: Vec<(String, String)>,
    /// What its refusals look like.
    pub errors: Errors,
    /// What one token may ask for.
    pub limits: Limits,
    /// How organizations are listed; none where a source names them.
    pub list: Option<List>,
    /// Where it says whose a token is.
    pub whoami: Option<WhoAmI>,
    /// One for each format, or for each kind of organizations that is exported in it; the default one first.
    pub exports: Vec<ApiExport>,
}

/// How requests are authorized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `Authorization: Basic ..` of a token `user:secret`.
    Basic,
    /// A header of the API's own (`PRIVATE-TOKEN`), its value with a text before the token.
    Header {
        /// Its name.
        name: String,
        /// Before the token; may be empty.
        prefix: String,
    },
}

/// What refusals look like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Errors {
    /// Pointers to the server's sentence, the first that leads to a text.
    pub sentence: Vec<String>,
    /// An answer that this matches is a refusal, whatever its status (`ok: false`).
    pub refused: Option<Condition>,
}

/// What one token may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// So many requests ..
    pub requests: u32,
    /// .. in so long.
    pub per: Duration,
    /// Jobs that are open at the same time.
    pub jobs: usize,
    /// The time from one job's creation to the next.
    pub between_jobs: Duration,
    /// The time from one download to the next.
    pub between_downloads: Duration,
}

/// How organizations are listed: one page after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// The path of the first page, with its query.
    pub path: String,
    /// The pointer of the array; empty where the answer is the array.
    pub items: String,
    /// What of an item is its id.
    pub id: String,
    /// What of an item is its name.
    pub name: String,
    /// What of an item is its slug; the name without it.
    pub slug: Option<String>,
    /// The kind of those that it lists; the definition's own without it.
    pub kind: Option<String>,
    /// Where the next page is.
    pub next: Next,
}

/// Where the next page of a list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// There is one page.
    Nowhere,
    /// `Link: <..>; rel="next"`.
    LinkHeader,
    /// A URL or a path in the answer; null or absent at the end.
    Pointer(String),
    /// A token in the answer that goes into a parameter of the query; null or absent at the end.
    Token {
        /// Where it stands.
        pointer: String,
        /// The parameter.
        parameter: String,
    },
    /// A parameter that counts pages from 1, until one is empty.
    Page {
        /// The parameter.
        parameter: String,
    },
}

/// Where an API says whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoAmI {
    /// The path.
    pub path: String,
    /// Pointers to what people call that user, the first that leads to a text.
    pub name: Vec<String>,
}

/// One format of an API's archives.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiExport {
    /// What the archive is called.
    pub format: Format,
    /// Whether the file is in gzip.
    pub gzip: bool,
    /// The kinds of organizations that have it; empty means all.
    pub kinds: Vec<String>,
    /// The job; none where the download is asked directly.
    pub job: Option<Job>,
    /// How the file is fetched.
    pub download: Download,
    /// How the file is read.
    pub content: Content,
    /// What of the organization the file does not hold, one sentence each.
    pub omits: Vec<String>,
}

/// A job of the app.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What is asked before, for the body of what creates it.
    pub gather: Vec<Gather>,
    /// What creates it.
    pub create: Request,
    /// Where the answer has its id; none where there is one job of an organization, and no id.
    pub id: Option<String>,
    /// Where an answer has the time at which it was created (RFC 3339, or seconds since 1970).
    pub created_at: Option<String>,
    /// What an answer to the creation means that refuses it because another job is not over.
    pub busy: Vec<Condition>,
    /// How its state is asked; none where the answer to the creation is the end of it, or the download tells.
    pub status: Option<Status>,
    /// How a job is found again of whose creation the answer was lost.
    pub find: Option<Find>,
    /// What an answer means, the first that matches.
    pub states: Vec<StateRule>,
    /// Where a failed job says why.
    pub reason: Option<String>,
    /// How long one may take.
    pub at_most: Duration,
    /// The longest time between two questions.
    pub poll_every: Duration,
}

/// A list that the body of a request needs: a string `{NAME}` of it is the array of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// `NAME`.
    pub name: String,
    /// The path of the first page, with its query: a template.
    pub path: String,
    /// The pointer of the array; empty where the answer is the array.
    pub items: String,
    /// What of an item is the value.
    pub value: String,
    /// Where the next page is.
    pub next: Next,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: Method,
    /// A template.
    pub path: String,
    /// A JSON body whose strings are templates.
    pub body: Option<Value>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Makes something.
    Post,
}

/// How the state of a job is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// A template.
    pub path: String,
    /// Where the answer is a list: which of its items is the job.
    pub item: Option<Item>,
}

/// The item of a list that is a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The pointer of the array; empty where the answer is the array.
    pub items: String,
    /// What of an item is its id.
    pub id: String,
}

/// How a job is found again of whose creation the answer was lost: the newest of a list that was created after we asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// A template.
    pub path: String,
    /// Where its items are, and their ids.
    pub item: Item,
    /// What of an item is the time at which it was created.
    pub created_at: String,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub struct StateRule {
    /// What it matches.
    pub when: Condition,
    /// What it means.
    pub is: JobPhase,
}

/// How far a job of the app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobPhase {
    /// It is not over.
    Waiting,
    /// Its file can be fetched.
    Finished,
    /// There is no file.
    Failed,
    /// There was a file, and it is there no more.
    Gone,
}

/// Something that an answer is or is not. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Condition {
    /// Its HTTP status is one of these; any where there are none, but for [`StateRule`], where it is then a 2xx.
    pub status: Vec<u16>,
    /// The pointer of a value; empty where the whole body is meant.
    pub at: Option<String>,
    /// The value is one of these, by its JSON type. With `at`.
    pub values: Vec<Value>,
    /// Whether the value is null or absent. With `at`.
    pub null: Option<bool>,
    /// The server's sentence holds this text, in whatever case.
    pub says: Option<String>,
}

/// How the file is fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Download {
    /// Where it is.
    pub from: DownloadFrom,
    /// Whether the link's own host is shown the token; the base always is where the path is ours.
    pub same_auth: bool,
    /// The hosts that may hand it out beside the base; `*.example.com` is any below it.
    pub hosts: Vec<String>,
    /// Statuses that mean: not yet.
    pub not_yet: Vec<u16>,
    /// Statuses that mean: no more.
    pub gone: Vec<u16>,
    /// Whether a file that is older than the job (`Last-Modified`) is the one of an earlier job.
    pub dated: bool,
}

/// Where the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadFrom {
    /// A URL in the answer that says that the job is finished.
    Pointer(String),
    /// A path below the base: a template.
    Path(String),
}

impl Definition {
    /// Whether archives of this format are in gzip: where the app makes them it decides, else whoever asks.
    #[must_use]
    pub fn gzips(&self, kind: &str, format: Format, asked: bool) -> bool {
        self.api.as_ref().and_then(|api| api.export(kind, format)).map_or(asked, |export| export.gzip)
    }
}
