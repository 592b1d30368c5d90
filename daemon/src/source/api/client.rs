//! Requests to an export API: admitted by the limiter, authorized, read to their end, and tried again where nothing can
//! have come of them.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use orgvault_api::{clock::Clock, text::chain};
use orgvault_config::{ExportApi, SourceConfig};
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response, Url,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderName, HeaderValue},
    redirect::Policy,
};
use tokio::time::{sleep, timeout};

use super::{
    address::Reach,
    answer::Answer,
    limiter::{Ask, Limiter},
    near::Near,
    patience,
};
use crate::{
    product::{
        Api,
        api::{Auth, Method},
    },
    source::{SourceError, SourceFault},
    trust::trusting,
};

/// More of a document is not read: a list of organizations has pages.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;
/// So often a question is put that was refused for a while.
const TRIES: u32 = 6;

/// What an API is asked with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ApiClient {
    pub(super) name: Arc<str>,
    pub(super) api: Arc<Api>,
    pub(super) base: Url,
    /// For the API itself.
    base_client: Client,
    /// For files: it looks up no host that is nearer than the API.
    pub(super) file_client: Client,
    pub(super) near: Near,
    token: Arc<str>,
    authorization: (HeaderName, HeaderValue),
    pub(super) limiter: Arc<Limiter>,
    pub(super) clock: Clock,
    pub(super) stall: Duration,
}

/// A request to the API.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) method: Method,
    /// Below the base, or a whole URL of its origin.
    pub(crate) path: String,
    pub(crate) body: Option<serde_json::Value>,
    pub(crate) ask: Ask,
    /// What it is for: `ask how far job 7 is`.
    pub(crate) act: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    /// Whether the server may have heard the question.
    pub(crate) heard: bool,
    pub(crate) error: SourceError,
}

impl ApiClient {
    /// Gets ready to ask; opens nothing.
    ///
    /// # Errors
    /// When the address or the certificates cannot be used.
    pub(super) fn new(
        config: &SourceConfig,
        own: &ExportApi,
        api: &Arc<Api>,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        let name: Arc<str> = config.name.as_str().into();
        let base = base(&name, own, api)?;
        let near = Near::new(&base);
        let build = |builder: ClientBuilder| {
            let failed = |error: &dyn std::error::Error| {
                SourceError::fault(&name, SourceFault::Tls, "prepare TLS", chain(error))
            };
            trusting(builder, own.ca_file.as_deref(), base.scheme() == "https")
                .map_err(|error| failed(&error))?
                .build()
                .map_err(|error| failed(&error))
        };
        let usual = || {
            Client::builder()
                .user_agent(concat!("orgvault/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                // A proxy of the environment would be shown the token.
                .no_proxy()
                .connect_timeout(config.connect_timeout)
        };
        let token = own.token.reveal();
        Ok(Self {
            base_client: build(usual())?,
            file_client: build(usual().dns_resolver(near.resolver()))?,
            authorization: authorization(&name, &api.auth, token)?,
            limiter: Limiter::of(base.as_str(), token, &api.limits),
            token: token.into(),
            api: Arc::clone(api),
            stall: config.stall_timeout,
            name,
            base,
            near,
            clock,
        })
    }

    /// A fault of this source, without what may be a secret of it.
    pub(crate) fn fault(&self, fault: SourceFault, act: &str, words: &str) -> SourceError {
        SourceError::fault(&self.name, fault, act, without_secrets(words, &self.token))
    }

    /// Puts a question, and again where the server asks to wait, failed, or was not there. One that makes something is
    /// put again only where it cannot have been heard.
    ///
    /// # Errors
    /// When there is no answer, or the server asks to wait for longer than we do.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Answer, NoAnswer> {
        let mut tries = 1;
        loop {
            self.limiter.admit(question.ask).await;
            let answered = self.ask_once(question).await;
            let now = self.clock.now();
            let wait = match &answered {
                Ok(answer) if answer.status == 429 => {
                    let asked = answer.retry_after(now);
                    if let Some(long) = asked.filter(|wait| *wait > patience::LONGEST_PAUSE) {
                        let words =
                            format!("{}; it asks to wait for {} s", answer.sentence(&self.api.errors), long.as_secs());
                        return Err(NoAnswer {
                            heard: false,
                            error: self.fault(SourceFault::RateLimited, &question.act, &words),
                        });
                    }
                    let wait = asked.unwrap_or_else(|| patience::after(tries));
                    self.limiter.pause(wait);
                    Some(wait)
                }
                Ok(answer) if answer.status >= 500 && question.method == Method::Get => Some(
                    answer
                        .retry_after(now)
                        .filter(|wait| *wait <= patience::LONGEST_PAUSE)
                        .unwrap_or_else(|| patience::after(tries)),
                ),
                Err(none) if !none.heard || question.method == Method::Get => Some(patience::after(tries)),
                _ => None,
            };
            match wait {
                Some(wait) if tries < TRIES => {
                    tracing::debug!(
                        source = &*self.name,
                        tries,
                        seconds = wait.as_secs(),
                        "cannot {}, trying again",
                        question.act
                    );
                    tries += 1;
                    sleep(wait).await;
                }
                _ => return answered,
            }
        }
    }

    async fn ask_once(&self, question: &Question) -> Result<Answer, NoAnswer> {
        let act = &question.act;
        let url = self.url(&question.path).ok_or_else(|| NoAnswer {
            heard: false,
            error: self.fault(SourceFault::Redirected, act, "its answer leads to another server"),
        })?;
        let request = match question.method {
            Method::Get => self.base_client.get(url),
            Method::Post => self.base_client.post(url),
        };
        let request = match &question.body {
            Some(body) => request.json(body),
            None => request,
        };
        let request = self.authorized(request).header(ACCEPT, self.accepts()).header(ACCEPT_ENCODING, "identity");
        let sent = timeout(self.stall, request.send()).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let heard = !error.is_connect();
                let (fault, words) = (patience::fault_of(&error), chain(&error.without_url()));
                return Err(NoAnswer { heard, error: self.fault(fault, act, &words) });
            }
            Err(_elapsed) => {
                return Err(NoAnswer { heard: true, error: SourceError::stalled(&self.name, act, self.stall) });
            }
        };
        self.read(response, act).await.map_err(|error| NoAnswer { heard: true, error })
    }

    /// An answer with its document.
    async fn read(&self, mut response: Response, act: &str) -> Result<Answer, SourceError> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        loop {
            let chunk = timeout(self.stall, response.chunk()).await;
            match chunk.map_err(|_elapsed| SourceError::stalled(&self.name, act, self.stall))? {
                Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST_ANSWER => body.extend_from_slice(&chunk),
                Ok(Some(_)) => {
                    let words = format!("its answer has more than {LARGEST_ANSWER} bytes");
                    return Err(self.fault(SourceFault::ApiRefused, act, &words));
                }
                Ok(None) => break,
                Err(error) => return Err(self.fault(SourceFault::Lost, act, &chain(&error.without_url()))),
            }
        }
        let json = serde_json::from_slice(&body).ok();
        let text = String::from_utf8_lossy(body.get(..body.len().min(512)).unwrap_or_default()).into_owned();
        Ok(Answer { status, headers, json, text })
    }

    /// A URL below the base; none where it is of another origin.
    pub(super) fn url(&self, path: &str) -> Option<Url> {
        if path.starts_with("https://") || path.starts_with("http://") {
            return Url::parse(path).ok().filter(|url| super::address::same_origin(url, &self.base));
        }
        // A path that an answer gave may already begin with the base's own.
        let own = self.base.path().trim_end_matches('/');
        let path = path.strip_prefix(own).filter(|rest| !own.is_empty() && rest.starts_with('/')).unwrap_or(path);
        Url::parse(&format!("{}{path}", self.base.as_str().trim_end_matches('/'))).ok()
    }

    /// With the token, and the headers of the API.
    pub(super) fn authorized(&self, mut request: RequestBuilder) -> RequestBuilder {
        for (name, value) in self.api.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("accept")) {
            request = request.header(name, value);
        }
        let (name, value) = &self.authorization;
        request.header(name, value)
    }

    fn accepts(&self) -> &str {
        let own = self.api.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept"));
        own.map_or("application/json", |(_, value)| value)
    }

    /// What a refusal means.
    pub(crate) fn refused(&self, answer: &Answer, act: &str) -> SourceError {
        let fault = match answer.status {
            401 => SourceFault::Unauthorized,
            403 => SourceFault::Forbidden,
            429 => SourceFault::RateLimited,
            _ if answer.is_page() => SourceFault::NotAnExport,
            _ => SourceFault::ApiRefused,
        };
        let mut words = answer.sentence(&self.api.errors);
        if answer.is_page() {
            write!(words, ": a page for people came instead of an answer").unwrap_or_default();
        }
        self.fault(fault, act, &words)
    }
}

fn base(name: &Arc<str>, own: &ExportApi, api: &Api) -> Result<Url, SourceError> {
    let refused = |words: &str| SourceError::fault(name, SourceFault::Url, "find its address", words);
    let text = own.url.as_ref().or(api.base.as_ref());
    let text = text.ok_or_else(|| refused("each app of this product has its own: write `url = \"https://..\"`"))?;
    let url = Url::parse(text).map_err(|_not_one| refused("the url is none"))?;
    if url.scheme() == "http" && Reach::of_host(&url) != Some(Reach::Loopback) {
        return Err(refused("plain http is only for this machine"));
    }
    Ok(url)
}

fn authorization(name: &Arc<str>, auth: &Auth, token: &str) -> Result<(HeaderName, HeaderValue), SourceError> {
    let (header, value) = match auth {
        Auth::Bearer => (AUTHORIZATION, format!("Bearer {token}")),
        Auth::Basic => (AUTHORIZATION, format!("Basic {}", STANDARD.encode(token))),
        Auth::Header { name: header, prefix } => {
            let header = HeaderName::try_from(header.as_str());
            let words = "the definition's header is none";
            (
                header.map_err(|_not_one| SourceError::fault(name, SourceFault::Url, "use its token", words))?,
                format!("{prefix}{token}"),
            )
        }
    };
    let words = "it holds what no header may";
    let mut value = HeaderValue::try_from(value)
        .map_err(|_not_one| SourceError::fault(name, SourceFault::Unauthorized, "use its token", words))?;
    value.set_sensitive(true);
    Ok((header, value))
}

/// Words of a server, or of an error, without the token, and without the query of any URL: both may be secrets.
fn without_secrets(words: &str, token: &str) -> String {
    let words = if token.is_empty() { words.to_owned() } else { words.replace(token, "…") };
    let mut shown = String::with_capacity(words.len());
    let mut rest = words.as_str();
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after
            .find(|character: char| character.is_whitespace() || "\"'<>)".contains(character))
            .unwrap_or(after.len());
        let (url, behind) = after.split_at(end);
        match url.split_once('?') {
            Some((path, _query)) => {
                shown.push_str(path);
                shown.push_str("?…");
            }
            None => shown.push_str(url),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_token_nor_the_query_of_a_url_is_told() {
        let words = "bad token s3cr3t at https://x.example/a?X-Amz-Signature=abc&n=1 and \"http://y/?q\" end";
        let told = without_secrets(words, "s3cr3t");
        assert_eq!(told, "bad token … at https://x.example/a?… and \"http://y/?…\" end");
    }
}
