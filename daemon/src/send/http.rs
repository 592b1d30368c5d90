//! HTTP to a target's server: one connection for each request, bounded in time and memory, the
//! token only ever sent to the address that the configuration names.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use orgvault_api::{text::chain, units::format_duration};
use orgvault_config::Server;
use reqwest::{
    Client, RequestBuilder, Response,
    header::{
        ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION,
        RETRY_AFTER,
    },
    redirect::Policy,
};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{answer::Answer, outcome::Outcome};
use crate::trust::trusting;

pub(crate) use upload::{Coding, Upload};

mod upload;

/// No answer of an importer needs more.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Who sends the same twice with it has it done once
/// (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A way to a server.
pub(crate) struct Link<'a> {
    client: Client,
    server: &'a Server,
    token: HeaderValue,
    patience: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    /// Whether anything of the body went out.
    pub(crate) began: bool,
    /// What broke.
    pub(crate) cause: String,
}

impl NoAnswer {
    /// What that means for what was sent.
    pub(crate) fn outcome(self, address: &str) -> Outcome {
        if self.began {
            Outcome::unknown("target_lost", format!("no answer from {address}: {}", self.cause))
        } else {
            Outcome::refused("target_unreachable", format!("cannot reach {address}: {}", self.cause))
                .hint("is it running, and are the target's url and its certificate right?")
        }
    }
}

impl<'a> Link<'a> {
    /// A way to `server`, which may do nothing for as long as `patience`.
    ///
    /// # Errors
    /// When its certificates or its token cannot be used.
    pub(crate) fn new(server: &'a Server, patience: Duration) -> Result<Self, Outcome> {
        let unusable = |error: &dyn Error| {
            Outcome::refused("target_unusable", format!("cannot prepare TLS to {}: {}", server.url, causes(error)))
                .hint("check the target's ca_file, or the certificates of this system (package ca-certificates)")
        };
        let builder = Client::builder()
            .user_agent(concat!("orgvault/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            // A proxy of the environment would be shown the token of a server on this machine.
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(server.connect_timeout);
        let trusted = trusting(builder, server.ca_file.as_deref(), server.url.starts_with("https:"));
        let client = trusted.map_err(|error| unusable(&error))?.build().map_err(|error| unusable(&error))?;
        let mut token =
            HeaderValue::try_from(format!("Bearer {}", server.token.reveal())).map_err(|error| unusable(&error))?;
        token.set_sensitive(true);
        Ok(Self { client, server, token, patience })
    }

    /// Posts an upload.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn post(&self, path: &str, upload: Upload) -> Result<Answer, NoAnswer> {
        let progress = Arc::new(Progress::new());
        let mut request = self
            .client
            .post(self.url(path))
            .header(CONTENT_TYPE, upload.content_type())
            .header(CONTENT_LENGTH, upload.length());
        if let Some(key) = upload.idempotency_key() {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        self.ask(request.body(upload.into_body(Arc::clone(&progress))), &progress).await
    }

    /// Posts an upload, and again where the server asks to be left alone for a while: as long as that is no
    /// longer than it may do nothing at all.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn post_when_free(&self, path: &str, upload: impl Fn() -> Upload) -> Result<Answer, NoAnswer> {
        let (mut left, mut tries) = (self.patience, 0);
        loop {
            let answer = self.post(path, upload()).await?;
            let Some(pause) = answer.pause(tries).filter(|pause| *pause <= left) else { return Ok(answer) };
            tracing::info!(server = self.server.url, pause = %format_duration(pause), "the target is busy");
            left -= pause;
            tries += 1;
            sleep(pause).await;
        }
    }

    /// Gets a document.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.ask(self.client.get(self.url(path)), &Progress::new()).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    async fn ask(&self, request: RequestBuilder, progress: &Progress) -> Result<Answer, NoAnswer> {
        let request = request.header(AUTHORIZATION, self.token.clone()).header(ACCEPT, "application/json");
        let cause = tokio::select! {
            answered = request.send() => match answered {
                Ok(response) => return Ok(read(response, self.patience).await),
                Err(error) => causes(&error.without_url()),
            },
            () = progress.stalled(self.patience) => {
                format!("it did nothing for {}", format_duration(self.patience))
            }
        };
        Err(NoAnswer { began: progress.began(), cause })
    }
}

/// The head, and as much of the body as fits and comes in time: the status decides.
async fn read(mut response: Response, patience: Duration) -> Answer {
    let header = |name: HeaderName, headers: &HeaderMap| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let status = response.status();
    let location = header(LOCATION, response.headers()).filter(|_| status.is_redirection());
    let retry_after = header(RETRY_AFTER, response.headers());
    let date = header(DATE, response.headers());
    let mut body = Vec::new();
    let all = async {
        while body.len() < LARGEST_ANSWER {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!("the body of an answer broke off: {}", causes(&error.without_url()));
                    break;
                }
            }
        }
    };
    if timeout(patience, all).await.is_err() {
        tracing::debug!("the body of an answer did not end in time");
    }
    body.truncate(LARGEST_ANSWER);
    Answer { status, location, retry_after, date, body }
}

/// When something last went out.
#[derive(Debug)]
pub(crate) struct Progress {
    began: AtomicBool,
    last: Mutex<Instant>,
}

impl Progress {
    fn new() -> Self {
        Self { began: AtomicBool::new(false), last: Mutex::new(Instant::now()) }
    }

    /// Something of the body goes out.
    fn note(&self) {
        self.began.store(true, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn began(&self) -> bool {
        self.began.load(Ordering::Relaxed)
    }

    /// Waits until nothing has gone out for `limit`.
    async fn stalled(&self, limit: Duration) {
        loop {
            let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(due) = last.checked_add(limit) else { return std::future::pending().await };
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }
}

/// The error with its causes, as far as they are kept.
fn causes(error: &dyn Error) -> String {
    super::answer::shortened(&chain(error))
}
