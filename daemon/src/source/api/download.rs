//! Fetching the file of a job: redirects are followed here, so that no token and no request goes where it must not.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use orgvault_api::{clock::Timestamp, text::chain};
use reqwest::{
    Response, Url, Version,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE,
        LAST_MODIFIED, LOCATION, RANGE, TRANSFER_ENCODING,
    },
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    ApiSource,
    address::{is_allowed, same_origin, shown},
    answer::{Answer, http_date},
    client::ApiClient,
    limiter::Ask,
    patience,
};
use crate::{
    product::api::Download,
    source::{SourceError, SourceFault},
};

/// A file is behind so many redirects at most.
const MOST_REDIRECTS: usize = 3;
/// A server that sends less than this within `stall_timeout` has stalled.
const LEAST: usize = 1024;
/// As much of a refusal is read.
const LARGEST_REFUSAL: usize = 64 * 1024;

const ACT: &str = "fetch its file";

/// How a body says that it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// After so many bytes.
    Length(u64),
    /// By its framing: the last chunk, or the end of a stream of HTTP/2.
    Framed,
    /// By the end of the connection, which proves nothing.
    Close,
}

/// What of an earlier try is here already.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    /// Bytes that are here.
    pub(crate) bytes: u64,
    /// What names the file that they are of; strong.
    pub(crate) etag: String,
}

/// What came of asking for a file.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// It comes.
    Body(Body),
    /// It is not ready.
    NotYet,
    /// The server is busy, or has failed.
    Later {
        /// What it says.
        error: SourceError,
        /// After how long it may be asked again; none where it asks for longer than we wait.
        again: Option<Duration>,
    },
    /// It is not there any more, or its link is not good any more.
    Gone {
        /// The server's sentence.
        sentence: String,
    },
}

/// A file on its way.
#[derive(Debug)]
pub(crate) struct Body {
    response: Response,
    /// From where on it comes: 0, or what was here already.
    pub(crate) from: u64,
    /// How it ends.
    pub(crate) ending: Ending,
    /// A strong validator, so that the rest can be fetched alone.
    pub(crate) etag: Option<String>,
    stall: Duration,
    /// Until when enough must have come, and what did.
    window: Option<(Instant, usize)>,
}

impl ApiSource {
    /// Asks for the file at `link`, a URL or a path of ours; with `begun` only for what is missing of it.
    ///
    /// # Errors
    /// When it leads where no file may come from, or the server refuses or does not answer.
    pub(crate) async fn fetch(
        &self,
        download: &Download,
        link: &str,
        begun: Option<&Begun>,
        requested_at: Timestamp,
    ) -> Result<Fetched, SourceError> {
        let client = &self.client;
        let mut url = self.file_url(link)?;
        // A presigned link that is shown a token too is refused; and who was led away is shown none again.
        let mut with_token = download.same_auth || !link.contains("://");
        for hop in 0..=MOST_REDIRECTS {
            self.allow(download, &url)?;
            with_token &= same_origin(&url, &client.base);
            // The limit is the API's: where else the file lies is asked at once.
            if same_origin(&url, &client.base) {
                client.limiter.admit(if hop == 0 { Ask::Download } else { Ask::Usual }).await;
            }
            let response = self.get_file(&url, with_token, begun).await?;
            if response.status().is_redirection() {
                url = self.redirected(&url, response.headers())?;
                continue;
            }
            return self.judge(download, response, begun, requested_at).await;
        }
        Err(client.fault(SourceFault::Redirected, ACT, &format!("it is behind more than {MOST_REDIRECTS} redirects")))
    }

    fn file_url(&self, link: &str) -> Result<Url, SourceError> {
        let is_url = link.contains("://");
        let url = if is_url { Url::parse(link).ok() } else { self.client.url(link) };
        url.ok_or_else(|| self.client.fault(SourceFault::Redirected, ACT, "its link is no URL"))
    }

    /// Refuses an address that no file may come from.
    fn allow(&self, download: &Download, url: &Url) -> Result<(), SourceError> {
        let client = &self.client;
        let refused =
            |why: &str| Err(client.fault(SourceFault::Redirected, ACT, &format!("it leads to {}: {why}", shown(url))));
        if !client.near.allows(url) {
            return refused("an address of this machine or network");
        }
        if url.scheme() != "https" && !(url.scheme() == "http" && client.base.scheme() == "http") {
            return refused("that is not https");
        }
        if same_origin(url, &client.base) {
            return Ok(());
        }
        let hosts = self.own.download_hosts.as_deref().unwrap_or(&download.hosts);
        let host = url.host_str().unwrap_or_default();
        if is_allowed(host, hosts) || client.base.host_str() == Some(host) {
            return Ok(());
        }
        refused("that host is not among those that may hand out files")
    }

    async fn get_file(&self, url: &Url, with_token: bool, begun: Option<&Begun>) -> Result<Response, SourceError> {
        let client = &self.client;
        let request = client.file_client.get(url.clone()).header(ACCEPT_ENCODING, "identity").header(ACCEPT, "*/*");
        let request = if with_token { client.authorized(request) } else { request };
        let request = match begun {
            Some(begun) => request.header(RANGE, format!("bytes={}-", begun.bytes)).header(IF_RANGE, &begun.etag),
            None => request,
        };
        match timeout(client.stall, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                let fault = patience::fault_of(&error);
                let denied = chain(&error).contains("where no file may come from");
                let fault = if denied { SourceFault::Redirected } else { fault };
                Err(client.fault(fault, ACT, &chain(&error.without_url())))
            }
            Err(_elapsed) => Err(SourceError::stalled(&client.name, ACT, client.stall)),
        }
    }

    fn redirected(&self, from: &Url, headers: &HeaderMap) -> Result<Url, SourceError> {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        location
            .and_then(|location| from.join(location).ok())
            .ok_or_else(|| self.client.fault(SourceFault::Redirected, ACT, "a redirect leads nowhere"))
    }

    async fn judge(
        &self,
        download: &Download,
        response: Response,
        begun: Option<&Begun>,
        requested_at: Timestamp,
    ) -> Result<Fetched, SourceError> {
        let status = response.status().as_u16();
        if download.not_yet.contains(&status) {
            return Ok(Fetched::NotYet);
        }
        let from = match (status, begun) {
            (206, Some(begun)) => self.resumed(response.headers(), begun)?,
            (200, _) => 0,
            _ => {
                let answer = refusal(response, self.client.stall).await;
                let sentence = answer.sentence(&self.client.api.errors);
                let expired = matches!(status, 401 | 403 | 404 | 410 | 416);
                if download.gone.contains(&status) || expired {
                    return Ok(Fetched::Gone { sentence });
                }
                if status == 429 || status >= 500 {
                    return Ok(self.later(&answer));
                }
                return Err(self.client.refused(&answer, ACT));
            }
        };
        if download.dated && self.is_old(response.headers(), requested_at) {
            return Ok(Fetched::NotYet);
        }
        if let Some(coding) = response.headers().get(CONTENT_ENCODING).filter(|coding| *coding != "identity") {
            let words = format!("it came with Content-Encoding {coding:?}, which was not asked for");
            return Err(self.client.fault(SourceFault::NotAnExport, ACT, &words));
        }
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.filter(|etag| etag.starts_with('"')).map(str::to_owned);
        let ending = ending(&response);
        Ok(Fetched::Body(Body { response, from, ending, etag, stall: self.client.stall, window: None }))
    }

    fn later(&self, answer: &Answer) -> Fetched {
        let client = &self.client;
        let fault = if answer.status == 429 { SourceFault::RateLimited } else { SourceFault::ApiRefused };
        let error = client.fault(fault, ACT, &answer.sentence(&client.api.errors));
        Fetched::Later { error, again: client.patience(answer, 1) }
    }

    /// Where the rest begins that was asked for.
    fn resumed(&self, headers: &HeaderMap, begun: &Begun) -> Result<u64, SourceError> {
        let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
        let start =
            range.strip_prefix("bytes ").and_then(|range| range.split_once('-')).map(|(start, _)| start.parse());
        if start == Some(Ok(begun.bytes)) {
            return Ok(begun.bytes);
        }
        let words = format!("it was asked for the bytes from {} on, and the server sent {range:?}", begun.bytes);
        Err(self.client.fault(SourceFault::Truncated, ACT, &words))
    }

    /// Whether a file was made before it was asked for, by the server's clock.
    fn is_old(&self, headers: &HeaderMap, requested_at: Timestamp) -> bool {
        let at = |name| headers.get(name).and_then(|value| value.to_str().ok()).and_then(http_date);
        let Some(made) = at(LAST_MODIFIED) else { return false };
        let ahead = at(reqwest::header::DATE).map_or(TimeDelta::zero(), |date| date - self.client.clock.now());
        // Headers have whole seconds.
        made - ahead + TimeDelta::seconds(2) < requested_at
    }
}

/// How a response says that its body has ended.
fn ending(response: &Response) -> Ending {
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_framed = response.version() >= Version::HTTP_2 || response.headers().contains_key(TRANSFER_ENCODING);
    match length {
        Some(length) if !response.headers().contains_key(TRANSFER_ENCODING) => Ending::Length(length),
        _ if is_framed => Ending::Framed,
        _ => Ending::Close,
    }
}

/// A refusal with as much of its body as is told.
async fn refusal(mut response: Response, limit: Duration) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_REFUSAL {
                break;
            }
        }
    };
    if timeout(limit, reading).await.is_err() {
        tracing::debug!("the body of a refusal did not end in time");
    }
    let text = String::from_utf8_lossy(body.get(..body.len().min(512)).unwrap_or_default()).into_owned();
    Answer { status, headers, json: serde_json::from_slice(&body).ok(), text }
}

impl Body {
    /// The next bytes; none at the end that the server says.
    ///
    /// # Errors
    /// When the connection breaks, or too little comes.
    pub(crate) async fn next(&mut self, client: &ApiClient) -> Result<Option<Bytes>, SourceError> {
        let now = Instant::now();
        let (until, came) = match self.window {
            Some((until, came)) if came < LEAST => (until, came),
            _ => (now + self.stall, 0),
        };
        let chunk = timeout_at(until, self.response.chunk()).await;
        match chunk.map_err(|_elapsed| SourceError::stalled(&client.name, ACT, self.stall))? {
            Ok(chunk) => {
                self.window = Some((until, came + chunk.as_ref().map_or(0, Bytes::len)));
                Ok(chunk)
            }
            Err(error) => Err(client.fault(SourceFault::Truncated, ACT, &chain(&error.without_url()))),
        }
    }
}
