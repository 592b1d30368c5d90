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
/// So often a question is put that makes nothing, and had no answer.
const TRIES: u32 = 3;
/// An answer as a whole may take so many times what the wait for a part of it may.
const WHOLE: u32 = 4;

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
    /// What is never told.
    secrets: Arc<[String]>,
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
    /// After how long the same question may have an answer; none where asking again is of no use.
    pub(crate) again: Option<Duration>,
    pub(crate) error: SourceError,
}

impl From<SourceError> for NoAnswer {
    fn from(error: SourceError) -> Self {
        Self { heard: true, again: None, error }
    }
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
            secrets: secrets(&api.auth, token),
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
        SourceError::fault(&self.name, fault, act, self.discreet(words))
    }

    /// Words of a server without what may be a secret.
    pub(super) fn discreet(&self, words: &str) -> String {
        without_secrets(words, &self.secrets)
    }

    /// Puts a question that makes nothing, and again where the server asks to wait, failed, or was not there.
    ///
    /// # Errors
    /// When there is no answer, or the server asks to wait for longer than we do.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Answer, NoAnswer> {
        for tries in 1..TRIES {
            match self.ask_once(question, tries).await {
                Err(NoAnswer { again: Some(wait), error, .. }) => {
                    tracing::debug!(tries, seconds = wait.as_secs(), "trying again: {error}");
                    sleep(wait).await;
                }
                answered => return answered,
            }
        }
        self.ask_once(question, TRIES).await
    }

    /// Puts a question for the `tries`th time (from 1).
    ///
    /// # Errors
    /// When there is no answer, or one that says when to ask again.
    pub(crate) async fn ask_once(&self, question: &Question, tries: u32) -> Result<Answer, NoAnswer> {
        self.limiter.admit(question.ask).await;
        self.ask_now(question, tries).await
    }

    /// The same, for one that the limiter has admitted.
    pub(super) async fn ask_now(&self, question: &Question, tries: u32) -> Result<Answer, NoAnswer> {
        let is_get = question.method == Method::Get;
        match self.put(question).await {
            Ok(answer) if answer.status == 429 => Err(self.refused_for_a_while(&answer, &question.act, tries)),
            Ok(answer) if answer.status >= 500 && is_get => {
                let wait = self.patience(&answer, tries);
                Err(NoAnswer { heard: true, again: wait, error: self.refused(&answer, &question.act) })
            }
            Err(none) if !none.heard || is_get => {
                // A certificate is no better a moment later.
                let again = (none.error.code() != "source_tls").then(|| patience::after(tries));
                Err(NoAnswer { again, ..none })
            }
            answered => answered,
        }
    }

    /// An answer that asks to wait: nobody with this token asks before that.
    fn refused_for_a_while(&self, answer: &Answer, act: &str, tries: u32) -> NoAnswer {
        let again = self.patience(answer, tries);
        let mut words = answer.sentence(&self.api.errors);
        if let Some(wait) = again {
            self.limiter.pause(wait);
        } else {
            let asked = answer.retry_after(self.clock.now()).unwrap_or_default();
            write!(words, "; it asks to wait for {} s", asked.as_secs()).unwrap_or_default();
        }
        NoAnswer { heard: false, again, error: self.fault(SourceFault::RateLimited, act, &words) }
    }

    /// How long to wait after an answer that is none yet; none where the server asks for longer than we wait.
    pub(super) fn patience(&self, answer: &Answer, tries: u32) -> Option<Duration> {
        let wait = answer.retry_after(self.clock.now()).unwrap_or_else(|| patience::after(tries));
        (wait <= patience::LONGEST_PAUSE).then(|| wait.max(patience::SHORTEST_PAUSE))
    }

    async fn put(&self, question: &Question) -> Result<Answer, NoAnswer> {
        let act = &question.act;
        let url = self.url(&question.path).ok_or_else(|| NoAnswer {
            heard: false,
            again: None,
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
        let stalled = || SourceError::stalled(&self.name, act, self.stall);
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let heard = !error.is_connect();
                let (fault, words) = (patience::fault_of(&error), chain(&error.without_url()));
                return Err(NoAnswer { heard, again: None, error: self.fault(fault, act, &words) });
            }
            Err(_elapsed) => return Err(stalled().into()),
        };
        // One that drips would never end.
        let read = timeout(self.stall * WHOLE, self.read(response, act)).await;
        Ok(read.map_err(|_elapsed| stalled())??)
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

/// The token, and what is made of it.
fn secrets(auth: &Auth, token: &str) -> Arc<[String]> {
    let mut secrets = vec![token.to_owned()];
    if let (Auth::Basic, Some((_user, secret))) = (auth, token.split_once(':')) {
        secrets.extend([STANDARD.encode(token), secret.to_owned()]);
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets.into()
}

/// Words of a server, or of an error, without these secrets, and without the query of any URL, which may be one.
fn without_secrets(words: &str, secrets: &[String]) -> String {
    let words = secrets.iter().fold(words.to_owned(), |words, secret| words.replace(secret, "…"));
    let ends = |character: char| character.is_whitespace() || "\"'`<>()[]{}".contains(character);
    let shown = words.split_inclusive(ends).map(|part| {
        let (text, end) = part
            .char_indices()
            .next_back()
            .filter(|(_, last)| ends(*last))
            .map_or((part, ""), |(at, _)| part.split_at(at));
        match text.split_once('?') {
            Some((path, query)) if !query.is_empty() => format!("{path}?…{end}"),
            _ => part.to_owned(),
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_token_nor_the_query_of_a_url_is_told() {
        let words = "bad token s3cr3t at https://x.example/a?X-Amz-Signature=abc&n=1 and \"http://y/?q\", /p?sig=1#_=_ (/?a) why? end";
        let told = without_secrets(words, &["s3cr3t".to_owned()]);
        assert_eq!(told, "bad token … at https://x.example/a?… and \"http://y/?…\", /p?… (/?…) why? end");
    }

    #[test]
    fn a_basic_token_is_told_in_no_form() {
        let secrets = secrets(&Auth::Basic, "ann:s3cr3t");
        assert_eq!(without_secrets("Basic YW5uOnMzY3IzdA== ann:s3cr3t s3cr3t", &secrets), "Basic … … …");
    }
}
