//! Conversations that were written down, and servers that replay them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::SecondsFormat;
use orgvault_api::clock::Clock;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{
    content::{gzip, tar_gz, zip},
    fixture::{Api, TOKEN},
    reply::{Framing, Reply},
    request::Request,
    server::Server,
};

/// One request and its answer. `{base}`, `{storage}` and `{token}` stand for what a run has, `{now}`, `{http_date}` and
/// `"{unix}"`, a number, for the time of the answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    method: String,
    /// With a query, that has to be the same too.
    path: String,
    /// Which server is asked.
    #[serde(default)]
    host: Host,
    #[serde(default)]
    request: Expected,
    /// All headers that were sent when it was recorded: for readers, as another client sends others.
    #[serde(default, rename = "sent")]
    _sent: IgnoredAny,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    framing: Option<String>,
    #[serde(flatten)]
    body: Answered,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Host {
    #[default]
    Base,
    Storage,
}

/// What the request must have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// A header with this value; null for none of that name.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    #[serde(default)]
    body: Option<Value>,
}

/// The answer's body: one of these, or none. A string is itself, any other value its JSON.
#[derive(Debug, Clone, Default, Deserialize)]
struct Answered {
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    body_base64: Option<String>,
    #[serde(default)]
    gzip: Option<String>,
    #[serde(default)]
    zip: Option<BTreeMap<String, String>>,
    #[serde(default)]
    tar_gz: Option<BTreeMap<String, String>>,
}

impl Answered {
    fn bytes(&self, fill: &impl Fn(&str) -> String) -> Vec<u8> {
        let filled = |files: &BTreeMap<String, String>| -> Vec<(String, String)> {
            files.iter().map(|(name, text)| (name.clone(), fill(text))).collect()
        };
        match self {
            Self { body: Some(Value::String(text)), .. } => fill(text).into_bytes(),
            Self { body: Some(value), .. } => fill(&value.to_string()).into_bytes(),
            Self { body_base64: Some(text), .. } => BASE64_STANDARD.decode(text).unwrap(),
            Self { gzip: Some(text), .. } => gzip(fill(text).as_bytes()),
            Self { zip: Some(files), .. } => packed(&filled(files), zip),
            Self { tar_gz: Some(files), .. } => packed(&filled(files), tar_gz),
            _ => Vec::new(),
        }
    }
}

fn packed(files: &[(String, String)], pack: impl Fn(&[(&str, &[u8])]) -> Vec<u8>) -> Vec<u8> {
    let lent: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    pack(&lent)
}

impl Expected {
    /// What is not as it must be.
    fn differs(&self, request: &Request, fill: &impl Fn(&str) -> String) -> Option<String> {
        let header = self.headers.iter().find_map(|(name, expected)| {
            let expected = expected.as_deref().map(fill);
            let found = request.header(&name.to_ascii_lowercase());
            (found != expected.as_deref()).then(|| format!("{name} is {found:?}, not {expected:?}"))
        });
        let body = self.body.as_ref().and_then(|expected| {
            let expected: Value = serde_json::from_str(&fill(&expected.to_string())).unwrap();
            let found = request.json();
            (found != expected).then(|| format!("the body is {found}, not {expected}"))
        });
        header.or(body)
    }
}

impl Exchange {
    fn answers(&self, request: &Request) -> bool {
        let path = if self.path.contains('?') { request.target.as_str() } else { request.path() };
        self.method == request.method && self.path == path
    }

    fn reply(&self, fill: &impl Fn(&str) -> String) -> Reply {
        let framing = match self.framing.as_deref() {
            None | Some("length") => Framing::Length,
            Some("chunked") => Framing::Chunked,
            Some("close") => Framing::Close,
            Some(other) => panic!("no framing: {other}"),
        };
        let reply = Reply::new(self.status, self.body.bytes(fill)).framed(framing);
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, &fill(value)))
    }
}

/// A transcript that is replayed by the two servers of an [`Api`].
pub(crate) struct Transcript {
    exchanges: Vec<Exchange>,
    /// Which were given.
    given: Arc<Mutex<BTreeSet<usize>>>,
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Transcript {
    /// Reads `fixtures/transcripts/NAME.json`.
    pub(crate) fn named(name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/transcripts").join(name);
        let file = file.with_extension("json");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Self {
        Self { exchanges: serde_json::from_str(text).unwrap(), given: Arc::default(), wrong: Arc::default() }
    }

    /// From now on the servers answer by it: exchanges of the same request one after the other, the
    /// last one for ever.
    pub(crate) fn replay(&self, api: &Api) {
        let urls = [("{base}", api.base.url()), ("{storage}", api.storage.url()), ("{token}", TOKEN.to_owned())];
        self.serve(&api.base, Host::Base, &urls);
        self.serve(&api.storage, Host::Storage, &urls);
    }

    fn serve(&self, server: &Server, host: Host, urls: &[(&'static str, String)]) {
        let (exchanges, urls) = (self.exchanges.clone(), urls.to_vec());
        let (given, wrong) = (Arc::clone(&self.given), Arc::clone(&self.wrong));
        server.otherwise(move |request| {
            let now = Clock::system().now();
            let times = [
                ("{now}", now.to_rfc3339_opts(SecondsFormat::Millis, true)),
                ("{http_date}", now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
                ("\"{unix}\"", now.timestamp().to_string()),
            ];
            let stands = || urls.iter().chain(&times);
            let fill = |text: &str| stands().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
            let mut given = given.lock().unwrap();
            let fits = |number: &usize| exchanges[*number].host == host && exchanges[*number].answers(request);
            let fitting: Vec<usize> = (0..exchanges.len()).filter(fits).collect();
            let number = *fitting.iter().find(|number| !given.contains(number)).or(fitting.last())?;
            given.insert(number);
            if let Some(difference) = exchanges[number].request.differs(request, &fill) {
                wrong.lock().unwrap().push(format!("{} {}: {difference}", request.method, request.target));
            }
            Some(exchanges[number].reply(&fill))
        });
    }

    /// Every exchange took place, no other, and each request was as it is written.
    pub(crate) fn assert_replayed(&self, api: &Api) {
        api.assert_no_strays();
        assert_eq!(*self.wrong.lock().unwrap(), [""; 0]);
        let given = self.given.lock().unwrap();
        let missing = self.exchanges.iter().enumerate().filter(|(number, _)| !given.contains(number));
        let missing: Vec<String> = missing.map(|(_, it)| format!("{} {}", it.method, it.path)).collect();
        assert_eq!(missing, [""; 0], "never asked for");
    }
}
